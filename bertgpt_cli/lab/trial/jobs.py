"""Pieces of a trial that need nothing of each other: what an executor runs, here or on another machine.

Each is a function of one argument and gives back plain arrays and numbers, or None where its deadline passed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bertgpt_cli.checkpoints.memory import Precision
from bertgpt_cli.lab.trial import cloze, cost, finetuning, prompts
from bertgpt_cli.lab.trial.features import encode, faster_precision
from bertgpt_cli.lab.trial.pretrained import Source, load, tokens
from bertgpt_cli.lab.trial.scored import Whole
from bertgpt_cli.report.trial import Cost, Way

Floats = NDArray[np.float32]


class OutOfTime(Exception):
    """The deadline passed in the middle of a piece of work."""


def _until(deadline: float) -> Callable[[int], None]:
    def check(done: int) -> None:
        if time.time() > deadline:
            raise OutOfTime

    return check


class Encode(NamedTuple):
    """Texts to be turned into features. `deadline` is in seconds since 1970."""

    source: Source
    precision: Precision
    texts: tuple[str, ...]
    deadline: float


class Encoded(NamedTuple):
    features: Floats  # (texts, views, width)
    cut: int
    seconds: float


def encoded(job: Encode) -> Encoded | None:
    load(job.source, job.precision)  # not counted: it happens once
    begin = time.perf_counter()
    try:
        features, cut = encode(job.source, job.precision, job.texts, _until(job.deadline))
    except OutOfTime:
        return None
    return Encoded(features, cut, time.perf_counter() - begin)


class Ask(NamedTuple):
    """Texts to be asked about by prompt (a decoder) or cloze (an encoder)."""

    source: Source
    precision: Precision
    way: Way
    texts: tuple[str, ...]
    names: tuple[str, ...]
    shots: tuple[tuple[str, str], ...]
    question: prompts.Question
    deadline: float


def asked(job: Ask) -> Floats | None:
    """Scores (texts, names), not calibrated. Raises UsageError where labels or lengths do not allow a prompt."""
    try:
        return _scores(job, _until(job.deadline))
    except OutOfTime:
        return None


def _scores(job: Ask, check: Callable[[int], None]) -> Floats:
    pretrained = load(job.source, job.precision)
    model, tokenizer = pretrained.model, pretrained.tokenizer
    if job.way == "cloze":
        return cloze.cloze_scores(model, tokenizer, job.texts, job.names, question=job.question, check=check)
    return prompts.option_scores(model, tokenizer, job.texts, job.names, job.shots, question=job.question, check=check)


class Tune(NamedTuple):
    """A checkpoint to be fine-tuned on some texts and asked about others."""

    source: Source
    texts: tuple[str, ...]
    labels: tuple[int, ...]
    classes: int
    asked: tuple[str, ...]
    seed: int
    deadline: float


def tuned(job: Tune) -> Whole | None:
    """Raises UsageError where the checkpoint is too large for that here."""

    def check(done: int, whole: int) -> None:
        _until(job.deadline)(done)

    try:
        return finetuning.fine_tune(job.source.folder, job.texts, job.labels, job.classes, job.asked, job.seed, check)
    except OutOfTime:
        return None


class Price(NamedTuple):
    """What a way of using a checkpoint costs is to be measured on these texts; `prompt` is None for features."""

    source: Source
    precision: Precision | None  # None: the faster one is found out
    texts: tuple[str, ...]
    prompt: Ask | None
    deadline: float


class Priced(NamedTuple):
    cost: Cost
    tokens: int  # of the middle one of the texts


def priced(job: Price) -> Priced | None:
    """Latency of single texts, and the most memory that loading and asking in batches took."""
    load.cache_clear()  # memory is measured from before the model is there
    check = _until(job.deadline)
    try:
        precision = job.precision or faster_precision(job.source, job.texts)
        load.cache_clear()
        with cost.peak_memory() as peak:
            pretrained = load(job.source, precision)

            def answer(texts: Sequence[str]) -> object:
                check(0)
                if job.prompt is None:
                    return encode(job.source, precision, tuple(texts), check)
                return _scores(job.prompt._replace(texts=tuple(texts), precision=precision), check)

            begin = time.perf_counter()
            answer(job.texts)
            rate = len(job.texts) / (time.perf_counter() - begin)
            p50, p95 = cost.latency(lambda text: answer([text]), job.texts)
        rows, _ = tokens(pretrained, job.texts)
    except OutOfTime:
        return None
    middle = sorted(map(len, rows))[len(rows) // 2]
    memory, known = peak.bytes, "measured"
    if memory is None:
        memory, known = cost.estimated_memory(job.source.folder.config, precision, job.texts), "estimated"
    return Priced(Cost(p50, p95, rate, memory, known, job.source.folder.disk, precision), middle)
