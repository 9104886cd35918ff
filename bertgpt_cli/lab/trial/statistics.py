"""What the answers of a trial's models say: points of a learning curve, pairs, and where two curves cross. Pure arithmetic.

Two chances are told apart: which texts were asked, and which labelled texts a model got to learn from. What this does not know: texts
that are unlike the labelled ones, and draws of labels that share most of their texts, as those with nearly all labels do.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bertgpt_cli.lab.trial.scored import Scored, Whole
from bertgpt_cli.report.trial import Crossing, Pair, Point, Score

Real = NDArray[np.floating[Any]]

ALPHA = 0.05
_Z = 1.959964  # 97.5 % of the normal distribution lie below
_Z80 = 0.841621  # 80 %
# 97.5 % of Student's t with 1, 2 ... 30 degrees of freedom lie below.
_T = [
    float(quantile)
    for quantile in (
        "12.7062 4.3027 3.1824 2.7764 2.5706 2.4469 2.3646 2.3060 2.2622 2.2281 2.2010 2.1788 2.1604 2.1448 2.1314 "
        "2.1199 2.1098 2.1009 2.0930 2.0860 2.0796 2.0739 2.0687 2.0639 2.0595 2.0555 2.0518 2.0484 2.0452 2.0423"
    ).split()
]
_FLIPS = 10_000
_CURVES = 2_000
_MOST = 1_000_000  # labelled texts: nobody labels more to tell two candidates apart


def points(scored: Sequence[Scored], truth: Whole, classes: int) -> tuple[Point, ...]:
    """One point for each number of labels, ascending; what was scored with the same number are draws of it.

    The interval is one of prediction: 95 % for the score of one more model, on new texts. `truth` holds the class of every text.
    """
    sizes = sorted({one.labels for one in scored})
    draws = [[one for one in scored if one.labels == size] for size in sizes]
    spreads = _spreads(sizes, draws, truth)
    return tuple(
        _point(size, some, spread, truth, classes) for size, some, spread in zip(sizes, draws, spreads, strict=True)
    )


def _point(size: int, draws: list[Scored], spread: float, truth: Whole, classes: int) -> Point:
    """`spread` is half the width of the interval that the draws alone ask for, as a share of texts."""
    asked = np.concatenate([one.texts for one in draws])
    predicted = np.concatenate([one.predicted for one in draws])
    texts = len(np.unique(asked))  # one that was asked again is no new evidence about other texts
    share = float((predicted == truth[asked]).mean())
    low, high = wilson(share, texts)
    confusion = np.bincount(truth[asked] * classes + predicted, minlength=classes**2).reshape(classes, classes)
    f1, worth = macro_f1(confusion * (texts / len(asked)))
    f1_low, f1_high = wilson(f1, worth)
    f1_spread = spread * (f1_high - f1_low) / (high - low)  # as much wider, in proportion, as the accuracy's
    return Point(
        labels=size,
        accuracy=_widened(share, low, high, spread),
        f1=_widened(f1, f1_low, f1_high, f1_spread),
        draws=len(draws),
        texts=texts,
    )


def wilson(share: float, texts: float) -> tuple[float, float]:
    """The 95 % interval of a share of so many texts (Wilson 1927, eq. 4): of some width even where all or none were right."""
    middle = (share + _Z**2 / (2 * texts)) / (1 + _Z**2 / texts)
    half = _Z / (1 + _Z**2 / texts) * math.sqrt(share * (1 - share) / texts + _Z**2 / (4 * texts**2))
    return min(share, middle - half), max(share, middle + half)


def _widened(share: float, low: float, high: float, spread: float) -> Score:
    """Two independent errors: their distances add up as squares, on each side (Zou and Donner 2008, the MOVER)."""
    return Score(
        share,
        max(0.0, share - math.hypot(share - low, spread)),
        min(1.0, share + math.hypot(high - share, spread)),
    )


def _spreads(sizes: Sequence[int], draws: Sequence[Sequence[Scored]], truth: Whole) -> list[float]:
    """How far the accuracy of one more draw may lie from the mean of those that were seen, in 95 % of cases, at each size.

    Few draws tell little of their own spread, and half of the time none is seen where there is some. So the curve as a whole is asked
    too: the variance falls about as one over the number of labels. The larger of the two counts.
    """
    own = [_between(some, truth) for some in draws]
    free = [len(some) - 1 for some in draws]
    falling = [1 / max(size, 1) for size in sizes]
    weight = sum(count * part for count, part in zip(free, falling, strict=True))
    whole = sum(count * part for count, part in zip(free, own, strict=True)) / weight if weight else 0.0
    out = []
    for variance, count, part in zip(own, free, falling, strict=True):
        alone = _t(count) * math.sqrt(max(variance, 0.0)) if count else 0.0
        curve = _t(sum(free)) * math.sqrt(max(whole * part, 0.0)) if weight else 0.0
        # One more draw spreads as each did; the mean of those that were seen is off by its own share.
        out.append(max(alone, curve) * math.sqrt(1 + 1 / (count + 1)))
    return out


def _between(draws: Sequence[Scored], truth: Whole) -> float:
    """The variance of accuracy between draws beyond what the chance of the texts explains; below zero where there is less than that.

    The variance of the draws' accuracies, less the mean variance of one that is due to its texts, plus the mean covariance of two that
    were asked about the same ones. Texts vary within their class: each fold has the same share of each.
    """
    count = len(draws)
    if count < 2:
        return 0.0
    shares, parts, chance = [], [], 0.0
    for one in draws:
        classes = truth[one.texts]
        right = (one.predicted == classes).astype(np.float64)
        members = np.bincount(classes)
        recall = np.bincount(classes, right) / np.maximum(members, 1)
        part = (right - recall[classes]) / len(right)
        shares.append(right.mean())
        parts.append(part)
        chance += float(part @ part) * len(right) / max(len(right) - np.count_nonzero(members), 1) / count
    alone = sum(float(part @ part) for part in parts)
    together = np.bincount(np.concatenate([one.texts for one in draws]), np.concatenate(parts))
    shared = (float(together @ together) - alone) / (count * (count - 1))
    return float(np.var(shares, ddof=1)) - chance + shared


def _t(free: int) -> float:
    """97.5 % of Student's t lie below; beyond the table by its first term in one over the degrees of freedom."""
    return _T[free - 1] if free <= len(_T) else _Z + (_Z**3 + _Z) / (4 * free)


