"""A checkpoint's folder -> a model and a tokenizer, ready to be asked. Offline, without remote code, from what `weights.inspect` allowed."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, NamedTuple

import torch
from torch import Tensor
from transformers import AutoConfig, AutoModel, AutoModelForCausalLM, AutoModelForMaskedLM, AutoTokenizer
from transformers.utils import logging

from bertgpt_cli.checkpoints.weights import Folder
from bertgpt_cli.errors import Complaint, InputFileError
from bertgpt_cli.text import Text

os.environ["HF_HUB_OFFLINE"] = "1"  # whatever is missing is missing: `hub` alone fetches, before this is imported
_talk: Any = logging  # typed in some releases of transformers and not in others, as are the Auto classes
_talk.set_verbosity_error()
_talk.disable_progress_bar()

MOST_TOKENS = 512  # of one text: what is beyond is seldom what decides, and costs most
_UNSAID = 1 << 20  # tokenizers that state no limit state an absurd one


class Source(NamedTuple):
    """What is loaded: a folder as inspected, or (`twin`) a model of its shape with random weights from this seed."""

    folder: Folder
    twin: int | None = None


class Pretrained(NamedTuple):
    """`model` has its head if the folder has one, `body` is it without; `reads` is the longest text, in tokens."""

    model: Any
    body: Any
    tokenizer: Any
    reads: int


@lru_cache(maxsize=1)
def load(source: Source, precision: str) -> Pretrained:
    """In eval mode, in `fp32` or `bf16`. Raises InputFileError where transformers cannot make a model of the folder."""
    folder = source.folder
    causal, masked, bare = AutoModelForCausalLM, AutoModelForMaskedLM, AutoModel
    kind: Any = causal if "causal-lm" in folder.heads else masked if "masked-lm" in folder.heads else bare
    shapes: Any = bare
    tokenizers: Any = AutoTokenizer
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    local: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about what it left out or will change: not the user's matter
            tokenizer = tokenizers.from_pretrained(folder.path, **local)
            config = AutoConfig.from_pretrained(folder.path, **local)
            # A config may name attention and experts of its own, even ones of a hub: here it has no say.
            config._attn_implementation, config._experts_implementation = "sdpa", "eager"
            if source.twin is None:
                model, told = kind.from_pretrained(
                    folder.path,
                    config=config,
                    dtype=dtype,
                    use_safetensors=not folder.pickled,
                    weights_only=True,
                    output_loading_info=True,
                    **local,
                )
                _whole(folder, told["missing_keys"])
            else:
                with torch.random.fork_rng():
                    torch.manual_seed(source.twin)
                    model = shapes.from_config(config).to(dtype)
    except InputFileError:
        raise
    except Exception as error:  # whatever transformers, safetensors and tokenizers raise at bad files
        raise _not_loaded(folder.name, error) from None
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token or tokenizer.unk_token
    stated = folder.config.context or _UNSAID
    return Pretrained(model.eval(), model.base_model, tokenizer, min(stated, tokenizer.model_max_length, MOST_TOKENS))


def _whole(folder: Folder, missing: Iterable[str]) -> None:
    """Raises InputFileError where the weights lack what would then be random; a pooler, which nothing here reads, may be."""
    lacking = sorted(name for name in missing if "pooler" not in name)
    if lacking:
        some = ", ".join(lacking[:3])
        message = Text(
            f"the weights lack {len(lacking)} tensors of the model: {some}",
            f"权重缺少模型的 {len(lacking)} 个张量：{some}",
        )
        raise InputFileError((Complaint("BG631", message, folder.name),))


def _not_loaded(name: str, error: Exception) -> InputFileError:
    told = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
    message = Text(f"transformers cannot load it: {told}", f"transformers 无法加载：{told}")
    return InputFileError((Complaint("BG630", message, name),))


def tokens(pretrained: Pretrained, texts: tuple[str, ...]) -> tuple[list[list[int]], int]:
    """The tokens of each text, and how many texts were cut to what the model reads."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
    rows: list[list[int]] = pretrained.tokenizer(list(texts), verbose=False, split_special_tokens=True)["input_ids"]
    end = rows and pretrained.tokenizer.sep_token_id
    cut = 0
    for place, row in enumerate(rows):
        if len(row) > pretrained.reads:
            cut += 1
            closing = [row[-1]] if row[-1] == end else []
            rows[place] = [*row[: pretrained.reads - len(closing)], *closing]
        elif not row:  # nothing that the tokenizer knows
            rows[place] = [pretrained.tokenizer.pad_token_id]
    return rows, cut


def padded(rows: list[list[int]], pad: int) -> tuple[Tensor, Tensor]:
    """(texts, tokens) padded at the right, and which of them are there."""
    width = max(map(len, rows))
    ids = torch.full((len(rows), width), pad)
    mask = torch.zeros(len(rows), width, dtype=torch.long)
    for place, row in enumerate(rows):
        ids[place, : len(row)] = torch.tensor(row)
        mask[place, : len(row)] = 1
    return ids, mask
