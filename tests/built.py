"""A shape -> the config of transformers that has it: what the tests build to count and measure against."""

from __future__ import annotations

from typing import Any

from bertgpt_cli.checkpoints.config import KEYS
from bertgpt_cli.report.checkpoint import Shape

# What the published models of an architecture set beyond their numbers.
SET: dict[str, dict[str, Any]] = {
    "deberta-v2": {
        "relative_attention": True,
        "pos_att_type": ["p2c", "c2p"],
        "share_att_key": True,
        "norm_rel_ebd": "layer_norm",
        "position_biased_input": False,
    },
    "marian": {"share_encoder_decoder_embeddings": True},
}
_TWICE = {  # encoder-decoders name the numbers of both stacks
    "encoder_attention_heads": "decoder_attention_heads",
    "encoder_ffn_dim": "decoder_ffn_dim",
}


def config_of(shape: Shape) -> Any:
    """Raises ValueError for an architecture that transformers does not have."""
    from transformers import AutoConfig

    architecture = {"new": "gte"}.get(shape.architecture, shape.architecture)
    known = AutoConfig.for_model(architecture).to_dict()
    told = dict(SET.get(architecture, {}))
    for field, keys in KEYS.items():
        value = getattr(shape, field)
        key = next((key for key in keys if key in known), keys[0])
        if value or (field == "token_types" and key in known):
            told[key] = value
            if key in _TWICE:
                told[_TWICE[key]] = value
    if shape.labels:
        told["num_labels"] = shape.labels
    if shape.task_types:
        told |= {"use_task_id": True, "task_type_vocab_size": shape.task_types}
    if shape.gated:
        told["feed_forward_proj"] = "gated-gelu"
    if not shape.embedding and "embedding_size" in known:
        told["embedding_size"] = shape.width
    told["tie_word_embeddings"] = shape.tied
    special = {
        key: 0
        for key in known
        if key.endswith("_token_id") and isinstance(known[key], int) and known[key] >= shape.vocabulary
    }
    return AutoConfig.for_model(architecture, **told, **special)
