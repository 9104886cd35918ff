"""(Approach, facts) -> two or three checkpoints to start with. Pure; the order of preference is the rule book's own.

The first that fits is named first, then a clearly smaller and a clearly larger one, since size is what people trade. What does not
fit is never named: licence, size and memory are limits. Length is not: a long text can be split, which is said.
"""

from __future__ import annotations

from bisect import bisect, bisect_left
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Literal

from bertgpt_cli.errors import UsageError
from bertgpt_cli.report.checkpoint import Checkpoint, Models, Pick, Picks
from bertgpt_cli.rulebook.book import Approach, Rulebook, lineage
from bertgpt_cli.rulebook.facts import NO_LANGUAGE, Value
from bertgpt_cli.text import Text, is_han

# Licences that let anybody use, change and sell what is made with the weights.
PERMISSIVE = frozenset(
    "apache-2.0 mit bsd-2-clause bsd-3-clause cc0-1.0 cc-by-4.0 cc-by-3.0 afl-3.0 isc unlicense".split()
)
_MOST = 3
_FEW = 3  # an encoder of so few languages goes before one of many, where the texts are in one of them but English
MANY = 10  # a model of so many languages serves texts in several
_ON_CPU = 2_000_000_000  # a larger model is too slow without a GPU to be named while a smaller one serves


class _Shelf:
    """The checkpoints that serve one approach, as bit masks: which a fact leaves, so that what many situations share is done once."""

    def __init__(self, book: Rulebook, approach: str) -> None:
        self.ones = book.serve(approach)
        self._book = book
        self._doing: dict[str, int] = {}
        self._speaking: dict[object, int] = {}

    @cached_property
    def _free(self) -> int:
        return self._mask(lambda one: one.license in PERMISSIVE)

    @cached_property
    def _by_size(self) -> tuple[list[int], list[int]]:
        return self._up_to([one.parameters for one in self.ones])

    @cached_property
    def _by_memory(self) -> tuple[list[int], list[int]]:
        return self._up_to([one.memory for one in self.ones])

    @cached_property
    def _lengths(self) -> list[int]:
        return sorted({one.context for one in self.ones})

    def _up_to(self, needs: list[int]) -> tuple[list[int], list[int]]:
        """The needs in order, and for each count of them that a limit allows the checkpoints that need no more."""
        steps = sorted(set(needs))
        return steps, [0, *(sum(1 << at for at, need in enumerate(needs) if need <= step) for step in steps)]

    def could(self, task: str) -> int:
        """Those whose head is for the task or one that it is a kind of; a model without a head is for any."""
        known = self._doing.get(task)
        if known is None:
            line = lineage(self._book.tasks, task)
            known = self._doing[task] = self._mask(
                lambda one: not one.remote_code and (not one.tasks or any(task in one.tasks for task in line))
            )
        return known

    def fit(self, language: Value, facts: Mapping[str, Value]) -> int:
        """Those that the facts leave."""
        mask = self._speaking.get(language)
        if mask is None:
            mask = self._speaking[language] = self._mask(lambda one: speaks(one, str(language)))
        if facts.get("license") == "permissive":
            mask &= self._free
        most, room = facts.get("max_params"), facts.get("memory_gb")
        if most is not None:
            sizes, masks = self._by_size
            mask &= masks[bisect(sizes, most)]
        if room is not None:
            memories, masks = self._by_memory
            mask &= masks[bisect(memories, room * 10**9)]
        return mask

    def too_short(self, tokens: float) -> int:
        """How many of the lengths that its checkpoints read are below this: of a length, that is all that matters."""
        return bisect_left(self._lengths, tokens) if tokens else 0

    def _mask(self, holds: Callable[[Checkpoint], bool]) -> int:
        return sum(1 << index for index, one in enumerate(self.ones) if holds(one))


class Picker:
    """Picks from one rule book. Remembers what was picked from the same checkpoints."""

    def __init__(self, book: Rulebook) -> None:
        self.book = book
        self._shelves: dict[str, _Shelf] = {}
        self._picks: dict[tuple[object, ...], Picks] = {}

    def pick(self, approach: Approach, task: str, words: str, facts: Mapping[str, Value]) -> Picks:
        """`words` are the user's own for the task: in Chinese, the texts are taken to be so too unless told."""
        told = facts.get("language")
        language = told if told is not None else "en" if words.isascii() or not any(map(is_han, words)) else "zh"
        tokens, on_cpu = facts.get("tokens", 0), facts.get("device") == "cpu"
        offers, lengths = [], []
        for part, doing in approach.parts or ((approach.id, ""),):
            shelf = self._shelves.get(part)
            if shelf is None:
                shelf = self._shelves[part] = _Shelf(self.book, part)
            could = shelf.could(doing or task)
            offers.append((part, could, could & shelf.fit(language, facts)))
            lengths.append(shelf.too_short(float(tokens)))
        room = facts.get("memory_gb") if approach.parts else None  # which all parts share
        key = (approach.id, language, told, on_cpu, room, *lengths, *offers)
        known = self._picks.get(key)
        if known is None:
            if len(self._picks) >= 16_384:
                self._picks.clear()
            ranked = [(part, self._ranked(part, fit, str(language), int(tokens), on_cpu)) for part, _, fit in offers]
            chosen = _together(ranked, room) if approach.parts else [("", *one) for one in _spread(ranked[0][1])]
            known = self._picks[key] = Picks(
                tuple(Pick(one, part, role, one.context >= int(tokens)) for part, role, one in chosen),
                sum((could & ~fit).bit_count() for _, could, fit in offers),
                str(language),
                told is None,
            )
        return known

    def _ranked(self, part: str, fit: int, language: str, tokens: int, on_cpu: bool) -> list[Checkpoint]:
        ones = [one for index, one in enumerate(self._shelves[part].ones) if fit >> index & 1]
        ones.sort(key=lambda one: _last(one, language, tokens, on_cpu))  # stable: else the rule book's order stands
        if ones and ones[0].context < tokens:  # all must split the text: the longest need it least
            ones.sort(key=lambda one: -one.context)
        return ones


