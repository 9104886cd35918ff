"""The compiled rule book: the same book, fresh after every edit, and never needed."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from bertgpt_cli.rulebook import compiled, files, loading
from bertgpt_cli.rulebook.book import Rulebook
from bertgpt_cli.rulebook.kept import Kept
from tests.conftest import PROGRAM

TEAM = """version: 1
tasks:
  letter-sorting: {title: {en: Letter sorting, zh: 信件分拣}, output: label, parent: text-classification}
"""


def forbidden() -> Rulebook:
    raise AssertionError("compiled again")


def load(folder: Path, make: Callable[[], Rulebook] | None = None) -> Rulebook:
    """The shipped book, kept in the folder; made by `make`, if it is made."""
    paths = files.builtin_files()
    fresh = make or (lambda: loading.compile(paths))
    return Kept(paths, str(folder)).get("rules", fresh, compiled.pack, unpack)


def unpack(data: bytes | memoryview) -> Rulebook:
    return compiled.unpack(data, lambda: ({}, {}))


def test_an_unpacked_book_is_the_book() -> None:
    book = loading.load()
    said = compiled.pack_said((book.said, book.no_said))
    again = compiled.unpack(compiled.pack(book), lambda: compiled.unpack_said(said))
    assert again == book
    assert len(again.said["translation"].asks[0]) >= 20
    assert list(again.no_said) == list(again.refused)
    assert list(again.tasks) == list(book.tasks)
    assert "ner" not in again.tasks


def test_the_second_start_does_not_compile(tmp_path: Path) -> None:
    first = load(tmp_path)
    second = load(tmp_path, forbidden)
    assert dict(second.tasks) == dict(first.tasks)
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".tmp")] == []


def test_an_edit_is_seen_at_once(tmp_path: Path) -> None:
    rules, cache = tmp_path / "team.yaml", str(tmp_path / "cache")
    rules.write_text(TEAM, "utf-8")
    assert "letter-sorting" in loading.load([str(rules)], cache).tasks
    rules.write_text(TEAM.replace("letter-sorting", "parcel-sorting"), "utf-8")
    assert "parcel-sorting" in loading.load([str(rules)], cache).tasks
    same_size = rules.stat().st_mtime_ns + 1_000_000
    rules.write_text(TEAM.replace("letter-sorting", "barrel-sorting"), "utf-8")
    os.utime(rules, ns=(same_size, same_size))
    assert "barrel-sorting" in loading.load([str(rules)], cache).tasks


@pytest.mark.parametrize("damage", ["empty", "half", "byte", "other", "folder", "link"])
def test_a_damaged_copy_is_a_silent_miss_and_is_made_anew(damage: str, tmp_path: Path) -> None:
    book = load(tmp_path)
    (file,) = tmp_path.iterdir()
    data = file.read_bytes()
    victim = tmp_path / "victim"
    victim.write_bytes(b"mine")
    if damage == "folder":
        file.unlink()
        file.mkdir()
    elif damage == "link":
        file.unlink()
        file.symlink_to(victim)
    else:
        at = len(data) // 2
        flipped = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        file.write_bytes({"empty": b"", "half": data[:at], "byte": flipped, "other": b"#!/bin/sh\n" * 99}[damage])
    assert dict(load(tmp_path).tasks) == dict(book.tasks)
    assert victim.read_bytes() == b"mine"
    if damage != "folder":
        assert dict(load(tmp_path, forbidden).tasks) == dict(book.tasks)


@pytest.mark.parametrize("place", ["file", "link", "nowhere"])
def test_no_folder_to_keep_it_in_is_no_trouble(place: str, tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    if place == "file":
        folder.write_bytes(b"keep")
    elif place == "link":
        (tmp_path / "elsewhere").mkdir()
        folder.symlink_to(tmp_path / "elsewhere")
    else:
        folder = Path("/dev/null/cache")
    assert load(folder).tasks
    if place == "file":
        assert folder.read_bytes() == b"keep"
    if place == "link":
        assert not list((tmp_path / "elsewhere").iterdir())


@pytest.mark.slow
def test_many_cold_starts_at_once_agree(tmp_path: Path, quiet_home: dict[str, str]) -> None:
    env = {**quiet_home, "XDG_CACHE_HOME": str(tmp_path)}
    argv = [str(PROGRAM), "recommend", "ner", "--format", "json"]
    running = [subprocess.Popen(argv, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(8)]
    answers = [process.communicate(timeout=120) for process in running]
    assert {process.returncode for process in running} == {0}
    assert len({out for out, _ in answers}) == 1
    assert all(not err for _, err in answers)
    assert [path.suffix for path in (tmp_path / "bertgpt").iterdir()] == [".bin"]
