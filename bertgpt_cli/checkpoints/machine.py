"""What this machine is: cores and memory that this process may use, the limits of its control group included.

Reads the system's own tables and imports nothing heavy. Whether there is a GPU can only be guessed here (`may_have_gpu`); what it is,
torch knows.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress

from bertgpt_cli.report.checkpoint import Gpu
from bertgpt_cli.report.estimate import Machine, Speed


def detect(root: str = "/") -> Machine:
    """The machine under the root folder of its tables; what cannot be found out is 0. Never raises."""
    cores = _cores(root)
    total, spare = _physical(root)
    limits = [limit for limit in _memory_limits(root) if 0 < limit < (total or limit + 1)]
    memory = min(limits, default=total)
    return Machine(
        cores, memory, "cgroup" if limits else "physical", min(spare, memory) if spare else 0, "", _name(root)
    )


def may_have_gpu(root: str = "/") -> bool:
    """Whether it is worth asking torch, which takes seconds to load."""
    if sys.platform == "darwin":
        return os.uname().machine == "arm64"
    if sys.platform == "win32":
        return True
    return any(os.path.exists(os.path.join(root, "dev", name)) for name in ("nvidia0", "nvidiactl", "kfd", "dxg"))


def _cores(root: str) -> int:
    try:
        cores = len(os.sched_getaffinity(0)) if root == "/" else _listed_cores(root)
    except (AttributeError, OSError):
        cores = os.cpu_count() or 1
    for folder in _groups(root, "cpu"):
        quota = _first_line(os.path.join(folder, "cpu.max")).split()
        if len(quota) != 2:
            quota = [_first_line(os.path.join(folder, f"cpu.cfs_{part}_us")) for part in ("quota", "period")]
        with suppress(ValueError, ZeroDivisionError, OverflowError):
            allowed = int(quota[0]) / int(quota[1])
            if allowed > 0:
                cores = min(cores, max(1, int(allowed)))
    return max(cores, 1)


def _listed_cores(root: str) -> int:
    return sum(line.startswith("processor") for line in _lines(os.path.join(root, "proc/cpuinfo"))) or 1


def _physical(root: str) -> tuple[int, int]:
    """All memory, and what is free of it, in bytes."""
    found: dict[str, int] = {}
    for line in _lines(os.path.join(root, "proc/meminfo")):
        name, _, rest = line.partition(":")
        with suppress(ValueError, IndexError):
            found[name] = int(rest.split()[0]) * 1024
    if found.get("MemTotal", 0) > 0:
        return found["MemTotal"], max(0, found.get("MemAvailable", 0))
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"), 0
    except (AttributeError, ValueError, OSError):
        return _windows_memory(), 0


def _windows_memory() -> int:
    if sys.platform != "win32":
        return 0
    import ctypes

    kilobytes = ctypes.c_ulonglong(0)
    ctypes.windll.kernel32.GetPhysicallyInstalledSystemMemory(ctypes.byref(kilobytes))
    return int(kilobytes.value) * 1024


def _memory_limits(root: str) -> list[int]:
    limits = []
    for folder in _groups(root, "memory"):
        for name in ("memory.max", "memory.limit_in_bytes"):
            with suppress(ValueError):  # `max`, or nothing
                limits.append(int(_first_line(os.path.join(folder, name))))
    return limits


def _groups(root: str, controller: str) -> list[str]:
    """The folders of this process's control group and of those above it, version 2 and version 1."""
    base = os.path.join(root, "sys/fs/cgroup")
    folders = [base, os.path.join(base, controller)]
    for line in _lines(os.path.join(root, "proc/self/cgroup")):
        _, _, rest = line.partition(":")
        controllers, _, path = rest.strip().partition(":")
        if controllers and controller not in controllers.split(","):
            continue
        top = os.path.join(base, controller) if controllers else base
        parts = [part for part in path.split("/") if part and part != ".."]
        folders += [os.path.join(top, *parts[:depth]) for depth in range(1, len(parts) + 1)]
    return folders


def _name(root: str) -> str:
    for line in _lines(os.path.join(root, "proc/cpuinfo")):
        if line.startswith(("model name", "Model")):
            return line.partition(":")[2].strip()
    return ""


def _first_line(path: str) -> str:
    lines = _lines(path)
    return lines[0].strip() if lines else ""


def _lines(path: str) -> list[str]:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(1 << 20).splitlines()
    except (OSError, ValueError):  # a NUL in a path is a ValueError
        return []


def stated(gpu: Gpu) -> Speed:
    """A GPU's speed from its data sheet, with the shares of it that dense models reach in practice."""
    return Speed(0.6 * gpu.fp32, 0.5 * gpu.bf16, 0.7 * gpu.bandwidth, 0.7 * gpu.bandwidth, 5e-6)


def scaled(speed: Speed, cores: int, wanted: int) -> Speed:
    """The same processor with other cores: products grow with them, memory with their root, starting a kernel not at all."""
    share = wanted / max(cores, 1)
    return Speed(
        speed.fp32 * share, speed.bf16 * share, speed.stream * share**0.5, speed.bandwidth * share**0.5, speed.dispatch
    )
