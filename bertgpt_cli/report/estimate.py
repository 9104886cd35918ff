"""What `estimate` answers: what a model takes in memory and time, part by part, and whether a machine has it.

(No `from __future__ import annotations` in modules of named tuples; see `report.recommendation`.)
"""

from typing import NamedTuple

from bertgpt_cli.report.checkpoint import Shape


class Speed(NamedTuple):
    """What a processor does, measured or as its maker states: matrix products in fp32 and in bf16 (operations a second), weights read
    for a product with one row and memory copied (bytes a second), and the seconds that starting a kernel takes.
    """

    fp32: float
    bf16: float
    stream: float
    bandwidth: float
    dispatch: float


class Machine(NamedTuple):
    """Cores that may be used, and memory in bytes that may be taken (0: not known); `limit` says what sets it: `physical`, `cgroup`,
    `given`, or `gpu`. `gpu` is its name, empty for a processor. `spare` is what is free of it now (0: not known).
    """

    cores: int
    memory: int
    limit: str
    spare: int
    gpu: str
    processor: str


class Part(NamedTuple):
    """One part of the memory, in bytes."""

    name: str
    bytes: int


class InPrecision(NamedTuple):
    """The memory at one precision. `largest_batch` is the largest that fits (0: not even one; -1: memory not known).

    Times are seconds, least and most: of one pass over the batch (or one training step), and of one token written for every text of the batch; None where nobody has measured.
    """

    precision: str
    parts: tuple[Part, ...]
    total: int
    fits: bool | None
    largest_batch: int
    flops: float
    seconds: tuple[float, float] | None
    token_seconds: tuple[float, float] | None


class Estimate(NamedTuple):
    """`known` is False where the architecture is none that bertgpt knows, and its parameters a guess by its kind.

    `adapters` are the parameters of LoRA adapters where quantised weights are trained. `measured` says where the speed comes from: `measured`,
    `scaled` (from this machine's to other cores), `stated` (a GPU's data sheet) or empty.
    """

    name: str
    family: str
    model: str
    shape: Shape
    known: bool
    parameters: int
    parts: tuple[Part, ...]
    batch: int
    tokens: int
    context: int
    training: bool
    adapters: int
    machine: Machine
    speed: Speed | None
    measured: str
    precisions: tuple[InPrecision, ...]
