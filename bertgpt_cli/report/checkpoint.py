"""A concrete pretrained model: what it is, and the shape from which its size and its cost follow.

(No `from __future__ import annotations` in modules of named tuples; see `report.recommendation`.)
"""

from typing import NamedTuple

from bertgpt_cli.text import Text

ENCODER, DECODER, BOTH = "encoder", "decoder", "encoder-decoder"


class Shape(NamedTuple):
    """The numbers of a transformer, named as in its config.json or shorter. 0 where it has none of something.

    `architecture` is the config's `model_type`; it tells what the numbers do not: biases, norms, gates, positions.
    `ffn` is the width of a feed-forward layer, `positions` the rows of a learned table or the longest input,
    `token_types` and `task_types` the rows of the tables that BERT and ERNIE add to
    the tokens', `embedding` the width of token embeddings where that is another than `width`, `labels` the outputs of a classification
    head, `buckets` the rows of a table of relative positions, `attention_bias` and `ffn_bias` say that these layers have biases although the architecture's usually have
    none, `window` the tokens that a local layer sees and `globals`
    that every so many-th layer sees all. Of `experts` in a layer, each `expert_ffn` wide, `experts_used` work on a token.
    """

    architecture: str
    layers: int
    width: int
    heads: int
    ffn: int
    vocabulary: int
    positions: int = 0
    tied: bool = True
    kv_heads: int = 0
    head_width: int = 0
    token_types: int = 0
    task_types: int = 0
    embedding: int = 0
    labels: int = 0
    decoder_layers: int = 0
    buckets: int = 0
    gated: bool = False
    attention_bias: bool = False
    ffn_bias: bool = False
    window: int = 0
    globals: int = 0
    experts: int = 0
    experts_used: int = 0
    expert_ffn: int = 0

    @property
    def query_width(self) -> int:
        """All heads' queries side by side."""
        return self.heads * self.one_head

    @property
    def key_width(self) -> int:
        """All heads' keys side by side; values are as wide."""
        return (self.kv_heads or self.heads) * self.one_head

    @property
    def one_head(self) -> int:
        return self.head_width or self.width // self.heads


class Checkpoint(NamedTuple):
    """A model that can be downloaded. `id` is its name on the Hugging Face hub.

    `published` is the parameter count as its authors or the hub state it, `parameters` the one that follows from the shape of
    `model` (the transformers class that the weights are for), `memory` the bytes that serving one usual input takes. `context` is the longest input in tokens. `serves` are the approaches that
    start from it; `tasks`, where there are any, the only ones that its head is ready for. `place` is the file and line.
    """

    id: str
    family: str
    model: str
    shape: Shape
    published: int
    parameters: int
    memory: int
    context: int
    languages: tuple[str, ...]
    license: str
    year: int
    serves: tuple[str, ...]
    tasks: tuple[str, ...]
    remote_code: bool
    about: Text
    source: str
    place: str


class Gpu(NamedTuple):
    """What a GPU can do, as its maker states it: `memory` in bytes, `bandwidth` in bytes a second, dense operations a second."""

    id: str
    title: str
    memory: float
    bandwidth: float
    fp32: float
    bf16: float
    int8: float
    year: int
    source: str


class Models(NamedTuple):
    """A listing of checkpoints: those that were asked for, of how many."""

    words: str
    checkpoints: tuple[Checkpoint, ...]
    total: int


class Pick(NamedTuple):
    """A checkpoint that fits, and why it is named: `role` is `first`, `smaller`, `larger` or `next`; of a combination, `part` is
    the approach that it would do. `whole` says whether it reads an input of the length that was told at once.
    """

    checkpoint: Checkpoint
    part: str
    role: str
    whole: bool


class Picks(NamedTuple):
    """The checkpoints to start with. Of those that would serve, `unfit` were ruled out by the facts.

    `language` is the language that they were picked for, `assumed` where nobody said it.
    """

    picks: tuple[Pick, ...]
    unfit: int
    language: str
    assumed: bool


NO_PICKS = Picks((), 0, "", False)
