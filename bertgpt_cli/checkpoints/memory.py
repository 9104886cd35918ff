"""What a model takes while it works or is trained: weights, gradients, optimizer, activations, cache, part by part.

Every part but the last follows from the shape: which tensors live at once in transformers' own code with scaled-dot-product attention,
counted once with a profiler for each architecture; `tests/benchmarks/test_estimates.py` holds them against real runs. What the process takes beyond its tensors (`overhead`) was
measured on Linux's usual allocator and is the one part without a derivation. Knows nothing of a GPU's own allocator; there `overhead` is
the context that a driver keeps.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from bertgpt_cli.checkpoints import architectures
from bertgpt_cli.checkpoints.architectures import Architecture
from bertgpt_cli.checkpoints.parameters import Parameters, stacks
from bertgpt_cli.report.checkpoint import Shape

Precision = Literal["fp32", "bf16", "int8", "int4"]
PRECISIONS: tuple[Precision, ...] = ("fp32", "bf16", "int8", "int4")

# Bytes of one weight of a linear layer; int4 with one 16-bit scale for each 32 weights. Embeddings and norms of a quantised model stay in 16 bits.
_WEIGHT: dict[Precision, float] = {"fp32": 4, "bf16": 2, "int8": 1, "int4": 0.5625}
_LORA_RANK = 16
USUAL_TOKENS = 512  # an input's length where nobody said how long the texts are

_PROCESS = 40 << 20  # bytes that the first passes add: kernels loaded, buffers of the matrix library
_HELD = 150 << 20  # the same in training, with the freed blocks that the allocator does not give back
_FRAGMENTED = 1.25  # what short-lived tensors take for each byte that is alive
_GPU_CONTEXT = 500 << 20


class Memory(NamedTuple):
    """Bytes, part by part. `activations` are what is alive at the peak beside the others, `cache` the keys and values of tokens read."""

    weights: int
    gradients: int
    optimizer: int
    activations: int
    cache: int
    overhead: int

    @property
    def total(self) -> int:
        return sum(self)


def serving(shape: Shape, count: Parameters, family: str, context: int) -> int:
    """Bytes that it takes to serve one usual input, or one as long as it can read: encoders in fp32, what writes in bf16."""
    tokens = min(USUAL_TOKENS, context or USUAL_TOKENS)
    return inference(shape, count, 1, tokens, usual_precision(family)).total


def usual_precision(family: str) -> Precision:
    """What models of the family are served in where nobody says."""
    return "fp32" if family == "bert" else "bf16"


def inference(
    shape: Shape, count: Parameters, batch: int, tokens: int, precision: Precision, gpu: bool = False
) -> Memory:
    """One pass over `batch` inputs of `tokens` tokens; of a model that writes, a prompt of as many, and writing on."""
    traits = architectures.of(shape.architecture)
    size = activation_bytes(precision)
    rows = batch * tokens
    cache = size * _cached(shape) * rows if count.writes else 0
    live = size * _passing(shape, traits, batch, tokens)
    if count.writes:
        live = max(live, size * rows * shape.width + 4 * batch * shape.vocabulary)
    # Each token written makes the cache anew, one longer, and the old one's blocks are not taken again.
    overhead = _GPU_CONTEXT if gpu else _PROCESS + cache + (_FRAGMENTED - 1) * (live + 2 * cache)
    return Memory(weights(count, precision), 0, 0, round(live), round(cache), round(overhead))


def training(
    shape: Shape, count: Parameters, batch: int, tokens: int, precision: Precision, gpu: bool = False
) -> Memory:
    """One step of AdamW on `batch` inputs of `tokens` tokens: all weights in fp32 or bf16, LoRA over quantised ones.

    The peak is at the loss (all activations are there, no gradient yet) or at the optimizer's step (all gradients are
    there, with two more tensors the size of the largest weight).
    """
    traits = architectures.of(shape.architecture)
    size = activation_bytes(precision)
    held = weights(count, precision)
    trained = count.total * size if precision in ("fp32", "bf16") else 4 * adapters(shape)
    kept = size * _kept(shape, traits, batch, tokens)
    scores = 0
    if count.writes:
        scores = 4 * batch * tokens * shape.vocabulary  # the loss's own, in fp32
        kept += 3 * size * batch * tokens * shape.width
    largest = size * shape.vocabulary * (shape.embedding or shape.width) if precision in ("fp32", "bf16") else 0
    at_loss = kept + 4 * scores
    at_step = trained + 2 * largest + (0 if gpu else kept)
    if at_loss >= at_step:
        gradients, activations = 0, at_loss
    else:
        gradients, activations = trained, at_step - trained
    overhead = _GPU_CONTEXT if gpu else _HELD
    return Memory(held, round(gradients), round(2 * trained), round(activations), 0, overhead)


def weights(count: Parameters, precision: Precision) -> int:
    """Bytes of the weights."""
    if precision in ("fp32", "bf16"):
        return round(count.total * _WEIGHT[precision])
    linear = count.attention + count.feed_forward
    return round(linear * _WEIGHT[precision] + 2 * (count.total - linear))


def adapters(shape: Shape) -> int:
    """Parameters of LoRA adapters of rank 16 on the four attention matrices of every layer (Hu et al. 2021, section 4.2)."""
    layers = sum(stacks(shape))
    query, key, width = shape.query_width, shape.key_width, shape.width
    return layers * _LORA_RANK * ((width + query) + 2 * (width + key) + (query + width))


def activation_bytes(precision: Precision) -> int:
    """Bytes of one number that a model computes with, however its weights are stored."""
    return 4 if precision == "fp32" else 2


def _cached(shape: Shape) -> int:
    """Numbers kept for each token read, so that it need not be read again."""
    _, decoder_layers = stacks(shape)
    return 2 * shape.key_width * (decoder_layers or shape.layers)


def _passing(shape: Shape, traits: Architecture, batch: int, tokens: int) -> float:
    """Numbers alive at once in the layer that takes most, with nothing kept for a backward pass."""
    rows = batch * tokens
    hidden, ffn = rows * shape.width, rows * _used_ffn(shape)
    if shape.architecture == "deberta-v2":  # scores of both directions, gathered by 64-bit indices
        return 14 * hidden + 6 * batch * shape.heads * tokens**2
    if shape.architecture == "gpt2":  # its GELU is written out in elementary steps
        return 4 * ffn + 3 * hidden
    if shape.architecture.startswith("modernbert"):
        masks = 4 * tokens**2  # two of 64-bit numbers, made before the first layer
        return max(5 * hidden + 4 * ffn, masks + hidden)
    if traits.gated or shape.gated:
        return 3 * ffn + 3 * hidden
    return 2 * ffn + 3 * hidden


def _kept(shape: Shape, traits: Architecture, batch: int, tokens: int) -> float:
    """Numbers that a training step keeps for its backward pass, all layers together."""
    rows = batch * tokens
    hidden, ffn, keys = rows * shape.width, rows * _used_ffn(shape), rows * shape.key_width
    scores = batch * shape.heads * tokens**2
    encoder_layers, decoder_layers = stacks(shape)
    if shape.architecture == "deberta-v2":
        layer = 10 * hidden + 2 * ffn + 9 * scores
    elif shape.architecture.startswith("modernbert"):
        layer = 10 * hidden + 4 * ffn
    elif shape.architecture == "gpt2":
        layer = 11 * hidden + 5 * ffn + 3 * scores
    elif traits.gated or shape.gated:
        layer = 8 * hidden + 2 * keys + 4 * ffn + 3 * scores * traits.dropout
        layer += 2 * (rows * shape.query_width + keys) * bool(traits.qk_norm) + 2 * hidden * (traits.norms == 4)
    else:
        layer = 10 * hidden + 2 * ffn + 3 * scores * traits.dropout
        layer -= hidden * (shape.architecture == "distilbert")
    crossed = 6 * hidden + 2 * keys + 3 * scores
    return layer * (encoder_layers + decoder_layers) + crossed * decoder_layers + 3 * hidden


def _used_ffn(shape: Shape) -> int:
    """The width of the feed-forward layer that a token passes through."""
    return (shape.expert_ffn or shape.ffn) * shape.experts_used if shape.experts else shape.ffn
