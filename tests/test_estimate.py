"""`estimate`: parameters, memory, work and time, against numbers worked by hand; and where the machine's speed is from."""

from __future__ import annotations

import json
import math
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from bertgpt_cli.checkpoints import memory, work
from bertgpt_cli.checkpoints.estimate import Subject, estimate
from bertgpt_cli.checkpoints.memory import PRECISIONS, Memory, Precision
from bertgpt_cli.checkpoints.parameters import count
from bertgpt_cli.checkpoints.work import Work
from bertgpt_cli.errors import Exit
from bertgpt_cli.report.checkpoint import Checkpoint
from bertgpt_cli.report.estimate import Estimate, Machine, Speed
from bertgpt_cli.rulebook import loading
from tests.conftest import InProcess, Run

BOOK = loading.load()
EVERY = BOOK.checkpoints
GPT2, LLAMA = EVERY["openai-community/gpt2"], EVERY["meta-llama/Llama-3.2-1B"]
BERT = EVERY["google-bert/bert-base-uncased"]
EMBEDDER = EVERY["Qwen/Qwen3-Embedding-0.6B"]
SPEED = Speed(50e9, 100e9, 20e9, 10e9, 4e-6)

CHECKPOINTS = st.sampled_from(list(EVERY.values()))
PRECISION: st.SearchStrategy[Precision] = st.sampled_from(PRECISIONS)


def subject(one: Checkpoint) -> Subject:
    return Subject(one.id, one.family, one.model, one.shape, one.context)


def machine(room: int, gpu: str = "") -> Machine:
    return Machine(2, room, "given", 0, gpu, "")


def estimated(one: Checkpoint, batch: int = 1, tokens: int = 128, training: bool = False, room: int = 0) -> Estimate:
    return estimate(subject(one), batch, tokens, training, PRECISIONS, machine(room), SPEED, "measured")


def need(one: Checkpoint, batch: int, tokens: int, precision: Precision, training: bool, gpu: bool = False) -> Memory:
    of = memory.training if training else memory.inference
    return of(one.shape, count(one.shape, one.model), batch, tokens, precision, gpu)


# --- numbers worked by hand -------------------------------------------------------------------------------------------

BERT_LINEAR = 12 * (4 * (768 * 768 + 768) + 2 * 768 * 3072 + 3072 + 768)


def test_the_weights_of_bert_base() -> None:
    told = {one.precision: need(BERT, 1, 128, one.precision, False).weights for one in estimated(BERT).precisions}  # type: ignore[arg-type]
    rest = 109_514_298 - BERT_LINEAR  # embeddings, norms and the head stay in 16 bits
    assert told == {
        "fp32": 4 * 109_514_298,
        "bf16": 2 * 109_514_298,
        "int8": BERT_LINEAR + 2 * rest,
        "int4": BERT_LINEAR // 2 + BERT_LINEAR // 16 + 2 * rest,  # 4 bits, and 16 for each 32 weights
    }


@pytest.mark.parametrize(("precision", "size"), [("fp32", 4), ("bf16", 2), ("int8", 2), ("int4", 2)])
def test_the_cache_of_gpt2_and_of_a_model_of_few_key_heads(precision: Precision, size: int) -> None:
    for batch, tokens in ((1, 1), (1, 1000), (3, 100)):
        assert need(GPT2, batch, tokens, precision, False).cache == 2 * 12 * 768 * size * tokens * batch
        assert need(LLAMA, batch, tokens, precision, False).cache == 2 * 16 * (8 * 64) * size * tokens * batch


def test_an_encoder_decoders_cache_is_its_decoders() -> None:
    one = EVERY["google-t5/t5-small"]
    assert need(one, 1, 100, "bf16", False).cache == 2 * 6 * 512 * 2 * 100


def test_the_work_of_bert_base() -> None:
    """Products only; the ELECTRA paper has 2.9e10 for it (Clark et al. 2020, table 1)."""
    products = 12 * (4 * 768 * 768 + 2 * 768 * 3072) + 768 * 768 + 768 * 30522
    by_hand = 2 * 128 * products + 4 * 768 * 128 * 128 * 12
    assert by_hand == 28_499_116_032
    [flops] = {one.flops for one in estimated(BERT).precisions}
    assert flops == pytest.approx(by_hand, rel=0.002)  # biases and norms are counted too


def test_a_decoder_scores_the_vocabulary_for_the_last_token_of_a_prompt() -> None:
    products = 2 * 128 * 12 * (4 * 768 * 768 + 2 * 768 * 3072)
    by_hand = products + 2 * 768 * 50257 + 4 * 768 * 128 * 128 * 12
    assert estimated(GPT2).precisions[0].flops == pytest.approx(by_hand, rel=0.002)


def test_the_work_of_a_model_of_few_key_heads() -> None:
    layer = 2048 * 2048 * 2 + 2 * 2048 * 512 + 3 * 2048 * 8192
    by_hand = 2 * 128 * 16 * layer + 2 * 2048 * 128256 + 4 * 2048 * 128 * 128 * 16
    assert estimated(LLAMA).precisions[0].flops == pytest.approx(by_hand, rel=0.002)