def macro_f1(confusion: Real) -> tuple[float, float]:
    """Macro-F1 of a (truth, predicted) table of numbers of texts, and how many plain yes-or-no answers are as certain.

    The mean is over the classes that are there; one that was never predicted counts 0. The variance is that of the delta method
    (Takahashi et al. 2022, https://doi.org/10.1007/s10489-021-02635-5), for a table with one more text of each class, half of it
    wrong: a class that was never wrong may be so yet. The number of answers is Korn and Graubard's effective size (1998).
    """
    there = np.flatnonzero(confusion.sum(1))
    f1, _ = _f1(confusion, there)
    doubtful = np.pad(confusion, ((0, 0), (0, 1)))  # the last column: no class at all
    doubtful[there, there] += 0.5
    doubtful[there, -1] += 0.5
    doubtful_f1, variance = _f1(doubtful, there)
    texts = float(confusion.sum())
    return f1, min(texts, doubtful_f1 * (1 - doubtful_f1) / variance) if variance else texts


def _f1(confusion: Real, there: Whole) -> tuple[float, float]:
    """Macro-F1 over the classes that are `there`, and its variance."""
    texts = confusion.sum()
    shares = confusion / texts
    whole = shares.sum(1)[there] + shares.sum(0)[there]  # of each class, as truth and as answer
    each = 2 * shares[there, there] / whole
    # How the mean moves with the share of each cell.
    slope = np.zeros_like(shares)
    slope[there] -= (each / whole)[:, None]
    slope[:, there] -= each / whole
    slope[there, there] += 2 / whole
    slope /= len(there)
    variance = (shares * slope**2).sum() - (shares * slope).sum() ** 2
    return float(each.mean()), max(float(variance), 0.0) / float(texts)


def paired(first: Sequence[Scored], second: Sequence[Scored], truth: Whole, names: tuple[str, str], seed: int) -> Pair:
    """The two on the texts that both were asked about; a text counts by the mean of the draws that were asked.

    It is about the models that answered: other draws of their labels may differ. The interval adds two texts, one of them a half for
    either side (Agresti and Min 2005); the test gives each text's difference either sign with equal chance, exactly where all
    differences are of one size (then it is McNemar's exact test).
    """
    ours, theirs = _right(first, truth), _right(second, truth)
    both = ~np.isnan(ours) & ~np.isnan(theirs)
    differences = ours[both] - theirs[both]
    texts = len(differences)
    if not texts:
        return Pair(*names, Score(0.0, -1.0, 1.0), 1.0, 0, 0)
    value = float(differences.mean())
    middle = float(differences.sum()) / (texts + 2)
    deviation = math.sqrt((float(differences @ differences) + 1) / (texts + 2) - middle**2)
    half = _Z * deviation / math.sqrt(texts + 2)
    p = _flipped(differences, seed)
    wanted = 0 if p <= ALPHA else more_labels(value, deviation, texts)
    return Pair(*names, Score(value, max(-1.0, middle - half), min(1.0, middle + half)), p, texts, wanted)


