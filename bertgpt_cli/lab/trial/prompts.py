"""Decoders asked by prompt: how likely each label's name is after an instruction, labelled texts (shots) and the text in question.

Prompts are plain text. A checkpoint's chat template is a program from its folder, and is not run. What labels mean is not
known here: their names go in as the file has them, so a prompt is worth what the names say.
"""

from __future__ import annotations

import copy
import inspect
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from transformers import DynamicCache
from transformers.cache_utils import DynamicLayer, DynamicSlidingWindowLayer

from bertgpt_cli.errors import UsageError
from bertgpt_cli.lab.trial.pretrained import MOST_TOKENS
from bertgpt_cli.text import Text, is_han

Scores = NDArray[np.float32]
Tokens = tuple[int, ...]

BATCH = 1024  # tokens of one pass: the fastest on a processor, where more fall out of its caches
CACHED = 8192  # tokens whose keys and values one batch holds: some 0.5 GB in models of 0.1 to 2 billion parameters
ROWS = 64  # texts times names of one pass: what they are given is as large as the vocabulary
SLACK = 0.1  # of a batch's shortest text, that its others may be longer: they are padded to one length
LEAST = 8  # tokens of a text below which it is not worth asking
UNSAID = 2048  # tokens that a model reads where neither it nor its tokenizer says


class Question(NamedTuple):
    """The words around texts and labels, in one language. `gap` parts a cue from the label that follows it."""

    instruction: str
    between: str
    end: str
    text: str
    label: str
    gap: str
    cloze: tuple[str, str]


ENGLISH = Question("Classify the text as one of: ", ", ", ".", "Text: ", "Label:", " ", (" It was about ", "."))
CHINESE = Question("判断文本属于以下哪一类：", "、", "。", "文本：", "类别：", "", ("这段话的主题是", "。"))


