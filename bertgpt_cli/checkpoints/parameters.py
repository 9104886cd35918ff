"""A shape -> how many parameters each part has. Exact: equal to what transformers builds, for the architectures it knows."""

from __future__ import annotations

from typing import NamedTuple

from bertgpt_cli.checkpoints import architectures
from bertgpt_cli.checkpoints.architectures import Architecture
from bertgpt_cli.report.checkpoint import Shape


class Parameters(NamedTuple):
    """Counts by part. `attention`, `feed_forward` and `norms` are those of all layers together.

    `working` is how many stand in the matrices that multiply each token, which looking up embeddings and norms do not: fewer than there
    are where only some experts of a layer are used. `writes` says whether the class is a decoder with scores for its whole vocabulary.
    """

    embeddings: int
    attention: int
    feed_forward: int
    norms: int
    head: int
    working: int
    writes: bool

    @property
    def total(self) -> int:
        return self.embeddings + self.attention + self.feed_forward + self.norms + self.head


def count(shape: Shape, model: str) -> Parameters:
    """`model` is the transformers class that the weights are for: `BertForMaskedLM`, `Qwen3Model`; its ending tells the head."""
    traits = architectures.of(shape.architecture)
    encoder_layers, decoder_layers = stacks(shape)
    if model.endswith(("EncoderModel", "ForTokenClassification")):
        decoder_layers = 0  # of a T5 the half that reads
    crossed = decoder_layers  # a decoder layer that reads an encoder has a second attention
    if decoder_layers and model.endswith("ForCausalLM"):
        encoder_layers, decoder_layers = decoder_layers, 0  # the half that writes
    layers = 1 if shape.architecture == "albert" else encoder_layers + decoder_layers
    attention = (layers + crossed) * _attention(shape, traits)
    one, used = _feed_forward(shape, traits)
    norm = _norm(shape.width, traits)
    norms = norm * (traits.norms * layers + crossed)
    final = traits.final_norm and not (shape.architecture == "opt" and shape.embedding not in (0, shape.width))
    norms += norm * final * (2 if decoder_layers else 1)
    if shape.architecture.startswith(
        "modernbert"
    ):  # their first layer's attention reads the normed embeddings as they are
        norms -= norm
    attention += _relative(shape, traits, decoder_layers)
    embeddings = _embeddings(shape, traits, decoder_layers)
    head = _head(shape, traits, model)
    repeats = encoder_layers + decoder_layers if shape.architecture == "albert" else 1
    working = (
        repeats * (attention + used * layers)
        + head
        + (shape.vocabulary * shape.width if scores(model) and shape.tied else 0)
    )
    return Parameters(
        embeddings, attention, one * layers, norms, head, working, traits.kind != "encoder" and scores(model)
    )


def stacks(shape: Shape) -> tuple[int, int]:
    """The layers of the encoder (or of the only stack) and of the decoder that reads it."""
    both = architectures.of(shape.architecture).kind == "encoder-decoder"
    return shape.layers, (shape.decoder_layers or shape.layers) if both else 0


def scores(model: str) -> bool:
    """Whether the class gives scores for the whole vocabulary."""
    return model.endswith(
        ("ForMaskedLM", "ForCausalLM", "LMHeadModel", "ForConditionalGeneration", "MTModel", "LMHead")
    )


def _norm(width: int, traits: Architecture) -> int:
    return width * (2 if traits.norm == "layer" else 1)


def _embeddings(shape: Shape, traits: Architecture, decoder_layers: int) -> int:
    wide = shape.embedding or shape.width
    towers = 2 if decoder_layers else 1
    found = (shape.vocabulary + shape.token_types + shape.task_types) * wide
    if traits.positions:
        found += towers * (shape.positions + traits.offset) * (shape.width if shape.architecture == "opt" else wide)
    if not shape.tied and traits.kind == "encoder-decoder" and traits.norm == "layer":
        found += 2 * shape.vocabulary * wide  # each stack then has a table beside the shared one
    if traits.embedding_norm:
        found += towers * _norm(wide, traits)
    if wide != shape.width and shape.architecture == "opt":  # narrower at both ends
        found += 2 * wide * shape.width
    elif wide != shape.width or shape.architecture == "albert":
        found += wide * shape.width + shape.width
    return found


def _attention(shape: Shape, traits: Architecture) -> int:
    query, key = shape.query_width, shape.key_width
    found = shape.width * (query + 2 * key) + query * shape.width
    biased = shape.attention_bias
    found += (query + 2 * key) * (biased or traits.qkv_bias) + shape.width * (biased or traits.out_bias)
    if shape.architecture == "longformer":  # a second set of projections for the tokens that see all
        found += shape.width * (query + 2 * key) + query + 2 * key
    if shape.architecture == "gpt_oss":
        found += shape.heads  # a learned sink for each head
    if traits.qk_norm:
        normed = 2 * shape.one_head if traits.qk_norm == "head" else query + key
        found += _norm(normed, traits)
    return found


