"""Shape, batch, length, machine -> what it takes. Pure: the machine and its speed come in as numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from bertgpt_cli.checkpoints import architectures, memory, work
from bertgpt_cli.checkpoints.memory import Memory, Precision
from bertgpt_cli.checkpoints.parameters import Parameters, count
from bertgpt_cli.report.checkpoint import Shape
from bertgpt_cli.report.estimate import Estimate, InPrecision, Machine, Part, Speed

_LARGEST = 1 << 20  # a batch larger than this is not looked for


class Subject(NamedTuple):
    """What is estimated: a shape and how it is called."""

    name: str
    family: str
    model: str
    shape: Shape
    context: int


def estimate(
    subject: Subject,
    batch: int,
    tokens: int,
    training: bool,
    precisions: tuple[Precision, ...],
    machine: Machine,
    speed: Speed | None,
    measured: str,
) -> Estimate:
    """`speed` is None where nobody has measured: then no time is told."""
    shape = subject.shape
    parts = count(shape, subject.model)
    known = architectures.of(shape.architecture).known
    quantised = any(one in ("int8", "int4") for one in precisions)
    return Estimate(
        subject.name,
        subject.family,
        subject.model,
        shape,
        known,
        parts.total,
        tuple(
            Part(name, getattr(parts, name)) for name in ("embeddings", "attention", "feed_forward", "norms", "head")
        ),
        batch,
        tokens,
        subject.context,
        training,
        memory.adapters(shape) if training and quantised else 0,
        machine,
        speed,
        measured if speed else "",
        tuple(_in(one, shape, parts, batch, tokens, training, machine, speed) for one in precisions),
    )


def _in(
    precision: Precision,
    shape: Shape,
    parts: Parameters,
    batch: int,
    tokens: int,
    training: bool,
    machine: Machine,
    speed: Speed | None,
) -> InPrecision:
    gpu = bool(machine.gpu)

    def need(items: int) -> Memory:
        of = memory.training if training else memory.inference
        return of(shape, parts, items, tokens, precision, gpu)

    found = need(batch)
    doing = (work.training if training else work.reading)(shape, parts, batch, tokens, precision)
    writes = parts.writes and not training
    # Nobody has measured how fast a processor is on quantised weights: it depends on the kernels that are installed.
    timed = speed if precision in ("fp32", "bf16") else None
    written = work.writing(shape, parts, batch, tokens, precision)
    return InPrecision(
        precision,
        tuple(Part(name, value) for name, value in zip(Memory._fields, found, strict=True)),
        found.total,
        found.total <= machine.memory if machine.memory else None,
        _largest(lambda items: need(items).total, machine.memory) if machine.memory else -1,
        doing.flops,
        work.seconds(doing, timed, precision) if timed else None,
        work.seconds(written, timed, precision) if timed and writes else None,
    )


def _largest(need: Callable[[int], int], room: int) -> int:
    """The largest batch whose need is within the room; memory grows with the batch, so halving finds it."""
    if need(1) > room:
        return 0
    low, high = 1, 2
    while high < _LARGEST and need(high) <= room:
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if need(middle) <= room else (low, middle)
    return low