@settings(max_examples=200, deadline=None)
@given(one=CHECKPOINTS, batch=st.integers(1, 64), tokens=st.integers(1, 4096), precision=PRECISION)
def test_a_training_step_is_three_times_the_work_and_scores_every_token(
    one: Checkpoint, batch: int, tokens: int, precision: Precision
) -> None:
    parts = count(one.shape, one.model)
    forward = work.reading(one.shape, parts, batch, tokens, precision).flops
    scores = 2 * batch * (tokens - 1) * one.shape.vocabulary * one.shape.width if parts.writes else 0
    step = work.training(one.shape, parts, batch, tokens, precision).flops
    assert step == pytest.approx(3 * (forward + scores), rel=1e-9)


@settings(max_examples=200, deadline=None)
@given(one=CHECKPOINTS, batch=st.integers(2, 64), tokens=st.integers(1, 4096))
def test_the_work_is_so_many_times_that_of_one_item(one: Checkpoint, batch: int, tokens: int) -> None:
    parts = count(one.shape, one.model)
    single, several = (work.reading(one.shape, parts, items, tokens, "fp32").flops for items in (1, batch))
    assert several == pytest.approx(batch * single, rel=1e-9)


def test_local_attention_is_less_work_than_global_attention_on_long_texts() -> None:
    """ModernBERT: every third layer sees all, the others 128 tokens."""
    one = EVERY["answerdotai/ModernBERT-base"]
    parts = count(one.shape, one.model)
    pairs = 8 * 8192**2 + 14 * 8192 * 128
    flops = work.reading(one.shape, parts, 1, 8192, "fp32").flops
    assert flops - 2 * 8192 * parts.working == pytest.approx(4 * 768 * pairs, rel=1e-9)


def test_the_time_is_that_of_each_part_of_the_work() -> None:
    never = math.inf
    job = Work(6e9, 5e9, 4e9, 1000)
    cases = (
        (Speed(2e9, never, never, never, 0), 3.0), (Speed(never, never, 1e9, never, 0), 5.0),
        (Speed(never, never, never, 2e9, 0), 2.0), (Speed(never, never, never, never, 1e-3), 1.0),
        (Speed(2e9, never, 1e9, 2e9, 1e-3), 11.0),
    )  # fmt: skip
    for speed, middle in cases:
        low, high = work.seconds(job, speed, "fp32")
        assert low < middle < high
        assert [low, high] == pytest.approx([0.75 * middle, 1.8 * middle])
    assert list(work.seconds(job, Speed(never, 2e9, never, never, 0), "bf16")) == pytest.approx([2.25, 5.4])


BUILT = (
    "BertForMaskedLM",
    "ModernBertForMaskedLM",
    "GPT2LMHeadModel",
    "LlamaForCausalLM",
    "T5ForConditionalGeneration",
)


@pytest.mark.slow
@pytest.mark.parametrize("name", BUILT)
def test_the_work_is_what_torch_counts(name: str) -> None:
    """Of the models as transformers builds them, without weights: nothing is computed, and every product is counted."""
    import torch
    import transformers
    from torch.utils.flop_counter import FlopCounterMode

    llama = LLAMA.shape
    of: dict[str, tuple[Checkpoint, Any, dict[str, Any]]] = {
        "BertForMaskedLM": (BERT, transformers.BertConfig(), {}),
        "ModernBertForMaskedLM": (EVERY["answerdotai/ModernBERT-base"], transformers.ModernBertConfig(), {}),
        "GPT2LMHeadModel": (GPT2, transformers.GPT2Config(), {"logits_to_keep": 1}),
        "LlamaForCausalLM": (
            LLAMA,
            transformers.LlamaConfig(
                vocab_size=llama.vocabulary, hidden_size=llama.width, num_hidden_layers=llama.layers, head_dim=64,
                num_attention_heads=llama.heads, num_key_value_heads=llama.kv_heads, intermediate_size=llama.ffn,
            ),
            {"logits_to_keep": 1},
        ),
        "T5ForConditionalGeneration": (EVERY["google-t5/t5-small"], transformers.T5Config(), {}),
    }  # fmt: skip
    one, built, more = of[name]
    built._attn_implementation = "eager"
    batch, tokens = 2, 120  # ModernBERT's local layers see all of them, as in transformers' own code
    with torch.device("meta"):
        model = getattr(transformers, name)(built).eval()
        ids = torch.zeros(batch, tokens, dtype=torch.long)
        given = {"input_ids": ids, "attention_mask": torch.zeros(batch, 1, tokens, tokens), **more}
        if name.startswith("T5"):
            given["decoder_input_ids"] = ids
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            model(**given)
    counted = counter.get_total_flops()
    if name.startswith("T5"):  # it scores every token; the estimate's pass is for the next one alone
        counted -= 2 * batch * (tokens - 1) * one.shape.vocabulary * one.shape.width
    told = work.reading(one.shape, count(one.shape, one.model), batch, tokens, "fp32").flops
    assert told == pytest.approx(counted, rel=0.005)


