"""The rule book's checkpoints: those that people use are there, each is wholly told, and a team's own file adds to them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest

from bertgpt_cli.checkpoints import architectures, memory
from bertgpt_cli.checkpoints.parameters import count
from bertgpt_cli.errors import InputFileError
from bertgpt_cli.files import read_bytes
from bertgpt_cli.report.checkpoint import Checkpoint
from bertgpt_cli.rulebook import evidence, files, loading, reading
from bertgpt_cli.rulebook.evidence import Sheet
from bertgpt_cli.rulebook.facts import LANGUAGE, NO_LANGUAGE
from bertgpt_cli.rulebook.layers import stack
from bertgpt_cli.rulebook.reading import Layer
from bertgpt_cli.text import is_han
from tests.conftest import InProcess

BOOK = loading.load()
MODELS = BOOK.checkpoints
every = pytest.mark.parametrize("one", MODELS.values(), ids=MODELS)

# Of the 22 canonical models that the market leader lacks (research/peers.md, section 0), those that are named there.
LACKED = """
    google-bert/bert-base-uncased
    FacebookAI/roberta-base
    microsoft/deberta-v3-base
    answerdotai/ModernBERT-base
    distilbert/distilbert-base-uncased
    sentence-transformers/all-MiniLM-L6-v2
    BAAI/bge-m3
    google-t5/t5-base
    facebook/bart-large-mnli
