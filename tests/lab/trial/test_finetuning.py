"""Tiny models of every kind are really trained: they learn, the same each time, and stop when they are told to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from bertgpt_cli.checkpoints import weights
from bertgpt_cli.checkpoints.weights import Folder
from bertgpt_cli.errors import InputFileError, UsageError
from bertgpt_cli.lab.trial import finetuning
from bertgpt_cli.lab.trial.finetuning import fine_tune
from tests.tiny_models import TinyModels, quiet

quiet()

pytestmark = pytest.mark.slow  # some 100 steps of training in most of them

WORDS = ("milk", "place", "books")  # what tells the classes apart
FILL = "yes no person rain 1 2 3 good bad".split()


def texts(number: int, seed: int) -> tuple[tuple[str, ...], list[int]]:
    """Texts of three classes and of very different length; the word that tells stands in front."""
    rng = np.random.default_rng(seed)
    labels = [place % 3 for place in range(number)]
    return tuple(" ".join([WORDS[label], *rng.choice(FILL, rng.integers(1, 12))]) for label in labels), labels


TEXTS, LABELS = texts(48, 1)
ASKED, TRUTH = texts(24, 2)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> TinyModels:
    return TinyModels(tmp_path_factory.mktemp("tiny"), list(TEXTS))


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """For so small products more threads only wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Random weights need larger steps than trained ones."""
    monkeypatch.setattr(finetuning, "_RATES", (5e-3, 5e-3))


def folder(tiny: TinyModels, kind: str) -> Folder:
    path = tiny.decoder_model(kind) if kind in ("gpt2", "qwen3") else tiny.base_model(kind)
    return weights.inspect(kind, path)


def nothing(done: int, whole: int) -> None:
    pass


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("kind", ["bert", "roberta", "modernbert", "gpt2", "qwen3"])
def test_every_kind_learns(kind: str, tiny: TinyModels) -> None:
    answers = fine_tune(folder(tiny, kind), TEXTS, LABELS, 3, ASKED, 0, nothing)
    assert answers.dtype == np.int64
    assert (answers == TRUTH).mean() >= 0.9


@pytest.mark.usefixtures("quick")
def test_the_same_seed_gives_the_same_answers_and_torch_is_left_as_it_was(tiny: TinyModels) -> None:
    bert = folder(tiny, "bert")
    half = TEXTS[:6], LABELS[:6], 3, ASKED  # too few to be sure of: chance has its say
    before = torch.random.get_rng_state()
    first, again, other = (fine_tune(bert, *half, seed, nothing) for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()
    assert torch.equal(torch.random.get_rng_state(), before)


@pytest.mark.usefixtures("quick")
def test_a_text_gets_the_same_answer_alone_and_beside_longer_ones(tiny: TinyModels) -> None:
    gpt = folder(tiny, "gpt2")
    alone = [fine_tune(gpt, TEXTS, LABELS, 3, ASKED[place : place + 1], 0, nothing)[0] for place in (0, 1)]
    assert alone == fine_tune(gpt, TEXTS, LABELS, 3, ASKED, 0, nothing)[:2].tolist()


class Stop(Exception):
    pass


@pytest.mark.parametrize(
    ("number", "steps"),
    [
        (8, 100),  # one step a round
        (48, 102),  # 34 rounds of 3 steps
        (800, 150),  # 3 rounds of 50 steps
    ],
)
def test_few_texts_are_gone_through_more_often(number: int, steps: int, tiny: TinyModels) -> None:
    seen: list[tuple[int, int]] = []

    def stop(done: int, whole: int) -> None:
        seen.append((done, whole))
        if done == 2:
            raise Stop

    many, labels = texts(number, 3)
    with pytest.raises(Stop):
        fine_tune(folder(tiny, "bert"), many, labels, 3, ASKED, 0, stop)
    assert seen == [(done, steps + 2) for done in range(3)]  # and two batches that are asked


def test_every_step_and_every_batch_asked_is_told(tiny: TinyModels) -> None:
    seen: list[int] = []
    fine_tune(folder(tiny, "bert"), TEXTS[:8], LABELS[:8], 3, ASKED, 0, lambda done, whole: seen.append(done))
    assert seen == list(range(102))


def test_a_text_longer_than_the_model_reads_is_cut(tiny: TinyModels) -> None:
    long = tuple(f"{text} {'rain ' * 300}" for text in TEXTS[:6])
    answers = fine_tune(folder(tiny, "bert"), long, LABELS[:6], 3, long, 0, nothing)
    assert len(answers) == 6


def test_a_model_too_large_is_refused_before_it_is_loaded(tiny: TinyModels) -> None:
    bert = folder(tiny, "bert")
    wide = bert.config.shape._replace(width=4096, ffn=16384, layers=3)
    large = bert._replace(path="/nowhere", config=bert.config._replace(shape=wide))
    with pytest.raises(UsageError, match=r"\d+M parameters") as raised:
        fine_tune(large, TEXTS, LABELS, 3, ASKED, 0, nothing)
    assert raised.value.code == "too-large"


def test_what_transformers_cannot_load_is_a_bad_file(tiny: TinyModels, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(InputFileError, match="transformers cannot load it"):
        fine_tune(folder(tiny, "bert")._replace(path=str(tmp_path)), TEXTS, LABELS, 3, ASKED, 0, nothing)
