"""`models` as a user runs it: filters, words, one model by name, what is wrong, how it is drawn, what it loads."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from bertgpt_cli.checkpoints.memory import serving
from bertgpt_cli.checkpoints.parameters import count
from bertgpt_cli.errors import Exit
from bertgpt_cli.report.checkpoint import Checkpoint
from bertgpt_cli.report.estimate import Machine
from bertgpt_cli.rulebook import loading
from tests.conftest import InProcess

BOOK = loading.load()
EVERY = list(BOOK.checkpoints.values())


def listed(run: InProcess, *argv: str) -> list[dict[str, Any]]:
    done = run("models", *argv, "--format", "json")
    value = json.loads(done.out)
    assert (value["kind"], value["total"]) == ("checkpoints", len(EVERY))
    assert done.code == (Exit.DONE if value["checkpoints"] else Exit.NEGATIVE)
    found: list[dict[str, Any]] = value["checkpoints"]
    return found


def ids(run: InProcess, *argv: str) -> list[str]:
    return [one["id"] for one in listed(run, *argv)]


def test_without_a_word_all_are_listed_in_the_order_of_preference(run: InProcess) -> None:
    assert ids(run) == [one.id for one in EVERY]
    assert len(EVERY) >= 70


def test_the_json_of_a_listing_holds_what_the_book_does(run: InProcess) -> None:
    for told, one in zip(listed(run), EVERY, strict=True):
        plain = one._asdict()
        same = "id family parameters context license year remote_code source place".split()
        assert {name: told[name] for name in same} == {name: plain[name] for name in same}
        assert told["shape"] == {name: value for name, value in one.shape._asdict().items() if value}
        assert (told["languages"], told["serves"]) == (list(one.languages), list(one.serves))
        assert (told["tasks"], told["about"]) == (list(one.tasks), one.about.en)
        assert (told["class"], told["published_parameters"]) == (one.model, one.published)
        assert told["parameters"] == count(one.shape, one.model).total
        assert told["memory_bytes"] == serving(one.shape, count(one.shape, one.model), one.family, one.context)


# --- filters ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("family", ["bert", "gpt", "encoder-decoder"])
def test_one_family(family: str, run: InProcess) -> None:
    assert ids(run, "--family", family) == [one.id for one in EVERY if one.family == family] != []


@pytest.mark.parametrize("language", ["en", "zh", "de", "sw", "code"])
def test_one_language(language: str, run: InProcess) -> None:
    found = ids(run, "--text-language", language)
    assert found == [one.id for one in EVERY if language in one.languages] != []


def test_several_languages_ask_for_a_model_of_many(run: InProcess) -> None:
    found = ids(run, "--text-language", "multi")
    assert found == [one.id for one in EVERY if len(set(one.languages) - {"code"}) >= 10] != []


def test_freely_usable_weights(run: InProcess) -> None:
    found = listed(run, "--license", "permissive")
    bound = ("gemma", "llama", "gpl", "cc-by-nc", "cc-by-sa", "openrail", "bigcode-openrail")
    assert [one["id"] for one in found] == [one.id for one in EVERY if not one.license.startswith(bound)]
    assert {"apache-2.0", "mit"} <= {one["license"] for one in found}
    assert ids(run, "--license", "any") == [one.id for one in EVERY]


@pytest.mark.parametrize("size", ["25M", "109514298", "1.5B"])
def test_the_largest_size_is_still_allowed(size: str, run: InProcess) -> None:
    most = {"25M": 25_000_000, "1.5B": 1_500_000_000}.get(size, 109_514_298)
    assert ids(run, "--max-params", size) == [one.id for one in EVERY if one.parameters <= most] != []
    assert ("google-bert/bert-base-uncased" in ids(run, "--max-params", size)) is (size != "25M")


@pytest.mark.parametrize("tokens", [1, 512, 513, 8192, 100_000])
def test_a_length_that_is_read_at_once(tokens: int, run: InProcess) -> None:
    assert ids(run, "--tokens", str(tokens)) == [one.id for one in EVERY if one.context >= tokens] != []


@pytest.mark.parametrize("gigabytes", [0.2, 0.47, 16.0])
def test_a_memory_limit(gigabytes: float, run: InProcess) -> None:
    found = ids(run, "--memory-gb", str(gigabytes))
    assert found == [one.id for one in EVERY if one.memory <= gigabytes * 1e9] != []


@pytest.mark.parametrize("approach", ["cross-encoder", "decoder-reranker", "zero-shot-span-encoder", "encoder-decoder"])
def test_one_approach(approach: str, run: InProcess) -> None:
    assert ids(run, "--approach", approach) == [one.id for one in EVERY if approach in one.serves] != []


def test_filters_and_words_hold_together(run: InProcess) -> None:
    argv = ("--family", "bert", "--text-language", "zh", "--license", "permissive", "--max-params", "200M")
    found = ids(run, "bert", *argv, "--tokens", "512", "--approach", "token-head")
    each = [set(ids(run, "bert"))]
    each += [set(ids(run, *argv[at : at + 2])) for at in range(0, len(argv), 2)]
    each += [set(ids(run, "--tokens", "512")), set(ids(run, "--approach", "token-head"))]
    assert set(found) == set.intersection(*each)
    assert "google-bert/bert-base-chinese" in found


def this_machine(monkeypatch: pytest.MonkeyPatch, memory: int) -> None:
    machine = Machine(2, memory, "physical", 0, "", "")
    monkeypatch.setattr("bertgpt_cli.checkpoints.machine.detect", lambda: machine)


def test_fits_is_this_machines_memory_and_no_more_than_what_is_given(
    run: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    this_machine(monkeypatch, 2 * 10**9)
    small = [one.id for one in EVERY if one.memory <= 2e9]
    assert ids(run, "--fits") == ids(run, "--fits", "--memory-gb", "99") == small != []
    assert ids(run, "--fits", "--memory-gb", "0.5") == [one.id for one in EVERY if one.memory <= 5e8]


def test_where_the_memory_is_not_known_fits_rules_nothing_out(run: InProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    this_machine(monkeypatch, 0)
    assert ids(run, "--fits") == [one.id for one in EVERY]
    assert ids(run, "--fits", "--memory-gb", "2") == ids(run, "--memory-gb", "2")


# --- words and names --------------------------------------------------------------------------------------------------


def told_of(one: Checkpoint) -> str:
    return " ".join((one.id, one.model, *one.about, *one.serves, *one.tasks)).casefold()


@pytest.mark.parametrize("words", ["deberta", "MODERNBERT", "rerank xsmall", "rerank  base", "中文", "named-entity"])
def test_every_word_must_be_told_of_a_model(words: str, run: InProcess) -> None:
    found = ids(run, *words.split(" ")) if " " in words else ids(run, words)
    wanted = words.casefold().split()
    assert found == [one.id for one in EVERY if all(word in told_of(one) for word in wanted)] != []


@pytest.mark.parametrize("one", EVERY[::9], ids=lambda one: str(one.id))
def test_a_model_is_found_by_its_id_or_its_last_part_in_any_case(one: Checkpoint, run: InProcess) -> None:
    last = one.id.rpartition("/")[2]
    for name in (one.id, one.id.upper(), last, last.lower(), f" {last} "):
        value = json.loads(run("models", name, "--format", "json").out)
        assert (value["schema_version"], value["kind"], value["id"]) == (value["schema_version"], "checkpoint", one.id)
    [again] = [told for told in listed(run) if told["id"] == one.id]
    assert {**value, **again} == value  # what is told of one in a listing and by itself is the same


def test_no_name_hides_another(run: InProcess) -> None:
    last = [one.id.rpartition("/")[2].casefold() for one in EVERY]
    assert len(set(last)) == len(last)


def test_one_model_is_told_whole(run: InProcess) -> None:
    for lang in ("en", "zh"):
        out = run("models", "bert-base-uncased", "--lang", lang).out
        words = ("google-bert/bert-base-uncased", "109,514,298", "BertForMaskedLM", "512", "apache-2.0", "2018")
        for word in (*words, "fine-tuned-encoder", "https://", "layers 12", "token_types 2"):
            assert word in out


def test_what_its_head_is_ready_for_and_what_it_needs_to_load_are_told_where_there_is_something_to_tell(
    run: InProcess,
) -> None:
    plain, tagger, remote = (
        next(one for one in EVERY if bool(one.tasks) is ready and one.remote_code is coded)
        for ready, coded in ((False, False), (True, False), (False, True))
    )
    for one in (plain, tagger, remote):
        out = " ".join(run("models", one.id).out.split())
        assert ("Ready for " + ", ".join(one.tasks) in out) is bool(one.tasks)
        assert ("code from its repository" in out) is one.remote_code


def test_a_name_beside_a_filter_is_a_word(run: InProcess) -> None:
    assert ids(run, "gpt2", "--family", "gpt")[0].endswith("gpt2")
    assert ids(run, "gpt2", "--text-language", "zh") == []


@pytest.mark.parametrize(
    ("name", "closest"),
    [
        ("gtp2", "openai-community/gpt2"),
        ("bert-base-uncaesd", "google-bert/bert-base-uncased"),
        ("MODERNBERT-BAES", "answerdotai/ModernBERT-base"),
        ("openai-comunity/gpt2", "openai-community/gpt2"),
    ],
)
def test_a_misspelt_name_is_refused_with_the_closest(name: str, closest: str, run: InProcess) -> None:
    done = run("models", name)
    assert (done.code, done.out) == (Exit.USAGE, "")
    assert f"'{name}'" in done.err
    assert closest in done.err
    error = json.loads(run("models", name, "--format", "json").out)["error"]
    assert (error["code"], error["suggestions"][0]) == ("checkpoint", closest)
    assert run("models", name, "--lang", "zh").err.startswith("错误：")


def test_a_name_like_no_other_is_refused_without_a_guess(run: InProcess) -> None:
    done = run("models", "qqqqqqqqqq")
    assert done.code == Exit.USAGE
    assert "closest" not in done.err


@pytest.mark.parametrize(
    ("argv", "hint"),
    [
        (("--family", "brt"), "the closest is bert"),
        (("--approach", "cross-encodr"), "the closest is cross-encoder"),
        (("--license", "mit"), "permissive, any"),
        (("--max-params", "big"), "400M"),
        (("--tokens", "0"), "1 or more"),
        (("--format", "jsn"), "the closest is json"),
    ],
)
def test_a_bad_option_says_what_is_expected(argv: tuple[str, str], hint: str, run: InProcess) -> None:
    done = run("models", *argv)
    assert (done.code, done.out) == (Exit.USAGE, "")
    assert hint in " ".join(done.err.split())


def test_nothing_found_is_a_negative_answer(run: InProcess) -> None:
    for argv in (("bert", "--text-language", "xx"), ("--max-params", "1"), ("--memory-gb", "0.000001")):
        done = run("models", *argv)
        assert (done.code, done.err) == (Exit.NEGATIVE, "")
        assert f"0 of {len(EVERY)} checkpoints" in done.out


# --- how it is drawn --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_text_and_markdown_name_every_one_with_its_numbers(lang: str, run: InProcess) -> None:
    argv = ("models", "--text-language", "de", "--max-params", "120M", "--lang", lang)
    found = ids(run, *argv[1:5])
    text, markdown = run(*argv).out, run(*argv, "--format", "markdown").out
    for id in found:
        assert id in text
        one = BOOK.checkpoints[id]
        [line] = [line for line in markdown.splitlines() if id.replace("_", r"\_") in line]
        for word in (one.license, str(one.year), f"{one.context:,}"):
            assert word in line
    assert f"{len(found)} of {len(EVERY)}" in text or f"{len(EVERY)} 个模型中的 {len(found)} 个" in text


def test_the_language_of_the_words_is_the_users(run: InProcess) -> None:
    english, chinese = run("models", "gpt2").out, run("models", "gpt2", "--lang", "zh").out
    one = BOOK.checkpoints["openai-community/gpt2"]
    assert one.about.en.split()[0] in english
    assert one.about.zh[:4] in chinese
    assert "Licence" in english
    assert "许可证" in chinese
    assert json.loads(run("models", "gpt2", "--lang", "zh", "--format", "json").out)["about"] == one.about.zh


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("argv", [(), ("mDeBERTa-v3-base-xnli-multilingual-nli-2mil7",), ("madlad400-3b-mt",)])
def test_nothing_is_wider_than_a_narrow_terminal(
    argv: tuple[str, ...], lang: str, run: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    out = run("models", *argv, "--lang", lang).out
    wide = [line for line in out.splitlines() if cell_len(line) > 40 and len(line.split()) > 1]
    assert wide == []
    for id in argv or [one.id for one in EVERY]:
        assert id in "".join(out.split())


# --- rules of one's own -----------------------------------------------------------------------------------------------

MINE = """version: 1
checkpoints:
  mine/tiny-one:
    family: bert
    class: BertModel
    shape: {architecture: bert, layers: 2, width: 128, heads: 2, ffn: 512, vocabulary: 30522, positions: 512, token_types: 2}
    parameters: 4385920
    context: 512
    languages: [la]
    license: mit
    year: 2026
    serves: [fine-tuned-encoder]
    about: {en: ours, zh: 自己的}
    source: https://example.org/tiny
