"""What would change the advice: found from the cells of the decision table, exactly, never by trying values.

A flip names whole ranges, so any value in them gives what was announced; and it is smallest: it changes no fact that
could stay as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import product

from bertgpt_cli.report.recommendation import Card, Change, Flip, Range
from bertgpt_cli.rulebook.table import Axis, Table, lowest

MOST_FACTS = 3  # a flip that changes more facts than this is another situation, not a change of this one


def flips(table: Table, cells: list[int], approach: str, card: Callable[[str], Card]) -> tuple[Flip, ...]:
    """Every change of one fact that changes the approach; then, for approaches that no single change reaches, of more.

    `approach` is the one advised now ("" if nothing fits); `cells` the situation's cells.
    """
    found: list[Flip] = []
    for index, rest in enumerate(_all_but_one(table, cells)):
        found += _one_fact(table, index, cells[index], rest, approach, card)
    reached = {flip.approach.id for flip in found if flip.approach} | {approach}
    for target, choice in enumerate(table.choices):
        if choice.approach not in reached:
            flip = _several_facts(table, cells, target, card)
            if flip is not None:
                reached.add(choice.approach)
                found.append(flip)
    return tuple(found)


def keeps(table: Table, cells: list[int], approach: str) -> dict[str, tuple[Range, ...]]:
    """For each fact that was not given and could change the advice: the ranges of it for which the advice stays."""
    kept: dict[str, tuple[Range, ...]] = {}
    for index, rest in enumerate(_all_but_one(table, cells)):
        axis = table.axes[index]
        if cells[index] != axis.cells:
            continue
        same = [_approach(table, rest & mask) == approach for mask in table.both[index][: axis.cells]]
        if not all(same):
            kept[axis.fact.name] = tuple(_ranges(axis, [cell for cell, stays in enumerate(same) if stays]))
    return kept


def _all_but_one(table: Table, cells: list[int]) -> list[int]:
    """For each axis the AND of all other axes' masks: prefixes times suffixes."""
    masks = [row[cell] for row, cell in zip(table.both, cells, strict=True)]
    prefix = [table.all]
    for mask in masks:
        prefix.append(prefix[-1] & mask)
    rests, suffix = [0] * len(masks), table.all
    for index in range(len(masks) - 1, -1, -1):
        rests[index] = prefix[index] & suffix
        suffix &= masks[index]
    return rests


def _approach(table: Table, possible: int) -> str:
    index = lowest(possible)
    return table.choices[index].approach if index >= 0 else ""


def _one_fact(
    table: Table, index: int, now: int, rest: int, approach: str, card: Callable[[str], Card]
) -> Iterable[Flip]:
    axis, row = table.axes[index], table.both[index]
    outcomes: dict[str, list[int]] = {}
    for cell in range(axis.cells):
        if cell != now:
            outcomes.setdefault(_approach(table, rest & row[cell]), []).append(cell)
    # The nearest change first; of a fact that was not given, the lowest.
    here = now if now < axis.cells else -1
    found = []
    for outcome, reached in outcomes.items():
        if outcome == approach:
            continue
        for to in _ranges(axis, reached):
            cell = _nearest_cell(axis, reached, to, here)
            choice = table.choices[lowest(rest & row[cell])].id if outcome else ""
            flip = Flip((Change(to, _sample(axis, cell, here)),), card(outcome) if outcome else None, choice)
            found.append((abs(cell - here), cell, flip))
    found.sort(key=lambda one: one[:2])
    return (flip for _, _, flip in found)


def _ranges(axis: Axis, cells: list[int]) -> Iterable[Range]:
    """The cells (ascending) as as few ranges as can be."""
    name = axis.fact.name
    if not cells:
        return
    if not axis.fact.ordered:
        named = tuple(axis.words[cell] for cell in cells if cell < len(axis.words))
        if len(axis.words) in cells:  # every other language
            outside = tuple(word for word in axis.words if word not in named)
            yield Range(name, None, None, outside, rest=True)
        else:
            yield Range(name, None, None, named)
        return
    start = cells[0]
    for cell, following in zip(cells, [*cells[1:], -1], strict=True):
        if following != cell + 1:
            yield Range(name, axis.bounds(start)[0], axis.bounds(cell)[1], ())
            start = following


def _nearest_cell(axis: Axis, reached: list[int], to: Range, here: int) -> int:
    inside = [cell for cell in reached if not axis.fact.ordered or _within(axis, cell, to)]
    return min(inside, key=lambda cell: (abs(cell - here), cell))


def _within(axis: Axis, cell: int, to: Range) -> bool:
    low, high = axis.bounds(cell)
    return (to.low is None or (low is not None and low >= to.low)) and (
        to.high is None or (high is not None and high <= to.high)
    )


def _sample(axis: Axis, cell: int, here: int) -> int | float | str | bool:
    """The value of the cell that is nearest to the present cell."""
    if not axis.fact.ordered or here < cell or cell == len(axis.edges):
        return axis.sample(cell)
    high = axis.edges[cell]
    if axis.fact.kind == "number":
        low = axis.edges[cell - 1] if cell > 0 else 0
        return (low + high) / 2
    return int(high) - 1


def _several_facts(table: Table, cells: list[int], target: int, card: Callable[[str], Card]) -> Flip | None:
    """The change of two or three facts that makes choice `target` the advice, or None."""
    bit = 1 << target
    must = [index for index, (row, cell) in enumerate(zip(table.both, cells, strict=True)) if not row[cell] & bit]
    if not 2 <= len(must) <= MOST_FACTS:
        return None
    allowed = [[cell for cell in range(table.axes[index].cells) if table.both[index][cell] & bit] for index in must]
    rest = table.all
    for index, (row, cell) in enumerate(zip(table.both, cells, strict=True)):
        if index not in must:
            rest &= row[cell]
    approach = table.choices[target].approach

    def gives(combination: Iterable[int]) -> bool:
        mask = rest
        for index, cell in zip(must, combination, strict=True):
            mask &= table.both[index][cell]
        return _approach(table, mask) == approach

    here = [cells[index] if cells[index] < table.axes[index].cells else -1 for index in must]
    reaching = [combination for combination in product(*allowed) if gives(combination)]
    if not reaching:
        return None
    best = min(reaching, key=lambda one: ([abs(a - b) for a, b in zip(one, here, strict=True)], one))
    whole = len(reaching) == len(list(product(*allowed)))
    changes = []
    for position, index in enumerate(must):
        axis, cell = table.axes[index], best[position]
        to = next(iter(_ranges(axis, allowed[position] if whole else [cell])))
        changes.append(Change(to, _sample(axis, cell, here[position])))
    return Flip(tuple(changes), card(approach), table.choices[target].id)
