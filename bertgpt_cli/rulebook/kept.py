"""What is made of rule files, kept in a folder until one of them changes, as Python does with .pyc.

A file is keyed by the paths, sizes and times of the rule files and by the versions of bertgpt and Python. It is never
needed: whatever is wrong with it or with its folder (missing, full, not writable, a link, damaged) is a silent miss,
and it is only ever replaced whole.
"""

from __future__ import annotations

import marshal
import os
import stat
import sys
import zlib
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from bertgpt_cli import __version__

T = TypeVar("T")
Paths = tuple[tuple[str, str], ...]

_MAGIC = b"bertgpt 2\n"
_MAX_BYTES = 64 << 20


class Kept:
    """What is made of these (shown name, path) files, kept in `folder` (None: nowhere) until one of them changes."""

    def __init__(self, paths: Paths, folder: str | None) -> None:
        self._paths = paths
        self._folder = folder
        self._key = _key(paths) if folder else None

    def get(
        self,
        what: str,
        make: Callable[[], T],
        pack: Callable[[T], bytes],
        unpack: Callable[[memoryview], T],
        again: bool = False,
    ) -> T:
        """The thing called `what`: from the folder if it is there and fresh, else (or `again`) by `make`, whose errors are raised."""
        if self._key is None or self._folder is None:
            return make()
        of = zlib.crc32(repr([path for _, path in self._paths]).encode())
        file = os.path.join(self._folder, f"{what}-{of:08x}.bin")
        data = None if again else _read(file, self._key)
        if data is not None:
            with suppress(ValueError, EOFError, TypeError, KeyError, IndexError):
                return unpack(data)
        made = make()
        if _key(self._paths) == self._key:  # nothing was edited meanwhile
            _write(self._folder, file, self._key, pack(made))
        return made


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


def _read(file: str, key: bytes) -> memoryview | None:
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
        body = memoryview(data)[len(head) + 4 :]
        if zlib.crc32(body) != int.from_bytes(data[len(head) : len(head) + 4], "big"):
            return None
        return body
    except (OSError, ValueError):
        return None


def _write(folder: str, file: str, key: bytes, body: bytes) -> None:
    temporary = ""
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        if os.path.islink(folder):
            return
        _sweep(folder)
        from tempfile import mkstemp

        descriptor, temporary = mkstemp(prefix=".making-", suffix=".tmp", dir=folder)
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
        if name.startswith(".making-") and name.endswith(".tmp"):
            path = os.path.join(folder, name)
            if os.stat(path).st_mtime < os.stat(folder).st_mtime - 3600:
                os.unlink(path)
