"""What the name of an architecture tells and its numbers do not: biases, norms, gates, positions, heads.

One row for each `model_type` of transformers. `of` answers for any name: an unknown one is taken to be like Llama or like BERT, and says
so. Known beyond doubt where the tests build it in transformers and count; by its authors' code where they cannot.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

Kind = Literal["encoder", "decoder", "encoder-decoder"]


class Architecture(NamedTuple):
    """`norm` is `layer` (scale and shift) or `scale` (RMS norm, or layer norm without a shift), `norms` how many a layer has.

    `qkv_bias`, `out_bias`, `ffn_bias` say which linear layers have biases; `gated` that the feed-forward layer has a gate (three
    matrices); `positions` whether a table of positions is learned, `offset` the rows that it has beyond the config's; `pooler` whether the bare
    model ends in a dense layer on the first token; `classifier` what stands before the labels: nothing, a `pooler`, a `dense` layer;
    `qk_norm` whether queries and keys are normed, each head alone or as a whole; `dropout` whether it is trained with dropout by default, `tied` whether a config that does not say ties the vocabulary's matrices.
    """

    kind: Kind
    norm: Literal["layer", "scale"] = "layer"
    norms: int = 2
    qkv_bias: bool = True
    out_bias: bool = True
    ffn_bias: Literal["", "all", "down"] = "all"
    gated: bool = False
    positions: bool = True
    offset: int = 0
    embedding_norm: bool = True
    final_norm: bool = False
    pooler: bool = False
    classifier: Literal["", "pooler", "dense"] = ""
    qk_norm: Literal["", "head", "whole"] = ""
    dropout: bool = True
    tied: bool = True
    known: bool = True


_BERT = Architecture("encoder", pooler=True, classifier="pooler")
_ROBERTA = _BERT._replace(classifier="dense")
_LLAMA = Architecture(
    "decoder",
    norm="scale",
    qkv_bias=False,
    out_bias=False,
    ffn_bias="",
    gated=True,
    positions=False,
    embedding_norm=False,
    final_norm=True,
    dropout=False,
    tied=False,
)
_GEMMA2 = _LLAMA._replace(norms=4, tied=True)
_QWEN3 = _LLAMA._replace(qk_norm="head")
_GPT2 = Architecture("decoder", embedding_norm=False, final_norm=True)
_BART = Architecture("encoder-decoder", offset=2, classifier="dense")
_MODERNBERT = Architecture(
    "encoder",
    norm="scale",
    qkv_bias=False,
    out_bias=False,
    ffn_bias="",
    gated=True,
    positions=False,
    final_norm=True,
    classifier="dense",
    dropout=False,
)
_T5 = Architecture(
    "encoder-decoder",
    norm="scale",
    qkv_bias=False,
    out_bias=False,
    ffn_bias="",
    positions=False,
    embedding_norm=False,
    final_norm=True,
    classifier="dense",
)

ARCHITECTURES: dict[str, Architecture] = {
    "albert": _BERT,
    "bart": _BART,
    "bert": _BERT,
    "big_bird": _BERT._replace(classifier="dense"),
    "camembert": _ROBERTA,
    "deberta-v2": _BERT._replace(positions=False, pooler=False),
    "distilbert": _BERT._replace(pooler=False, classifier="dense"),
    "electra": _BERT._replace(pooler=False, classifier="dense"),
    "ernie": _BERT,
    "eurobert": _LLAMA._replace(kind="encoder", classifier="dense"),
    "gemma": _LLAMA._replace(tied=True),
    "gemma2": _GEMMA2,
    "gemma3_text": _GEMMA2._replace(qk_norm="head"),
    "gpt2": _GPT2,
    "gpt_neox": _GPT2._replace(positions=False, dropout=False, tied=False),
    "gpt_oss": _LLAMA._replace(qkv_bias=True, out_bias=True),
    "granite": _LLAMA,
    "gte": _BERT._replace(ffn_bias="down", gated=True, positions=False, pooler=False),
    "jina_bert": _BERT._replace(ffn_bias="down", gated=True, positions=False, qk_norm="whole"),
    "llama": _LLAMA,
    "longformer": _ROBERTA,
    "m2m_100": _BART._replace(positions=False, embedding_norm=False, final_norm=True),
    "marian": _BART._replace(offset=0, embedding_norm=False),
    "mbart": _BART._replace(final_norm=True),
    "ministral": _LLAMA,
    "mistral": _LLAMA,
    "mixtral": _LLAMA,
    "modernbert": _MODERNBERT,
    "modernbert-decoder": _MODERNBERT._replace(kind="decoder", classifier="dense"),
    "mpnet": _ROBERTA,
    "mt5": _T5,
    "neobert": _LLAMA._replace(kind="encoder", classifier="dense"),
    "nomic_bert": _BERT._replace(
        qkv_bias=False, out_bias=False, ffn_bias="", gated=True, positions=False, pooler=False
    ),
    "olmo2": _LLAMA._replace(qk_norm="whole"),
    "opt": _GPT2._replace(offset=2),
    "pegasus": _BART._replace(offset=0, embedding_norm=False, final_norm=True),
    "phi3": _LLAMA,
    "qwen2": _LLAMA._replace(qkv_bias=True),
    "qwen3": _QWEN3,
    "qwen3_moe": _QWEN3,
    "roberta": _ROBERTA,
    "smollm3": _LLAMA._replace(tied=True),
    "starcoder2": _GPT2._replace(positions=False, dropout=False),
    "t5": _T5,
    "umt5": _T5,
    "xlm-roberta": _ROBERTA,
}
# Other names for the same thing: remote code, versions, texts of models that also see.
ALIASES = {
    "new": "gte",
    "gemma3": "gemma3_text",
}


def of(name: str, causal: bool = True) -> Architecture:
    """The architecture of this name; of an unknown one, Llama's if it is `causal`, else BERT's, marked as not known."""
    known = ARCHITECTURES.get(ALIASES.get(name, name))
    return known or (_LLAMA if causal else _BERT)._replace(known=False)
