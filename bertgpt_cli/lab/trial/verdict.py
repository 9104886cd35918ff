"""What was measured -> ranks, crossings and the verdict. Pure: the same answers give the same verdict."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bertgpt_cli.lab.trial import cost, statistics
from bertgpt_cli.lab.trial.scored import Scored, Whole
from bertgpt_cli.report.trial import Candidate, Crossing, Pair, Point, Verdict
from bertgpt_cli.text import Text

if TYPE_CHECKING:
    from bertgpt_cli.lab.trial.run import Entrant

ALPHA = 0.05
_FLAT = ("prompt", "few-shot", "cloze")  # more labels do not change their answers


class Judged(NamedTuple):
    """The parts of a report that follow from the answers alone."""

    candidates: tuple[Candidate, ...]
    crossings: tuple[Crossing, ...]
    verdict: Verdict
    front: tuple[str, ...]


def fullest(scored: Sequence[Scored]) -> list[Scored]:
    """The answers of the models with the most labels."""
    most = max((one.labels for one in scored), default=0)
    return [one for one in scored if one.labels == most]


def accuracy(scored: Sequence[Scored], truth: Whole) -> float:
    """With the most labels; the mean over all answers."""
    right = [truth[one.texts] == one.predicted for one in fullest(scored)]
    return float(np.concatenate(right).mean()) if right else 0.0


def compared(first: Entrant, second: Entrant, truth: Whole, seed: int) -> Pair:
    """Both with the most labels that they were measured at, on the texts that both were asked about."""
    return statistics.paired(fullest(first.scored), fullest(second.scored), truth, (first.id, second.id), seed)


def judge(
    entrants: Sequence[Entrant],
    twins: Sequence[Entrant],
    truth: Whole,
    classes: int,
    latency_ms: float | None,
    memory_gb: float | None,
    seed: int,
) -> Judged:
    """`twins` are controls: they are shown beside their originals and never ranked."""
    points = {one.id: statistics.points(one.scored, truth, classes) for one in (*entrants, *twins)}
    blocked = {one.id: _blocked(one, latency_ms, memory_gb) for one in entrants}
    known = [one for one in entrants if one.scored]
    fit = [one for one in known if not blocked[one.id]]
    # Those that were measured to the end come first; a dropped one was behind when it was dropped.
    fit.sort(key=lambda one: (one.status != "dropped", accuracy(one.scored, truth)), reverse=True)
    ranks = {one.id: place for place, one in enumerate(fit, 1)}
    verdict = _verdict(fit, truth, seed)
    candidates = tuple(
        _candidate(one, points[one.id], ranks.get(one.id, 0), blocked.get(one.id, ())) for one in (*entrants, *twins)
    )
    front = cost.front([one for one in candidates if one.rank and one.cost])
    return Judged(candidates, _crossings(fit, points, seed), verdict, tuple(front))


def _blocked(one: Entrant, latency_ms: float | None, memory_gb: float | None) -> tuple[Text, ...]:
    out = []
    if one.cost and latency_ms is not None and one.cost.p95 * 1e3 > latency_ms:
        took = one.cost.p95 * 1e3
        out.append(
            Text(f"p95 of {took:.0f} ms, more than {latency_ms:g} ms", f"p95 为 {took:.0f} ms，超过 {latency_ms:g} ms")
        )
    if one.cost and memory_gb is not None and one.cost.memory > memory_gb * 1e9:
        took = one.cost.memory / 1e9
        out.append(Text(f"{took:.2f} GB, more than {memory_gb:g} GB", f"占用 {took:.2f} GB，超过 {memory_gb:g} GB"))
    return tuple(out)


def _candidate(one: Entrant, points: tuple[Point, ...], rank: int, blocked: tuple[Text, ...]) -> Candidate:
    folder = one.source.folder if one.source else None
    return Candidate(
        id=one.id,
        checkpoint=folder.name if folder else "",
        family=folder.config.family if folder else "",
        way=one.way,
        approach="",
        status=one.status,
        rank=rank,
        points=points,
        setting=one.setting,
        reason=one.reason,
        cost=one.cost,
        blocked=blocked,
        transfer=one.transfer,
    )


def _verdict(fit: Sequence[Entrant], truth: Whole, seed: int) -> Verdict:
    if not fit:
        return Verdict("nothing", "", (), ())
    first, *others = fit
    pairs = tuple(compared(first, one, truth, seed) for one in others)
    level = _not_told_apart(pairs)
    return Verdict("level" if level else "winner", first.id, level, pairs)


def _not_told_apart(pairs: Sequence[Pair]) -> tuple[str, ...]:
    """The rivals that the winner is not clearly ahead of, by Holm's procedure (1979) over all of them."""
    level: list[str] = []
    for place, pair in enumerate(sorted(pairs, key=lambda pair: pair.p)):
        if level or pair.p * (len(pairs) - place) > ALPHA:
            level.append(pair.second)
    return tuple(pair.second for pair in pairs if pair.second in level)


def _crossings(fit: Sequence[Entrant], points: dict[str, tuple[Point, ...]], seed: int) -> tuple[Crossing, ...]:
    """Where the lead changes hands as labels grow, from the candidate that leads with fewest to the one that leads with most."""
    sizes = sorted({point.labels for one in fit for point in points[one.id]})
    leaders: list[Entrant] = []
    for size in sizes:
        standing = [(one, at) for one in fit if (at := _at(one, points[one.id], size)) is not None]
        leader = max(standing, key=lambda pair: pair[1])[0]
        if leader in leaders:  # a lead that was lost and won again was chance
            del leaders[leaders.index(leader) + 1 :]
        else:
            leaders.append(leader)
    crossings = (
        statistics.crossing(
            points[below.id], points[above.id], (below.id, above.id), (below.way in _FLAT, above.way in _FLAT), seed
        )
        for below, above in pairwise(leaders)
    )
    return tuple(one for one in crossings if one is not None)


def _at(one: Entrant, points: Sequence[Point], labels: int) -> float | None:
    """The accuracy with so many labels: of a prompt that of its own number and beyond, of others where it was measured."""
    if one.way in _FLAT:
        return points[-1].accuracy.value if points and points[0].labels <= labels else None
    return next((point.accuracy.value for point in points if point.labels == labels), None)