"""


def test_a_teams_own_model_is_listed_shown_and_picked(run: InProcess, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(MINE, "utf-8")
    told = json.loads(run("models", "Tiny-One", "--rules", str(path), "--format", "json").out)
    assert (told["id"], told["parameters"], told["place"]) == ("mine/tiny-one", 4_385_920, f"{path}:3")
    argv = ("recommend", "sentiment-analysis", "--text-language", "la", "--labels", "5000", "--rules", str(path))
    assert "mine/tiny-one" in run(*argv).out
    done = run("models", "--text-language", "la", "--rules", str(path))
    assert done.code == Exit.DONE
    assert "mine/tiny-one" in done.out


# --- what it loads ----------------------------------------------------------------------------------------------------

LOADED = "import sys, bertgpt_cli.cli as c; code = c.main(sys.argv[1:]); print(code, *sys.modules, file=sys.stderr)"


@pytest.mark.parametrize("argv", [("deberta",), ("gpt2", "--format", "json"), ("--fits",)], ids=" ".join)
def test_nothing_heavy_is_loaded(argv: tuple[str, ...], quiet_home: dict[str, str], tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADED, "models", *argv],
        capture_output=True, text=True, cwd=tmp_path, env=quiet_home, check=True,
    )  # fmt: skip
    code, *modules = done.stderr.splitlines()[-1].split()
    assert code == "0"
    roots = {name.partition(".")[0] for name in modules}
    assert "bertgpt_cli" in roots  # the list is really there
    assert not roots & {"torch", "transformers", "numpy"}
