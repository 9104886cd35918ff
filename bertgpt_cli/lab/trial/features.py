"""Texts -> frozen features: hidden states of some layers, pooled as fits the family. Knows no labels."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bertgpt_cli.checkpoints.memory import Precision
from bertgpt_cli.lab.trial.pretrained import Pretrained, Source, load, padded, tokens
from bertgpt_cli.text import Text

_BATCH = 1024  # tokens of one pass: more fall out of a processor's caches
_LAYERS = 7  # of a deep model so many are offered, evenly spread, the last among them
_SAMPLE = 256  # tokens by which precisions are compared
_FASTER = 1.2  # bf16 must be so many times as fast to be taken
_EQUAL = 0.999  # and correlate so with fp32
POOLINGS = {
    "bert": (Text("mean of tokens", "词元均值"), Text("[CLS]", "[CLS]")),
    "gpt": (Text("mean of tokens", "词元均值"), Text("last token", "末词元")),
}


def layers(source: Source) -> list[int]:
    """Which hidden states are pooled: 0 is the embedding, the number of layers the last."""
    depth = source.folder.config.shape.layers
    if depth < _LAYERS:
        return list(range(depth + 1))
    return sorted({round(depth * step / (_LAYERS - 1)) for step in range(_LAYERS)})


def view_name(source: Source, view: int) -> Text:
    """What a place on the second axis of the features is: a layer, and a pooling."""
    layer, pooling = layers(source)[view // 2], POOLINGS[source.folder.config.family][view % 2]
    depth = source.folder.config.shape.layers
    return Text(f"layer {layer} of {depth}, {pooling.en}", f"第 {layer}/{depth} 层，{pooling.zh}")


def encode(
    source: Source, precision: Precision, texts: tuple[str, ...], check: Callable[[int], None]
) -> tuple[NDArray[np.float32], int]:
    """(texts, views, width), and how many texts were cut. A view is a layer and one of the two poolings of the family.

    `check` is called with how many texts are done before each pass; what it raises ends the work.
    """
    pretrained = load(source, precision)
    rows, cut = tokens(pretrained, texts)
    wanted = layers(source)
    out: NDArray[np.float32] | None = None
    done = 0
    with torch.inference_mode():
        for places in _batches(rows):
            check(done)
            states = _states(pretrained, [rows[place] for place in places], wanted, source.folder.config.family)
            if out is None:
                out = np.empty((len(texts), *states.shape[1:]), np.float32)
            out[places] = states.numpy()
            done += len(places)
    assert out is not None  # there is no empty shard
    return np.nan_to_num(out, posinf=1e4, neginf=-1e4), cut


def _batches(rows: list[list[int]]) -> Iterator[list[int]]:
    """Places of texts of about one length, the shortest first."""
    batch: list[int] = []
    for place in sorted(range(len(rows)), key=lambda place: len(rows[place])):
        if batch and (len(batch) + 1) * len(rows[place]) > _BATCH:
            yield batch
            batch = []
        batch.append(place)
    if batch:
        yield batch


def _states(pretrained: Pretrained, rows: list[list[int]], wanted: list[int], family: str) -> Tensor:
    """(texts, views, width) for texts of about one length."""
    ids, mask = padded(rows, pretrained.tokenizer.pad_token_id or 0)
    extra = {"use_cache": False} if family == "gpt" else {}
    told = pretrained.body(input_ids=ids, attention_mask=mask, output_hidden_states=True, **extra)
    seen = mask.unsqueeze(-1).float()
    last = mask.sum(1) - 1
    pooled = []
    for layer in wanted:
        states = told.hidden_states[layer].float()
        pooled.append((states * seen).sum(1) / seen.sum(1))
        pooled.append(states[:, 0] if family == "bert" else states[torch.arange(len(rows)), last])
    return torch.stack(pooled, 1)


def faster_precision(source: Source, texts: tuple[str, ...]) -> Precision:
    """`bf16` where it is measured to be faster on this machine and to give the same features, else `fp32`."""
    rows, _ = tokens(load(source, "fp32"), texts[:64])
    rows = sorted(rows, key=len)[len(rows) // 2 :][: max(1, _SAMPLE // max(1, len(rows[len(rows) // 2])))]
    found: dict[Precision, tuple[float, Tensor]] = {}
    precisions: tuple[Precision, ...] = ("fp32", "bf16")
    for precision in precisions:
        pretrained = load(source, precision)
        last = [source.folder.config.shape.layers]
        with torch.inference_mode():
            _states(pretrained, rows, last, source.folder.config.family)  # warms up
            begin = time.perf_counter()
            states = _states(pretrained, rows, last, source.folder.config.family)
            found[precision] = time.perf_counter() - begin, states
    (slow, exact), (quick, rough) = found["fp32"], found["bf16"]
    alike = torch.nn.functional.cosine_similarity(exact.flatten(1), rough.flatten(1)).min()
    return "bf16" if slow / quick > _FASTER and float(alike) > _EQUAL else "fp32"