def _last(one: Checkpoint, language: str, tokens: int, on_cpu: bool) -> tuple[bool, bool, bool, bool]:
    """What is named later although it fits: too short, too slow without a GPU, without a head, of too many languages."""
    many = language not in ("en", "multi") and one.family == "bert" and len(one.languages) > _FEW
    return one.context < tokens, on_cpu and one.parameters > _ON_CPU, not one.tasks, many


def fits(checkpoint: Checkpoint, facts: Mapping[str, Value]) -> bool:
    """Whether the facts' limits allow it: language, licence, size, memory."""
    language, most, room = facts.get("language"), facts.get("max_params"), facts.get("memory_gb")
    if facts.get("license") == "permissive" and checkpoint.license not in PERMISSIVE:
        return False
    if isinstance(most, (int, float)) and checkpoint.parameters > most:
        return False
    if isinstance(room, (int, float)) and checkpoint.memory > room * 1e9:
        return False
    return language is None or speaks(checkpoint, str(language))


def speaks(checkpoint: Checkpoint, language: str) -> bool:
    """Whether it was trained for the language; `multi` asks for many."""
    if language == "multi":
        return len(set(checkpoint.languages) - set(NO_LANGUAGE)) >= MANY
    return language in checkpoint.languages


def _spread(fit: list[Checkpoint]) -> Iterable[tuple[str, Checkpoint]]:
    """The first, then a clearly smaller one, then a clearly larger one; failing those, what comes next; three in all."""
    if not fit:
        return
    first, *others = fit
    yield "first", first
    size = first.parameters
    clearly = {
        "smaller": [one for one in others if one.parameters * 2 <= size],
        "larger": [one for one in others if one.parameters >= 2 * size],
    }
    given = 1
    for role, ones in clearly.items():
        if ones:
            others.remove(ones[0])
            given += 1
            yield role, ones[0]
    for one in others[: _MOST - given]:
        yield "next", one


def _together(
    ranked: list[tuple[str, list[Checkpoint]]], room: Value | None
) -> list[tuple[str, Literal["first"], Checkpoint]]:
    """The first of each part, or, where they do not fit into the room together, smaller ones for what takes most; none if
    nothing does.
    """
    if not all(ones for _, ones in ranked):
        return []
    chosen = [ones[0] for _, ones in ranked]
    while room is not None and sum(one.memory for one in chosen) > float(room) * 1e9:
        smaller = [
            next((one for one in ones if one.memory < now.memory), None)
            for now, (_, ones) in zip(chosen, ranked, strict=True)
        ]
        heaviest = max((now.memory, at) for at, now in enumerate(chosen) if smaller[at]) if any(smaller) else None
        if heaviest is None:
            return []
        chosen[heaviest[1]] = smaller[heaviest[1]] or chosen[heaviest[1]]
    return [(part, "first", one) for (part, _), one in zip(ranked, chosen, strict=True)]


def named(book: Rulebook, name: str) -> Checkpoint | None:
    """The checkpoint of this id or of this last part of one, in whatever case. Raises UsageError where several have it."""
    said = name.strip().casefold()
    ids = tuple(id for id in book.checkpoints if said in (id.casefold(), id.rpartition("/")[2].casefold()))
    if len(ids) > 1:
        listed = ", ".join(ids)
        message = Text(f"'{name}' is the name of several: {listed}", f"有多个模型叫“{name}”：{listed}")
        raise UsageError("checkpoint", message, ids)
    return book.checkpoints[ids[0]] if ids else None


def unknown(book: Rulebook, name: str) -> UsageError:
    """That no checkpoint has the name, with those that come nearest."""
    from difflib import get_close_matches

    known = {id.rpartition("/")[2].casefold(): id for id in book.checkpoints}
    known |= {id.casefold(): id for id in book.checkpoints}
    close = tuple(dict.fromkeys(known[one] for one in get_close_matches(name.casefold(), known, n=3, cutoff=0.6)))
    hint = Text(f"; the closest is {close[0]}", f"；最接近的是 {close[0]}") if close else Text("", "")
    shown = name[:60]
    message = Text(
        f"no checkpoint is named '{shown}'{hint.en}; 'bertgpt models' lists them",
        f"没有名为“{shown}”的模型{hint.zh}；可用 bertgpt models 查看",
    )
    return UsageError("checkpoint", message, close)


def listed(book: Rulebook, words: str, family: str, approach: str, facts: Mapping[str, Value]) -> Models:
    """The checkpoints that fit, in the order of preference; each of the `words` must stand in a name or in what sets it apart."""
    wanted = words.casefold().split()
    every = book.checkpoints

    def meant(one: Checkpoint) -> bool:
        text = " ".join((one.id, one.model, *one.about, *one.serves, *one.tasks)).casefold()
        return all(word in text for word in wanted)

    tokens = facts.get("tokens")
    found = tuple(
        one
        for one in every.values()
        if meant(one)
        and family in ("", one.family)
        and (not approach or approach in one.serves)
        and (not isinstance(tokens, (int, float)) or one.context >= tokens)
        and fits(one, facts)
    )
    return Models(words, found, len(every))
