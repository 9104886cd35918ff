"""Transferability scores against TransformerRanker 0.2.0, whose numbers stand here, and against their definitions, computed plainly."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.stats import multivariate_normal
from sklearn.covariance import ledoit_wolf

from bertgpt_cli.lab.trial import transferability
from bertgpt_cli.lab.trial.scored import Whole
from bertgpt_cli.lab.trial.transferability import SCORES, Features, h_score, knn, log_me


def made(seed: int, texts: int, width: int, classes: int, signal: float) -> tuple[Features, Whole]:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, texts)
    features = rng.standard_normal((texts, width)) + signal * rng.standard_normal((classes, width))[labels]
    mixed = features @ (np.eye(width) + 0.3 * rng.standard_normal((width, width)) / width**0.5) + 0.5
    return mixed, labels


# What HScore, LogME and NearestNeighbors with k=3 and k=5 of transformer-ranker 0.2.0 answer to `made(...)`. With two classes its
# kNN is the F1 of the second class, no share of texts; with fewer texts than the width its LogME lacks a part of the determinant
# (github.com/thuml/LogME/issues/23): neither is compared.
NOT_COMPARED = None
PEER: list[tuple[tuple[int, int, int, int, float], float, float | None, float | None, float | None]] = [
    ((0, 200, 16, 3, 0.5), 1.118932642704338, -0.39899032548001795, 0.77, 0.805),
    ((1, 300, 40, 6, 0.3), 1.5702582530319424, -0.2991948300973941, 0.42, 0.4733333333),
    ((2, 60, 100, 4, 0.3), 1.36342806280368, NOT_COMPARED, 0.6166666667, 0.7166666667),
    ((3, 120, 64, 2, 0.4), 0.7859164656327007, -0.20286528884955335, NOT_COMPARED, NOT_COMPARED),
    ((4, 500, 32, 2, 0.0), 0.033505979633107086, -0.8120211792669156, NOT_COMPARED, NOT_COMPARED),
    ((5, 1000, 384, 6, 0.2), 2.577861941976221, -0.0470453809747668, 0.599, 0.66),
]


@pytest.mark.parametrize(("case", "h", "evidence", "three", "five"), PEER)
def test_equal_to_the_peers(
    case: tuple[int, int, int, int, float], h: float, evidence: float | None, three: float | None, five: float | None
) -> None:
    features, labels = made(*case)
    assert h_score(features, labels) == pytest.approx(h, abs=1e-6)
    if evidence is not None:
        assert log_me(features, labels) == pytest.approx(evidence, abs=1e-6)
    if three is not None:
        assert knn(features, labels) == pytest.approx(three, abs=1e-6)
        assert knn(features, labels, k=5) == pytest.approx(five, abs=1e-6)


@pytest.mark.parametrize(("texts", "width", "classes"), [(150, 10, 3), (20, 50, 4), (40, 40, 2)])
def test_h_score_by_its_definition(texts: int, width: int, classes: int) -> None:
    """tr(cov(f)^-1 cov(E[f|y])), the first shrunk by scikit-learn, the second by as much."""
    features, labels = made(7, texts, width, classes, 0.6)
    covariance, shrinkage = ledoit_wolf(features)
    means = np.stack([features[labels == one].mean(0) for one in labels])
    between = (1 - shrinkage) * np.cov(means - features.mean(0), rowvar=False)
    expected = np.trace(np.linalg.pinv(covariance) @ between)
    assert 0 < shrinkage < 1
    assert h_score(features, labels) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(("texts", "width", "classes"), [(40, 5, 3), (25, 25, 2), (20, 30, 2)])
def test_log_me_is_the_greatest_evidence(texts: int, width: int, classes: int) -> None:
    """Maximised over both precisions of y ~ N(0, I / beta + F F' / alpha), with fewer texts than the width too."""
    features, labels = made(9, texts, width, classes, 0.8)
    product = features @ features.T

    def missing(logs: NDArray[np.float64], target: NDArray[np.float64]) -> float:
        weights, noise = np.exp(-logs.clip(-25, 25))
        return -float(multivariate_normal.logpdf(target, cov=noise * np.eye(texts) + weights * product))

    targets = [(labels == one).astype(float) for one in np.unique(labels)]
    best = [-minimize(missing, (4.0, 2.0), (target,), "Nelder-Mead").fun / texts for target in targets]
    assert log_me(features, labels) == pytest.approx(np.mean(best), abs=1e-4)


@pytest.mark.parametrize("k", [1, 3, 4])
def test_knn_by_counting(k: int) -> None:
    features, labels = made(11, 80, 6, 4, 0.5)
    right = 0
    for place, (feature, label) in enumerate(zip(features, labels, strict=True)):
        distances = ((features - feature) ** 2).sum(1)
        nearest = [other for other in np.argsort(distances) if other != place][:k]
        right += np.bincount(labels[nearest], minlength=4).argmax() == label
    assert knn(features, labels, k) == right / 80


def test_knn_is_the_same_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    features, labels = made(12, 90, 6, 3, 0.5)
    whole = knn(features, labels)
    monkeypatch.setattr(transferability, "_DISTANCES", 90 * 7)
    assert knn(features, labels) == whole


@pytest.mark.parametrize("name", SCORES)
def test_single_precision_and_any_scale(name: str) -> None:
    features, labels = made(13, 120, 20, 3, 0.5)
    score = SCORES[name].score
    expected = score(features, labels)
    assert score(features.astype(np.float32), labels) == pytest.approx(expected, abs=1e-3)
    for scale in (1e30, 1e-30):
        assert score((scale * features).astype(np.float32), labels) == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("name", SCORES)
@pytest.mark.parametrize(
    ("features", "labels"),
    [
        (np.ones((20, 4), dtype=np.float32), np.arange(20) % 2),
        (np.zeros((20, 4)), np.arange(20) % 2),
        (np.eye(5, 30), np.arange(5)),  # a text of each class, fewer than the width
        (made(1, 40, 4, 2, 0.5)[0], np.arange(40) // 39),  # a class with one text
        (made(1, 40, 4, 2, 0.5)[0], np.zeros(40, dtype=np.int64)),
        (np.eye(3)[np.arange(30) % 3], np.arange(30) % 3),  # nothing left to explain
        (np.ones((1, 3)), np.zeros(1, dtype=np.int64)),
    ],
)
def test_what_has_nothing_to_tell_has_a_number_too(name: str, features: Features, labels: Whole) -> None:
    assert np.isfinite(SCORES[name].score(features, labels))


def test_constant_features_separate_nothing() -> None:
    assert h_score(np.ones((20, 4)), np.arange(20) % 2) == 0.0


@pytest.mark.parametrize("name", SCORES)
def test_labels_are_names_not_numbers(name: str) -> None:
    features, labels = made(14, 100, 8, 3, 0.7)
    score = SCORES[name].score
    assert score(features, np.array([7, 2, 40])[labels]) == pytest.approx(score(features, np.array([1, 0, 2])[labels]))


@pytest.mark.parametrize("name", SCORES)
def test_the_more_there_is_to_see_the_higher(name: str) -> None:
    scores = [SCORES[name].score(*made(15, 200, 12, 4, signal)) for signal in (0.0, 0.5, 1.5)]
    assert scores == sorted(scores)


def test_what_the_explanations_say_is_so() -> None:
    rng = np.random.default_rng(16)
    features, labels = made(16, 300, 16, 3, 0.25)
    noise = rng.standard_normal((300, 256)) * 0.98 ** np.arange(256)  # wide, and knows nothing of the labels
    assert h_score(noise, labels) > h_score(features, labels), "it may rank random weights first"
    assert h_score(noise, labels) > h_score(noise[:, :64], labels), "it grows with the width"
    assert log_me(noise, labels) < log_me(features, labels), "of different widths too"
    assert knn(noise, labels) < knn(features, labels)
    answers = (features @ np.linalg.lstsq(features, np.eye(3)[labels], rcond=None)[0]).argmax(1)
    assert log_me(features, answers) > log_me(features, labels), "a model's own answers score higher than the truth"
    for explained in SCORES.values():
        assert explained.meaning.en
        assert any("\u4e00" <= char <= "\u9fff" for char in explained.meaning.zh)