def test_an_encoder_decoder_writes_with_its_decoder_alone() -> None:
    one = EVERY["google-t5/t5-small"]
    decoder = 6 * (2 * 4 * 512 * 512 + 2 * 512 * 2048) + 6 * 3 * 512 + 512
    attention = 4 * 512 * 100 * (6 + 6)  # over what was written and over what was read
    flops = work.writing(one.shape, count(one.shape, one.model), 1, 100, "fp32").flops
    assert flops <= 2 * (decoder + 512 * 32128) + attention


# --- promises about every model ---------------------------------------------------------------------------------------


@settings(max_examples=300, deadline=None)
@given(
    one=CHECKPOINTS, batch=st.integers(1, 256), tokens=st.integers(1, 8192), precision=PRECISION,
    training=st.booleans(), gpu=st.booleans(),
)  # fmt: skip
def test_memory_grows_with_the_batch_and_with_the_tokens(
    one: Checkpoint, batch: int, tokens: int, precision: Precision, training: bool, gpu: bool
) -> None:
    here = need(one, batch, tokens, precision, training, gpu)
    assert min(here) >= 0
    for more in (
        need(one, batch + 1, tokens, precision, training, gpu),
        need(one, batch, tokens + 1, precision, training, gpu),
    ):
        assert here.total <= more.total
        assert more.weights == here.weights
    twice = need(one, 2 * batch, tokens, precision, training, gpu)
    assert twice.total > here.total or (training and here.gradients)  # the optimizer's step may be the peak of both


@pytest.mark.parametrize("training", [False, True])
def test_coarser_weights_are_smaller(training: bool) -> None:
    for one in EVERY.values():
        fp32, bf16, int8, int4 = (need(one, 1, 64, precision, training).weights for precision in PRECISIONS)
        assert int4 < int8 < bf16 < fp32 == 4 * one.parameters
        assert bf16 == 2 * one.parameters


@pytest.mark.parametrize("training", [False, True])
def test_the_total_is_the_sum_of_the_parts_and_parameters_too(training: bool) -> None:
    for one in EVERY.values():
        report = estimated(one, 2, 100, training)
        assert report.parameters == sum(part.bytes for part in report.parts) == one.parameters
        for told in report.precisions:
            assert told.total == sum(part.bytes for part in told.parts)
            assert [part.name for part in told.parts] == list(Memory._fields)


def test_what_does_not_write_has_no_cache_and_no_tokens_a_second() -> None:
    silent = [one for one in EVERY.values() if one.family == "bert" or not one.model.endswith(("LM", "LMHeadModel"))]
    silent = [one for one in silent if one.family != "encoder-decoder"]
    assert {BERT, EMBEDDER} <= set(silent)
    for one in silent:
        for told in estimated(one).precisions:
            assert dict(told.parts)["cache"] == 0
            assert told.token_seconds is None


def test_what_writes_has_both_and_none_in_training() -> None:
    for one in (GPT2, LLAMA, EVERY["google-t5/t5-small"]):
        for told in estimated(one).precisions:
            assert dict(told.parts)["cache"] > 0
            assert (told.token_seconds is None) is (told.precision in ("int8", "int4"))
        for told in estimated(one, training=True).precisions:
            assert dict(told.parts)["cache"] == 0
            assert told.token_seconds is None


@settings(max_examples=100, deadline=None)
@given(one=CHECKPOINTS, training=st.booleans())
def test_training_holds_gradients_and_two_numbers_of_the_optimizer_for_each_weight(
    one: Checkpoint, training: bool
) -> None:
    for precision, size in (("fp32", 4), ("bf16", 2)):
        step = need(one, 1, 1, precision, True)  # type: ignore[arg-type]
        assert step.optimizer == 2 * size * one.parameters
        assert step.gradients == size * one.parameters
        assert step.activations > 0
        assert step.cache == 0
    for part in ("gradients", "optimizer"):
        assert getattr(need(one, 1, 1, "fp32", False), part) == 0


def test_quantised_weights_are_trained_through_adapters() -> None:
    lora = 12 * 16 * 4 * (768 + 768)
    assert estimated(BERT, training=True).adapters == lora
    assert estimated(BERT).adapters == 0
    for precision in ("int8", "int4"):
        step = need(BERT, 1, 1, precision, True)
        assert (step.gradients, step.optimizer) == (4 * lora, 8 * lora)


@settings(max_examples=300, deadline=None)
@given(
    one=CHECKPOINTS, batch=st.integers(1, 512), tokens=st.integers(1, 4096), training=st.booleans(),
    room=st.one_of(st.integers(1, 10**12), st.integers(10**8, 10**11)), gpu=st.sampled_from(["", "A GPU"]),
)  # fmt: skip
def test_the_largest_batch_fits_and_one_more_does_not(
    one: Checkpoint, batch: int, tokens: int, training: bool, room: int, gpu: str
) -> None:
    report = estimate(subject(one), batch, tokens, training, PRECISIONS, machine(room, gpu), None, "")
    for told in report.precisions:
        precision = cast(Precision, told.precision)
        largest = told.largest_batch
        assert told.total == need(one, batch, tokens, precision, training, bool(gpu)).total
        assert told.fits is (told.total <= room)
        assert told.fits is (batch <= largest)
        assert not largest or need(one, largest, tokens, precision, training, bool(gpu)).total <= room
        if largest < 2**20 - 1:  # no larger one is looked for
            assert need(one, largest + 1, tokens, precision, training, bool(gpu)).total > room


