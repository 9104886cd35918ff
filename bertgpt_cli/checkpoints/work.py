"""A shape -> how much there is to compute: operations, bytes moved, kernels started; and, on a machine, how long that takes.

The time is a roofline (Williams et al. 2009) for each part: matrix products at the speed of matrix products, everything else at the speed of
memory, plus what starting a kernel costs. It knows nothing of what else a machine does, so it is a range, never a number.
"""

from __future__ import annotations

from typing import NamedTuple

from bertgpt_cli.checkpoints.memory import Precision, activation_bytes, weights
from bertgpt_cli.checkpoints.parameters import Parameters, stacks
from bertgpt_cli.report.checkpoint import Shape
from bertgpt_cli.report.estimate import Speed

_LOW, _HIGH = 0.75, 1.8  # the range about a time, within which measured ones fell (tests/benchmarks)
_KERNELS = 25  # started by one layer


class Work(NamedTuple):
    """`flops` in matrix products (a multiplication and an addition are two), `weights` bytes read for them, `moved` bytes read and
    written by everything else, `kernels` started.
    """

    flops: float
    weights: float
    moved: float
    kernels: int


def reading(shape: Shape, count: Parameters, batch: int, tokens: int, precision: Precision) -> Work:
    """One pass over `batch` inputs of `tokens` tokens: an encoder's whole work, a decoder's work on the prompt."""
    rows = batch * tokens
    layers = sum(stacks(shape))
    size = activation_bytes(precision)
    head = shape.vocabulary * shape.width if count.writes else 0
    linear = 2.0 * rows * (count.working - head) + 2.0 * batch * head
    # Scores and weighted values: two products of tokens x tokens for each head (Vaswani et al. 2017, eq. 1).
    attention = 4.0 * batch * shape.query_width * _pairs(shape, tokens)
    elementwise = size * rows * (24 * shape.width + 6 * shape.ffn) * layers
    return Work(linear + attention, _streamed(count, count.working, precision), elementwise, layers * _KERNELS)


def writing(shape: Shape, count: Parameters, batch: int, context: int, precision: Precision) -> Work:
    """One more token for each of `batch` texts that are `context` tokens long: every weight and the whole cache are read."""
    encoder_layers, decoder_layers = stacks(shape)
    layers = 2 * decoder_layers or encoder_layers  # that attend: what was written, and of a pair also what was read
    size = activation_bytes(precision)
    cache = 2.0 * size * shape.key_width * layers * batch * context
    working = count.working - _reader(shape, count)
    flops = 2.0 * batch * working + 4.0 * batch * shape.query_width * context * layers
    return Work(flops, _streamed(count, working, precision), 2 * cache, 2 * layers * _KERNELS)


def training(shape: Shape, count: Parameters, batch: int, tokens: int, precision: Precision) -> Work:
    """One step: forward, twice that backward (Kaplan et al. 2020, section 2.1), and AdamW over all weights."""
    forward = reading(shape, count, batch, tokens, precision)
    scores = 0.0
    if count.writes:
        scores = 2.0 * batch * (tokens - 1) * shape.vocabulary * shape.width
    size = activation_bytes(precision)
    optimizer = 12.0 * size * count.total
    loss = 8 * 4.0 * batch * tokens * shape.vocabulary if scores else 0.0
    moved = 3 * forward.moved + optimizer + loss
    return Work(3 * (forward.flops + scores), 3 * forward.weights, moved, 4 * forward.kernels)


def seconds(work: Work, speed: Speed, precision: Precision) -> tuple[float, float]:
    """The least and the most that the work is expected to take."""
    rate = speed.fp32 if precision == "fp32" else speed.bf16
    time = (
        work.flops / rate + work.weights / speed.stream + work.moved / speed.bandwidth + work.kernels * speed.dispatch
    )
    return _LOW * time, _HIGH * time


def _reader(shape: Shape, count: Parameters) -> float:
    """Of an encoder-decoder, the encoder's parameters, which rest while its decoder writes."""
    encoder_layers, decoder_layers = stacks(shape)
    if not decoder_layers:
        return 0.0
    attention = count.attention * encoder_layers / (encoder_layers + 2 * decoder_layers)
    return attention + count.feed_forward * encoder_layers / (encoder_layers + decoder_layers)


def _streamed(count: Parameters, working: float, precision: Precision) -> float:
    """Bytes of so many working parameters, of all that there are."""
    return weights(count, precision) * min(1.0, working / count.total)


def _pairs(shape: Shape, tokens: int) -> float:
    """Pairs of tokens that attend to each other, over all layers; a local layer sees a window only."""
    window, every = shape.window, shape.globals
    if shape.architecture.startswith("modernbert"):
        window, every = window or 128, every or 3
    encoder_layers, decoder_layers = stacks(shape)
    layers = encoder_layers + 2 * decoder_layers  # a decoder layer attends to what was read as well
    whole = float(tokens) ** 2
    if not window or window >= tokens:
        return layers * whole
    full = -(-layers // every) if every else 0
    return full * whole + (layers - full) * tokens * window
