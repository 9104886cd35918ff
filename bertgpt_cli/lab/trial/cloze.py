"""Encoders asked by cloze: how likely each label's name is in the gap of a sentence after the text.

The pattern of PET (Schick & Schütze 2021, arXiv:2001.07676), without its training, and with the labels' own names as verbalizers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from bertgpt_cli.lab.trial.pretrained import MOST_TOKENS, padded
from bertgpt_cli.lab.trial.prompts import (
    LEAST,
    SLACK,
    Question,
    Scores,
    Tokens,
    batches,
    beginning,
    checked,
    frame,
    ids_of,
    no_room,
    reads,
    spoken,
)


def cloze_scores(
    model: Any,
    tokenizer: Any,
    texts: Sequence[str],
    names: Sequence[str],
    *,
    question: Question,
    check: Callable[[int], None],
) -> Scores:
    """Σ_j log p(token j of the name | text, gaps) in nats -> (texts, names).

    `model` has a masked-LM head and is in eval mode; `tokenizer` has a mask token. A name of k tokens is asked with k gaps, all of them
    open: its tokens do not see one another. Each k is a pass over the texts. `check` is called before each batch with how many texts
    are done; what it raises ends the work.

    Raises UsageError: BG720, BG722 for labels that say nothing (see `prompts`), BG721 where the names leave no room for a text.
    """
    options = _options(tokenizer, spoken(names), question)
    before, after = frame(tokenizer)
    sentences = {len(option): _sentence(tokenizer, question, len(option)) for option in options}
    limit = min(reads(model, tokenizer), MOST_TOKENS)
    room = limit - len(before) - len(after) - max(map(len, sentences.values()))
    if room < LEAST:
        raise no_room(limit, 0)
    starts = [[*before, *ids_of(tokenizer, text)[:room]] for text in texts]
    scores = np.empty((len(texts), len(names)), np.float32)
    asked = 0
    with torch.inference_mode():
        for gaps, sentence in sentences.items():
            gap = [place for place, token in enumerate(sentence) if token == tokenizer.mask_token_id]
            for places in batches(list(map(len, starts)), len(sentence) + len(after), SLACK):
                check(asked // len(sentences))
                ids, mask = padded(
                    [[*starts[place], *sentence, *after] for place in places], tokenizer.pad_token_id or 0
                )
                columns = torch.tensor([[len(starts[place]) + one for one in gap] for place in places])
                told = _log_probabilities(model, ids.to(model.device), mask.to(model.device), columns.to(model.device))
                for name, option in enumerate(options):
                    if len(option) == gaps:
                        scores[places, name] = told[:, range(gaps), option].sum(1).cpu().numpy()
                asked += len(places)
    return scores


def _sentence(tokenizer: Any, question: Question, gaps: int) -> list[int]:
    before, after = question.cloze
    ids: list[int] = tokenizer(before + gaps * tokenizer.mask_token + after, add_special_tokens=False)["input_ids"]
    return ids


def _options(tokenizer: Any, words: Sequence[str], question: Question) -> list[Tokens]:
    """The tokens of each name as they are in the sentence: where the sentence with the name differs from the one with a gap."""
    open_ = _sentence(tokenizer, question, 1)
    before, after = question.cloze
    options = []
    for word in words:
        told = ids_of(tokenizer, before + word + after)
        start = beginning([told, open_])
        end = len(told) - beginning([told[::-1], open_[::-1]])
        options.append(tuple(told[start:end]))
    return checked(options)


def _log_probabilities(model: Any, ids: Tensor, mask: Tensor, columns: Tensor) -> Tensor:
    """ids, mask (texts, tokens), columns (texts, gaps) -> (texts, gaps, vocabulary).

    Only what is in the gaps goes through the output embeddings: with a small encoder and a large vocabulary they are most of the work.
    """
    rows = torch.arange(len(ids), device=ids.device).unsqueeze(1)
    hook = model.get_output_embeddings().register_forward_pre_hook(lambda _, inputs: (inputs[0][rows, columns],))
    try:
        logits: Tensor = model(input_ids=ids, attention_mask=mask).logits
    finally:
        hook.remove()
    return logits.float().log_softmax(-1)