@pytest.mark.parametrize("training", [False, True])
def test_a_batch_that_takes_all_of_the_memory_fits_and_a_byte_less_is_too_little(training: bool) -> None:
    for one in list(EVERY.values())[::10]:
        for batch in (1, 2, 3, 64):
            room = need(one, batch, 100, "fp32", training).total
            enough, less = (estimated(one, batch, 100, training, memory).precisions[0] for memory in (room, room - 1))
            assert (enough.fits, less.fits) == (True, False)
            assert enough.largest_batch >= batch > less.largest_batch


def test_where_the_memory_is_not_known_nothing_is_said_to_fit_or_not() -> None:
    for told in estimated(BERT, room=0).precisions:
        assert (told.fits, told.largest_batch) == (None, -1)


@settings(max_examples=100, deadline=None)
@given(one=CHECKPOINTS, batch=st.integers(1, 64), tokens=st.integers(1, 2048), training=st.booleans())
def test_a_time_is_a_range_that_grows_with_the_batch(one: Checkpoint, batch: int, tokens: int, training: bool) -> None:
    pairs = zip(
        estimated(one, batch, tokens, training).precisions,
        estimated(one, batch + 1, tokens, training).precisions,
        strict=True,
    )
    for here, more in pairs:
        if here.precision in ("int8", "int4"):
            assert here.seconds is None  # how fast that is depends on kernels that nobody has measured
            continue
        assert here.seconds is not None
        assert more.seconds is not None
        assert 0 < here.seconds[0] < here.seconds[1]
        assert here.seconds < more.seconds


# --- the command ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache folder with the compiled rules and nothing else."""
    folder = tmp_path_factory.mktemp("cache")
    loading.load((), str(folder / "bertgpt"))
    return folder


class Bench:
    """Stands in for the measurement, and counts how often it was asked for."""

    def __init__(self) -> None:
        self.times = 0
        self.speed = SPEED

    def __call__(self, budget: float = 2.0) -> Speed:
        self.times += 1
        return self.speed


@pytest.fixture
def cache(compiled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: InProcess) -> Path:
    folder = tmp_path / "cache"
    shutil.copytree(compiled, folder)
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    return folder