def question_for(texts: Sequence[str]) -> Question:
    """The Chinese question where most texts are mostly written in Chinese characters, the English one elsewhere."""
    some = texts[:: len(texts) // 1000 + 1]
    return CHINESE if 2 * sum(map(_is_chinese, some)) > len(some) else ENGLISH


def _is_chinese(text: str) -> bool:
    letters = [char for char in text if char.isalpha()]
    return 2 * sum(map(is_han, letters)) > len(letters)


def spoken(names: Sequence[str]) -> list[str]:
    """The labels as a model reads them: as written, with spaces for underscores and hyphens.

    Raises UsageError (BG720) where all are numbers or single letters.
    """
    if all(
        re.fullmatch(r"(?:label|class|category|标签|类别?)?[\W_]*(?:\d[\d\W_]*|[a-z]?)", name, re.I) for name in names
    ):
        message = Text(
            "the labels are numbers or single letters; a prompt cannot know what they mean",
            "标签只是数字或单个字母，提示词无从得知其含义",
        )
        raise UsageError("BG720", message)
    return [" ".join(re.sub(r"[_-]", " ", name).split()) or name for name in names]


def checked(options: list[Tokens]) -> list[Tokens]:
    """The names' tokens. Raises UsageError (BG722) where the tokenizer knows too little of the names to tell them apart."""
    if len(set(options)) > 1 and all(options):
        return options
    message = Text(
        "the model's tokenizer does not know the writing of the labels; a prompt cannot tell them apart",
        "模型的分词器不认识这些标签的文字，提示词无法区分它们",
    )
    raise UsageError("BG722", message)


def no_room(limit: int, shots: int) -> UsageError:
    """BG721, of a model that reads `limit` tokens."""
    message = Text(
        f"the label names and {shots} labelled texts leave no room for a text in the {limit:,} tokens that the model reads",
        f"模型最多读 {limit:,} 个 token，标签名加上 {shots} 条示例后已放不下待分类文本",
    )
    return UsageError("BG721", message)


def option_scores(
    model: Any,
    tokenizer: Any,
    texts: Sequence[str],
    names: Sequence[str],
    shots: Sequence[tuple[str, str]] = (),
    *,
    question: Question,
    check: Callable[[int], None],
) -> Scores:
    """log p(name | instruction, shots, text) in nats, summed over the name's tokens -> (texts, names).

    `model` is a causal one in eval mode. `shots` are texts with their labels, in the order in which they are shown. `check` is called
    before each pass with how many texts are done; what it raises ends the work.

    What all prompts share is read once; its keys and values serve every text, and those of a text serve every name. Models that keep
    something else (a recurrent state) read all of it each time.
    Raises UsageError: BG720 (see `spoken`), BG722 (see `checked`), BG721 where instruction and shots leave no room for a text.
    """
    asked = _asked(model, tokenizer, texts, names, shots, question)
    heads = [option[0] for option in asked.options]
    stems = sorted({option[:-1] for option in asked.options if len(option) > 1}, key=len)
    scores = np.empty((len(texts), len(names)), np.float32)
    shared = beginning([row[:-1] for row in asked.rows]) if len(texts) > 1 else 0
    done = 0
    with torch.inference_mode():
        past = _read(model, asked.rows[0][:shared] if shared else [])
        start = shared if past is not None else 0
        for places in batches([len(row) - start for row in asked.rows], start, SLACK if _pads(model, past) else 0):
            check(done)
            ids, mask = _padded([asked.rows[place][start:] for place in places], start)
            kept = _copied(past, len(places))
            scores[places] = _log_probabilities(model, ids, mask, 1, kept)[:, 0, heads].cpu().numpy()
            most = max(1, min(ROWS, CACHED // mask.shape[1]) // len(places))
            for turn in range(0, len(stems), most):
                check(done)
                some = stems[turn : turn + most]
                told = _after(model, ids, mask, kept, some)
                for name, option in enumerate(asked.options):
                    if option[:-1] in some:
                        rest = told[:, some.index(option[:-1]), range(len(option) - 1), option[1:]]
                        scores[places, name] += rest.sum(1).cpu().numpy()
            done += len(places)
    return scores


def cut_texts(
    model: Any,
    tokenizer: Any,
    texts: Sequence[str],
    names: Sequence[str],
    shots: Sequence[tuple[str, str]] = (),
    *,
    question: Question,
) -> int:
    """How many of the texts are too long for `option_scores` to show the whole of."""
    return _asked(model, tokenizer, texts, names, shots, question).cut


def calibrated(scores: Scores, prior_scores: Scores) -> Scores:
    """log p(name | text) - log of the mean of p(name | other text) over other texts; p is a share among the names.

    scores (texts, names); prior_scores (other texts, names), after the same shots, from the training side; 64 texts are enough. Their
    labels are not used. -> (texts, names). What is taken off is what the model leans to whatever the text: the prior of batch
    calibration (Zhou et al. 2023, arXiv:2309.17249), as a ratio of probabilities, which is how contextual calibration (Zhao et al. 2021,
    arXiv:2102.09690) and PMI_DC (Holtzman et al. 2021, arXiv:2104.08315) take off theirs, of texts without content.

    It makes classes about equally frequent. Where they are not, accuracy may fall while macro-F1 rises.
    """
    if not len(prior_scores):
        raise ValueError("no texts to calibrate by")
    prior = np.logaddexp.reduce(_shares(prior_scores), axis=0) - np.log(len(prior_scores))
    return np.asarray(_shares(scores) - prior, np.float32)


def _shares(scores: Scores) -> NDArray[np.float64]:
    """log of what each name has of the probability of all names."""
    exact = scores.astype(np.float64)
    return np.asarray(exact - np.logaddexp.reduce(exact, axis=1, keepdims=True))


class _Asked(NamedTuple):
    """A row of tokens for each text, up to where the names go on, the tokens of each name, and how many texts were cut."""

    rows: list[list[int]]
    options: list[Tokens]
    cut: int


def _asked(
    model: Any,
    tokenizer: Any,
    texts: Sequence[str],
    names: Sequence[str],
    shots: Sequence[tuple[str, str]],
    question: Question,
) -> _Asked:
    if {text for text, _ in shots}.intersection(texts):
        raise ValueError("a text is among its own shots")
    words = dict(zip(names, spoken(names), strict=True))
    # In the order of the alphabet, so that the same labels in another order are the same question.
    head = question.instruction + question.between.join(sorted(words.values())) + question.end + "\n\n"

    def prompt(text: str, shown: Sequence[tuple[str, str]]) -> str:
        told = [f"{question.text}{one}\n{question.label}{question.gap}{words[label]}\n\n" for one, label in shown]
        return f"{head}{''.join(told)}{question.text}{text}\n{question.label}"

    closing = len(frame(tokenizer)[1])  # a name follows: nothing is closed
    bare = prompt("", [("", label) for _, label in shots])
    told = _tokens(tokenizer, [bare, *(bare + question.gap + word for word in words.values())], closing)
    common = beginning(told)
    options = checked([tuple(row[common:]) for row in told[1:]])
    back = len(told[0]) - common  # tokens that change where a name follows them: they are scored with it

    limit = reads(model, tokenizer) - max(map(len, options)) + 1
    share = min(MOST_TOKENS, (limit - len(told[0])) // (len(shots) + 1))
    if share < LEAST:
        raise no_room(limit, len(shots))
    shown = [(_shortened(tokenizer, _line(text), share), label) for text, label in shots]
    scaffold, *rows = _tokens(tokenizer, [prompt("", shown), *(prompt(_line(text), shown) for text in texts)], closing)
    most = min(limit, len(scaffold) + MOST_TOKENS)
    end = len(ids_of(tokenizer, f"\n{question.label}"))
    fitted = [row if len(row) <= most else row[: most - end] + row[-end:] for row in rows]
    return _Asked([row[: len(row) - back] for row in fitted], options, sum(len(row) > most for row in rows))


def _line(text: str) -> str:
    """The text on one line: a line break in it would look like the end of the text."""
    return " ".join(text.split())


def _tokens(tokenizer: Any, prompts: Sequence[str], closing: int) -> list[list[int]]:
    rows = tokenizer(list(prompts), split_special_tokens=True, verbose=False)["input_ids"]
    return [row[: len(row) - closing] for row in rows]


def beginning(rows: Sequence[list[int]]) -> int:
    """How many tokens all rows begin with."""
    first, last = min(rows), max(rows)  # whatever these two share, those between them in order share too
    return next(
        (place for place, (one, other) in enumerate(zip(first, last, strict=False)) if one != other), len(first)
    )


def ids_of(tokenizer: Any, text: str) -> list[int]:
    """The tokens of a text alone; what looks like a special token in it is text."""
    ids: list[int] = tokenizer(text, add_special_tokens=False, split_special_tokens=True, verbose=False)["input_ids"]
    return ids


def _shortened(tokenizer: Any, text: str, most: int) -> str:
    ids = ids_of(tokenizer, text)
    if len(ids) <= most:
        return text
    kept: str = tokenizer.decode(ids[:most], clean_up_tokenization_spaces=False)
    return kept.rstrip("\ufffd")  # half a character


def frame(tokenizer: Any) -> tuple[list[int], list[int]]:
    """The special tokens that the tokenizer sets before and after a text."""
    bare = ids_of(tokenizer, "1")
    whole: list[int] = tokenizer("1")["input_ids"]
    start = next(place for place in range(len(whole)) if whole[place : place + len(bare)] == bare)
    return whole[:start], whole[start + len(bare) :]


def reads(model: Any, tokenizer: Any) -> int:
    """The most tokens that the model reads at once."""
    stated = getattr(model.config.get_text_config(), "max_position_embeddings", None) or UNSAID
    return int(min(stated, tokenizer.model_max_length))


def batches(lengths: Sequence[int], beside: int, slack: float) -> Iterator[list[int]]:
    """Places, the shortest first, in batches: of about one length, within BATCH tokens, and within CACHED with `beside` more for each."""
    batch: list[int] = []
    for place in sorted(range(len(lengths)), key=lengths.__getitem__):
        length, count = lengths[place], len(batch) + 1
        longest = (1 + slack) * lengths[batch[0]] if batch else length
        if batch and (length > longest or count * length > BATCH or count * (beside + length) > CACHED):
            yield batch
            batch = []
        batch.append(place)
    if batch:
        yield batch


def _padded(rows: Sequence[Sequence[int]], beside: int) -> tuple[Tensor, Tensor]:
    """(texts, tokens), padded at the left, so that all end together; and which of `beside` tokens before and of these are seen."""
    width = max(map(len, rows))
    ids = torch.zeros(len(rows), width, dtype=torch.long)
    mask = torch.ones(len(rows), beside + width, dtype=torch.long)
    for place, row in enumerate(rows):
        ids[place, width - len(row) :] = torch.tensor(row)
        mask[place, beside : beside + width - len(row)] = 0
    return ids, mask


def _takes(model: Any) -> set[str]:
    return set(inspect.signature(model.forward).parameters)


def _pads(model: Any, past: Any) -> bool:
    """Whether padding between what the cache holds and a text is as if it were not there: not where a window counts places."""
    if past is None or "position_ids" not in _takes(model):
        return False
    return not any(layer.is_sliding for layer in past.layers) and not hasattr(model.config, "window_size")  # GPT-Neo's


def _read(model: Any, tokens: Sequence[int]) -> Any:
    """A cache with the keys and values of these tokens, or None for a model that keeps anything else."""
    if not _takes(model) & {"cache", "past_key_values"}:
        return None
    cache = DynamicCache(config=model.config)
    if any(type(layer) not in (DynamicLayer, DynamicSlidingWindowLayer) for layer in cache.layers):
        return None
    if tokens:
        _log_probabilities(model, torch.tensor([tokens]), torch.ones(1, len(tokens), dtype=torch.long), 1, cache)
    return cache if cache.get_seq_length() == len(tokens) else None


def _copied(cache: Any, times: int) -> Any:
    """A cache that may grow while this one stays, with each text `times` times. None stays None."""
    if cache is None:
        return None
    copied = copy.copy(cache)
    copied.layers = [copy.copy(layer) for layer in cache.layers]
    if times > 1:
        copied.batch_repeat_interleave(times)
    return copied


def _after(model: Any, ids: Tensor, mask: Tensor, kept: Any, stems: Sequence[Tokens]) -> Tensor:
    """What follows each text and each token of each stem, log-probabilities (texts, stems, tokens of the longest, vocabulary)."""
    count, longest = len(stems), max(map(len, stems))
    more = torch.zeros(
        count, longest, dtype=torch.long
    )  # what pads a short stem comes after it, where it changes nothing
    for place, stem in enumerate(stems):
        more[place, : len(stem)] = torch.tensor(stem)
    more = more.repeat(len(ids), 1)
    seen = torch.cat([mask.repeat_interleave(count, 0), torch.ones_like(more)], 1)
    if kept is None:
        more = torch.cat([ids.repeat_interleave(count, 0), more], 1)
    told = _log_probabilities(model, more, seen, longest, _copied(kept, count))
    return told.view(len(ids), count, longest, -1)


def _log_probabilities(model: Any, ids: Tensor, mask: Tensor, last: int, cache: Any) -> Tensor:
    """ids (texts, tokens), mask (texts, tokens that the cache holds + tokens) -> (texts, last, vocabulary), of the last places."""
    takes = _takes(model)
    inputs = {"input_ids": ids, "attention_mask": mask, "use_cache": cache is not None}
    if cache is not None:
        inputs["cache" if "cache" in takes else "past_key_values"] = cache
    if "position_ids" in takes:
        inputs["position_ids"] = (mask.cumsum(1) - 1)[:, -ids.shape[1] :]
    if "logits_to_keep" in takes:
        inputs["logits_to_keep"] = last
    moved = {name: value.to(model.device) if isinstance(value, Tensor) else value for name, value in inputs.items()}
    logits: Tensor = model(**moved).logits[:, -last:]
    return logits.float().log_softmax(-1)
