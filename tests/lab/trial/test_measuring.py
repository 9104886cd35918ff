"""What a trial's figures rest on: which texts are asked, heads, features, what is kept, what is ranked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoModel

from bertgpt_cli.checkpoints.weights import inspect
from bertgpt_cli.lab.trial import arrangement, features, head, verdict
from bertgpt_cli.lab.trial.cost import front
from bertgpt_cli.lab.trial.pretrained import Source, load
from bertgpt_cli.lab.trial.run import Entrant
from bertgpt_cli.lab.trial.scored import Scored
from bertgpt_cli.lab.trial.store import Store
from bertgpt_cli.report.trial import Candidate, Cost, Point, Score
from bertgpt_cli.text import Text
from tests.tiny_models import TinyModels

TEXTS = ("a short one", "now this one is quite a bit longer than the one before it", "rain", "milk and books 1 2 3")


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> TinyModels:
    return TinyModels(tmp_path_factory.mktemp("models"), [*TEXTS] * 9)


def source(path: str) -> Source:
    return Source(inspect("tiny", path))


# --- which texts are asked --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shares", [(60, 60), (150, 30, 20), (1000, 5, 7, 300)])
def test_every_beginning_of_the_order_has_the_shares_of_the_whole(shares: tuple[int, ...]) -> None:
    labels = np.repeat(np.arange(len(shares)), shares)
    found = arrangement.arrange(labels, 3)
    assert sorted(found.order) == list(range(len(labels)))
    for size in (10, 40, len(labels) // 2, len(labels)):
        counts = np.bincount(labels[found.order[:size]], minlength=len(shares))
        assert np.abs(counts - size * np.array(shares) / len(labels)).max() <= 1.5
    folds = np.bincount(found.fold, minlength=arrangement.FOLDS)
    assert folds.max() - folds.min() <= 1


def test_nothing_that_trains_is_asked_and_every_text_is_asked_by_each_round() -> None:
    labels = np.random.default_rng(0).integers(0, 4, 203)
    found = arrangement.arrange(labels, 0)
    every = list(arrangement.draws(found, labels, 203, 0))
    for draw, sizes in every:
        assert not set(draw.train) & set(draw.asked)
        assert len(set(draw.train)) == len(draw.train) >= sizes[-1]
    for some in (every[: arrangement.FOLDS], every[arrangement.FOLDS :]):
        assert sorted(np.concatenate([draw.asked for draw, _ in some])) == sorted(found.order[:203])
    assert len({sizes[-1] for _, sizes in every[: arrangement.FOLDS]}) == 1  # all folds have one number of labels
    assert every[0][1][:3] == [8, 16, 32]


def test_another_seed_is_another_arrangement_and_the_same_is_the_same() -> None:
    labels = np.arange(100) % 3
    first, again, other = (arrangement.arrange(labels, seed) for seed in (1, 1, 2))
    assert (first.order == again.order).all()
    assert (first.fold == again.fold).all()
    assert (first.order != other.order).any()


@pytest.mark.parametrize(("texts", "steps"), [(100, [100]), (300, [300]), (1000, [256, 512, 1000]), (341, [341])])
def test_rungs_double(texts: int, steps: list[int]) -> None:
    assert arrangement.rungs(texts) == steps


# --- heads ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("texts", "width"), [(12, 30), (40, 9)])
def test_leaving_one_out_is_what_refitting_gives(texts: int, width: int) -> None:
    """The error at the chosen strength, against that many ridge regressions with an intercept, solved one by one."""
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(texts, width))
    labels = np.arange(texts) % 3
    targets = np.eye(3)[labels]
    known = torch.from_numpy(inputs).float()
    centred = known - known.mean(0)
    squares, left = torch.linalg.eigh(centred @ centred.T)
    rank = min(texts - 1, width)
    errors = head._left_out(
        squares[-rank:], left[:, -rank:], torch.from_numpy(targets).float() - torch.from_numpy(targets).float().mean(0)
    )
    for strength, error in zip(head._STRENGTHS, errors.tolist(), strict=True):
        total = 0.0
        for place in range(texts):
            rest = np.arange(texts) != place
            mean, share = inputs[rest].mean(0), targets[rest].mean(0)
            seen = inputs[rest] - mean
            weight = np.linalg.solve(seen.T @ seen + strength * np.eye(width), seen.T @ (targets[rest] - share))
            total += float(((targets[place] - share - (inputs[place] - mean) @ weight) ** 2).sum())
        assert error == pytest.approx(total / texts, rel=2e-3)


def test_a_head_solves_the_regression_that_it_says() -> None:
    rng = np.random.default_rng(1)
    for texts, width in ((20, 50), (50, 20)):
        inputs = torch.from_numpy(rng.normal(size=(texts, width))).float()
        targets = torch.eye(2)[torch.arange(texts) % 2]
        weight, bias = head.fit(inputs, targets)
        seen = inputs - inputs.mean(0)
        wanted = seen.T @ (targets - targets.mean(0))
        gaps = [
            float((seen.T @ seen @ weight + strength * weight - wanted).abs().max()) for strength in head._STRENGTHS
        ]
        assert min(gaps) < 1e-3
        assert torch.allclose(inputs.mean(0) @ weight + bias, targets.mean(0), atol=1e-5)


def planted(
    signal: int, texts: int = 200, views: int = 4, width: int = 16
) -> tuple[torch.Tensor, np.ndarray[Any, Any]]:
    """Features of which one view tells the class."""
    rng = np.random.default_rng(2)
    labels = rng.integers(0, 2, texts)
    found = rng.normal(size=(texts, views, width)).astype(np.float32)
    found[:, signal, 3] += 4 * labels
    return torch.from_numpy(found), labels


@pytest.mark.parametrize("signal", [0, 3])
def test_the_view_that_tells_the_class_is_chosen(signal: int) -> None:
    found, labels = planted(signal)
    order = arrangement.arrange(labels, 0)
    scored, chosen = head.measure(found[order.order], labels, 2, order, 200, 0)
    assert set(chosen) == {signal}
    assert head.settled(chosen) == signal
    most = max(one.labels for one in scored)
    right = [(one.predicted == labels[one.texts]).mean() for one in scored if one.labels == most]
    assert np.mean(right) > 0.9


def test_labels_of_the_texts_that_are_asked_are_not_looked_at() -> None:
    found, labels = planted(1)
    order = arrangement.arrange(labels, 0)
    draw, _ = next(arrangement.draws(order, labels, 200, 0))
    changed = labels.copy()
    changed[draw.asked] = 1 - changed[draw.asked]
    rows = found[order.order]
    before = head.measure(rows, labels, 2, order, 200, 0)[0]
    held = [draw for draw, _ in arrangement.draws(order, labels, 200, 0)]

    def same(arranged: Any, given: Any, texts: int, seed: int, rounds: int) -> Any:
        return zip(held, [[8, 16, 64, 160]] * 5 + [[8, 16]] * 5, strict=True)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(head, "draws", same)
        ours = head.measure(rows, labels, 2, order, 200, 0)[0]
        theirs = head.measure(rows, changed, 2, order, 200, 0)[0]
    first = [one for one in ours if set(one.texts) == set(draw.asked)]
    again = [one for one in theirs if set(one.texts) == set(draw.asked)]
    assert before
    assert all((one.predicted == other.predicted).all() for one, other in zip(first, again, strict=True))


# --- features ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["bert", "gpt2", "qwen3"])
def test_features_do_not_depend_on_what_else_is_in_the_batch(kind: str, tiny: TinyModels) -> None:
    path = tiny.base_model("bert") if kind == "bert" else tiny.decoder_model(kind)
    one = source(path)
    together, cut = features.encode(one, "fp32", TEXTS, lambda done: None)
    alone = np.concatenate([features.encode(one, "fp32", (text,), lambda done: None)[0] for text in TEXTS])
    assert cut == 0
    assert np.abs(together - alone).max() < 1e-5
    assert together.shape[:2] == (4, 2 * len(features.layers(one)))


@pytest.mark.parametrize("kind", ["bert", "gpt2"])
def test_features_are_the_hidden_states_pooled(kind: str, tiny: TinyModels) -> None:
    path = tiny.base_model("bert") if kind == "bert" else tiny.decoder_model(kind)
    one = source(path)
    found, _ = features.encode(one, "fp32", TEXTS[:1], lambda done: None)
    ids = load(one, "fp32").tokenizer(TEXTS[0], return_tensors="pt")
    with torch.inference_mode():
        states = AutoModel.from_pretrained(path).eval()(**ids, output_hidden_states=True).hidden_states
    for place, layer in enumerate(features.layers(one)):
        second = states[layer][0, 0] if kind == "bert" else states[layer][0, -1]
        assert np.abs(found[0, 2 * place] - states[layer][0].mean(0).numpy()).max() < 1e-5
        assert np.abs(found[0, 2 * place + 1] - second.numpy()).max() < 1e-5


def test_a_twin_has_other_weights_and_the_same_ones_each_time(tiny: TinyModels) -> None:
    one = source(tiny.base_model("bert"))
    own, twin, again, other = (
        features.encode(one._replace(twin=seed), "fp32", TEXTS, lambda done: None)[0] for seed in (None, 1, 1, 2)
    )
    assert own.shape == twin.shape
    assert np.abs(own - twin).max() > 1e-3
    assert (twin == again).all()
    assert np.abs(twin - other).max() > 1e-3


def test_long_texts_are_cut_and_counted(tiny: TinyModels) -> None:
    one = source(tiny.base_model("bert"))
    found, cut = features.encode(one, "fp32", ("rain " * 500, "rain"), lambda done: None)
    assert cut == 1
    assert np.isfinite(found).all()


# --- what is kept -----------------------------------------------------------------------------------------------------


def test_what_is_kept_is_found_again_and_only_for_the_same_things(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    made = np.arange(6, dtype=np.float32).reshape(2, 3)
    store.keep(("features", "a"), made)
    found = store.find(("features", "a"))
    assert found is not None
    assert (found == made).all()
    assert store.find(("features", "b")) is None
    assert Store(None).find(("features", "a")) is None


@pytest.mark.parametrize(
    "damage", [lambda data: data[:-1], lambda data: data[:40] + b"x" + data[41:], lambda data: b""]
)
def test_what_is_damaged_is_not_found(damage: Callable[[bytes], bytes], tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    store.keep(("x",), np.arange(100))
    [path] = (tmp_path / "trial").iterdir()
    path.write_bytes(damage(path.read_bytes()))
    assert store.find(("x",)) is None


# --- the verdict ------------------------------------------------------------------------------------------------------


def entrant(id: str, right: int, of: int = 100, labels: int = 80) -> Entrant:
    """One that has the first `right` of `of` texts right (all texts are of class 0)."""
    predicted = np.ones(of, dtype=np.int64)
    predicted[:right] = 0
    return Entrant(id, "head", scored=[Scored(labels, np.arange(of), predicted)], status="measured")


TRUTH = np.zeros(100, dtype=np.int64)


def test_a_clear_winner_wins_and_a_small_lead_does_not() -> None:
    judged = verdict.judge([entrant("a", 90), entrant("b", 60)], [], TRUTH, 2, None, None, 0)
    assert (judged.verdict.kind, judged.verdict.winner) == ("winner", "a")
    judged = verdict.judge([entrant("a", 81), entrant("b", 80), entrant("c", 30)], [], TRUTH, 2, None, None, 0)
    assert (judged.verdict.kind, judged.verdict.winner, judged.verdict.level_with) == ("level", "a", ("b",))


def test_a_control_is_never_ranked_even_where_it_is_ahead() -> None:
    twin = entrant("a random", 99)
    twin.status = "control"
    judged = verdict.judge([entrant("a", 50)], [twin], TRUTH, 2, None, None, 0)
    assert [(one.id, one.rank) for one in judged.candidates] == [("a", 1), ("a random", 0)]
    assert judged.verdict.winner == "a"


def test_what_breaks_a_constraint_is_shown_and_not_ranked() -> None:
    quick, slow = entrant("quick", 60), entrant("slow", 99)
    quick.cost = Cost(0.001, 0.002, 900, 10**6, "measured", 1, "fp32")
    slow.cost = Cost(0.1, 0.2, 9, 10**9, "measured", 1, "fp32")
    judged = verdict.judge([quick, slow], [], TRUTH, 2, 50.0, None, 0)
    ranks = {one.id: (one.rank, bool(one.blocked)) for one in judged.candidates}
    assert ranks == {"quick": (1, False), "slow": (0, True)}
    judged = verdict.judge([quick, slow], [], TRUTH, 2, None, 0.0001, 0)
    assert judged.verdict.kind == "nothing"


def test_the_front_is_what_none_beats_in_both() -> None:
    def one(id: str, accuracy: float, p50: float) -> Candidate:
        point = Point(80, Score(accuracy, accuracy, accuracy), Score(accuracy, accuracy, accuracy), 1, 100)
        cost = Cost(p50, p50, 1.0, 1, "measured", 1, "fp32")
        blank = Text("", "")
        return Candidate(id, "c", "bert", "head", "", "measured", 1, (point,), blank, blank, cost, (), ())

    assert front([one("a", 0.9, 0.1), one("b", 0.8, 0.2), one("c", 0.7, 0.01), one("d", 0.95, 0.5)]) == ["c", "a", "d"]
