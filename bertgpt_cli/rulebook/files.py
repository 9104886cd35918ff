"""Finding rule files: the shipped ones and those that were handed in."""

from __future__ import annotations

import os
from collections.abc import Iterator

from bertgpt_cli.errors import Complaint, InputFileError
from bertgpt_cli.files import unreadable
from bertgpt_cli.text import Text

SUFFIXES = (".yaml", ".yml")
EVIDENCE = "evidence.csv"  # what a folder's published results are called; a single file may have any name in .csv


def builtin_folder() -> str:
    """The shipped rules: inside the package once installed from a wheel, beside it in a checkout.

    Found from this file's own place, never from the working directory.
    """
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    inside = os.path.join(package, "rules")
    return inside if os.path.isdir(inside) else os.path.join(os.path.dirname(package), "rules")


def builtin_files() -> tuple[tuple[str, str], ...]:
    """(shown name, path) of every shipped rule file, sorted; the shown name never holds a machine's path."""
    folder = builtin_folder()
    return tuple((f"rules/{os.path.relpath(path, folder)}".replace(os.sep, "/"), path) for path in _inside(folder))


def _inside(folder: str) -> Iterator[str]:
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda one: one.name):
            if entry.name.startswith("."):
                continue
            if entry.is_dir():
                yield from _inside(entry.path)
            elif _holds_rules(entry.name):
                yield entry.path


def _holds_rules(name: str) -> bool:
    return not name.startswith(".") and (name.endswith(SUFFIXES) or name == EVIDENCE)


def user_files(path: str) -> tuple[tuple[str, str], ...]:
    """A `--rules` argument -> (shown name, path) of each file it means: itself, or the rule files of a folder.

    A folder's files are read in sorted order: `.yaml`, `.yml` and `evidence.csv`; hidden files, other names and
    subfolders are left alone.
    """
    if not os.path.isdir(path):
        return ((path, path),)
    try:
        names = sorted(os.listdir(path))
    except OSError as error:
        raise unreadable(path, error) from None
    found = tuple((os.path.join(path, name), os.path.join(path, name)) for name in names if _holds_rules(name))
    if not found:
        raise _bad(path, "BG002", Text("the folder holds no .yaml or .yml file", "文件夹里没有 .yaml 或 .yml 文件"))
    return found


def _bad(name: str, code: str, message: Text, help: Text | None = None) -> InputFileError:
    return InputFileError((Complaint(code, message, name, help=help),))