""".split()

# What the issue asks for by name: a pattern of ids, and how many there are at least.
ASKED = {
    r"google-bert/bert-": 3,
    r"FacebookAI/roberta-": 2,
    r"microsoft/deberta-v3-": 4,
    r"distilbert/distil(bert|roberta)-": 3,
    r"google/electra-": 3,
    r"answerdotai/ModernBERT-": 2,
    r"chandar-lab/NeoBERT": 1,
    r"EuroBERT/EuroBERT-": 2,
    r"jhu-clsp/mmBERT-": 2,
    r"FacebookAI/xlm-roberta-": 2,
    r"jhu-clsp/ettin-encoder-": 3,
    r"jhu-clsp/ettin-decoder-": 1,
    r".*MiniLM": 3,
    r"BAAI/bge-.*-en": 3,
    r"(Alibaba-NLP|thenlper)/gte-": 4,
    r"intfloat/(multilingual-)?e5-": 4,
    r"sentence-transformers/paraphrase-.*mpnet": 1,  # SetFit's usual base
    r"MoritzLaurer/.*(zeroshot|nli)": 3,
    r"urchade/gliner_": 3,
    r"cross-encoder/ms-marco-": 2,
    r"google-bert/bert-base-chinese": 1,
    r"hfl/chinese-roberta-wwm-ext": 2,
    r"hfl/chinese-macbert-": 2,
    r"nghuyong/ernie-": 2,
    r"BAAI/bge-.*-zh": 3,
    r"openai-community/gpt2": 4,
    r"HuggingFaceTB/SmolLM2-": 3,
    r"Qwen/Qwen3-\d": 4,
    r"meta-llama/Llama-3\.2-": 2,
    r"google/gemma-3-": 2,
    r"microsoft/[Pp]hi-": 2,
    r"mistralai/Mistral-": 2,
    r"Qwen/Qwen3-Embedding-": 3,
    r"Qwen/Qwen3-Reranker-": 3,
    r"google(-t5/|/flan-)t5-": 4,
    r"facebook/bart-": 2,
    r"facebook/nllb-": 2,
}


# --- what is there ----------------------------------------------------------------------------------------------------


def test_there_are_at_least_seventy_and_encoders_are_the_most() -> None:
    assert len(MODELS) >= 70
    families = [one.family for one in MODELS.values()]
    assert families.count("bert") > len(families) / 2
    assert set(families) == {"bert", "gpt", "encoder-decoder"}


@pytest.mark.parametrize("id", LACKED)
def test_what_the_market_leader_lacks_is_there(id: str) -> None:
    assert id in MODELS


@pytest.mark.parametrize(("pattern", "least"), ASKED.items())
def test_what_the_issue_names_is_there(pattern: str, least: int) -> None:
    assert sum(re.match(pattern, id) is not None for id in MODELS) >= least


def test_every_approach_that_loads_a_model_has_one() -> None:
    hosted = {"hosted-decoder"}
    for approach in BOOK.approaches.values():
        if not approach.parts and approach.id not in hosted:
            assert BOOK.serve(approach.id), approach.id


# --- what each tells --------------------------------------------------------------------------------------------------


@every
def test_approaches_and_tasks_exist_and_suit_the_family(one: Checkpoint) -> None:
    assert one.serves
    for approach in one.serves:
        assert approach in BOOK.approaches
        assert not BOOK.approaches[approach].parts  # a combination is made of approaches; no one model does it
    assert set(one.tasks) <= set(BOOK.tasks)


@every
def test_it_is_found_under_each_approach_that_it_serves(one: Checkpoint) -> None:
    for approach in BOOK.approaches:
        assert (one in BOOK.serve(approach)) is (approach in one.serves)


@every
def test_what_a_person_reads_is_there_in_both_languages(one: Checkpoint) -> None:
    assert one.about.en
    assert not any(map(is_han, one.about.en))
    assert any(map(is_han, one.about.zh))


@every
def test_source_licence_and_year_are_told(one: Checkpoint) -> None:
    assert re.fullmatch(r"https://[a-z0-9.-]+\.[a-z]{2,}/\S+", one.source)
    assert re.fullmatch(r"[a-z0-9]+([.-][a-z0-9]+)*", one.license)
    assert 2018 <= one.year <= 2026


@every
def test_languages_are_codes_that_the_facts_know(one: Checkpoint) -> None:
    assert one.languages
    assert len(set(one.languages)) == len(one.languages)
    assert "multi" not in one.languages  # that is asked for; a model says which
    for language in one.languages:
        assert language in NO_LANGUAGE or re.fullmatch(LANGUAGE, language)
        assert language == language.lower()


@every
def test_family_and_class_are_those_of_the_architecture(one: Checkpoint) -> None:
    traits = architectures.of(one.shape.architecture)
    assert traits.known
    kinds = {"bert": ("encoder", "decoder"), "gpt": ("decoder",), "encoder-decoder": ("encoder-decoder",)}
    assert traits.kind in kinds[one.family]  # a decoder whose attention looks both ways is an encoder
    assert not (one.family == "bert" and count(one.shape, one.model).writes)


@every
def test_it_reads_no_more_than_its_table_of_positions_holds(one: Checkpoint) -> None:
    assert one.context > 0
    if architectures.of(one.shape.architecture).positions:
        assert one.context <= one.shape.positions


@every
def test_encoders_have_no_cache_and_what_writes_has_one(one: Checkpoint) -> None:
    parts = count(one.shape, one.model)
    needed = memory.inference(one.shape, parts, 2, 64, "bf16")
    assert (needed.cache > 0) is parts.writes
    if one.family == "bert":
        assert needed.cache == 0
    elif "ForCausalLM" in one.model or "LMHead" in one.model:
        per_token = 2 * one.shape.layers * one.shape.key_width
        assert needed.cache == 2 * per_token * 2 * 64


def test_the_order_is_that_of_the_file() -> None:
    lines = [int(one.place.rpartition(":")[2]) for one in MODELS.values()]
    assert lines == sorted(lines)


# --- a team's own -----------------------------------------------------------------------------------------------------

OWN = """version: 1
checkpoints:
  acme/house-bert:
    family: bert
    class: BertModel
    shape: {architecture: bert, layers: 2, width: 128, heads: 2, ffn: 512, vocabulary: 30522, positions: 512, token_types: 2}
    parameters: 4.4M
    context: 512
    languages: [en]
    license: apache-2.0
    year: 2026
    serves: [fine-tuned-encoder]
    about: {en: trained on our own letters, zh: 用自己的信件训练}
    source: https://example.org/house-bert
"""


@cache
def shipped() -> tuple[list[Layer], list[Sheet]]:
    """The rule book's own files, read once."""
    contents = [(name, read_bytes(name, path, 1 << 21)) for name, path in files.builtin_files()]
    layers = [reading.read(name, data) for name, data in contents if name.endswith(".yaml")]
    return layers, [evidence.read(name, data) for name, data in contents if name.endswith(".csv")]


