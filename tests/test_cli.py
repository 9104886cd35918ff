"""The command line as people use it: streams, exit codes, languages, colour, several tasks, batches, completion."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bertgpt_cli import __version__
from bertgpt_cli.cli import terminal
from bertgpt_cli.errors import Exit
from bertgpt_cli.render.help import COMMANDS, OPTIONS
from bertgpt_cli.rulebook.facts import FACTS
from tests.conftest import InProcess, Run

Program = Callable[..., Run]


def answer(run: InProcess, *argv: str) -> dict[str, Any]:
    done = run("recommend", *argv, "--format", "json")
    value: dict[str, Any] = json.loads(done.out)
    return value


def test_version(run: InProcess) -> None:
    assert run("--version").out == f"bertgpt {__version__}\n"


def test_without_a_command_there_is_help(run: InProcess) -> None:
    for argv in ([], ["rules"], ["demo"]):
        done = run(*argv)
        assert (done.code, done.err) == (0, "")
        assert "bertgpt" in done.out


def test_help_has_examples_first_and_every_option_in_both_languages(run: InProcess) -> None:
    for name, told in COMMANDS.items():
        argv = [] if name == "bertgpt" else name.split()
        en, zh = run(*argv, "-h").out, run(*argv, "-h", "--lang", "zh").out
        assert en.index("Examples") < en.index("Usage")
        assert zh.index("示例") < zh.index("用法")
        for command, _ in told.examples:
            assert command in en
            assert command in zh
    whole = run("recommend", "-h").out
    for fact in FACTS.values():
        assert fact.option in whole
    assert all(en and zh for en, zh in OPTIONS.values())


@pytest.mark.parametrize("name", COMMANDS)
def test_the_examples_of_the_help_run(
    name: str, run: InProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    choice = "{approach: bi-encoder, id: mine, when: {labels: 3}, because: {en: x, zh: 中}, evidence: [BERT]}"
    example = "{given: {output: vector, labels: 3}, expect: bi-encoder}"
    task = f"{{override: merge, choices: [{choice}], examples: [{example}]}}"
    (tmp_path / "team.yaml").write_text(f"version: 1\ntasks: {{summarization: {task}}}\n", "utf-8")
    rows = [(f"text {number}", "ab"[number % 2]) for number in range(30)]
    (tmp_path / "reviews.csv").write_text("text,label\n" + "".join(f"{one},{label}\n" for one, label in rows), "utf-8")
    lines = (json.dumps({"body": one, "queue": label}) + "\n" for one, label in rows)
    (tmp_path / "tickets.jsonl").write_text("".join(lines), "utf-8")
    (tmp_path / "situations.jsonl").write_text('{"task": "ner"}\n', "utf-8")
    for command, _ in COMMANDS[name].examples:
        done = run(*command.split()[1:])
        if (
            name == "trial"
        ):  # its checkpoints are the reader's: that everything before them is right is all that can be run
            assert done.code == 2, done.err
            assert "./MiniLM" in done.err or "team.yaml exists already" in done.err
            continue
        assert done.code in (0, 1), (command, done.err)
        assert done.out or done.err


def test_every_fact_is_an_option_and_is_read(run: InProcess) -> None:
    said = {
        "labels": ("--labels", "4,000", 4000),
        "classes": ("--classes", "12", 12),
        "label_kind": ("--label-kind", "custom", "custom"),
        "output": ("--output", "json", "json"),
        "tokens": ("--tokens", "900", 900),
        "language": ("--text-language", "de-CH", "de"),
        "domain": ("--domain", "shifted", "shifted"),
        "latency_ms": ("--latency-ms", "99.5", 99.5),
        "volume_per_day": ("--volume", "100000", 100000),
        "device": ("--device", "gpu", "gpu"),
        "memory_gb": ("--memory-gb", "24", 24),
        "max_params": ("--max-params", "1.5B", 1_500_000_000),
        "hosted": ("--hosted", "", True),
        "fine_tune": ("--fine-tune", "", True),
        "license": ("--license", "permissive", "permissive"),
    }
    assert set(said) == set(FACTS)
    argv = [word for option, text, _ in said.values() for word in (option, text) if word]
    told = answer(run, "ner", *argv)
    assert told["situation"] == {name: value for name, (_, _, value) in said.items()}


@pytest.mark.parametrize(
    ("option", "text", "hint"),
    [
        ("--labels", "many", "a whole number of 0 or more"),
        ("--labels", "-1", "a whole number of 0 or more"),
        ("--classes", "1", "a whole number of 2 or more"),
        ("--latency-ms", "0", "above 0"),
        ("--latency-ms", "nan", "above 0"),
        ("--latency-ms", "inf", "above 0"),
        ("--max-params", "big", "400M"),
        ("--device", "cpuu", "the closest is cpu"),
        ("--output", "labels", "the closest is label"),
        ("--text-language", "German", "the closest is de"),
        ("--license", "mit", "permissive, any"),
    ],
)
def test_a_bad_fact_says_what_is_expected(option: str, text: str, hint: str, run: InProcess) -> None:
    done = run("recommend", "ner", option, text)
    assert (done.code, done.out) == (2, "")
    assert option in done.err
    assert hint in done.err.replace("\n", " ")
    assert run("recommend", "ner", option, text, "--lang", "zh").err.startswith("错误：")


@pytest.mark.parametrize(
    ("words", "id"),
    [
        (["named-entity-recognition"], "named-entity-recognition"),
        (["NER"], "named-entity-recognition"),
        (["命名实体识别"], "named-entity-recognition"),
        (["named", "entity", "recognition"], "named-entity-recognition"),
        (["sentimant-analysis"], "sentiment-analysis"),
        (["文本分累"], "text-classification"),
        (["Summarization"], "summarization"),
        (["ｎｅｒ"], "named-entity-recognition"),
    ],
)
def test_names_aliases_and_misspellings(words: list[str], id: str, run: InProcess) -> None:
    assert answer(run, *words)["task"]["id"] == id
    assert answer(run, "--task", " ".join(words))["task"]["id"] == id


def test_a_misspelling_is_told_on_standard_error(run: InProcess) -> None:
    done = run("recommend", "sentimant-analysis")
    assert done.err == "read 'sentimant-analysis' as sentiment-analysis\n"
    assert "read '" not in done.out


def test_a_vague_task_offers_what_it_may_mean(run: InProcess) -> None:
    done = run("recommend", "--task", "entity")
    assert (done.code, done.out) == (2, "")
    assert "entity-linking" in done.err
    value = json.loads(run("recommend", "--task", "entity", "--format", "json").out)
    assert value["error"]["code"] == "ambiguous-task"
    assert "entity-linking" in value["error"]["suggestions"]
    assert [one["id"] for one in value["error"]["candidates"]] == value["error"]["suggestions"]
    assert all(0 <= one["score"] <= 1 for one in value["error"]["candidates"])
    unknown = json.loads(run("recommend", "--task", "qqqqqqqq", "--format", "json").out)
    assert unknown["error"] == {**unknown["error"], "code": "unknown-task", "suggestions": []}


AMBIGUOUS = """version: 1
tasks:
  sentiment-analysis: {override: merge, aliases: {en: [mood reading]}}
  emotion-classification: {override: merge, aliases: {en: [mood reading]}}
