"""A small checkpoint really fine-tuned: all of its weights and a new classification head, trained on labelled texts.

One recipe for all, not tuned on the texts: AdamW, a tenth of the steps to warm up and then down to nothing, and many rounds where there
are few texts (Mosbach et al. 2021, "On the stability of fine-tuning BERT"). So a tuned run may be somewhat ahead. Works on the processor, in
fp32.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from bertgpt_cli.checkpoints.parameters import count
from bertgpt_cli.checkpoints.weights import Folder
from bertgpt_cli.errors import Complaint, InputFileError, UsageError
from bertgpt_cli.lab.trial.pretrained import Pretrained, padded, tokens
from bertgpt_cli.lab.trial.scored import Whole
from bertgpt_cli.text import Text

_LARGEST = 400_000_000  # parameters; of more, a few hundred steps take hours on a processor
_SMALL = 60_000_000  # parameters, up to which models bear the higher rate
_RATES = (2e-4, 5e-5)
_READ = 256  # tokens of a text
_BATCH = 16
_EPOCHS, _STEPS = 3, 100  # at least so many of both
_WARM = 0.1  # of the steps
_WINDOW = 8  # batches among which texts are sorted by length


def fine_tune(
    folder: Folder,
    texts: tuple[str, ...],
    labels: Sequence[int],
    classes: int,
    asked: tuple[str, ...],
    seed: int,
    check: Callable[[int, int], None],
) -> Whole:
    """The classes that a model trained on `texts` answers for the texts `asked`. The same for the same seed and number of threads.

    `check` is called before each step and each batch that is asked, with how many of them are done and how many there are; what it
    raises ends the work. Raises UsageError where the model is too large to be trained here, InputFileError where it cannot be made.
    """
    size = count(folder.config.shape, folder.config.model).total
    if size > _LARGEST:
        message = Text(
            f"{size / 1e6:,.0f}M parameters: too many to fine-tune on a processor ({_LARGEST / 1e6:.0f}M at most)",
            f"参数量 {size / 1e6:,.0f}M，在 CPU 上微调太慢（上限 {_LARGEST / 1e6:.0f}M）",
        )
        raise UsageError("too-large", message)
    with torch.random.fork_rng(devices=()):  # dropout and the head's first weights
        torch.manual_seed(seed)
        tuned = _load(folder, classes)
        rows, _ = tokens(tuned, texts)
        batches = _batches(rows, np.random.default_rng(seed))
        others, _ = tokens(tuned, asked)
        by_length = sorted(range(len(others)), key=lambda place: len(others[place]))
        held = [by_length[start : start + _BATCH] for start in range(0, len(others), _BATCH)]
        whole = len(batches) + len(held)
        _train(tuned, rows, torch.tensor(labels), batches, _RATES[size > _SMALL], lambda done: check(done, whole))
    tuned.model.eval()
    answers = np.empty(len(others), dtype=np.int64)
    with torch.inference_mode():
        for done, places in enumerate(held, len(batches)):
            check(done, whole)
            answers[places] = _logits(tuned, [others[place] for place in places]).argmax(-1).numpy()
    return answers


def _load(folder: Folder, classes: int) -> Pretrained:
    tokenizers: Any = AutoTokenizer  # typed in some releases of transformers and not in others
    models: Any = AutoModelForSequenceClassification
    local: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tokenizer = tokenizers.from_pretrained(folder.path, **local)
            model = models.from_pretrained(
                folder.path,
                num_labels=classes,
                dtype=torch.float32,
                use_safetensors=not folder.pickled,
                weights_only=True,
                ignore_mismatched_sizes=True,  # a head of other classes that the folder may hold
                **local,
            )
    except Exception as error:  # whatever transformers, safetensors and tokenizers raise at bad files
        told = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
        message = Text(f"transformers cannot load it: {told}", f"transformers 无法加载：{told}")
        raise InputFileError((Complaint("BG630", message, folder.name),)) from None
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token or tokenizer.unk_token
    model.config.get_text_config().pad_token_id = tokenizer.pad_token_id  # by it decoders find a text's last token
    reads = min(folder.config.context or _READ, tokenizer.model_max_length, _READ)
    return Pretrained(model, model.base_model, tokenizer, reads)


def _batches(rows: list[list[int]], rng: np.random.Generator) -> list[list[int]]:
    """Places for every step of the training: each round goes through all texts, in batches of about one length."""
    rounds = max(_EPOCHS, math.ceil(_STEPS / math.ceil(len(rows) / _BATCH)))
    out: list[list[int]] = []
    for _ in range(rounds):
        order = rng.permutation(len(rows)).tolist()
        some: list[list[int]] = []
        for start in range(0, len(order), _WINDOW * _BATCH):
            window = sorted(order[start : start + _WINDOW * _BATCH], key=lambda place: len(rows[place]))
            some += [window[first : first + _BATCH] for first in range(0, len(window), _BATCH)]
        out += [some[place] for place in rng.permutation(len(some))]
    return out


def _train(
    tuned: Pretrained,
    rows: list[list[int]],
    labels: Tensor,
    batches: list[list[int]],
    rate: float,
    check: Callable[[int], None],
) -> None:
    parameters = list(tuned.model.parameters())
    optimizer = torch.optim.AdamW(parameters, lr=rate)
    steps = len(batches)
    warm = max(1, round(_WARM * steps))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / warm, (steps - step) / (steps - warm + 1))
    )
    tuned.model.train()
    for step, places in enumerate(batches):
        check(step)
        loss: Any = torch.nn.functional.cross_entropy(_logits(tuned, [rows[place] for place in places]), labels[places])
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()


def _logits(tuned: Pretrained, rows: list[list[int]]) -> Tensor:
    """(texts, classes)."""
    ids, mask = padded(rows, tuned.tokenizer.pad_token_id)
    logits: Tensor = tuned.model(input_ids=ids, attention_mask=mask).logits
    return logits
