"""How right `estimate` is: memory and time of real runs beside it, and beside another tool's figures. Some minutes; run with

    python -m pytest tests/benchmarks/test_estimates.py --benchmark-enable -s

Each case is a process of its own (`model_process`). The second group was never looked at while the formulas were made.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import NamedTuple

import pytest

from bertgpt_cli.checkpoints import memory, work
from bertgpt_cli.checkpoints.parameters import count
from bertgpt_cli.report.estimate import Speed
from bertgpt_cli.rulebook import loading
from tests.benchmarks.model_process import WRITTEN
from tests.benchmarks.test_speed import asked_for  # noqa: F401

CASES = """
google-bert/bert-base-uncased infer 1 128
google-bert/bert-base-uncased infer 8 512
google-bert/bert-base-uncased train 8 128
sentence-transformers/all-MiniLM-L6-v2 infer 32 128
sentence-transformers/all-MiniLM-L6-v2 train 32 128
distilbert/distilbert-base-uncased train 8 256
answerdotai/ModernBERT-base infer 8 512
answerdotai/ModernBERT-base train 4 256
microsoft/deberta-v3-small infer 8 256
openai-community/gpt2 generate 1 512
openai-community/gpt2 train 4 256
HuggingFaceTB/SmolLM2-135M generate 4 256
HuggingFaceTB/SmolLM2-135M train 2 256
"""
UNSEEN = """
FacebookAI/roberta-base infer 4 256
FacebookAI/roberta-base train 4 128
google/electra-small-discriminator train 16 128
google-bert/bert-large-uncased infer 2 256
EuroBERT/EuroBERT-210m infer 2 256
EuroBERT/EuroBERT-210m train 2 128
distilbert/distilgpt2 generate 4 256
distilbert/distilgpt2 train 2 256
google/gemma-3-270m-it generate 1 128
Qwen/Qwen3-0.6B generate 1 256
Qwen/Qwen2.5-0.5B-Instruct train 1 128
"""


class Row(NamedTuple):
    case: str
    measured: int
    estimated: int
    others: int
    took: float
    low: float
    high: float

    @property
    def off(self) -> float:
        return self.estimated / self.measured - 1


def run(case: str, speed: Speed) -> Row:
    name, mode, *numbers = case.split()
    batch, tokens = map(int, numbers)
    found = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.model_process", *case.split()],
        capture_output=True,
        text=True,
        check=True,
    )
    measured = json.loads(found.stdout.splitlines()[-1])
    checkpoint = loading.load().checkpoints[name]
    writes = checkpoint.family != "bert"
    parts = count(checkpoint.shape, "ForCausalLM" if writes else "ForSequenceClassification")
    of = memory.training if mode == "train" else memory.inference
    need = of(checkpoint.shape, parts, batch, tokens, "fp32")
    doing = [(work.training if mode == "train" else work.reading)(checkpoint.shape, parts, batch, tokens, "fp32")]
    if mode == "generate":
        doing += [work.writing(checkpoint.shape, parts, batch, tokens + step, "fp32") for step in range(1, WRITTEN)]
    times = [work.seconds(one, speed, "fp32") for one in doing]
    # What accelerate's estimate-memory tells: the weights, times four for training with Adam; it asks neither batch nor length.
    weights = 4 * parts.total
    others = 4 * weights if mode == "train" else weights
    low, high = (sum(column) for column in zip(*times, strict=True))
    return Row(case, measured["bytes"], need.total, others, measured["seconds"], low, high)


@pytest.fixture(scope="module")
def speed() -> Speed:
    found = subprocess.run(
        [
            sys.executable,
            "-c",
            "import json; from bertgpt_cli.lab.calibration import measure; print(json.dumps(measure()))",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    return Speed(*json.loads(found.stdout))


def test_accelerate_counts_weights() -> None:
    """The rule that stands for the other tool's figure is the other tool's own."""
    estimate = pytest.importorskip("accelerate.commands.estimate")
    told = estimate.estimate_training_usage(1000, "float32")
    assert told["step"] == 4 * 1000


@pytest.mark.parametrize("cases", [CASES, UNSEEN], ids=["cases", "unseen"])
def test_memory_and_time(cases: str, speed: Speed) -> None:
    """Memory within 15 % of the measured peak in every case; the time's range holds the measured time in 80 %."""
    rows = [run(case, speed) for case in cases.split("\n") if case]
    print(
        f"\n{'case':52} {'measured':>9} {'estimate':>9} {'off':>7} {'weights x':>9} {'off':>6}   {'seconds':>7} {'estimate':>12}"
    )
    for row in rows:
        others = row.others / row.measured - 1
        inside = "" if row.low <= row.took <= row.high else "  outside"
        print(
            f"{row.case:52} {row.measured / 1e6:6,.0f} MB {row.estimated / 1e6:6,.0f} MB {row.off:+7.1%} "
            f"{row.others / 1e6:6,.0f} MB {others:+6.0%}   {row.took:7.2f} {row.low:5.2f}-{row.high:5.2f}{inside}"
        )
    assert all(abs(row.off) <= 0.15 for row in rows)
    assert sum(row.low <= row.took <= row.high for row in rows) >= 0.8 * len(rows)
