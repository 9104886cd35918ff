"""Every report in every format and language, as it is printed: `pytest --update-golden` writes them anew.

Read the difference before you commit it: these files are what people see.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conftest import InProcess, controls

GOLDEN = Path(__file__).parent / "golden"
TEAM = """version: 1
tasks:
  sentiment-analysis:
    override: merge
    choices:
      - id: our-house-rule
        approach: frozen-encoder
        when: {labels: {below: 500}}
        because: {en: "We keep one encoder for all, [MASK] and all.", zh: 我们所有任务共用一个编码器。}
        evidence: [BERT]
      - id: never-heard
        approach: frozen-encoder
        when: {labels: {below: 100}, hosted: true}
        because: {en: It stands too low., zh: 位置太低。}
        evidence: [BERT]
    examples:
      - {given: {labels: 10}, expect: frozen-encoder}
      - {given: {labels: 10000}, expect: bi-encoder}
  letter-sorting:
    title: {en: Letter sorting, zh: 信件分拣}
    output: label
    parent: text-classification
    aliases: {en: [mail sorting], zh: [邮件分拣]}
"""
BAD = """version: 1
tasks:
  中文名: {title: {en: x, zh: 中}}
  sentiment-analysis:
    overide: merge
    choices:
      - approach: fine-tuned-encodr
        when: {labels: {at-least: 10, below: 5}, lables: 3}
        because: {en: no Chinese here}
"""

REPORTS = {
    "recommend": ["recommend", "--task", "classification"],
    "recommend-facts": [
        "recommend",
        "ner",
        "--labels",
        "20",
        "--text-language",
        "de",
        "--no-hosted",
        "--latency-ms",
        "30",
    ],
    "recommend-explain": ["recommend", "--task", "translation", "--explain"],
    "recommend-nothing-fits": [
        "recommend",
        "--task",
        "text-generation",
        "--max-params",
        "10M",
        "--no-fine-tune",
        "--no-hosted",
    ],
    "recommend-stages": ["recommend", "--task", "rag"],
    "plan": ["recommend", "--task", "intent-classification", "--task", "abstractive-qa", "--labels", "4000"],
    "tasks": ["tasks"],
    "tasks-search": ["tasks", "extraction"],
    "rules-check": ["rules", "check", "team.yaml"],
    "rules-test": ["rules", "test", "team.yaml"],
    "rules-show": ["rules", "show", "sentiment-analysis", "--rules", "team.yaml"],
    "rules-diff": ["rules", "diff", "team.yaml"],
    "demo-mlm": ["demo", "mlm"],
    "demo-clm": ["demo", "clm", "--seed", "7"],
}
ENDINGS = {"text": "txt", "json": "json", "markdown": "md"}


@pytest.fixture(autouse=True)
def team(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "team.yaml").write_text(TEAM, "utf-8")
    (tmp_path / "bad.yaml").write_text(BAD, "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")


def same(name: str, printed: str, request: pytest.FixtureRequest) -> None:
    file = GOLDEN / name
    if request.config.getoption("--update-golden"):
        file.write_text(printed, "utf-8")
    assert printed == file.read_text("utf-8")


def settled(name: str, printed: str) -> str:
    """A demo's numbers to three decimals: further ones depend on the processor's kernels."""
    if not name.startswith("demo"):
        return printed
    return re.sub(r"\d+\.\d{4,}", lambda number: f"{float(number[0]):.3f}", printed)


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("format", ENDINGS)
@pytest.mark.parametrize("name", REPORTS)
def test_report(name: str, format: str, lang: str, run: InProcess, request: pytest.FixtureRequest) -> None:
    done = run(*REPORTS[name], "--format", format, "--lang", lang)
    assert done.code in (0, 1), done.err
    assert not controls(done.out)
    if format == "json":
        assert done.out.isascii()
    same(f"{name}.{lang}.{ENDINGS[format]}", settled(name, done.out), request)


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("width", [40, 80])
def test_bad_file(
    lang: str, width: int, run: InProcess, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    done = run("rules", "check", "bad.yaml", "--lang", lang)
    assert (done.code, done.out) == (3, "")
    same(f"bad-file.{width}.{lang}.txt", done.err, request)


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize(
    "command",
    [
        "",
        "recommend",
        "tasks",
        "rules",
        "rules check",
        "rules test",
        "rules show",
        "rules diff",
        "rules schema",
        "demo",
        "demo mlm",
        "demo clm",
    ],
)
def test_help(command: str, lang: str, run: InProcess, request: pytest.FixtureRequest) -> None:
    done = run(*command.split(), "--help", "--lang", lang)
    assert done.code == 0
    same(f"help-{command.replace(' ', '-') or 'bertgpt'}.{lang}.txt", done.out, request)


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("width", [20, 40, 80, 100])
@pytest.mark.parametrize("name", ["recommend-explain", "plan", "tasks", "rules-show", "demo-clm"])
def test_no_line_is_wider_than_the_terminal(
    name: str, width: int, lang: str, run: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By cells: a Chinese character takes two. Only code, which must stay whole, may run over."""
    from rich.cells import cell_len

    monkeypatch.setenv("COLUMNS", str(width))
    done = run(*REPORTS[name], "--lang", lang)
    for line in done.out.splitlines():
        if not line.startswith("  ") or "(" not in line or name != "demo-clm":
            assert cell_len(line.rstrip()) <= max(width, 20), line
    assert "…" not in done.out