def _feed_forward(shape: Shape, traits: Architecture) -> tuple[int, int]:
    """One layer's parameters, and how many of them work on one token."""
    gated = traits.gated or shape.gated
    if not shape.experts:
        one = _dense(shape.width, shape.ffn, gated, "all" if shape.ffn_bias else traits.ffn_bias)
        return one, one
    router = shape.width * shape.experts
    bias: str = ""
    if shape.architecture == "gpt_oss":
        router, bias = router + shape.experts, "all"
    expert = _dense(shape.width, shape.expert_ffn or shape.ffn, gated, bias)
    return router + shape.experts * expert, router + shape.experts_used * expert


def _dense(width: int, ffn: int, gated: bool, bias: str) -> int:
    up = 2 if gated else 1
    return (up + 1) * width * ffn + (up * ffn * (bias == "all") + width * (bias in ("all", "down")))


def _relative(shape: Shape, traits: Architecture, decoder_layers: int) -> int:
    """Tables of relative positions: DeBERTa's vectors with their norm, T5's and MPNet's biases (T5's once in each stack)."""
    if shape.architecture == "deberta-v2":
        return 2 * shape.buckets * shape.width + _norm(shape.width, traits)
    if shape.architecture == "umt5":  # every layer has its own
        return shape.buckets * shape.heads * (shape.layers + decoder_layers)
    return shape.buckets * shape.heads * (2 if decoder_layers else 1)


def _head(shape: Shape, traits: Architecture, model: str) -> int:
    width, dense = shape.width, shape.width * (shape.width + 1)
    labels = shape.labels or 2
    if shape.architecture == "big_bird" and not model.endswith(("Model", "ForPreTraining")):
        return _big_bird_head(shape, traits, model, labels)
    if scores(model) and (traits.kind == "encoder" or shape.architecture == "modernbert-decoder"):
        return _masked_head(shape, traits)
    if model.endswith("ForPreTraining"):
        if shape.architecture == "electra":
            return dense + width + 1
        return _masked_head(shape, traits) + dense + 2 * width + 2
    if scores(model):
        return 0 if shape.tied else shape.vocabulary * width
    if model == "GLiNER":
        return _span_head(width)
    if model.endswith("ForSequenceClassification"):
        if traits.kind == "decoder":
            return width * labels + (dense if traits.classifier else 0)
        if shape.architecture == "modernbert":
            dense = width * width + width
        return (dense if traits.classifier else 0) + width * labels + labels
    if model.endswith(("ForTokenClassification", "ForQuestionAnswering")):
        labels = 2 if model.endswith("ForQuestionAnswering") else labels
        before = width * width + width if shape.architecture == "modernbert" else 0
        return before + width * labels + labels
    return dense if traits.pooler else 0


def _big_bird_head(shape: Shape, traits: Architecture, model: str, labels: int) -> int:
    """Every class keeps the pooler but that for questions, which has one more feed-forward layer instead."""
    width = shape.width
    if model.endswith("ForQuestionAnswering"):
        return _dense(width, shape.ffn, False, "all") + _norm(width, traits) + 2 * width + 2
    other = _head(shape._replace(architecture="roberta"), traits, model)
    return other + width * (width + 1)


def _masked_head(shape: Shape, traits: Architecture) -> int:
    """A transform of the width with its norm, then the vocabulary's matrix unless it is tied, and its bias."""
    width, wide = shape.width, shape.embedding or shape.width
    matrix = 0 if shape.tied else shape.vocabulary * wide
    if shape.architecture in ("eurobert", "neobert"):  # no transform
        return matrix + (shape.vocabulary if shape.architecture == "neobert" else 0)
    if shape.architecture.startswith("modernbert"):
        return width * width + width + shape.vocabulary + matrix
    if not shape.tied and shape.architecture not in ("distilbert", "electra", "gte", "new"):
        matrix += shape.vocabulary  # the untied layer brings a bias of its own
    return width * wide + wide + _norm(wide, traits) + shape.vocabulary + matrix


def _span_head(width: int, inner: int = 512) -> int:
    """GLiNER's: a projection, an LSTM in both directions, and feed-forward layers for starts, ends, spans and type names."""

    def feed_forward(wide: int) -> int:
        return wide * 4 * inner + 4 * inner + 4 * inner * inner + inner

    half = inner // 2
    lstm = 2 * (4 * half * (inner + half) + 8 * half)
    return width * inner + inner + lstm + 3 * feed_forward(inner) + feed_forward(2 * inner)
