"""What one candidate costs on this machine: seconds a text, memory. Sees a candidate only as something that answers a text.

Latency is that of texts that come alone. Memory is the resident set of this process (Linux alone tells its peak); what other processes
do at the same time makes both worse, and is not seen.
"""

from __future__ import annotations

import ctypes
import gc
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

import numpy as np

from bertgpt_cli.checkpoints import memory
from bertgpt_cli.checkpoints.config import Config
from bertgpt_cli.checkpoints.memory import USUAL_TOKENS, Precision
from bertgpt_cli.checkpoints.parameters import count
from bertgpt_cli.report.trial import Candidate

_BUDGET = 2.0  # seconds
_LEAST = 5  # texts, however long they take
_BATCH = 1024  # tokens that are read at once where texts come in batches
_BYTES = 3  # of UTF-8 to a token: a Chinese character, or most of an English word's piece


def latency(
    answer: Callable[[str], object], texts: Sequence[str], clock: Callable[[], float] = time.perf_counter
) -> tuple[float, float]:
    """The 50th and 95th percentile of the seconds that one of these texts takes.

    The first text is answered once more beforehand, which loads kernels and is not counted. After two seconds no other text is begun.
    """
    answer(texts[0])
    took: list[float] = []
    end = clock() + _BUDGET
    for text in texts:
        begin = clock()
        if begin > end and len(took) >= _LEAST:
            break
        answer(text)
        took.append(clock() - begin)
    middle, high = np.percentile(took, (50, 95))
    return float(middle), float(high)


class Peak:
    """`bytes` is the most that was taken at once, once the block has ended; None where the system does not tell."""

    bytes: int | None = None


@contextmanager
def peak_memory() -> Iterator[Peak]:
    """How far the resident set of this process rises above where it stood, while the block runs."""
    peak = Peak()
    gc.collect()
    with suppress(
        AttributeError, OSError
    ):  # glibc alone has it, and without it keeps much of what is free: it would be taken again unseen
        ctypes.CDLL(None).malloc_trim(0)
    before = None
    with suppress(OSError, StopIteration):
        with open("/proc/self/clear_refs", "w", encoding="ascii") as switch:
            switch.write("5")  # proc(5): the peak is counted anew from here
        before = _resident("VmRSS")
    yield peak
    if before is not None:
        peak.bytes = max(0, _resident("VmHWM") - before)


def _resident(line: str) -> int:
    """A line of the kernel's table of this process, in bytes."""
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(row.split()[1]) * 1024 for row in status if row.startswith(line))


def estimated_memory(config: Config, precision: str, texts: Sequence[str]) -> int:
    """Bytes that reading these texts in batches should take, from the shape of the model (see `checkpoints.memory`)."""
    longest = max(len(text.encode(errors="replace")) for text in texts) // _BYTES
    tokens = max(1, min(longest, config.context or USUAL_TOKENS, USUAL_TOKENS))
    parts = count(config.shape, config.model)
    kept: Precision = "bf16" if precision == "bf16" else "fp32"
    return memory.inference(config.shape, parts, max(1, _BATCH // tokens), tokens, kept).total


def front(candidates: Sequence[Candidate]) -> list[str]:
    """The ids of those that no other one beats: as accurate and as fast, and better in one. The fastest first.

    Accuracy is that with most labels, speed the 50th percentile. One whose cost or accuracy is not known is left out.
    """
    places = [
        (one.cost.p50, -max(one.points, key=lambda point: point.labels).accuracy.value, one.id)
        for one in candidates
        if one.cost and one.points
    ]
    return [
        name
        for seconds, error, name in sorted(places)
        if not any(
            other[0] <= seconds and other[1] <= error and (other[0], other[1]) != (seconds, error) for other in places
        )
    ]
