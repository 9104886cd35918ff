"""Reading files that were handed in: regular files only, and what is wrong with any other is named. Knows nothing of what is in them."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from bertgpt_cli.errors import Complaint, InputFileError
from bertgpt_cli.text import Text


@contextmanager
def opened(name: str, path: str) -> Iterator[BinaryIO]:
    """The file, open for reading. Raises InputFileError for whatever is not a readable file, and where reading fails."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
    except FileNotFoundError:
        raise _missing(name, path) from None
    except (OSError, ValueError) as error:
        raise unreadable(name, error) from None
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise _bad(name, "BG003", Text("not a regular file", "不是普通文件"))
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            yield file
    except OSError as error:
        raise unreadable(name, error) from None
    finally:
        os.close(descriptor)


def read_bytes(name: str, path: str, limit: int) -> bytes:
    """The file's bytes, `limit + 1` of them at most. Raises InputFileError for whatever is not a readable file."""
    with opened(name, path) as file:
        return file.read(limit + 1)


def unreadable(name: str, error: OSError | ValueError) -> InputFileError:
    """That the file called `name` cannot be read, and why."""
    reason = getattr(error, "strerror", None) or str(error)
    return _bad(name, "BG001", Text(f"cannot be read: {reason}", f"无法读取：{reason}"))


def _missing(name: str, path: str) -> InputFileError:
    if os.path.islink(path):
        target = os.readlink(path)
        return _bad(name, "BG004", Text(f"the link leads nowhere: {target}", f"符号链接指向不存在的文件：{target}"))
    from difflib import get_close_matches

    folder, last = os.path.split(path)
    try:
        close = get_close_matches(last, os.listdir(folder or "."), n=1, cutoff=0.6)
    except OSError:
        close = []
    help = Text(f"use '{os.path.join(folder, close[0])}'", f"应为“{os.path.join(folder, close[0])}”") if close else None
    return _bad(name, "BG005", Text("no such file", "文件不存在"), help)


def _bad(name: str, code: str, message: Text, help: Text | None = None) -> InputFileError:
    return InputFileError((Complaint(code, message, name, help=help),))
