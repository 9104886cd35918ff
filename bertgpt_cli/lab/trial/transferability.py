"""Scores of frozen features that promise to tell how well a checkpoint transfers, without training anything.

They look at the texts that they score; none is an accuracy on new ones, and none knows the chance of which texts there are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bertgpt_cli.lab.trial.scored import Whole
from bertgpt_cli.text import Text

Features = NDArray[np.floating[Any]]  # (texts, width)
Real = NDArray[np.float64]

_NOTHING = 1e-14  # of the largest squared singular value: below it is rounding
_DISTANCES = 1 << 22  # that are held at a time
_STEPS = 100
_CLOSE = 1e-6
_LEAST = 1e-5  # keeps precisions finite where nothing is left to explain, as in the authors' code


class Explained(NamedTuple):
    """A score of (texts, width) features and (texts,) labels, the higher the better, and what it can and cannot compare."""

    score: Callable[[Features, Whole], float]
    meaning: Text


def h_score(features: Features, labels: Whole) -> float:
    """Between-class over overall covariance, tr(cov(f)^-1 cov(E[f|y])) (Bao et al. 2019, https://doi.org/10.1109/ICIP.2019.8803726),
    regularised by Ledoit and Wolf's shrinkage (Ibrahim et al. 2022, https://arxiv.org/abs/2110.06893).

    0 for features that do not vary. About classes - 1 at most.
    """
    texts, width = features.shape
    centred = features.astype(np.float64)
    centred -= centred.mean(0)
    members, counts = _members(labels)
    squares, found = _directions(centred, members)
    if not len(squares):
        return 0.0
    # The covariance has these eigenvalues, and zeros up to the width.
    variances = squares / texts
    mean = variances.sum() / width
    distance = (variances**2).sum() - width * mean**2
    noise = (((centred**2).sum(1) ** 2).mean() - (variances**2).sum()) / texts
    shrinkage = min(max(noise / distance, 0.0), 1.0) if distance > 0 else 1.0
    # Squared length of the classes' means in each direction, each as often as it has texts.
    between = squares * (found / counts).sum(1) / (texts - 1)
    return float(((1 - shrinkage) * between / ((1 - shrinkage) * variances + shrinkage * mean)).sum())


def log_me(features: Features, labels: Whole) -> float:
    """The greatest log evidence of a Bayesian linear regression onto each class, per text, mean over classes
    (You et al. 2021, https://arxiv.org/abs/2102.11005, algorithm 1 with the fixed-point steps of https://jmlr.org/papers/v23/21-1251.html).

    With fewer texts than the width, the authors' code leaves out a part of the determinant (https://github.com/thuml/LogME/issues/23);
    here it is in, so the numbers differ there.
    """
    texts, width = features.shape
    members, counts = _members(labels)
    squares, found = _directions(features.astype(np.float64), members)
    # The evidence does not depend on the features' scale: with squares of 1 in the mean, `_LEAST` means the same for all.
    squares = squares[:, None] / (squares.sum() / (texts * width))  # (directions, classes) from here on
    beyond = counts - found.sum(0)  # what no weight can explain
    weights = noise = np.ones(len(counts))  # precisions: alpha and beta
    for _ in range(_STEPS):
        ratio = weights / noise
        explained = (squares / (squares + ratio)).sum(0)
        length = (squares * found / (squares + ratio) ** 2).sum(0)
        error = (found * (ratio / (squares + ratio)) ** 2).sum(0) + beyond
        weights = explained / (length + _LEAST)
        noise = (texts - explained) / (error + _LEAST)
        if np.all(np.abs(weights / noise - ratio) <= _CLOSE * ratio):
            break
    # Directions without features add log(alpha) on both sides: width / 2 log(alpha) less the determinant keeps those that have some.
    determinant = np.log1p(noise * squares / weights).sum(0)
    fit = noise * error + weights * length
    evidence = (texts * np.log(noise / (2 * np.pi)) - determinant - fit) / (2 * texts)
    return float(evidence.mean())


def knn(features: Features, labels: Whole, k: int = 3) -> float:
    """The share of texts whose class most of the `k` nearest other texts have (Euclidean; of classes that are level the first)."""
    points = features.astype(np.float64)
    texts = len(points)
    k = min(k, texts - 1)
    if not k:
        return 0.0
    members, _ = _members(labels)
    lengths = (points**2).sum(1)
    right = 0
    for start in range(0, texts, max(_DISTANCES // texts, 1)):
        some = np.arange(start, min(start + max(_DISTANCES // texts, 1), texts))
        distances = lengths - 2 * points[some] @ points.T  # squared, less the length of the asked one
        distances[np.arange(len(some)), some] = np.inf
        nearest = np.argpartition(distances, k - 1, axis=1)[:, :k]
        votes = members[nearest].sum(1)
        right += int(members[some, votes.argmax(1)].sum())
    return right / texts


def _directions(features: Real, members: Real) -> tuple[Real, Real]:
    """Squared singular values of those directions in which there is anything, and the squared part of each column of `members` that
    lies along each left singular vector: (directions,) and (directions, classes).
    """
    texts, width = features.shape
    if texts < width:  # the smaller of the two products
        squares, vectors = np.linalg.eigh(features @ features.T)
        along = vectors.T @ members
    else:
        squares, vectors = np.linalg.eigh(features.T @ features)
        along = vectors.T @ (features.T @ members)
    there = squares > _NOTHING * max(squares[-1], np.finfo(np.float64).tiny)
    squares, found = squares[there], along[there] ** 2
    return squares, found if texts < width else found / squares[:, None]


def _members(labels: Whole) -> tuple[Real, Real]:
    """Which texts are of each class that is there, (texts, classes), and how many."""
    present, place = np.unique(labels, return_inverse=True)
    members = np.eye(len(present))[place]
    return members, members.sum(0)


SCORES: dict[str, Explained] = {
    "H-score": Explained(
        h_score,
        Text(
            "How far the classes' means lie apart beside the spread of all texts. Compares candidates of the same width on the same "
            "texts. It grows with the width over the number of texts, even for features that say nothing, so it cannot compare "
            "different widths or numbers of texts, and it may rank random weights first.",
            "各类均值之间的距离与全体文本离散程度之比。只适合比较同一批文本上宽度相同的候选。宽度与文本数之比越大，得分越高，"
            "哪怕特征毫无信息；因此不能跨宽度、跨文本数比较，也可能把随机权重排在第一。",
        ),
    ),
    "LogME": Explained(
        log_me,
        Text(
            "How probable the labels are under a linear model of the features, per text (a log likelihood, without unit or bound). "
            "Compares candidates on the same texts and labels, of different widths too. It is about a linear head more than about "
            "fine-tuning, is taken on the texts with labels, not on held-out ones, and says nothing by itself: a model's own "
            "answers score higher than the truth.",
            "在特征的线性模型下标签出现的可能性，按文本平均（对数似然，无单位、无上下界）。可在同一批文本和标签上比较候选，宽度不同也可以。"
            "它反映的更多是线性头而非微调的效果；用的是带标签的文本本身，不是留出集；单看一个数没有意义：拿模型自己的预测去算，得分会比真实标签还高。",
        ),
    ),
    "kNN": Explained(
        knn,
        Text(
            "The share of texts whose nearest three other texts mostly have their label. A share of right answers, so comparable "
            "across widths, to be read beside the largest class's share. It sees only what is near in plain distance: features that a linear head "
            "can use may score low, and fine-tuning may change their order.",
            "最近的三条其他文本多数与自己同标签的文本占比。它就是正确率，可跨宽度比较，但要对照最大类别的占比来看。它只看欧氏距离上的远近："
            "线性头用得上的特征也可能得分偏低，微调之后名次还可能变。",
        ),
    ),
}
