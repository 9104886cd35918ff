"""What a candidate costs, against clocks and amounts of memory that are known."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import NoReturn

import numpy as np
import pytest

from bertgpt_cli.checkpoints import config, memory
from bertgpt_cli.checkpoints.parameters import count
from bertgpt_cli.lab.trial import cost
from bertgpt_cli.report.trial import Candidate, Cost, Point, Score
from bertgpt_cli.text import same

MIB = 1 << 20


class Clock:
    """Time that passes only while texts are answered: `takes` seconds, by text."""

    def __init__(self, takes: Callable[[str], float]) -> None:
        self.now, self.takes, self.answered = 0.0, takes, 0

    def __call__(self) -> float:
        return self.now

    def answer(self, text: str) -> None:
        self.now += self.takes(text)
        self.answered += 1


def test_percentiles_of_the_texts_without_the_first_warm_up() -> None:
    begun: list[str] = []

    def takes(text: str) -> float:
        begun.append(text)
        return 100.0 if len(begun) == 1 else int(text) / 1000

    clock = Clock(takes)
    middle, high = cost.latency(clock.answer, [str(number) for number in range(21)], clock)
    assert begun == ["0", *map(str, range(21))]
    assert middle == pytest.approx(0.010)
    assert high == pytest.approx(0.019)


@pytest.mark.parametrize(
    ("seconds", "texts"),
    [(0.01, 32), (0.3, 7), (10.0, 5)],  # all; until two seconds are over; five in any case
)
def test_measuring_ends_when_its_time_is_up(seconds: float, texts: int) -> None:
    clock = Clock(lambda text: seconds)
    assert cost.latency(clock.answer, ["text"] * 32, clock) == pytest.approx((seconds, seconds))
    assert clock.answered == 1 + texts


def test_fewer_texts_than_are_wanted_will_do() -> None:
    clock = Clock(lambda text: 2.0)
    assert cost.latency(clock.answer, ["text"], clock) == (2.0, 2.0)


linux = pytest.mark.skipif(not os.access("/proc/self/clear_refs", os.W_OK), reason="the peak is not told here")


@linux
def test_the_peak_is_what_the_block_took_at_once() -> None:
    held = np.ones(400 * MIB, dtype=np.uint8)  # held and given back before: no part of it
    del held
    with cost.peak_memory() as peak:
        for _ in range(2):  # one after the other, not both at once
            block = np.ones(256 * MIB, dtype=np.uint8)
            del block
    assert peak.bytes is not None
    assert 254 <= peak.bytes / MIB < 270  # the kernel counts in batches of pages


@linux
def test_what_was_there_before_is_not_counted() -> None:
    held = np.ones(64 * MIB, dtype=np.uint8)
    with cost.peak_memory() as peak:
        pass
    assert held.any()
    assert peak.bytes is not None
    assert peak.bytes / MIB < 8


@linux
@pytest.mark.skipif(sys.platform != "linux" or not hasattr(os, "confstr"), reason="glibc")
def test_memory_that_was_free_but_not_given_back_is_counted() -> None:
    small = [bytes(2000) for _ in range(50_000)]  # 100 MB in pieces that the allocator keeps
    pin = bytes(2000)
    del small
    with cost.peak_memory() as peak:
        again = [bytes(2000) for _ in range(50_000)]
    assert (len(again), len(pin)) == (50_000, 2000)
    assert peak.bytes is not None
    assert peak.bytes / MIB > 80


def test_where_the_system_does_not_tell_there_is_no_peak(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*arguments: object, **options: object) -> NoReturn:
        raise PermissionError

    monkeypatch.setattr(cost, "open", refused, raising=False)
    with cost.peak_memory() as peak:
        pass
    assert peak.bytes is None


def bert(positions: int) -> config.Config:
    shape = '"num_hidden_layers": 6, "hidden_size": 384, "num_attention_heads": 12, "intermediate_size": 1536'
    sizes = f'"vocab_size": 30522, "max_position_embeddings": {positions}, "type_vocab_size": 2'
    text = f'{{"model_type": "bert", "architectures": ["BertModel"], {shape}, {sizes}}}'
    return config.read("config.json", text.encode())


@pytest.mark.parametrize(
    ("texts", "reads", "batch", "tokens"),
    [
        (["书" * 256, "书"], 512, 4, 256),  # a token a character
        (["abc" * 64], 512, 16, 64),
        (["x" * 30_000], 128, 8, 128),  # no more than it reads
        (["x" * 30_000], 8192, 2, 512),  # no more than is read to it
        ([""], 512, 1024, 1),
    ],
)
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_an_estimate_is_that_of_a_batch_of_the_longest_text(
    texts: list[str], reads: int, batch: int, tokens: int, precision: memory.Precision
) -> None:
    known = bert(reads)
    expected = memory.inference(known.shape, count(known.shape, known.model), batch, tokens, precision)
    assert cost.estimated_memory(known, precision, texts) == expected.total


def candidate(name: str, seconds: float | None, *curve: tuple[int, float]) -> Candidate:
    """`curve` holds labels and accuracies."""
    points = tuple(Point(labels, Score(right, 0, 1), Score(0, 0, 1), 1, 1) for labels, right in curve)
    took = None if seconds is None else Cost(seconds, 9.0, 1.0, 1, "measured", 1, "fp32")
    nothing = same("")
    return Candidate(name, "", "", "head", "", "measured", 1, points, nothing, nothing, took, (), ())


@pytest.mark.parametrize(
    ("candidates", "front"),
    [
        ([], []),
        ([candidate("slow", 3, (8, 0.9)), candidate("fast", 1, (8, 0.7))], ["fast", "slow"]),
        ([candidate("slow and worse", 3, (8, 0.6)), candidate("fast", 1, (8, 0.7))], ["fast"]),
        ([candidate("as fast, worse", 1, (8, 0.6)), candidate("fast", 1, (8, 0.7))], ["fast"]),
        ([candidate("as good, slower", 2, (8, 0.7)), candidate("fast", 1, (8, 0.7))], ["fast"]),
        ([candidate("b", 1, (8, 0.7)), candidate("a", 1, (8, 0.7))], ["a", "b"]),
        ([candidate("late", 2, (8, 0.1), (64, 0.9)), candidate("early", 1, (8, 0.8), (64, 0.5))], ["early", "late"]),
        ([candidate("no cost", None, (8, 0.9)), candidate("no points", 1), candidate("c", 2, (8, 0.1))], ["c"]),
    ],
    ids=["none", "both", "beaten", "as fast", "as good", "equal", "most labels count", "unknown"],
)
def test_the_front_is_what_nothing_beats(candidates: list[Candidate], front: list[str]) -> None:
    assert cost.front(candidates) == front
