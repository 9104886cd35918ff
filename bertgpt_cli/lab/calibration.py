"""How fast this machine is: matrix products, memory, starting a kernel. Two seconds, with the threads that torch would use.

Each figure is that of the middle run: what a model will meet, not the best that was ever seen.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

import torch

from bertgpt_cli.report.estimate import Speed


class Gpu(NamedTuple):
    """The GPU that torch sees: its name and memory in bytes."""

    name: str
    memory: int


def gpu() -> Gpu | None:
    """The first GPU, if torch sees one that it can use."""
    if torch.cuda.is_available():
        found = torch.cuda.get_device_properties(0)
        return Gpu(found.name, found.total_memory)
    return None


def measure(budget: float = 2.0) -> Speed:
    """The speed of this machine's processor. `budget` is in seconds, shared by the five measurements."""
    part = budget / 5
    with torch.inference_mode():
        rows, width, ffn = 512, 768, 3072
        fp32 = _flops(rows, width, ffn, torch.float32, part)
        bf16 = _flops(rows, width, ffn, torch.bfloat16, part)
        layers = [torch.rand(ffn, width) for _ in range(12)]  # 113 MB: beyond any cache, as the layers of a model are
        row = torch.rand(1, width)
        once = _middle(lambda: [torch.nn.functional.linear(row, layer) for layer in layers], part)
        stream = sum(layer.nbytes for layer in layers) / once
        source = torch.rand(1 << 24)  # 64 MB: beyond any cache of a core
        target = torch.empty_like(source)
        copied = _middle(lambda: target.copy_(source), part)
        tiny = torch.rand(8)
        started = _middle(lambda: [tiny.add(1.0) for _ in range(100)], part) / 100
    return Speed(fp32, bf16, stream, 2 * source.nbytes / copied, started)


def _flops(rows: int, width: int, ffn: int, dtype: torch.dtype, budget: float) -> float:
    """Operations a second of a linear layer: (rows, width) x (width, ffn), as a model calls it."""
    inputs, weight = torch.rand(rows, width).to(dtype), torch.rand(ffn, width).to(dtype)
    return 2.0 * rows * width * ffn / _middle(lambda: torch.nn.functional.linear(inputs, weight), budget)


def _middle(run: Callable[[], object], budget: float) -> float:
    """Seconds of the middle run of those that fit into the budget; the first, which warms up, does not count."""
    run()
    times: list[float] = []
    end = time.perf_counter() + budget
    while not times or time.perf_counter() < end:
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return sorted(times)[len(times) // 2]