@pytest.fixture
def bench(cache: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    bench = Bench()
    monkeypatch.setattr("bertgpt_cli.lab.calibration.measure", bench)
    monkeypatch.setattr("bertgpt_cli.checkpoints.machine.may_have_gpu", lambda: False)
    return bench


def told(run: InProcess, *argv: str) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(run("estimate", *argv, "--format", "json").out)
    assert value["kind"] == "estimate"
    return value


BERT_CONFIG: dict[str, Any] = {
    "architectures": ["BertForMaskedLM"], "model_type": "bert", "hidden_size": 768, "num_hidden_layers": 12,
    "num_attention_heads": 12, "intermediate_size": 3072, "vocab_size": 30522, "max_position_embeddings": 512,
    "type_vocab_size": 2,
}  # fmt: skip


def config(folder: Path, **changes: Any) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / "config.json"
    path.write_text(json.dumps({**BERT_CONFIG, **changes}), "utf-8")
    return path


def test_a_name_a_folder_and_a_config_say_the_same(run: InProcess, bench: Bench, tmp_path: Path) -> None:
    path = config(tmp_path / "mine")
    by_name = told(run, "bert-base-uncased", "--memory-gb", "8")
    for name in (str(path), str(path.parent), f"{path.parent}/"):
        assert told(run, name, "--memory-gb", "8") == {**by_name, "name": name}
    assert by_name["parameters"]["total"] == 109_514_298
    assert by_name["name"] == "google-bert/bert-base-uncased"
    assert told(run, "GOOGLE-BERT/Bert-Base-Uncased", "--memory-gb", "8") == by_name


def test_a_file_beside_one_goes_before_a_name(
    run: InProcess, bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config(tmp_path / "gpt2", num_hidden_layers=1)
    monkeypatch.chdir(tmp_path)
    assert told(run, "gpt2")["shape"]["layers"] == 1


def test_an_unknown_name_is_refused_with_the_closest(run: InProcess, bench: Bench) -> None:
    done = run("estimate", "bert-base-uncaesd")
    assert (done.code, done.out) == (Exit.USAGE, "")
    assert "google-bert/bert-base-uncased" in " ".join(done.err.split())
    assert bench.times == 0


def test_a_path_that_leads_nowhere_is_a_bad_file(run: InProcess, bench: Bench, tmp_path: Path) -> None:
    for name in ("./none", "none.json", str(tmp_path / "none"), str(tmp_path)):
        done = run("estimate", name)
        assert (done.code, done.out) == (Exit.BAD_FILE, "")
    assert bench.times == 0


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "{}", '{"model_type": "bert"}', "\x00", '{"model_type": "bert", "hidden_size": -1}', "[" * 5000],
)
def test_a_config_that_is_none_is_a_bad_file(text: str, run: InProcess, bench: Bench, tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(text, "utf-8")
    done = run("estimate", str(path))
    assert (done.code, done.out) == (Exit.BAD_FILE, "")
    assert "error[BG6" in done.err


def test_an_architecture_that_is_not_known_is_estimated_and_said_to_be_a_guess(
    run: InProcess, bench: Bench, tmp_path: Path
) -> None:
    path = config(tmp_path / "mine", model_type="brand_new", architectures=["BrandNewForMaskedLM"])
    assert told(run, str(path))["architecture_known"] is False
    assert told(run, "gpt2")["architecture_known"] is True
    assert "'brand_new' is no architecture that bertgpt knows" in " ".join(run("estimate", str(path)).out.split())


def test_the_usual_length_is_what_the_model_reads_and_512_at_most(run: InProcess, bench: Bench) -> None:
    for name, tokens in (("gpt2", 512), ("all-MiniLM-L6-v2", 256), ("llama-3.2-1b", 512)):
        assert told(run, name)["tokens"] == tokens
    assert told(run, "gpt2", "--tokens", "77", "--batch", "3")["tokens"] == 77
    assert "reads 1,024 tokens at most" in " ".join(run("estimate", "gpt2", "--tokens", "1025").out.split())
    assert "at most" not in run("estimate", "gpt2", "--tokens", "1024").out


def row(out: str, name: str) -> list[str]:
    """The cells of the table's row of this name."""
    [line] = [line for line in out.splitlines() if line.startswith(f"{name}  ")]
    return re.sub(r"(?<=\d) (?=GB|MB|ms|s\b)", "", line.removeprefix(name)).split()


def test_encoders_have_no_row_of_a_cache_and_none_of_tokens_a_second(run: InProcess, bench: Bench) -> None:
    for name in (BERT.id, EMBEDDER.id, "answerdotai/ModernBERT-base"):
        for lang, rows in (("en", ("KV cache", "tokens a second")), ("zh", ("KV 缓存", "每秒 token"))):
            out = run("estimate", name, "--lang", lang).out
            assert not any(some in out for some in rows)
    out = run("estimate", "gpt2").out
    assert len(row(out, "KV cache")) == len(row(out, "tokens a second")) == 4
    chinese = run("estimate", "gpt2", "--lang", "zh").out
    assert "KV 缓存" in chinese
    assert "每秒 token" in chinese


def test_the_table_tells_the_json(run: InProcess, bench: Bench) -> None:
    argv = ("bert-base-uncased", "--memory-gb", "0.3", "--batch", "2", "--tokens", "128")
    out, value = run("estimate", *argv).out, told(run, *argv)
    for name, key in (("weights", "weights"), ("total", "total")):
        cells = [f"{one['memory_bytes'][key] / 1e9:.2f}GB" for one in value["precisions"]]
        assert row(out, name) == cells
    assert row(out, "fits") == ["yes" if one["fits"] else "no" for one in value["precisions"]]
    assert {*row(out, "fits")} == {"yes", "no"}
    largest = [f"{one['largest_batch']:,}" if one["largest_batch"] else "-" for one in value["precisions"]]
    assert row(out, "largest batch") == largest
    markdown = run("estimate", *argv, "--format", "markdown").out
    assert "| memory | fp32 | bf16 | int8 | int4 |" in markdown
    assert f"{value['precisions'][0]['memory_bytes']['total'] / 1e9:.2f} GB" in markdown


def test_the_json_is_the_report(run: InProcess, bench: Bench) -> None:
    value = told(run, "gpt2", "--batch", "2", "--tokens", "100", "--memory-gb", "16")
    report = estimate(subject(GPT2), 2, 100, False, PRECISIONS, machine(16 * 10**9), SPEED, "measured")
    assert (value["batch"], value["tokens"], value["training"], value["context"]) == (2, 100, False, 1024)
    assert value["parameters"] == {"total": 124_439_808, **{part.name: part.bytes for part in report.parts}}
    assert value["speed"] == {**SPEED._asdict(), "from": "measured"}
    for got, one in zip(value["precisions"], report.precisions, strict=True):
        assert got["memory_bytes"] == {**dict(one.parts), "total": one.total}
        assert sum(dict(one.parts).values()) == one.total
        assert (got["fits"], got["largest_batch"], got["flops"]) == (one.fits, one.largest_batch, one.flops)
        assert got["seconds"] == (list(one.seconds) if one.seconds else None)
        assert got["token_seconds"] == (list(one.token_seconds) if one.token_seconds else None)


def test_training_is_told_with_its_own_parts(run: InProcess, bench: Bench) -> None:
    out = run("estimate", "bert-base-uncased", "--train", "--tokens", "16").out
    for name in ("weights", "gradients", "optimizer (AdamW)", "activations", "process", "total", "one step"):
        assert len(row(out, name)) == 4
    assert "1.18M parameters of LoRA" in " ".join(out.split())
    inference = run("estimate", "bert-base-uncased").out
    assert not any(word in inference for word in ("gradients", "optimizer", "LoRA", "one step"))
    assert told(run, "bert-base-uncased", "--train")["training"] is True


def test_one_precision_alone(run: InProcess, bench: Bench) -> None:
    for precision in PRECISIONS:
        assert [one["precision"] for one in told(run, "gpt2", "--precision", precision)["precisions"]] == [precision]
    done = run("estimate", "gpt2", "--precision", "int5")
    assert done.code == Exit.USAGE
    assert "the closest is int" in " ".join(done.err.split())


def test_what_fits_in_no_precision_is_a_negative_answer(run: InProcess, bench: Bench) -> None:
    assert run("estimate", "gpt2", "--memory-gb", "0.01").code == Exit.NEGATIVE
    assert run("estimate", "llama-3.3-70b-instruct", "--gpu", "t4").code == Exit.NEGATIVE
    some = ("estimate", "llama-3.1-8b-instruct", "--memory-gb", "7")
    assert run(*some).code == Exit.DONE
    assert run(*some, "--precision", "int4").code == Exit.DONE
    assert run(*some, "--precision", "bf16").code == Exit.NEGATIVE
    value = told(run, "gpt2", "--memory-gb", "0.01")
    assert {(one["fits"], one["largest_batch"]) for one in value["precisions"]} == {(False, 0)}


@pytest.mark.parametrize("argv", [(), ("--train",), ("--gpu", "t4")])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_nothing_is_wider_than_the_terminal(
    argv: tuple[str, ...], lang: str, run: InProcess, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    for columns in (80, 60):
        monkeypatch.setenv("COLUMNS", str(columns))
        out = run("estimate", "gpt2", *argv, "--lang", lang).out
        assert [line for line in out.splitlines() if cell_len(line) > columns] == []


# --- the machine ------------------------------------------------------------------------------------------------------


def test_memory_as_given(run: InProcess, bench: Bench) -> None:
    value = told(run, "gpt2", "--memory-gb", "1.5")
    assert (value["machine"]["memory"], value["machine"]["limit"]) == (1_500_000_000, "given")
    assert "1.5 GB (as given)" in run("estimate", "gpt2", "--memory-gb", "1.5").out


def test_other_cores_are_scaled_to(run: InProcess, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    here = Machine(4, 8 * 10**9, "physical", 0, "", "A processor")
    monkeypatch.setattr("bertgpt_cli.checkpoints.machine.detect", lambda: here)
    value = told(run, "gpt2", "--cores", "16")
    assert value["machine"]["cores"] == 16
    assert value["machine"]["processor"] == ""
    assert value["speed"] == {
        "fp32": 4 * SPEED.fp32, "bf16": 4 * SPEED.bf16, "stream": 2 * SPEED.stream,
        "bandwidth": 2 * SPEED.bandwidth, "dispatch": SPEED.dispatch, "from": "scaled",
    }  # fmt: skip
    assert told(run, "gpt2", "--cores", "4")["speed"]["from"] == "measured"
    assert bench.times == 1


NAMES = sorted(BOOK.gpus)


def test_every_gpu_is_known_by_its_id_and_by_each_other_name(run: InProcess, bench: Bench) -> None:
    assert len({one.id for one in BOOK.gpus.values()}) >= 30
    unknown = []
    for name in NAMES:
        one = BOOK.gpus[name]
        done = run("estimate", "gpt2", "--precision", "bf16", "--gpu", name.upper(), "--format", "json")
        if done.code == Exit.USAGE:
            unknown.append(name)
            continue
        value = json.loads(done.out)
        got, speed = value["machine"], value["speed"]
        assert (got["gpu"], got["memory"], got["limit"]) == (one.title, int(one.memory), "gpu")
        assert speed["from"] == "stated"
        assert 0 < speed["fp32"] < one.fp32
        assert 0 < speed["bf16"] < one.bf16
        assert 0 < speed["bandwidth"] < one.bandwidth
    assert unknown == []
    assert bench.times == 0  # another machine is not measured


def test_a_gpus_memory_can_be_given(run: InProcess, bench: Bench) -> None:
    value = told(run, "gpt2", "--gpu", "t4", "--memory-gb", "8")
    assert (value["machine"]["memory"], value["machine"]["limit"]) == (8 * 10**9, "given")


def test_on_a_gpu_the_driver_keeps_some_memory(run: InProcess, bench: Bench) -> None:
    parts = [one["memory_bytes"]["overhead"] for one in told(run, "gpt2", "--gpu", "t4")["precisions"]]
    assert set(parts) == {500 << 20}


@pytest.mark.parametrize(("name", "closest"), [("t44", "t4"), ("rtx-4099", "rtx-4090"), ("A100-80gbb", "a100-80gb")])
def test_an_unknown_gpu_is_refused_with_the_closest(name: str, closest: str, run: InProcess, bench: Bench) -> None:
    done = run("estimate", "gpt2", "--gpu", name)
    assert (done.code, done.out) == (Exit.USAGE, "")
    assert f"the closest is {closest}" in " ".join(done.err.split())
    error = json.loads(run("estimate", "gpt2", "--gpu", name, "--format", "json").out)["error"]
    assert error["suggestions"] == [closest]


def test_a_gpu_and_cores_are_not_asked_for_at_once(run: InProcess, bench: Bench) -> None:
    done = run("estimate", "gpt2", "--gpu", "t4", "--cores", "4")
    assert (done.code, done.out) == (Exit.USAGE, "")
    assert "--gpu or --cores" in done.err


@pytest.mark.parametrize(
    "argv", [("--batch", "0"), ("--cores", "0"), ("--tokens", "0"), ("--memory-gb", "0"), ("--memory-gb", "nan")]
)
def test_a_number_that_is_none_is_refused(argv: tuple[str, str], run: InProcess, bench: Bench) -> None:
    done = run("estimate", "gpt2", *argv)
    assert (done.code, done.out) == (Exit.USAGE, "")
    assert argv[0] in done.err


@pytest.mark.parametrize("argv", [("--batch", "2147483647"), ("--tokens", "1000000000000"), ("--cores", "4096")])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_very_large_numbers_are_told(argv: tuple[str, str], lang: str, run: InProcess, bench: Bench) -> None:
    for more in ((), ("--train",)):
        assert run("estimate", "llama-3.2-1b", *argv, *more, "--lang", lang).code in (Exit.DONE, Exit.NEGATIVE)


# What torch calls them, as `torch.cuda.get_device_properties(0).name` says.
@pytest.mark.parametrize(
    ("name", "id"),
    [
        ("NVIDIA GeForce RTX 3090", "rtx-3090"), ("NVIDIA L4", "l4"), ("Tesla T4", "t4"), ("NVIDIA A10G", "a10g"),
        ("Tesla V100-SXM2-16GB", "v100-16gb"), ("NVIDIA A100-SXM4-80GB", "a100-80gb"),
        ("NVIDIA H100 80GB HBM3", "h100-sxm"), ("NVIDIA GeForce RTX 4080", "rtx-4080"),
    ],
)  # fmt: skip
def test_a_gpu_that_torch_sees_is_the_machine_and_its_data_sheet_the_speed(
    name: str, id: str, run: InProcess, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bertgpt_cli.lab.calibration import Gpu

    monkeypatch.setattr("bertgpt_cli.checkpoints.machine.may_have_gpu", lambda: True)
    monkeypatch.setattr("bertgpt_cli.lab.calibration.gpu", lambda: Gpu(name, 15 * 10**9))
    value = told(run, "gpt2")
    assert (value["machine"]["gpu"], value["machine"]["memory"]) == (name, 15 * 10**9)
    assert value["speed"] == told(run, "gpt2", "--gpu", id)["speed"]
    assert told(run, "gpt2", "--cores", "3")["machine"]["gpu"] == ""


def test_of_a_gpu_of_no_known_speed_the_lack_of_pytorch_is_not_blamed(
    run: InProcess, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bertgpt_cli.lab.calibration import Gpu

    monkeypatch.setattr("bertgpt_cli.checkpoints.machine.may_have_gpu", lambda: True)
    monkeypatch.setattr("bertgpt_cli.lab.calibration.gpu", lambda: Gpu("Some GPU 3000", 15 * 10**9))
    assert told(run, "gpt2")["speed"] is None
    assert "PyTorch" not in run("estimate", "gpt2").out


# --- the measurement is kept ------------------------------------------------------------------------------------------


def kept(cache: Path) -> list[Path]:
    return sorted((cache / "bertgpt").glob("speed-*"))


def test_this_machine_is_measured_once(run: InProcess, bench: Bench, cache: Path) -> None:
    first = run("estimate", "gpt2")
    assert "measuring this machine for two seconds, once" in first.err
    assert len(kept(cache)) == 1
    again = run("estimate", "gpt2")
    assert (again.out.count("measured here"), again.err) == (1, "")
    assert bench.times == 1
    assert first.code == again.code == Exit.DONE


def test_calibrate_measures_again_and_keeps_that(run: InProcess, bench: Bench, cache: Path) -> None:
    run("estimate", "gpt2")
    bench.speed = SPEED._replace(fp32=77e9)
    assert told(run, "gpt2")["speed"]["fp32"] == 50e9
    assert told(run, "gpt2", "--calibrate")["speed"]["fp32"] == 77e9
    assert told(run, "gpt2")["speed"]["fp32"] == 77e9
    assert bench.times == 2
    assert len(kept(cache)) == 1


def test_another_number_of_cores_or_another_processor_is_another_measurement(
    run: InProcess, bench: Bench, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for at, (cores, name) in enumerate(((4, "A"), (8, "A"), (8, "B"), (4, "A"))):
        here = Machine(cores, 8 * 10**9, "physical", 0, "", name)
        monkeypatch.setattr("bertgpt_cli.checkpoints.machine.detect", lambda here=here: here)
        run("estimate", "gpt2")
        assert bench.times == min(at + 1, 3)


def test_without_a_cache_it_is_measured_and_not_kept(
    run: InProcess, bench: Bench, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("estimate", "gpt2")
    [file] = kept(cache)
    before = file.read_bytes()
    monkeypatch.setenv("BERTGPT_NO_CACHE", "1")
    bench.speed = SPEED._replace(fp32=77e9)
    assert told(run, "gpt2")["speed"]["fp32"] == 77e9
    assert bench.times == 2
    assert [one.read_bytes() for one in kept(cache)] == [before]


DAMAGED: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda data: b"",
    "cut": lambda data: data[:-3],
    "one bit": lambda data: data[:-1] + bytes([data[-1] ^ 1]),
    "one digit": lambda data: data.replace(b"50000000000.0", b"51000000000.0"),
    "another file": lambda data: b"\x00" * 500,
    "longer": lambda data: data + b"x",
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_damaged_measurement_is_made_again_without_a_word(
    damage: str, run: InProcess, bench: Bench, cache: Path
) -> None:
    usual = run("estimate", "gpt2")
    [file] = kept(cache)
    whole = file.read_bytes()
    file.write_bytes(DAMAGED[damage](whole))
    assert file.read_bytes() != whole
    assert run("estimate", "gpt2") == usual
    assert bench.times == 2
    assert file.read_bytes() == whole


def test_a_folder_in_its_place_stops_nothing(run: InProcess, bench: Bench, cache: Path) -> None:
    usual = run("estimate", "gpt2")
    [file] = kept(cache)
    file.unlink()
    file.mkdir()
    assert run("estimate", "gpt2") == usual


MODULES = "import sys, bertgpt_cli.cli as c; code = c.main(sys.argv[1:]); print(code, *sys.modules, file=sys.stderr)"


def alone(cache: Path, quiet_home: dict[str, str], *argv: str, **env: str) -> tuple[Run, set[str]]:
    """In a process of its own; with the modules that it loaded."""
    done = subprocess.run(
        [sys.executable, "-c", MODULES, "estimate", *argv],
        capture_output=True, text=True, env={**quiet_home, "XDG_CACHE_HOME": str(cache), **env}, check=True,
        cwd=cache,
    )  # fmt: skip
    *lines, last = done.stderr.splitlines()
    code, *modules = last.split()
    return Run(int(code), done.stdout, "\n".join(lines)), {name.partition(".")[0] for name in modules}


def test_with_a_measurement_at_hand_nothing_heavy_is_loaded(
    run: InProcess, bench: Bench, cache: Path, quiet_home: dict[str, str]
) -> None:
    usual = told(run, "gpt2")
    done, modules = alone(cache, quiet_home, "gpt2", "--format", "json")
    value = json.loads(done.out)
    value["machine"]["spare"] = usual["machine"]["spare"]  # what is free changes
    assert (done.code, done.err, value) == (Exit.DONE, "", usual)
    assert "bertgpt_cli" in modules
    assert not modules & {"torch", "transformers", "numpy", "yaml"}


def test_for_a_gpu_by_name_nothing_heavy_is_loaded(cache: Path, quiet_home: dict[str, str]) -> None:
    done, modules = alone(cache, quiet_home, "gpt2", "--gpu", "t4")
    assert (done.code, done.err) == (Exit.DONE, "")
    assert not modules & {"torch", "transformers", "numpy", "yaml"}
    assert kept(cache) == []


@pytest.fixture
def without_torch(tmp_path: Path) -> str:
    """A folder that goes before torch's own."""
    folder = tmp_path / "broken"
    folder.mkdir()
    (folder / "torch.py").write_text("raise ImportError('no torch here')\n", "utf-8")
    return str(folder)


def test_without_torch_all_but_the_time_is_told(cache: Path, quiet_home: dict[str, str], without_torch: str) -> None:
    for argv in (("gpt2",), ("gpt2", "--cores", "64"), ("gpt2", "--memory-gb", "4", "--train")):
        done, _ = alone(cache, quiet_home, *argv, "--format", "json", PYTHONPATH=without_torch)
        value = json.loads(done.out)
        assert done.code == Exit.DONE
        assert value["speed"] is None
        assert {(one["seconds"], one["token_seconds"]) for one in value["precisions"]} == {(None, None)}
        assert all(one["fits"] and one["flops"] for one in value["precisions"])
    text, _ = alone(cache, quiet_home, "gpt2", PYTHONPATH=without_torch)
    assert "without PyTorch nothing is measured" in " ".join(text.out.split())
    assert kept(cache) == []


def test_without_torch_nobody_says_that_they_are_measuring(
    cache: Path, quiet_home: dict[str, str], without_torch: str
) -> None:
    done, _ = alone(cache, quiet_home, "gpt2", PYTHONPATH=without_torch)
    assert done.err == ""


def test_without_torch_calibrate_says_what_is_missing(
    cache: Path, quiet_home: dict[str, str], without_torch: str
) -> None:
    done, _ = alone(cache, quiet_home, "gpt2", "--calibrate", PYTHONPATH=without_torch)
    assert (done.code, done.out) == (Exit.ENVIRONMENT, "")
    assert "no torch here" in done.err
