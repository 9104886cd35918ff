"""A model's config.json -> its shape, whatever the architecture calls its numbers. Reads numbers and nothing else.

Whatever a config asks to be run (`auto_map`, templates) is neither looked at nor loaded.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, NamedTuple

from bertgpt_cli.checkpoints import architectures
from bertgpt_cli.errors import Complaint, InputFileError
from bertgpt_cli.report.checkpoint import Shape
from bertgpt_cli.text import Text

MAX_BYTES = 1 << 20
_MOST = 10**9  # of any number of a shape: none comes near

# What a config calls a number of the shape; the first that is there counts.
KEYS: dict[str, tuple[str, ...]] = {
    "layers": ("num_hidden_layers", "n_layer", "n_layers", "encoder_layers", "num_layers"),
    "width": ("hidden_size", "n_embd", "dim", "d_model"),
    "heads": ("num_attention_heads", "n_head", "n_heads", "encoder_attention_heads", "num_heads"),
    "ffn": ("intermediate_size", "n_inner", "hidden_dim", "encoder_ffn_dim", "d_ff", "ffn_dim"),
    "vocabulary": ("vocab_size",),
    "positions": ("max_position_embeddings", "n_positions", "n_ctx"),
    "kv_heads": ("num_key_value_heads",),
    "head_width": ("head_dim", "d_kv"),
    "token_types": ("type_vocab_size",),
    "embedding": ("embedding_size", "word_embed_proj_dim"),
    "labels": ("num_labels",),
    "decoder_layers": ("decoder_layers", "num_decoder_layers"),
    "buckets": ("position_buckets", "relative_attention_num_buckets"),
    "window": ("sliding_window", "local_attention"),
    "globals": ("global_attn_every_n_layers", "sliding_window_pattern"),
    "experts": ("num_experts", "num_local_experts", "n_routed_experts"),
    "experts_used": ("num_experts_per_tok",),
    "expert_ffn": ("moe_intermediate_size",),
}
_NEEDED = ("layers", "width", "heads", "vocabulary")
# What an architecture has where its config does not say; of others, 0 stands for the usual (as many keys as heads ...).
_UNSAID: dict[str, dict[str, int]] = {
    "gemma": {"kv_heads": 16, "head_width": 256},
    "gemma2": {"kv_heads": 4, "head_width": 256},
    "gemma3_text": {"heads": 8, "kv_heads": 4, "head_width": 256, "vocabulary": 262_208},
    "qwen2": {"kv_heads": 32},
    "qwen3": {"kv_heads": 32, "head_width": 128},
    "mistral": {"kv_heads": 8},
    "ministral": {"kv_heads": 8},
    "mixtral": {"kv_heads": 8, "experts": 8, "experts_used": 2},
    "starcoder2": {"kv_heads": 2},
    "qwen3_moe": {"kv_heads": 4, "experts": 128, "experts_used": 8, "expert_ffn": 768},
    "gpt_oss": {"kv_heads": 8, "head_width": 64, "experts": 128, "experts_used": 4},
    "t5": {"head_width": 64, "buckets": 32},
    "mt5": {"head_width": 64, "buckets": 32},
    "umt5": {"head_width": 64, "buckets": 32},
    "mpnet": {"buckets": 32},
    "albert": {"embedding": 128, "token_types": 2},
    "electra": {"embedding": 128, "token_types": 2},
    **{
        name: {"token_types": 2}
        for name in "bert ernie big_bird roberta xlm-roberta camembert longformer nomic_bert".split()
    },
    "gte": {"token_types": 1},
}


class Config(NamedTuple):
    """`model` is the class that the weights are for; `context` the longest input that the config states (0: none)."""

    shape: Shape
    model: str
    family: str
    context: int


def read(name: str, data: bytes) -> Config:
    """Raises InputFileError that says what is wrong with the file called `name` and what was expected."""
    config = parsed(name, data)
    inner = config.get("text_config")
    if isinstance(inner, dict):  # a model that also sees or hears: its text part
        config = {**config, **inner}
    architecture = config.get("model_type")
    if not isinstance(architecture, str) or not architecture:
        raise _bad(
            name,
            "BG603",
            Text(
                "no model_type: this is not the config.json of a transformers model",
                "没有 model_type：这不是 transformers 模型的 config.json",
            ),
        )
    unsaid = _UNSAID.get(architectures.ALIASES.get(architecture, architecture), {})
    found = {field: _number(name, config, keys, unsaid.get(field, 0)) for field, keys in KEYS.items()}
    missing = [" / ".join(KEYS[field]) for field in _NEEDED if not found[field]]
    if missing:
        words = ", ".join(missing)
        raise _bad(name, "BG604", Text(f"the config lacks {words}", f"配置缺少 {words}"))
    model = _model(config)
    causal = not model.endswith(("ForMaskedLM", "ForTokenClassification", "ForQuestionAnswering"))
    causal = causal and (model.endswith(("ForCausalLM", "LMHeadModel")) or bool(found["kv_heads"]))
    traits = architectures.of(architecture, causal)
    wanted = {
        "ffn": traits.known and architecture not in _FOUR,
        "positions": traits.positions,
        "decoder_layers": traits.kind == "encoder-decoder" and "num_layers" not in config,
    }
    for field in wanted:
        if wanted[field] and not found[field]:
            keys = " / ".join(KEYS[field])
            raise _bad(name, "BG604", Text(f"the config lacks {keys}", f"配置缺少 {keys}"))
    shape = _shape(name, config, architecture, found, traits)
    if shape.width % shape.heads and not shape.head_width:
        message = Text(
            f"the width {shape.width} is no multiple of the {shape.heads} heads",
            f"宽度 {shape.width} 不能被头数 {shape.heads} 整除",
        )
        raise _bad(name, "BG605", message)
    both_sides = traits.kind == "decoder" and config.get("use_bidirectional_attention") is True
    family = "bert" if both_sides else {"encoder": "bert", "decoder": "gpt"}.get(traits.kind, traits.kind)
    return Config(shape, model or _BARE[family], family, found["positions"])


_FOUR = ("gpt2",)  # where the config does not say, its feed-forward layer is four times as wide
_BARE = {"bert": "Model", "gpt": "ForCausalLM", "encoder-decoder": "ForConditionalGeneration"}


def _shape(
    name: str, config: dict[str, Any], architecture: str, found: dict[str, int], traits: architectures.Architecture
) -> Shape:
    if architecture == "deberta-v2" and not found["buckets"]:
        found["buckets"] = found["positions"] if config.get("relative_attention") else 0
    if config.get("use_task_id") is True:
        found["task_types"] = _number(name, config, ("task_type_vocab_size",)) or 3
    if config.get("multi_query") is True:
        found["kv_heads"] = 1
    labels = config.get("id2label")
    if isinstance(labels, dict) and labels:
        found["labels"] = len(labels)
    if traits.kind != "encoder-decoder":
        found["decoder_layers"] = 0
    if architecture == "distilbert":
        found["token_types"] = 0
    if (
        architecture == "neobert"
    ):  # its gate takes two thirds of what the config says, in steps of 8 (its authors' code)
        found["ffn"] = -(-int(2 * found["ffn"] / 3) // 8) * 8
    found["ffn"] = found["ffn"] or 4 * found["width"]
    tied = config.get("tie_word_embeddings")
    plain: dict[str, Any] = {**found, "tied": tied if isinstance(tied, bool) else traits.tied}
    feeds = config.get("feed_forward_proj", "" if architecture == "t5" else "gated-gelu")
    gated = config.get("is_gated_act", str(feeds).startswith("gated"))
    plain["gated"] = architecture in ("t5", "mt5", "umt5") and gated is True
    plain["attention_bias"] = config.get("attention_bias") is True and not traits.out_bias
    plain["ffn_bias"] = config.get("mlp_bias") is True and not traits.ffn_bias
    return Shape(architecture, **plain)


def _model(config: dict[str, Any]) -> str:
    named = config.get("architectures")
    return named[0] if isinstance(named, list) and named and isinstance(named[0], str) else ""


def parsed(name: str, data: bytes, most: int = MAX_BYTES) -> dict[str, Any]:
    """The JSON object in the file called `name`, of `most` bytes at most. Raises InputFileError."""
    if len(data) > most:
        raise _bad(name, "BG601", Text(f"larger than {most} bytes", f"文件超过 {most} 字节"))
    if data.startswith(b"version https://git-lfs"):
        raise _bad(
            name,
            "BG601",
            Text("a git-lfs pointer, not the file: run git lfs pull", "这是 git-lfs 指针文件，请先运行 git lfs pull"),
        )
    try:
        config = json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise _bad(
            name, "BG601", Text(f"not UTF-8, at byte {error.start}", f"不是 UTF-8，位于第 {error.start} 字节")
        ) from None
    except json.JSONDecodeError as error:
        message = Text(f"not JSON: {error.msg}", f"不是 JSON：{error.msg}")
        raise InputFileError((Complaint("BG602", message, name, error.lineno, error.colno),)) from None
    except (RecursionError, ValueError):  # nested without end; a number of too many digits
        raise _bad(name, "BG602", Text("JSON that nobody would write", "JSON 内容异常")) from None
    if not isinstance(config, dict):
        raise _bad(name, "BG602", Text("not a JSON object", "不是 JSON 对象"))
    return config


def _number(name: str, config: dict[str, Any], keys: Iterable[str], unsaid: int = 0) -> int:
    """The number under the first of the keys that is there; 0 for null and for what stands for none, `unsaid` for none at all."""
    for key in keys:
        if key not in config:
            continue
        value = config[key]
        if value is None:
            return 0
        if isinstance(value, bool) or not isinstance(value, int) or abs(value) > _MOST:
            shown = json.dumps(value)[:40]
            message = Text(f"{key} is {shown}: expected a whole number", f"{key} 为 {shown}：应为整数")
            raise _bad(name, "BG605", message)
        if key == "position_buckets" and value < 0:
            return 0
        if value < 0:
            message = Text(f"{key} is {value}: expected a number above 0", f"{key} 为 {value}：应大于 0")
            raise _bad(name, "BG605", message)
        return value
    return unsaid


def _bad(name: str, code: str, message: Text) -> InputFileError:
    return InputFileError((Complaint(code, message, name),))
