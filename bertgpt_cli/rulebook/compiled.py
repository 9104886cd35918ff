"""The compiled rule book: read YAML once, then start from plain tuples.

Each task and each refusal is packed by itself, since most runs open one of them.
"""

from __future__ import annotations

import marshal
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from bertgpt_cli.rulebook.book import (
    Approach,
    Aside,
    Choice,
    Condition,
    Example,
    Family,
    Origin,
    Refusal,
    Rulebook,
    Source,
    Stage,
    Task,
    Variant,
)
from bertgpt_cli.text import Text

T = TypeVar("T")


def pack(book: Rulebook) -> bytes:
    """The book as plain dicts, tuples, strings and numbers, which is all that marshal takes."""
    plain: dict[str, Any] = _plain(book)
    for parts in ("tasks", "refused"):
        plain[parts] = {name: marshal.dumps(part) for name, part in plain[parts].items()}
    return marshal.dumps(plain)


def _plain(value: Any) -> Any:
    if isinstance(value, Rulebook):
        return {name: _plain(part) for name, part in value._asdict().items()}
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, tuple):
        return tuple(_plain(part) for part in value)
    return value


def unpack(data: bytes | memoryview) -> Rulebook:
    """The book again. A task or a refusal is rebuilt when it is first asked for: most runs need one."""
    plain = marshal.loads(data)
    return Rulebook(
        tasks=_Packed(plain["tasks"], _task),
        approaches={name: _approach(part) for name, part in plain["approaches"].items()},
        families={name: _family(part) for name, part in plain["families"].items()},
        sources={name: Source(*part) for name, part in plain["sources"].items()},
        refused=_Packed(plain["refused"], _refusal),
        names=plain["names"],
        no_names=plain["no_names"],
        files=plain["files"],
        date=plain["date"],
    )


class _Packed(Mapping[str, T]):
    """Parts by name, each packed until it is asked for."""

    def __init__(self, packed: dict[str, bytes], build: Callable[[tuple[Any, ...]], T]) -> None:
        self._packed = packed
        self._build = build
        self._parts: dict[str, T] = {}

    def __getitem__(self, name: str) -> T:
        part = self._parts.get(name)
        if part is None:
            part = self._parts[name] = self._build(marshal.loads(self._packed[name]))
        return part

    def __contains__(self, name: object) -> bool:
        return name in self._packed

    def __iter__(self) -> Iterator[str]:
        return iter(self._packed)

    def __len__(self) -> int:
        return len(self._packed)


def _refusal(part: tuple[Any, ...]) -> Refusal:
    id, title, because, aliases, asks, nearest, origin = part
    return Refusal(id, Text(*title), Text(*because), aliases, asks, nearest, Origin(*origin))


def _task(part: tuple[Any, ...]) -> Task:
    id, title, output, parent, aliases, asks, datasets, choices, alternatives, stages, examples, origin = part
    return Task(
        id,
        Text(*title),
        output,
        parent,
        aliases,
        asks,
        datasets,
        tuple(
            Choice(id, approach, _conditions(when), Text(*because), evidence, classes, shared, Origin(*at))
            for id, approach, when, because, evidence, classes, shared, at in choices
        ),
        tuple(
            Aside(approach, Text(*because), evidence, Origin(*at)) for approach, because, evidence, at in alternatives
        ),
        tuple(Stage(task, Text(*does), Text(*passes), Origin(*at)) for task, does, passes, at in stages),
        tuple(Example(given, expect, choice, Origin(*at)) for given, expect, choice, at in examples),
        Origin(*origin),
    )


def _conditions(parts: tuple[Any, ...]) -> tuple[Condition, ...]:
    return tuple(Condition(*part) for part in parts)


def _approach(part: tuple[Any, ...]) -> Approach:
    id, family, title, gives, needs, serving, classes, adapt, inference, cost, evidence, origin = part
    return Approach(
        id,
        family,
        Text(*title),
        gives,
        _conditions(needs),
        serving,
        classes,
        Text(*adapt),
        Text(*inference),
        Text(*cost),
        evidence,
        Origin(*origin),
    )


def _family(part: tuple[Any, ...]) -> Family:
    id, title, objective, formula, attention, good_at, variants, origin = part
    return Family(
        id,
        Text(*title),
        Text(*objective),
        formula,
        Text(*attention),
        Text(*good_at),
        tuple(Variant(name, Text(*about), evidence) for name, about, evidence in variants),
        Origin(*origin),
    )
