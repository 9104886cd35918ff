"""The compiled rule book: read YAML once, then start from a file of plain tuples, as Python does with .pyc.

The file is keyed by the paths, sizes and times of the rule files and by the versions of bertgpt and Python. It is
never needed: whatever is wrong with it or with its folder (missing, full, not writable, a link, damaged) is a silent
miss, and it is only ever replaced whole.
"""

from __future__ import annotations

import marshal
import os
import stat
import sys
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from bertgpt_cli import __version__
from bertgpt_cli.rulebook.book import (
    Approach,
    Aside,
    Choice,
    Condition,
    Example,
    Family,
    Origin,
    Rulebook,
    Source,
    Stage,
    Task,
    Variant,
)
from bertgpt_cli.text import Text

_MAGIC = b"bertgpt-rules 1\n"
_MAX_BYTES = 64 << 20
Paths = tuple[tuple[str, str], ...]


def load(paths: Paths, folder: str | None, compile: Callable[[Paths], Rulebook]) -> Rulebook:
    """The rule book of these (shown name, path) files: from `folder` if it is there and fresh, else by `compile`.

    `folder` is where compiled books may be kept (None: nowhere). Raises only what `compile` raises.
    """
    key = _key(paths) if folder else None
    if key is None or folder is None:
        return compile(paths)
    file = os.path.join(folder, f"rules-{zlib.crc32(repr([path for _, path in paths]).encode()):08x}.bin")
    book = _read(file, key)
    if book is None:
        book = compile(paths)
        if _key(paths) == key:  # nothing was edited meanwhile
            _write(folder, file, key, book)
    return book


def _key(paths: Paths) -> bytes | None:
    """None where a file cannot be looked at or is not a regular one; then `compile` says what is wrong."""
    parts: list[tuple[str, str, int, int]] = []
    try:
        for name, path in paths:
            found = os.stat(path)
            if not stat.S_ISREG(found.st_mode):
                return None
            parts.append((name, os.path.abspath(path), found.st_size, found.st_mtime_ns))
    except (OSError, ValueError):
        return None
    return repr((__version__, sys.implementation.cache_tag, marshal.version, parts)).encode("utf-8", "backslashreplace")


def _read(file: str, key: bytes) -> Rulebook | None:
    try:
        descriptor = os.open(file, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(descriptor, "rb") as opened:
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode) or found.st_size > _MAX_BYTES:
                return None
            data = opened.read()
        head = _MAGIC + len(key).to_bytes(4, "big") + key
        if not data.startswith(head):
            return None
        body = data[len(head) + 4 :]
        if zlib.crc32(body) != int.from_bytes(data[len(head) : len(head) + 4], "big"):
            return None
        return thaw(marshal.loads(body))
    except (OSError, ValueError, EOFError, TypeError, KeyError, IndexError):
        return None


def _write(folder: str, file: str, key: bytes, book: Rulebook) -> None:
    temporary = ""
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        if os.path.islink(folder):
            return
        _sweep(folder)
        body = marshal.dumps(freeze(book))
        from tempfile import mkstemp

        descriptor, temporary = mkstemp(prefix=".rules-", suffix=".tmp", dir=folder)
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(_MAGIC + len(key).to_bytes(4, "big") + key + zlib.crc32(body).to_bytes(4, "big") + body)
        os.replace(temporary, file)
        temporary = ""
    except (OSError, ValueError):
        pass
    finally:
        if temporary:
            with suppress(OSError):
                os.unlink(temporary)


def _sweep(folder: str) -> None:
    """What a killed run left behind."""
    for name in os.listdir(folder):
        if name.startswith(".rules-") and name.endswith(".tmp"):
            path = os.path.join(folder, name)
            if os.stat(path).st_mtime < os.stat(folder).st_mtime - 3600:
                os.unlink(path)


def freeze(book: Rulebook) -> dict[str, Any]:
    """The book as plain dicts, tuples, strings and numbers, which is all that marshal takes."""
    plain: dict[str, Any] = _plain(book)
    return plain


def _plain(value: Any) -> Any:
    if isinstance(value, Rulebook):
        return {name: _plain(part) for name, part in value._asdict().items()}
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, tuple):
        return tuple(_plain(part) for part in value)
    return value


def thaw(plain: dict[str, Any]) -> Rulebook:
    """The book again. A task is rebuilt when it is first asked for: most runs need one."""
    return Rulebook(
        tasks=_Tasks(plain["tasks"]),
        approaches={name: _approach(part) for name, part in plain["approaches"].items()},
        families={name: _family(part) for name, part in plain["families"].items()},
        sources={name: Source(*part) for name, part in plain["sources"].items()},
        names=plain["names"],
        files=plain["files"],
        date=plain["date"],
    )


class _Tasks(Mapping[str, Task]):
    def __init__(self, plain: dict[str, Any]) -> None:
        self._plain = plain
        self._tasks: dict[str, Task] = {}

    def __getitem__(self, name: str) -> Task:
        task = self._tasks.get(name)
        if task is None:
            task = self._tasks[name] = _task(self._plain[name])
        return task

    def __contains__(self, name: object) -> bool:
        return name in self._plain

    def __iter__(self) -> Iterator[str]:
        return iter(self._plain)

    def __len__(self) -> int:
        return len(self._plain)


def _task(part: tuple[Any, ...]) -> Task:
    id, title, output, parent, aliases, asks, choices, alternatives, stages, examples, origin = part
    return Task(
        id,
        Text(*title),
        output,
        parent,
        aliases,
        asks,
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