def layered(text: str) -> Mapping[str, Checkpoint]:
    layers, sheets = shipped()
    return stack([*layers, reading.read("own.yaml", text.encode())], sheets).checkpoints


def refused(text: str) -> tuple[str, int, int, str]:
    with pytest.raises(InputFileError) as caught:
        layered(text)
    (one,) = caught.value.complaints
    assert one.file == "own.yaml"
    return one.code, one.line, one.column, one.message.en


def test_a_teams_own_checkpoint_is_added(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(OWN, encoding="utf-8")
    found = loading.load((str(tmp_path / "own.yaml"),)).checkpoints
    assert dict(found) == dict(layered(OWN)) | {"acme/house-bert": found["acme/house-bert"]}
    assert list(found) == [*MODELS, "acme/house-bert"]
    one = found["acme/house-bert"]
    assert (one.parameters, one.published, one.context) == (4_385_920, 4_400_000, 512)
    assert one.place.endswith("own.yaml:3")


def test_a_teams_own_checkpoint_is_listed(run: InProcess, tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(OWN, encoding="utf-8")
    assert "house-bert" not in run("models", "house").out
    done = run("models", "house", "--rules", str(tmp_path / "own.yaml"))
    assert done.code == 0
    assert "acme/house-bert" in done.out


def test_the_same_name_again_must_say_that_it_replaces() -> None:
    again = OWN.replace("acme/house-bert", "google-bert/bert-base-uncased")
    code, line, column, said = refused(again)
    assert (code, line, column) == ("BG302", 3, 3)
    assert (
        said
        == "'google-bert/bert-base-uncased' exists already, at rules/checkpoints.yaml:"
        + MODELS["google-bert/bert-base-uncased"].place.rpartition(":")[2]
    )
    replaced = layered(again + "    override: replace\n")
    assert len(replaced) == len(MODELS)
    assert replaced["google-bert/bert-base-uncased"].parameters == 4_385_920
    assert replaced["google-bert/bert-base-uncased"].license == "apache-2.0"


def test_what_replaces_nothing_is_refused() -> None:
    code, line, _, _ = refused(OWN + "    override: replace\n")
    assert (code, line) == ("BG301", 3)


@pytest.mark.parametrize(
    ("published", "off"),
    [("4.35M", "+0.8%"), ("4.44M", "-1.2%"), ("44M", "-90.0%"), ("4.4K", "+99580.0%")],
)
def test_a_published_count_that_the_shape_contradicts_is_refused(published: str, off: str) -> None:
    code, line, column, said = refused(OWN.replace("4.4M", published))
    assert (code, line, column) == ("BG312", 7, 17)
    assert said == f"the shape makes 4,385,920 parameters, {off} from what is published"


@pytest.mark.parametrize("published", ["4385920", "4.4M", "4.37M", "4.407M"])
def test_a_published_count_may_be_rounded(published: str) -> None:
    assert "acme/house-bert" in layered(OWN.replace("4.4M", published))


@pytest.mark.parametrize(
    ("old", "new", "code", "place"),
    [
        ("[fine-tuned-encoder]", "[fine-tuned-encodr]", "BG304", (12, 13)),
        ("serves: [fine-tuned-encoder]", "serves: [fine-tuned-encoder]\n    tasks: [nre]", "BG304", (13, 12)),
        ("[en]", "[english]", "", (9, 17)),
        ("layers: 2,", "layers: -2,", "", (6, 41)),
        ("layers: 2,", "layers: two,", "", (6, 41)),
        ("layers: 2, ", "", "", (6, 12)),
        ("    license: apache-2.0\n", "", "", (4, 5)),
        ("family: bert", "family: bart", "", (4, 13)),
        ("positions: 512", "posititions: 512", "", (6, 95)),
        ("acme/house-bert", "acme/house bert", "BG203", (3, 3)),
    ],
)
def test_what_is_wrong_with_one_is_told_where_it_stands(old: str, new: str, code: str, place: tuple[int, int]) -> None:
    found, line, column, _ = refused(OWN.replace(old, new))
    assert found.startswith(code or "BG2")
    assert (line, column) == place
