"""The compiled rule book: read YAML once, then start from plain tuples.

Each task, its published results and each refusal are packed by themselves, since most runs open one of them. What people say is packed apart from the
rest: it is most of a book, and a run that is given a name needs none of it.
"""

from __future__ import annotations

import marshal
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any, Literal, TypeVar

from bertgpt_cli.report.checkpoint import Checkpoint, Gpu, Shape
from bertgpt_cli.report.evidence import Result
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
    Said,
    Source,
    Stage,
    Task,
    Variant,
)
from bertgpt_cli.text import Text

T = TypeVar("T")
Both = tuple[Mapping[str, Said], Mapping[str, Said]]


def pack(book: Rulebook) -> bytes:
    """The book, but for what people say, as plain dicts, tuples, strings and numbers, all that marshal takes."""
    plain: dict[str, Any] = _plain(book._replace(said={}, no_said={}))
    for parts in ("tasks", "checkpoints", "gpus", "evidence", "refused"):
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


def pack_said(said: Both) -> bytes:
    """What people say, of tasks and of what is refused."""
    return marshal.dumps(_plain(said))


def unpack_said(data: bytes | memoryview) -> Both:
    of_tasks, of_refused = marshal.loads(data)
    return (
        {name: Said(*part) for name, part in of_tasks.items()},
        {name: Said(*part) for name, part in of_refused.items()},
    )


def unpack(data: bytes | memoryview, said: Callable[[], Both]) -> Rulebook:
    """The book again. A task or a refusal is rebuilt when it is first asked for, and so is what people say, by `said`."""
    plain = marshal.loads(data)
    return Rulebook(
        tasks=_Packed(plain["tasks"], _task),
        approaches={name: _approach(part) for name, part in plain["approaches"].items()},
        families={name: _family(part) for name, part in plain["families"].items()},
        sources={name: Source(*part) for name, part in plain["sources"].items()},
        checkpoints=_Packed(plain["checkpoints"], _checkpoint),
        serving=plain["serving"],
        gpus=_Packed(plain["gpus"], lambda part: Gpu(*part)),
        evidence=_Packed(plain["evidence"], _results),
        kin=plain["kin"],
        refused=_Packed(plain["refused"], _refusal),
        names=plain["names"],
        no_names=plain["no_names"],
        said=_Later(said, 0),
        no_said=_Later(said, 1),
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


class _Later(Mapping[str, Said]):
    """One half of what people say, read when it is first looked at."""

    def __init__(self, read: Callable[[], Both], half: Literal[0, 1]) -> None:
        self._read = read
        self._half = half

    @cached_property
    def _parts(self) -> Mapping[str, Said]:
        return self._read()[self._half]

    def __getitem__(self, name: str) -> Said:
        return self._parts[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._parts)

    def __len__(self) -> int:
        return len(self._parts)


def _checkpoint(part: tuple[Any, ...]) -> Checkpoint:
    one = Checkpoint(*part)
    return one._replace(shape=Shape(*one.shape), about=Text(*one.about))


def _results(rows: tuple[Any, ...]) -> tuple[Result, ...]:
    return tuple(Result(*row) for row in rows)


def _refusal(part: tuple[Any, ...]) -> Refusal:
    id, title, because, aliases, nearest, origin = part
    return Refusal(id, Text(*title), Text(*because), aliases, nearest, Origin(*origin))


def _task(part: tuple[Any, ...]) -> Task:
    id, title, output, parent, aliases, choices, alternatives, stages, examples, origin = part
    return Task(
        id,
        Text(*title),
        output,
        parent,
        aliases,
        tuple(
            Choice(id, approach, _conditions(when), Text(*because), evidence, against, classes, shared, Origin(*at))
            for id, approach, when, because, evidence, against, classes, shared, at in choices
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
    id, family, title, gives, needs, serving, side, since, classes, parts, adapt, inference, cost, evidence, origin = (
        part
    )
    return Approach(
        id,
        family,
        Text(*title),
        gives,
        _conditions(needs),
        serving,
        side,
        since,
        classes,
        parts,
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
