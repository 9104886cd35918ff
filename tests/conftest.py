"""What the tests share: running bertgpt as a user does, in a process of its own, or in this one."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

PROGRAM = Path(sysconfig.get_path("scripts")) / ("bertgpt.exe" if os.name == "nt" else "bertgpt")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write what is printed now as what is expected")


class Run(NamedTuple):
    """What a command line gave."""

    code: int
    out: str
    err: str


@pytest.fixture(scope="session")
def quiet_home(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment with a home and a cache of its own and nothing that changes what is printed."""
    home = tmp_path_factory.mktemp("home")
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "TMPDIR") if name in os.environ}
    return {**kept, "HOME": str(home), "XDG_CACHE_HOME": str(home / "cache"), "LANG": "C.UTF-8", "TERM": "xterm"}


@pytest.fixture
def bertgpt(quiet_home: dict[str, str], tmp_path: Path) -> Callable[..., Run]:
    """Runs the installed program in an empty folder: `bertgpt("recommend", "ner", LANG="zh_CN.UTF-8")`."""

    def run(*argv: str | bytes, stdin: bytes = b"", cwd: Path | None = None, timeout: float = 60, **env: str) -> Run:
        done = subprocess.run(
            [str(PROGRAM), *argv],
            input=stdin,
            capture_output=True,
            cwd=cwd or tmp_path,
            env={**quiet_home, **env},
            timeout=timeout,
            check=False,
        )
        return Run(done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace"))

    return run


class InProcess:
    """Runs a command line in this process: fast, for tables of many cases."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.capsys = capsys

    def __call__(self, *argv: str) -> Run:
        from bertgpt_cli.cli import main

        self.capsys.readouterr()
        code = main(list(argv))
        out, err = self.capsys.readouterr()
        return Run(int(code), out, err)


@pytest.fixture
def run(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, quiet_home: Mapping[str, str]
) -> InProcess:
    for name in list(os.environ):
        if name.startswith(("BERTGPT", "LC_")) or name in ("LANG", "NO_COLOR", "FORCE_COLOR", "COLUMNS"):
            monkeypatch.delenv(name)
    for name in ("HOME", "XDG_CACHE_HOME", "LANG"):
        monkeypatch.setenv(name, quiet_home[name])
    return InProcess(capsys)


def controls(text: str) -> Sequence[str]:
    """The control characters in a text that a terminal would obey, newline apart."""
    return [
        character for character in text if character != "\n" and (ord(character) < 32 or 127 <= ord(character) < 160)
    ]


assert sys.version_info >= (3, 10)