"""


def ambiguous(tmp_path: Path) -> str:
    file = tmp_path / "mood.yaml"
    file.write_text(AMBIGUOUS, "utf-8")
    return str(file)


@pytest.mark.parametrize(
    "words", ["image classification", "speech recognition", "audio classification", "语音识别", "图像分类"]
)
def test_another_word_is_not_taken_for_a_misspelling(words: str, run: InProcess) -> None:
    assert run("recommend", words).code == 2


def test_an_ambiguous_task_is_an_error_without_a_terminal(run: InProcess, tmp_path: Path) -> None:
    done = run("recommend", "mood reading", "--rules", ambiguous(tmp_path), "--format", "json")
    error = json.loads(done.out)["error"]
    assert done.code == 2
    assert error["code"] == "ambiguous-task"
    assert set(error["suggestions"]) == {"sentiment-analysis", "emotion-classification"}


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("typed", "code", "id"),
    [("2\n", 0, 1), ("emotion-classification\n", 0, None), ("", 130, None), ("\n", 130, None), ("9\n", 2, None)],
)
def test_an_ambiguous_task_is_asked_about_in_a_terminal(
    typed: str, code: int, id: int | None, run: InProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(typed))
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    done = run("recommend", "mood reading", "--rules", ambiguous(tmp_path), "--format", "json")
    assert done.code == code
    assert "Which one?" in done.err
    if code == 0:
        task = json.loads(done.out)["task"]
        assert task["matched"]["how"] == "chosen"
        assert task["id"] in ("sentiment-analysis", "emotion-classification")
    elif code == 130:
        assert done.out == ""


def test_a_tie_between_sentences_is_asked_about_once_and_keeps_the_facts(
    run: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bertgpt_cli.wording.reader.TIE", 1e6)
    monkeypatch.setattr(sys, "stdin", Terminal("2\n"))
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    done = run("recommend", "which of these letters are angry, 300 labels", "--format", "json")
    assert done.code == 0
    assert done.err.count("Which one?") == 1
    second = next(line.split()[1].rstrip(":") for line in done.err.splitlines() if line.split()[:1] == ["2"])
    told = json.loads(done.out)
    assert (told["task"]["id"], told["task"]["matched"]["how"], told["situation"]) == (
        second,
        "chosen",
        {"labels": 300},
    )


def test_nothing_fits_is_a_negative_answer(run: InProcess) -> None:
    done = run("recommend", "text-generation", "--max-params", "1M", "--no-fine-tune", "--no-hosted")
    assert done.code == Exit.NEGATIVE
    assert "Nothing fits" in done.out
    value = answer(run, "text-generation", "--max-params", "1M", "--no-fine-tune", "--no-hosted")
    assert value["fits"] is False
    assert value["unmet"][0] == {"fact": "max_params", "kind": "needs", "wanted": {"at_least": 10**8}, "got": 10**6}
    # What the flip says to say is the way out.
    way = next(flip for flip in value["flips"] if [one["fact"] for one in flip["changes"]] == ["max_params"])
    again = run(
        "recommend", "text-generation", "--no-fine-tune", "--no-hosted", *way["say"].split(), "--format", "json"
    )
    assert json.loads(again.out)["approach"]["id"] == way["approach"]["id"]


def test_a_plan_of_several_tasks(run: InProcess) -> None:
    done = run("recommend", "--task", "intent-classification", "--task", "abstractive-qa", "--format", "json")
    plan = json.loads(done.out)
    assert plan["kind"] == "plan"
    assert [stage["family"] for stage in plan["stages"]] == ["bert", "gpt"]
    assert plan["family"] == "hybrid"
    assert plan["stages"][0]["passes"]


# --- batch ------------------------------------------------------------------------------------------------------------

LINES = [
    '{"task": "ner", "id": "a", "labels": 4000}',
    "",
    '{"ask": "文本分类", "hosted": true}',
    '{"task": "qwxzv", "id": 7}',
    '{"task": "ner", "lables": 3}',
    '{"task": "ner", "labels": NaN}',
    '{"task": "ner", "labels": 1, "labels": 2}',
    "not json",
    '{"task": "ner", "labels": "many"}',
    '{"task": ["ner", "summarization"], "id": null}',
    "[1]",
    '{"task": "ner", "ask": "ner"}',
    '{"task": ""}',
]


def test_a_batch_answers_every_line_in_order(bertgpt: Program, tmp_path: Path) -> None:
    file = tmp_path / "lines.jsonl"
    file.write_text("\ufeff" + "\n".join(LINES), "utf-8")
    done = bertgpt("recommend", "--batch", str(file), "--format", "jsonl")
    assert done.code == Exit.NEGATIVE
    told = [json.loads(line) for line in done.out.splitlines()]
    assert len(told) == len([line for line in LINES if line])
    first, second, unknown, key, nan, twice, broken, bad, plan, listed, both, empty = told
    assert (first["id"], first["kind"], first["situation"]) == ("a", "recommendation", {"labels": 4000})
    assert second["task"]["id"] == "text-classification"
    assert "id" not in second
    assert (unknown["id"], unknown["error"]["code"], unknown["line"]) == (7, "unknown-task", 4)
    assert key["error"]["suggestions"] == ["labels"]
    assert [one["error"]["code"] for one in (nan, twice, broken)] == ["bad-line"] * 3
    assert bad["error"]["code"] == "bad-fact"
    assert (plan["id"], plan["kind"]) == (None, "plan")
    assert all("error" in one for one in (listed, both, empty))
    assert "9 of 12 lines failed" in done.err
    again = bertgpt("recommend", "--batch", "-", stdin=file.read_bytes())
    assert again == done


def test_a_batch_line_is_the_recommendations_json(run: InProcess, tmp_path: Path) -> None:
    file = tmp_path / "one.jsonl"
    file.write_text('{"task": "ner", "labels": 20, "language": "zh"}\n', "utf-8")
    whole = answer(run, "ner", "--labels", "20", "--text-language", "zh")
    assert json.loads(run("recommend", "--batch", str(file)).out) == whole
    # Facts on the command line hold for every line that does not say otherwise.
    with_default = json.loads(run("recommend", "--batch", str(file), "--labels", "9", "--hosted").out)
    assert with_default["situation"] == {"labels": 20, "language": "zh", "hosted": True}


def test_a_batch_refuses_what_it_cannot_do(run: InProcess, tmp_path: Path) -> None:
    assert run("recommend", "ner", "--batch", "x.jsonl").code == 2
    assert run("recommend", "--batch", "x.jsonl", "--format", "text").code == 2
    assert run("recommend", "--batch", str(tmp_path / "missing.jsonl")).code == 3
    long = tmp_path / "long.jsonl"
    long.write_bytes(b'{"task": "' + b"x" * 2_000_000)
    done = run("recommend", "--batch", str(long))
    assert done.code == 1
    assert "longer than 1 MiB" in json.loads(done.out)["error"]["message"]


# --- the terminal -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environment", "is_terminal", "expected"),
    [
        ({"TERM": "xterm"}, True, True),
        ({"TERM": "xterm"}, False, False),
        ({"TERM": "dumb"}, True, False),
        ({}, True, False),
        ({"TERM": "xterm", "NO_COLOR": "1"}, True, False),
        ({"TERM": "xterm", "NO_COLOR": ""}, True, True),
        ({"FORCE_COLOR": "1"}, False, True),
        ({"FORCE_COLOR": "0"}, False, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, True, False),
        ({"GITHUB_ACTIONS": "true"}, False, False),
    ],
)
def test_colour_only_where_it_is_wanted(environment: dict[str, str], is_terminal: bool, expected: bool) -> None:
    assert terminal.colour(environment, is_terminal) is expected


def test_colour_reaches_the_output(bertgpt: Program) -> None:
    assert "\x1b[1mWhy\x1b[0m       With" in bertgpt("recommend", "ner", FORCE_COLOR="1").out  # the label alone is bold
    assert "\x1b[" in bertgpt("recommend", "ner", FORCE_COLOR="1").out
    assert "\x1b[" not in bertgpt("recommend", "ner", FORCE_COLOR="1", NO_COLOR="1").out
    assert "\x1b[" not in bertgpt("recommend", "ner", "--format", "json", FORCE_COLOR="1").out


@pytest.mark.parametrize(
    ("argv", "environment", "expected"),
    [
        ([], {}, "en"),
        ([], {"LANG": "zh_CN.UTF-8"}, "zh"),
        ([], {"LANG": "zh_CN.UTF-8", "LC_ALL": "de_DE.UTF-8"}, "en"),
        ([], {"LANG": "de_DE", "BERTGPT_LANG": "zh"}, "zh"),
        (["--lang", "en"], {"BERTGPT_LANG": "zh"}, "en"),
        (["--lang=zh"], {}, "zh"),
    ],
)
def test_the_language_is_the_users(argv: list[str], environment: dict[str, str], expected: str) -> None:
    assert terminal.language(argv, environment) == expected


def test_where_chinese_cannot_be_shown_the_answer_is_english(bertgpt: Program) -> None:
    done = bertgpt("recommend", "ner", "--lang", "zh", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert done.code == 0
    assert done.out.isascii()
    assert "BERT-style" in done.out
    assert "cannot show Chinese" in done.err


def test_completion_knows_the_tasks(bertgpt: Program) -> None:
    words = "bertgpt recommend --task named-ent"
    done = bertgpt(_BERTGPT_COMPLETE="complete_bash", COMP_WORDS=words, COMP_CWORD="3")
    assert done.out.split() == ["named-entity-recognition"]
    done = bertgpt(_BERTGPT_COMPLETE="complete_bash", COMP_WORDS="bertgpt recommend --device ", COMP_CWORD="3")
    assert set(done.out.split()) == {"cpu", "gpu"}


def test_tasks_lists_and_searches(run: InProcess) -> None:
    everything = json.loads(run("tasks", "--format", "json").out)
    assert everything["total"] == len(everything["tasks"]) == 60
    searched = json.loads(run("tasks", "摘要", "--format", "json").out)
    assert {"summarization", "extractive-summarization"} <= {one["id"] for one in searched["tasks"]}
    nothing = run("tasks", "qqqqqqqq")
    assert nothing.code == 0


def test_coverage_can_be_asked_for(run: InProcess) -> None:
    assert run("rules", "test", "--min-coverage", "100").code == 0
    assert run("rules", "test", "--min-coverage", "101").code == 2
