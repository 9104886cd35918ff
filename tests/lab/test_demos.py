"""The demos against the source document's own code, executed as it stands."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from bertgpt_cli.lab import demos
from bertgpt_cli.report.demo import DemoReport

IMPORTS = """
import torch
import torch.nn.functional as F
"""

# Verbatim from the source document, except for its two print calls.
MLM = """
# MLM: 预测被遮蔽位置
vocab = 100
seq = torch.tensor([[1, 2, 3, 4]])
mask_pos = 2
logits = torch.randn(1, 4, vocab)
mlm_loss = F.cross_entropy(logits[:, mask_pos], torch.tensor([3]))
"""
CLM = """
# CLM: 预测下一个 token
logits = torch.randn(1, 4, vocab)
labels = torch.tensor([[2, 3, 4, 5]])
clm_loss = F.cross_entropy(logits[:, :-1].reshape(-1, vocab), labels[:, 1:].reshape(-1))
"""

Demo = Callable[[int], DemoReport]
seeds = st.integers(0, 2**63 - 1)
both = pytest.mark.parametrize("demo", [demos.mlm, demos.clm])


def run(program: str, seed: int) -> dict[str, torch.Tensor]:
    names: dict[str, torch.Tensor] = {}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        exec(IMPORTS + program, names)
    return names


def run_clm(seed: int) -> dict[str, torch.Tensor]:
    return run("vocab = 100\nseq = torch.tensor([[1, 2, 3, 4]])" + CLM, seed)


@given(seeds)
@settings(deadline=None)
def test_mlm_is_the_documents_to_the_bit(seed: int) -> None:
    (reading,) = demos.mlm(seed).readings
    assert reading.loss == run(MLM, seed)["mlm_loss"].item()


@given(seeds)
@settings(deadline=None)
def test_clm_is_the_documents_to_the_bit(seed: int) -> None:
    assert demos.clm(seed).readings[0].loss == run_clm(seed)["clm_loss"].item()


@both
def test_the_code_that_is_shown_is_the_code_that_was_run(demo: Demo) -> None:
    names = run_clm(5) | {"mask_pos": 2}
    for reading in demo(5).readings:
        assert eval(reading.code, names).item() == reading.loss


@given(seeds)
@settings(deadline=None)
def test_every_step_is_the_documents_softmax(seed: int) -> None:
    probabilities = run_clm(seed)["logits"].double().softmax(-1)
    for report in (demos.mlm(seed), demos.clm(seed)):
        for reading in report.readings:
            for step in reading.steps:
                p = probabilities[0, step.position, step.label].item()
                assert step.probability == pytest.approx(p, rel=1e-5)
                assert step.surprisal == pytest.approx(-math.log(p), rel=1e-5)
            mean = sum(step.surprisal for step in reading.steps) / len(reading.steps)
            assert reading.loss == pytest.approx(mean, rel=1e-6)


def test_mlm_predicts_the_masked_token_from_both_sides() -> None:
    report = demos.mlm(0)
    assert (report.kind, report.objective, report.seed, report.vocabulary) == ("demo", "mlm", 0, 100)
    assert report.tokens == ("1", "2", "[MASK]", "4")
    ((step,),) = (reading.steps for reading in report.readings)
    assert (step.position, step.seen, step.target, step.label) == (2, (1, 2, None, 4), 2, 3)
    assert report.difference is None


def test_clm_holds_both_readings() -> None:
    report = demos.clm(0)
    assert (report.kind, report.objective, report.seed, report.vocabulary) == ("demo", "clm", 0, 100)
    assert report.tokens == ("1", "2", "3", "4")
    as_written, aligned = report.readings
    assert (as_written.name, aligned.name) == ("as-written", "aligned")
    assert [(step.position, step.seen, step.target, step.label) for step in as_written.steps] == [
        (0, (1,), 2, 3),
        (1, (1, 2), 3, 4),
        (2, (1, 2, 3), 4, 5),
    ]
    assert [(step.position, step.seen, step.target, step.label) for step in aligned.steps] == [
        (0, (1,), 1, 2),
        (1, (1, 2), 2, 3),
        (2, (1, 2, 3), 3, 4),
        (3, (1, 2, 3, 4), 4, 5),
    ]
    assert report.difference is not None
    assert "two ahead" in report.difference.en
    assert "下下个词" in report.difference.zh


@given(seeds)
@settings(deadline=None)
def test_aligned_is_the_sequence_shifted_once(seed: int) -> None:
    names = run_clm(seed)
    logits, seq, labels = names["logits"], names["seq"], names["labels"]
    as_written, aligned = demos.clm(seed).readings
    assert aligned.loss == F.cross_entropy(logits.reshape(-1, 100), labels.reshape(-1)).item()
    once = F.cross_entropy(logits[:, :-1].reshape(-1, 100), seq[:, 1:].reshape(-1)).item()
    first_three = [step.surprisal for step in aligned.steps[:3]]
    assert once == pytest.approx(sum(first_three) / 3, rel=1e-6)
    assert as_written.loss != aligned.loss


@both
def test_no_step_sees_its_answer(demo: Demo) -> None:
    for reading in demo(0).readings:
        for step in reading.steps:
            assert step.label not in step.seen
            assert step.target >= len(step.seen) or step.seen[step.target] is None
    assert any("偷看" in note.zh and "seen the answer" in note.en for note in demo(0).notes)


def test_both_readings_look_equally_plausible() -> None:
    # What the note says of random logits: close to ln 100 + 0.5 = 5.11, whichever token they are scored on.
    losses = torch.tensor([[reading.loss for reading in demos.clm(seed).readings] for seed in range(1000)])
    assert losses.mean(0).tolist() == pytest.approx([math.log(100) + 0.5] * 2, abs=0.06)
    assert any("5.11" in note.en and "equally plausible" in note.en for note in demos.clm(0).notes)
    assert any("5.11" in note.zh and "不报错" in note.zh for note in demos.clm(0).notes)


@both
def test_the_seed_decides_and_nothing_else_is_touched(demo: Demo) -> None:
    torch.manual_seed(1)
    before = torch.get_rng_state()
    first = demo(3)
    torch.rand(5)
    assert demo(3) == first
    assert demo(4).readings[0].loss != first.readings[0].loss
    torch.manual_seed(1)
    demo(3)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("threads", ["1", "2"])
def test_the_number_of_threads_changes_no_bit(threads: str) -> None:
    program = "from bertgpt_cli.lab import demos; print([f(s) for s in range(20) for f in (demos.mlm, demos.clm)])"
    environment = os.environ | {"OMP_NUM_THREADS": threads, "PYTHONPATH": os.pathsep.join(sys.path)}
    environment["PYTHONIOENCODING"] = "utf-8"
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, encoding="utf-8", check=True
    )
    assert done.stdout.strip() == str([f(s) for s in range(20) for f in (demos.mlm, demos.clm)])


@both
def test_every_sentence_is_in_both_languages(demo: Demo) -> None:
    report = demo(0)
    sentences = [report.title, report.lesson, *report.notes, *(reading.title for reading in report.readings)]
    if report.difference is not None:
        sentences.append(report.difference)
    for sentence in sentences:
        assert sentence.en
        assert sentence.en.isascii()
        assert any("\u4e00" <= character <= "\u9fff" for character in sentence.zh)
