"""Where independent tasks are run: one after the other in this process, or on the machines of a Ray cluster.

A task knows nothing of the others, and what it gives back does not depend on where it ran; only the order of the results does. Functions
and tasks are sent to other processes by pickle, so functions stand at the top of a module that is installed there too.
"""

from __future__ import annotations

import importlib
import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, Protocol, TypeVar

from bertgpt_cli.errors import BertgptError, EnvironmentTrouble
from bertgpt_cli.text import Text

T = TypeVar("T")
R = TypeVar("R")

_RETRIES = (
    2  # of a task whose worker died: a machine may go; a task that kills its worker again and again is at fault itself
)
_PATIENCE = 5.0  # seconds that a cluster may take to answer

# What Ray reads while it is imported.
_SILENT = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_DEDUP_LOGS_SKIP_REGEX": "^",  # every line: it prints to stdout that a worker died
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # will be the default; until then it warns
}


class Failed(NamedTuple):
    """A task that could not be done: why, and the error's code (`worker-died` where its worker did not live to tell)."""

    reason: Text
    kind: str


class Executor(Protocol):
    def run(self, function: Callable[[T], R], tasks: Sequence[T]) -> Iterator[tuple[int, R | Failed]]:
        """The place of each task with what the function gave for it, as they finish; Failed where it raised a BertgptError.

        Any other error is a fault of the program, and passes. Work begins when the first result is asked for.
        """

    def close(self) -> None:
        """Lets go of what it holds."""


class InProcess:
    """One after the other. Each is begun when its result is asked for, so what was finished is in the caller's hands."""

    def run(self, function: Callable[[T], R], tasks: Sequence[T]) -> Iterator[tuple[int, R | Failed]]:
        for place, task in enumerate(tasks):
            yield place, _outcome(function, task)

    def close(self) -> None:
        pass


class OnRay:
    """On the Ray cluster at this address; `local` starts one on this machine, with as many workers as it has cores unless told.

    Connects at the first task, and raises EnvironmentTrouble where that fails. Each task takes one core. A worker's death is not its
    task's fault, so the task is given to another one, twice.
    """

    def __init__(self, address: str, workers: int | None = None) -> None:
        self.address, self.workers = address, workers
        self._ray: Any = None

    def run(self, function: Callable[[T], R], tasks: Sequence[T]) -> Iterator[tuple[int, R | Failed]]:
        self._ray = ray = self._ray or _connected(self.address, self.workers)
        remote = ray.remote(max_retries=_RETRIES)(_outcome)
        waiting = {remote.remote(function, task): place for place, task in enumerate(tasks)}
        try:
            while waiting:
                (done,), _ = ray.wait(list(waiting))
                place = waiting.pop(done)
                yield place, _received(ray, done)
        finally:
            for reference in waiting:
                ray.cancel(reference, force=True)

    def close(self) -> None:
        if self._ray is not None:
            self._ray.shutdown()
            self._ray = None


def _outcome(function: Callable[[T], R], task: T) -> R | Failed:
    try:
        return function(task)
    except BertgptError as error:
        return Failed(error.message, error.code)


def _received(ray: Any, reference: Any) -> Any:
    try:
        return ray.get(reference)
    except ray.exceptions.RaySystemError as error:  # the task did not get as far as the function
        told = str(error).strip().splitlines()[-1]
        message = Text(
            f"Ray's workers could not begin; they need the same bertgpt and Python as here: {told}",
            f"Ray 的 worker 无法开始执行任务，请确认各节点装有相同版本的 bertgpt 和 Python：{told}",
        )
        raise EnvironmentTrouble("ray", message) from None
    except ray.exceptions.RayTaskError:  # what the function itself raised
        raise
    except ray.exceptions.RayError as error:
        told = str(error).strip().splitlines()[0]
        times = _RETRIES + 1
        reason = Text(f"its worker died, {times} times: {told}", f"执行它的 worker 连续 {times} 次异常退出：{told}")
        return Failed(reason, "worker-died")


def _connected(address: str, workers: int | None) -> Any:
    """Ray, connected. It speaks to nobody: no messages, no dashboard, no usage statistics; SIGTERM means what it meant before."""
    os.environ |= _SILENT
    try:
        ray = importlib.import_module("ray")
    except ImportError as error:
        missing = Text(
            f"--ray needs Ray, which cannot be imported ({error}): pip install 'bertgpt[ray]'",
            f"--ray 需要 Ray，但无法导入（{error}）：请运行 pip install 'bertgpt[ray]'",
        )
        raise EnvironmentTrouble("missing-package", missing) from None
    own = signal.getsignal(signal.SIGTERM)
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.CRITICAL, "include_dashboard": False}
    try:
        _reach(address)
        ray.init(address, num_cpus=workers, **quiet)
    except (OSError, RuntimeError, ValueError) as error:
        told = (str(error).strip() or type(error).__name__).splitlines()[0]
        message = Text(f"no Ray cluster at {address}: {told}", f"无法连接 {address} 处的 Ray 集群：{told}")
        raise EnvironmentTrouble("ray", message) from None
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, own)
    return ray


def _reach(address: str) -> None:
    """Raises OSError where nobody answers at HOST:PORT. Ray itself would try for minutes."""
    host, _, port = address.rpartition(":")
    if host and "/" not in host and port.isdecimal():
        socket.create_connection((host, int(port)), timeout=_PATIENCE).close()
