"""Tasks run here and on Ray: the same results, failures as values, and nothing left behind."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import pytest

from bertgpt_cli.errors import EnvironmentTrouble, UsageError
from bertgpt_cli.lab.trial.executor import Failed, InProcess, OnRay
from bertgpt_cli.text import Text


class Job(NamedTuple):
    """`marker` is a file that says that the job was begun before."""

    what: str
    number: int = 0
    marker: str = ""


TOO_LARGE = Text("too large", "太大")


def work(job: Job) -> int:
    if job.what == "refuse":
        raise UsageError("too-large", TOO_LARGE)
    if job.what == "interrupt":
        raise KeyboardInterrupt
    if job.what == "divide":
        return 1 // job.number
    if job.what == "die" or (job.what == "die once" and not os.path.exists(job.marker)):
        with open(job.marker, "a", encoding="ascii") as file:
            file.write("x")
        os._exit(1)
    return job.number**2


def test_results_come_in_order_and_no_sooner_than_they_are_asked_for() -> None:
    begun: list[int] = []

    def square(number: int) -> int:
        begun.append(number)
        return number**2

    results = InProcess().run(square, [3, 1, 2])
    assert begun == []
    assert (next(results), begun) == ((0, 9), [3])
    assert list(results) == [(1, 1), (2, 4)]


def test_an_expected_failure_is_a_value_and_the_others_go_on() -> None:
    results = dict(InProcess().run(work, [Job("refuse"), Job("square", 3)]))
    assert results == {0: Failed(TOO_LARGE, "too-large"), 1: 9}


def test_a_bug_passes() -> None:
    with pytest.raises(ZeroDivisionError):
        list(InProcess().run(work, [Job("divide")]))


def test_an_interrupt_passes_and_what_was_finished_is_kept() -> None:
    results = InProcess().run(work, [Job("square", 2), Job("interrupt"), Job("square", 3)])
    assert next(results) == (0, 4)
    with pytest.raises(KeyboardInterrupt):
        next(results)


def test_without_ray_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(EnvironmentTrouble) as raised:
        list(OnRay("local").run(work, [Job("square", 2)]))
    assert raised.value.code == "missing-package"
    assert all("bertgpt[ray]" in words for words in raised.value.message)


def test_an_address_where_nobody_answers_is_told_at_once() -> None:
    pytest.importorskip("ray")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(EnvironmentTrouble, match=f"127.0.0.1:{port}") as raised:
        list(OnRay(f"127.0.0.1:{port}").run(work, [Job("square", 2)]))
    assert raised.value.code == "ray"


@pytest.fixture
def only_here(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], int]:
    """A function of a module that no other process can import."""
    module = ModuleType("only_here")
    exec("def same(number): return number", module.__dict__)
    monkeypatch.setitem(sys.modules, "only_here", module)
    return module.same  # type: ignore[no-any-return]


@pytest.mark.slow
def test_two_workers_give_what_one_process_gives_and_die_without_harm(
    tmp_path: Path, only_here: Callable[[int], int], capfd: pytest.CaptureFixture[str]
) -> None:
    if find_spec("ray") is None:
        pytest.skip("Ray is not installed")
    before = signal.getsignal(signal.SIGTERM)
    same = [*(Job("square", number) for number in range(6)), Job("refuse")]
    once, always = str(tmp_path / "once"), str(tmp_path / "always")
    with contextlib.closing(OnRay("local", workers=2)) as executor:
        results = dict(executor.run(work, [*same, Job("die once", 5, once), Job("die", 0, always)]))
        ray = sys.modules["ray"]
        assert ray.cluster_resources()["CPU"] == 2
        assert signal.getsignal(signal.SIGTERM) is before
        with pytest.raises(ZeroDivisionError):
            list(executor.run(work, [Job("divide")]))
        with pytest.raises(EnvironmentTrouble, match="No module named 'only_here'"):
            list(executor.run(only_here, [1]))
    assert not ray.is_initialized()
    assert {place: results[place] for place in range(7)} == dict(InProcess().run(work, same))
    assert results[7] == 25
    died = results[8]
    assert isinstance(died, Failed)
    assert died.kind == "worker-died"
    assert "3 times" in died.reason.en
    assert Path(once).read_text() == "x"
    assert Path(always).read_text() == "xxx"
    assert capfd.readouterr() == ("", "")
