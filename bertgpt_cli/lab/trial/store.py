"""Arrays kept on disk by what they were made of. Never needed: what is missing, damaged or cannot be written is made anew."""

from __future__ import annotations

import hashlib
import io
import os
import time
import zlib
from collections.abc import Callable
from contextlib import suppress
from tempfile import mkstemp
from typing import Any

import numpy as np
from numpy.typing import NDArray

_MOST = 4 << 30  # bytes that are kept; the longest unused go first
_OLD = 3600  # seconds after which a half-written file is nobody's any more


class Store:
    """A folder of arrays (None: nothing is kept)."""

    def __init__(self, folder: str | None) -> None:
        self._folder = folder and os.path.join(folder, "trial")

    def find(self, key: tuple[Any, ...]) -> NDArray[Any] | None:
        """The array that was made of these things, if it is there and whole."""
        if self._folder is None:
            return None
        path = self._path(key)
        try:
            with open(path, "rb") as file:
                data = file.read()
            if zlib.crc32(data[4:]) != int.from_bytes(data[:4], "big"):
                return None
            found: NDArray[Any] = np.load(io.BytesIO(data[4:]), allow_pickle=False)
            with suppress(OSError):
                os.utime(path)
        except (OSError, ValueError, EOFError):
            return None
        return found

    def keep(self, key: tuple[Any, ...], array: NDArray[Any]) -> None:
        """Whole or not at all."""
        if self._folder is None:
            return
        written = io.BytesIO()
        np.save(written, array, allow_pickle=False)
        data = written.getvalue()
        temporary = ""
        try:
            os.makedirs(self._folder, mode=0o700, exist_ok=True)
            self._make_room(len(data))
            descriptor, temporary = mkstemp(prefix=".making-", suffix=".tmp", dir=self._folder)
            with os.fdopen(descriptor, "wb") as file:
                file.write(zlib.crc32(data).to_bytes(4, "big") + data)
            os.replace(temporary, self._path(key))
            temporary = ""
        except OSError:
            pass
        finally:
            if temporary:
                with suppress(OSError):
                    os.unlink(temporary)

    def made(self, key: tuple[Any, ...], make: Callable[[], NDArray[Any]]) -> NDArray[Any]:
        found = self.find(key)
        if found is None:
            found = make()
            self.keep(key, found)
        return found

    def _path(self, key: tuple[Any, ...]) -> str:
        assert self._folder is not None
        return os.path.join(
            self._folder, hashlib.blake2b(repr(key).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
        )

    def _make_room(self, size: int) -> None:
        assert self._folder is not None
        with os.scandir(self._folder) as entries:
            found = sorted((one.stat().st_mtime, one.stat().st_size, one.path) for one in entries)
        held = sum(bytes for _, bytes, _ in found)
        for changed, bytes, path in found:
            stale = path.endswith(".tmp") and changed < time.time() - _OLD
            if stale or held + size > _MOST:
                with suppress(OSError):
                    os.unlink(path)
                    held -= bytes