def _right(scored: Sequence[Scored], truth: Whole) -> Real:
    """The share of draws that had each text right; not a number for texts that were not asked."""
    asked, right = np.zeros(len(truth)), np.zeros(len(truth))
    for one in scored:
        asked[one.texts] += 1
        right[one.texts] += one.predicted == truth[one.texts]
    shares: Real = np.divide(right, asked, out=np.full(len(truth), np.nan), where=asked > 0)
    return shares


def _flipped(differences: Real, seed: int) -> float:
    """The chance of a sum as far from zero if each difference had either sign with equal chance."""
    signed = differences[np.abs(differences) > 1e-9].round(9)
    sizes, counts = np.unique(np.abs(signed), return_counts=True)
    if not len(sizes):
        return 1.0
    if len(sizes) == 1:
        return _sign_test(int((signed > 0).sum()), len(signed))
    # The sum of so many random signs of one size is a binomial number: no text needs a draw of its own.
    ups = np.random.default_rng(seed).binomial(counts, 0.5, (_FLIPS, len(sizes)))
    sums = (2 * ups - counts) @ sizes
    return (1 + int((np.abs(sums) >= abs(signed.sum()) - 1e-6).sum())) / (1 + _FLIPS)


def _sign_test(ups: int, texts: int) -> float:
    """Two-sided: the chance of a split as uneven if each text went either way with equal chance."""
    fewer = min(ups, texts - ups)
    steps = np.arange(fewer)
    logs = np.concatenate([[0.0], np.cumsum(np.log((texts - steps) / (steps + 1)))]) - texts * math.log(2)
    return min(1.0, 2 * float(np.exp(logs).sum()))


def more_labels(difference: float, deviation: float, texts: int) -> int:
    """How many texts in all would tell a mean difference from zero, with a power of 80 % at a level of 5 %, two-sided, if it and its
    standard deviation between texts stay what they are with `texts` texts. 0 if that takes more than a million.
    """
    if not difference:
        return 0
    wanted = max(texts + 1, math.ceil(((_Z + _Z80) * deviation / difference) ** 2))
    return wanted if wanted <= _MOST else 0


def behind(pair: Pair, comparisons: int) -> bool:
    """Whether the second is clearly behind the first, at a level for so many comparisons and looks together (Bonferroni)."""
    return pair.difference.value > 0 and pair.p * max(comparisons, 1) <= ALPHA


def crossing(
    first: Sequence[Point], second: Sequence[Point], names: tuple[str, str], flat: tuple[bool, bool], seed: int
) -> Crossing | None:
    """Where the lead changes for good as labels grow. None where it does not, or where it is within its noise at either end.

    Between two points a curve is straight in the logarithm of the labels; a point without labels stands at one. A `flat` one stays,
    beyond its last point, what it was there; others end. The interval is of the curves that the points' own intervals allow.
    """
    if not first or not second or all(flat):
        return None
    curves = (first, second)
    places = [np.log2([max(point.labels, 1) for point in curve]) for curve in curves]
    start = max(place[0] for place in places)
    end = min(place[-1] for place, stays in zip(places, flat, strict=True) if not stays)
    if start >= end:
        return None
    grid = np.unique(np.clip(np.concatenate(places), start, end))
    rng = np.random.default_rng(seed)
    lead, drawn, noise = np.zeros(len(grid)), np.zeros((_CURVES, len(grid))), np.zeros(len(grid))
    for curve, place, sign in zip(curves, places, (1, -1), strict=True):
        lines = np.stack([np.interp(grid, place, one) for one in np.eye(len(place))])  # (points, grid)
        values = np.array([point.accuracy.value for point in curve])
        errors = np.array([(point.accuracy.high - point.accuracy.low) / (2 * _Z) for point in curve])
        lead += sign * values @ lines
        drawn += sign * rng.normal(values, errors, (_CURVES, len(values))) @ lines
        noise += errors**2 @ lines
    if lead[0] * lead[-1] >= 0 or (np.abs(lead) < np.sqrt(noise))[[0, -1]].any():
        return None
    side = np.sign(lead[-1])
    [middle] = _last_change(grid, side * lead[None])
    low, high = np.percentile(_last_change(grid, side * drawn), (2.5, 97.5))
    below, above = names if side < 0 else names[::-1]
    low, high = min(low, middle), max(high, middle)
    return Crossing(below, above, round(2**middle), round(2**low), round(2**high))


def _last_change(grid: Real, leads: Real) -> Real:
    """Where each of the (curves, grid) leads rises above zero for the last time: an end of the grid if it is never or always there."""
    last = np.where(leads <= 0, np.arange(len(grid)), -1).max(1)
    left = last.clip(0, len(grid) - 2)
    rows = np.arange(len(leads))
    before, after = leads[rows, left], leads[rows, left + 1]
    rise = np.where(after > before, after - before, 1.0)
    between = grid[left] - before / rise * (grid[left + 1] - grid[left])
    found: Real = np.where(last < 0, grid[0], np.where(last == len(grid) - 1, grid[-1], between))
    return found
