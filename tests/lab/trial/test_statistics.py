"""Points, pairs and crossings: known answers from scipy, scikit-learn and plain counting, and coverage by simulation."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray
from scipy.stats import binomtest, norm, t
from sklearn.metrics import f1_score

from bertgpt_cli.lab.trial import statistics
from bertgpt_cli.lab.trial.scored import Scored
from bertgpt_cli.report.trial import Pair, Point, Score


def scored(labels: int, texts: ArrayLike, predicted: ArrayLike) -> Scored:
    return Scored(labels, np.asarray(texts, dtype=np.int64), np.asarray(predicted, dtype=np.int64))


def right_and_wrong(labels: int, first: int, right: int, wrong: int) -> Scored:
    """Answers about the texts from `first` on, whose truth is class 0."""
    return scored(labels, range(first, first + right + wrong), [0] * right + [1] * wrong)


ZEROS = np.zeros(2000, dtype=np.int64)


# --- points ---------------------------------------------------------------------------------------------------------


def test_a_point_for_each_size_counts_every_answer_once() -> None:
    found = statistics.points(
        [right_and_wrong(32, 0, 30, 10), right_and_wrong(8, 0, 10, 30), right_and_wrong(32, 20, 20, 60)], ZEROS, 2
    )
    assert [(point.labels, point.draws, point.texts) for point in found] == [(8, 1, 40), (32, 2, 100)]
    assert [point.accuracy.value for point in found] == pytest.approx([10 / 40, 50 / 120])
    assert statistics.points([], ZEROS, 2) == ()


@pytest.mark.parametrize("right", [0, 1, 37, 50])
def test_one_draw_has_wilsons_interval(right: int) -> None:
    [point] = statistics.points([right_and_wrong(0, 0, right, 50 - right)], ZEROS, 2)
    expected = binomtest(right, 50).proportion_ci(method="wilson")
    assert (point.accuracy.low, point.accuracy.high) == pytest.approx((expected.low, expected.high), abs=1e-6)
    assert 0 <= point.accuracy.low <= point.accuracy.value <= point.accuracy.high <= 1
    assert point.accuracy.low < point.accuracy.high
    assert point.f1.low < point.f1.high


def test_asking_the_same_text_again_is_no_new_evidence() -> None:
    once = right_and_wrong(8, 0, 30, 10)
    [one], [two] = statistics.points([once], ZEROS, 2), statistics.points([once, once], ZEROS, 2)
    assert two.accuracy == one.accuracy
    assert two.f1 == pytest.approx(one.f1)


def test_draws_on_other_texts_that_differ_as_chance_has_it_widen_nothing() -> None:
    draws = [right_and_wrong(8, 40 * place, right, 40 - right) for place, right in enumerate((29, 31, 28, 32, 30))]
    [point] = statistics.points(draws, ZEROS, 2)
    expected = binomtest(150, 200).proportion_ci(method="wilson")
    assert (point.accuracy.low, point.accuracy.high) == pytest.approx((expected.low, expected.high), abs=1e-6)


def test_draws_that_differ_more_widen_in_full_for_one_model() -> None:
    shares = (0.9, 0.5, 0.8, 0.6, 0.7)
    draws = [
        right_and_wrong(8, 200 * at, round(200 * share), round(200 * (1 - share))) for at, share in enumerate(shares)
    ]
    [point] = statistics.points(draws, ZEROS, 2)
    between = np.var(shares, ddof=1) - np.mean([share * (1 - share) / 199 for share in shares])
    spread = t.ppf(0.975, 4) * math.sqrt(between * (1 + 1 / 5))
    low = binomtest(700, 1000).proportion_ci(method="wilson").low
    assert point.accuracy.low == pytest.approx(0.7 - math.hypot(0.7 - low, spread), abs=1e-4)
    assert point.accuracy.high == 1.0
    assert point.f1.high - point.f1.low > 0.3


def test_draws_on_the_same_texts_differ_by_themselves() -> None:
    """Twenty texts that all draws have right or wrong alike say nothing of how draws differ; what is left does."""
    rng = np.random.default_rng(0)
    texts = np.arange(400)
    hard = rng.random(400) < 0.5
    alike = [scored(8, texts, hard) for _ in range(4)]
    [point] = statistics.points(alike, ZEROS, 2)
    expected = binomtest(int((~hard).sum()), 400).proportion_ci(method="wilson")
    assert point.accuracy.high == pytest.approx(expected.high, abs=1e-6)
    better = [scored(8, texts, np.where(texts < 40 * place, 0, hard)) for place in range(4)]
    [wider] = statistics.points(better, ZEROS, 2)
    accuracies = [float((one.predicted == 0).mean()) for one in better]
    least = t.ppf(0.975, 3) * np.std(accuracies, ddof=1)
    assert wider.accuracy.value - wider.accuracy.low > least


def test_texts_vary_within_their_class() -> None:
    """Folds hold the same share of each class: draws that know whole classes differ by themselves, not by their texts."""
    truth = np.arange(500) % 5
    known = (3, 4, 3, 2, 3)
    draws = [
        scored(8, texts, np.where(truth[texts] < classes, truth[texts], 0))
        for classes, texts in zip(known, np.arange(500).reshape(5, 100), strict=True)
    ]
    [point] = statistics.points(draws, truth, 5)
    spread = t.ppf(0.975, 4) * np.std(np.array(known) / 5, ddof=1) * math.sqrt(1 + 1 / 5)
    low = binomtest(300, 500).proportion_ci(method="wilson").low
    assert point.accuracy.low == pytest.approx(0.6 - math.hypot(0.6 - low, spread), abs=1e-4)


def test_a_size_with_few_draws_borrows_the_spread_of_the_curve() -> None:
    """The variance between draws falls as one over the labels."""
    shares = (0.9, 0.5, 0.8, 0.6, 0.7)
    draws = [
        right_and_wrong(8, 200 * at, round(200 * share), round(200 * (1 - share))) for at, share in enumerate(shares)
    ]
    alone = right_and_wrong(32, 0, 140, 60)
    few, many = statistics.points([*draws, alone], ZEROS, 2)
    between = np.var(shares, ddof=1) - np.mean([share * (1 - share) / 199 for share in shares])
    spread = t.ppf(0.975, 4) * math.sqrt(between * 8 / 32 * 2)
    low = binomtest(140, 200).proportion_ci(method="wilson").low
    assert many.accuracy.low == pytest.approx(0.7 - math.hypot(0.7 - low, spread), abs=1e-4)
    assert few.accuracy.low < many.accuracy.low


def test_students_t() -> None:
    assert [statistics._t(free) for free in (*range(1, 31), 31, 60, 1000)] == pytest.approx(
        [t.ppf(0.975, free) for free in (*range(1, 31), 31, 60, 1000)], abs=4e-3
    )


@pytest.mark.parametrize(("classes", "texts", "accuracy"), [(3, 60, 0.7), (6, 300, 0.5), (20, 200, 0.9), (6, 30, 0.2)])
def test_macro_f1_is_scikit_learns_over_the_classes_that_are_there(classes: int, texts: int, accuracy: float) -> None:
    rng = np.random.default_rng(classes)
    truth = rng.integers(0, classes - 1, texts)  # the last class is never there, but is answered
    predicted = np.where(rng.random(texts) < accuracy, truth, rng.integers(0, classes, texts))
    predicted[predicted == 0] = classes - 1  # the first is never answered
    [point] = statistics.points([scored(8, np.arange(texts), predicted)], truth, classes)
    expected = f1_score(truth, predicted, labels=np.unique(truth), average="macro", zero_division=0)
    assert point.f1.value == pytest.approx(expected)
    assert 0 <= point.f1.low < point.f1.value < point.f1.high <= 1


def test_macro_f1_is_as_certain_as_a_bootstrap_says() -> None:
    rng = np.random.default_rng(3)
    confusion = np.array([[180.0, 30, 10], [40, 90, 20], [5, 15, 60]])
    f1, worth = statistics.macro_f1(confusion)
    texts = int(confusion.sum())
    drawn = rng.multinomial(texts, confusion.ravel() / texts, 4000).reshape(-1, 3, 3)
    diagonal = drawn.diagonal(axis1=1, axis2=2)
    each = (2 * diagonal / (drawn.sum(1) + drawn.sum(2))).mean(1)
    assert f1 == pytest.approx((2 * np.diag(confusion) / (confusion.sum(0) + confusion.sum(1))).mean())
    assert math.sqrt(f1 * (1 - f1) / worth) == pytest.approx(each.std(), rel=0.05)


def test_a_rare_class_that_was_never_wrong_is_still_in_doubt() -> None:
    """Three texts of one class among 300 decide half of macro-F1: it is not as certain as 300 answers are."""
    truth = (np.arange(300) < 3).astype(np.int64)
    [point] = statistics.points([scored(0, np.arange(300), truth)], truth, 2)
    assert point.accuracy.low > 0.98
    assert point.f1.value == 1.0
    assert point.f1.low < 0.95


def curve(
    sizes: Sequence[int], draws: Sequence[int], spread: float, accuracy: float, hardness: NDArray[np.float64], seed: int
) -> tuple[list[Scored], list[float]]:
    """Models whose true accuracies vary with variance spread^2 / labels, asked about five folds of texts that are hard for all
    of them alike; and the true accuracy of one more model of each size.
    """
    rng = np.random.default_rng(seed)
    answers, new = [], []
    for labels, again in zip(sizes, draws, strict=True):
        true = np.clip(rng.normal(accuracy, spread / math.sqrt(labels), 5 * again + 1), 0.01, 0.99)
        for place, share in enumerate(true[1:]):
            texts = np.arange(place % 5, len(hardness), 5)
            known = math.sqrt(0.7) * hardness[texts] + math.sqrt(0.3) * rng.standard_normal(len(texts))
            answers.append(scored(labels, texts, known > norm.ppf(share)))
        new.append(float(true[0]))
    return answers, new


@pytest.mark.slow
@pytest.mark.parametrize(("texts", "spread", "accuracy"), [(300, 0.2, 0.7), (600, 0.1, 0.9), (600, 0.4, 0.6)])
def test_intervals_cover_a_new_model(texts: int, spread: float, accuracy: float) -> None:
    sizes = [*(8 << doubling for doubling in range(8) if 8 << doubling < texts * 3 // 5), texts * 4 // 5]
    draws = [2 if labels < 128 else 1 for labels in sizes]
    covered = []
    for seed in range(300):
        hardness = np.random.default_rng([seed, 1]).standard_normal(texts)
        answers, new = curve(sizes, draws, spread, accuracy, hardness, seed)
        found = statistics.points(answers, ZEROS, 2)
        covered.append([one.accuracy.low <= true <= one.accuracy.high for one, true in zip(found, new, strict=True)])
    shares = np.mean(covered, axis=0)
    assert shares.min() >= 0.92
    assert shares.max() <= 0.99


# --- pairs ----------------------------------------------------------------------------------------------------------


def pair_of(ours: Sequence[int], theirs: Sequence[int], seed: int = 0) -> Pair:
    """Of answers to the same texts, 1 for a right one."""
    texts = range(len(ours))
    first, second = scored(8, texts, [1 - one for one in ours]), scored(8, texts, [1 - one for one in theirs])
    return statistics.paired([first], [second], ZEROS, ("a", "b"), seed)


@pytest.mark.parametrize(("ours", "theirs"), [(0, 0), (5, 0), (0, 6), (9, 3), (10, 10), (40, 70)])
def test_single_answers_are_tested_by_mcnemars_exact_test(ours: int, theirs: int) -> None:
    pair = pair_of([1] * ours + [0] * theirs + [1] * 30, [0] * ours + [1] * theirs + [1] * 30)
    expected = binomtest(ours, ours + theirs).pvalue if ours + theirs else 1.0
    assert pair.p == pytest.approx(expected)
    assert pair.difference.value == pytest.approx((ours - theirs) / (ours + theirs + 30))
    assert (pair.first, pair.second, pair.texts) == ("a", "b", ours + theirs + 30)


@pytest.mark.parametrize("texts", [1, 2, 30])
def test_the_intervals_of_a_pair_hold_its_difference_and_stay_possible(texts: int) -> None:
    for ours, theirs in itertools.product(([0] * texts, [1] * texts), repeat=2):
        low, high = (difference := pair_of(ours, theirs).difference).low, difference.high
        assert -1 <= low <= difference.value <= high <= 1
        assert low < high


def test_the_interval_is_agresti_and_mins() -> None:
    """Their formula for matched pairs: half a text in each of the four cells."""
    pair = pair_of([1] * 12 + [0] * 5 + [1] * 33, [0] * 12 + [1] * 5 + [1] * 33)
    b, c, n = 12.5, 5.5, 52
    half = norm.ppf(0.975) * math.sqrt(b + c - (b - c) ** 2 / n) / n
    assert (pair.difference.low, pair.difference.high) == pytest.approx(
        ((b - c) / n - half, (b - c) / n + half), abs=1e-6
    )


def test_several_draws_are_tested_by_random_signs() -> None:
    """Against all 2^9 signs of the nine texts that differ."""
    ours = [[1, 1, 1, 1, 0, 1, 1, 1, 0, 1], [1, 0, 1, 1, 1, 1, 1, 0, 0, 1]]
    theirs = [[0, 0, 1, 0, 0, 0, 1, 1, 1, 1], [0, 0, 0, 0, 0, 1, 0, 0, 1, 1]]
    differences = np.mean(ours, axis=0) - np.mean(theirs, axis=0)
    signs = np.array(list(itertools.product((-1, 1), repeat=10)))
    expected = (np.abs(signs @ differences) >= abs(differences.sum()) - 1e-9).mean()
    first, second = ([scored(8, range(10), [1 - one for one in draw]) for draw in side] for side in (ours, theirs))
    pair = statistics.paired(first, second, ZEROS, ("a", "b"), 1)
    assert pair.p == pytest.approx(expected, abs=0.02)
    assert 0 < pair.p < 1
    assert pair == statistics.paired(first, second, ZEROS, ("a", "b"), 1)
    assert pair.difference.value == pytest.approx(differences.mean())


def test_a_pair_is_about_the_texts_that_both_were_asked() -> None:
    first, second = right_and_wrong(8, 0, 20, 20), right_and_wrong(64, 30, 20, 0)
    pair = statistics.paired([first], [second], ZEROS, ("a", "b"), 0)
    assert (pair.texts, pair.difference.value) == (10, -1.0)
    nothing = statistics.paired([first], [right_and_wrong(8, 100, 3, 3)], ZEROS, ("a", "b"), 0)
    assert (nothing.texts, nothing.p, nothing.difference, nothing.more_labels) == (0, 1.0, Score(0.0, -1.0, 1.0), 0)


@pytest.mark.parametrize(
    ("texts", "ours", "theirs"), [(60, 0.8, 0.8), (120, 0.85, 0.8), (250, 0.95, 0.95), (600, 0.9, 0.85)]
)
def test_the_intervals_of_pairs_cover(texts: int, ours: float, theirs: float) -> None:
    rng = np.random.default_rng(texts)
    covered = []
    for _ in range(400):
        hardness = rng.standard_normal(texts)
        right = [
            (math.sqrt(0.7) * hardness + math.sqrt(0.3) * rng.standard_normal(texts) < norm.ppf(share)).astype(int)
            for share in (ours, theirs)
        ]
        difference = pair_of(right[0].tolist(), right[1].tolist()).difference
        covered.append(difference.low <= ours - theirs <= difference.high)
    assert 0.925 <= np.mean(covered) <= 0.985


def test_so_many_labels_would_tell_them_apart() -> None:
    """With that many texts the power of a two-sided test at 5 % is 80 %."""
    wanted = statistics.more_labels(-0.03, 0.4, 200)
    assert norm.cdf(0.03 * math.sqrt(wanted) / 0.4 - norm.ppf(0.975)) == pytest.approx(0.8, abs=1e-3)
    assert statistics.more_labels(0.0, 0.4, 200) == 0
    assert statistics.more_labels(0.0001, 0.4, 200) == 0, "nobody labels more than a million texts"
    assert statistics.more_labels(0.9, 0.1, 20) == 21, "more than there are: these do not tell them apart"


def test_more_labels_are_asked_for_only_where_they_are_needed() -> None:
    apart = pair_of([1] * 30 + [1] * 70, [0] * 30 + [1] * 70)
    level = pair_of([1] * 6 + [0] * 3 + [1] * 91, [0] * 6 + [1] * 3 + [1] * 91)
    assert apart.more_labels == 0
    assert level.more_labels == pytest.approx(0.09 * (norm.ppf(0.975) + norm.ppf(0.8)) ** 2 / 0.03**2, rel=0.15)


@pytest.mark.parametrize(
    ("difference", "p", "comparisons", "expected"),
    [
        (0.1, 0.009, 5, True),
        (0.1, 0.011, 5, False),
        (-0.1, 0.001, 5, False),
        (0.1, 0.04, 1, True),
        (0.1, 0.04, 0, True),
    ],
)
def test_behind_at_a_level_for_all_comparisons(difference: float, p: float, comparisons: int, expected: bool) -> None:
    pair = Pair("leader", "other", Score(difference, difference - 0.1, difference + 0.1), p, 100, 0)
    assert statistics.behind(pair, comparisons) is expected


# --- crossings ------------------------------------------------------------------------------------------------------


def line(*places: tuple[int, float], error: float = 0.01) -> list[Point]:
    whole = Score(0.5, 0.4, 0.6)
    return [
        Point(labels, Score(value, value - norm.ppf(0.975) * error, value + norm.ppf(0.975) * error), whole, 1, 100)
        for labels, value in places
    ]


def test_a_prompt_is_ahead_until_the_curve_has_crossed_it() -> None:
    """From 0.5 at 16 labels to 0.7 at 64: 0.6 is half of the way, in doublings, so at 32."""
    prompt, head = line((0, 0.6)), line((8, 0.4), (16, 0.5), (64, 0.7), (256, 0.8))
    found = statistics.crossing(prompt, head, ("prompt", "head"), (True, False), 0)
    assert found is not None
    assert (found.below, found.above, found.labels) == ("prompt", "head", 32)
    # Both are off by 0.01 or less; the curve rises by 0.1 a doubling.
    assert 32 / 2**0.35 < found.low < 32 / 2**0.15
    assert 32 * 2**0.15 < found.high < 32 * 2**0.35
    assert found == statistics.crossing(prompt, head, ("prompt", "head"), (True, False), 0)
    turned = statistics.crossing(head, prompt, ("head", "prompt"), (False, True), 0)
    assert turned is not None
    assert turned[:3] == found[:3]


def test_two_curves_cross_where_they_are_equal() -> None:
    tuned, frozen = line((8, 0.3), (512, 0.9)), line((8, 0.6), (32, 0.65), (512, 0.65))
    found = statistics.crossing(tuned, frozen, ("tuned", "frozen"), (False, False), 0)
    assert found is not None
    assert (found.below, found.above) == ("frozen", "tuned")
    assert found.labels == round(2 ** (3 + 3.5)), "0.3 + 0.1 a doubling reaches 0.65 after three and a half"


def test_only_the_last_change_counts() -> None:
    first, second = line((8, 0.6), (16, 0.4), (32, 0.6), (128, 0.4)), line((8, 0.5), (128, 0.5))
    found = statistics.crossing(first, second, ("a", "b"), (False, False), 0)
    assert found is not None
    assert (found.below, found.above, found.labels) == ("a", "b", 64)


def test_the_interval_stays_among_the_sizes_that_were_measured() -> None:
    found = statistics.crossing(
        line((0, 0.6), error=0.05), line((8, 0.5), (64, 0.7), error=0.05), ("a", "b"), (True, False), 0
    )
    assert found is not None
    assert 8 <= found.low < found.labels < found.high <= 64


def test_a_few_shot_prompt_begins_at_its_shots() -> None:
    shown, head = line((32, 0.6)), line((8, 0.7), (16, 0.5), (32, 0.5), (64, 0.7))
    found = statistics.crossing(shown, head, ("few-shot", "head"), (True, False), 0)
    assert found is not None
    assert (found.below, found.labels) == ("few-shot", round(2**5.5))
    late = statistics.crossing(line((64, 0.6)), head, ("few-shot", "head"), (True, False), 0)
    assert late is None, "there is one size only at which both are known"


@pytest.mark.parametrize(
    ("first", "second", "flat"),
    [
        (line((8, 0.6), (64, 0.9)), line((8, 0.5), (64, 0.7)), (False, False)),  # one is ahead throughout
        (line((0, 0.6)), line((0, 0.7)), (True, True)),
        (line((0, 0.6), error=0.1), line((8, 0.5), (64, 0.9)), (True, False)),  # not clear with few labels
        (line((0, 0.6), error=0.1), line((8, 0.1), (64, 0.7)), (True, False)),  # not clear with many
        (line((8, 0.6), (16, 0.7)), line((32, 0.5), (64, 0.9)), (False, False)),  # no size in common
        ([], line((8, 0.5), (64, 0.9)), (True, False)),
        (line((8, 0.5), (64, 0.7)), line((8, 0.5), (64, 0.7)), (False, False)),
    ],
)
def test_no_crossing(first: list[Point], second: list[Point], flat: tuple[bool, bool]) -> None:
    assert statistics.crossing(first, second, ("a", "b"), flat, 0) is None
