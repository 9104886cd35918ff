"""One model, run by itself in a process of its own: what it takes at its peak, and how long.

    python -m tests.benchmarks.model_process CHECKPOINT infer|generate|train BATCH TOKENS

Prints JSON: `bytes`, the peak of the resident set over what it was once everything was imported, and `seconds` of the last of three rounds.
The weights are random; the shape is the checkpoint's.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from collections.abc import Callable
from typing import Any

import torch
import transformers

from bertgpt_cli.rulebook import loading
from tests.checkpoints.test_parameters import config_of

WRITTEN = 16  # tokens that a decoder writes after its prompt


def resident(line: str = "VmRSS") -> int:
    """A line of the kernel's table of this process, in bytes."""
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(row.split()[1]) * 1024 for row in status if row.startswith(line))


def forget_peak() -> None:
    gc.collect()
    with open("/proc/self/clear_refs", "w", encoding="ascii") as switch:
        switch.write("5")


def main(name: str, mode: str, batch: int, tokens: int) -> dict[str, float]:
    torch.manual_seed(0)
    transformers.logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    checkpoint = loading.load().checkpoints[name]
    config = config_of(checkpoint.shape, checkpoint.family)
    writes = checkpoint.family != "bert"
    if not writes:
        config.num_labels = 2
    auto: Any = transformers.AutoModelForCausalLM if writes else transformers.AutoModelForSequenceClassification
    with torch.device("meta"):
        auto.from_config(config)  # imports what the class needs, and takes no memory itself
    gc.collect()
    before = resident()
    model = auto.from_config(config)
    ids = torch.randint(5, 20_000, (batch, tokens))
    inputs = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
    forget_peak()  # what building took, with matrices that are then tied, is no part of using it
    run = {"infer": infer, "generate": generate, "train": train}[mode](model, inputs, writes)
    for _ in range(3):
        start = time.perf_counter()
        run()
        took = time.perf_counter() - start
    return {"bytes": resident("VmHWM") - before, "seconds": took}


Run = Callable[[], None]


def infer(model: Any, inputs: dict[str, Any], writes: bool) -> Run:
    model.eval()

    def run() -> None:
        with torch.inference_mode():
            model(**inputs)

    return run


def generate(model: Any, inputs: dict[str, Any], writes: bool) -> Run:
    model.eval()
    limits = {"max_new_tokens": WRITTEN, "min_new_tokens": WRITTEN, "do_sample": False, "pad_token_id": 0}

    def run() -> None:
        with torch.inference_mode():
            model.generate(**inputs, **limits)

    return run


def train(model: Any, inputs: dict[str, Any], writes: bool) -> Run:
    model.train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5)
    labels = inputs["input_ids"].clone() if writes else torch.zeros(len(inputs["input_ids"]), dtype=torch.long)

    def run() -> None:
        model(**inputs, labels=labels).loss.backward()
        optimizer.step()
        optimizer.zero_grad()

    return run


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))))
