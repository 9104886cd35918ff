"""Bad inputs, one row each: what is made, what is called, what must be said, and what must hold whatever is said.

The ids are those of the project's list of bad inputs (`CASES`); a last test holds the list against what is tested
here. `own-` rows are faults that were found while this table was written.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import IO, Any, NamedTuple, TypeVar

import pytest

from bertgpt_cli.files import read_bytes
from bertgpt_cli.rulebook import reading
from tests.conftest import PROGRAM, InProcess, Run, controls

# --- the cases -------------------------------------------------------------------------------------------------------

CASES: dict[str, str] = {
    "rule-layer": "01 02 06 07",
    "rule-schema": "01 02 05 07",
    "rule-semantics": "02 03 04 05",
    "rule-test": "03 04 05 06",
    "signal": "01 02",
    "terminal": "02 03 05 07 09 10 11",
    "train": "01 03",
    "yaml-dos": "02 03 05 07 08",
    "yaml-structure": "01 02 03 04 05 06 09 10 11 13 16 18 19",
    "yaml-tags": "01 03",
    "yaml-types": "01 04 05 06 07",
    "encoding": "01 02 03 04 05 07 09 14",
    "cli": "02 05 06 09 10 11 12 14",
    "io": "01 02 03 05 08 11 12 14 15",
    "internal": "01",
    "output-json": "01",
}
NOT_APPLICABLE = {
    "io-14": "no command writes a file that the user names; the analogous case, an answer that cannot be written, is"
    " own-full-disk",
    "io-15": "as io-14: there is no saved file to damage; the compiled rules are, see io-12",
}
COVERED: set[str] = set(NOT_APPLICABLE)
F = TypeVar("F", bound=Callable[..., Any])


def covers(*ids: str) -> Callable[[F], F]:
    """Marks a test of its own as standing for these cases."""
    COVERED.update(ids)
    return lambda test: test


# --- the table -------------------------------------------------------------------------------------------------------


class Row(NamedTuple):
    """`id` is a case's, with a colon and a word where several rows stand for one case.

    `says` is looked for on standard output if the program answers (0, 1), else on standard error; `aside` on standard
    error of an answer. White space is ignored in both, since lines wrap. `again` is the environment of the second run.
    """

    id: str
    files: Mapping[str, bytes]
    argv: tuple[str | bytes, ...]
    code: int
    says: tuple[str, ...]
    aside: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    make: Callable[[Path], None] | None = None
    process: bool = False
    env: Mapping[str, str] = {}
    again: Mapping[str, str] = {}
    stdin: bytes = b""
    colour: bool = False
    json: str = ""  # "json" or "jsonl" where that is asked for


ROWS: list[Row] = []


def row(
    id: str, files: Mapping[str, str | bytes], argv: str | tuple[str | bytes, ...], code: int, *says: str, **more: Any
) -> None:
    """Adds a row; `argv` as one string is cut at spaces."""
    made = {name: text.encode() if isinstance(text, str) else text for name, text in files.items()}
    words = tuple(argv.split()) if isinstance(argv, str) else argv
    more.setdefault("json", words[-1] if "--format" in words and words[-1] in ("json", "jsonl") else "")
    ROWS.append(Row(id, made, words, code, says, **more))


GOOD = """version: 1
tasks:
  my-task:
    title: {en: My task, zh: 我的任务}
    output: label
    choices:
      - approach: fine-tuned-encoder
        because: {en: It works., zh: 有效。}
        evidence: [BERT]
    examples:
      - {given: {}, expect: fine-tuned-encoder}
"""
CHOICE = """      - approach: fine-tuned-encoder
        because: {en: It works., zh: 有效。}
        evidence: [BERT]
"""
TWINS = (
    GOOD.replace("my-task", "first-twin").replace("    output", "    aliases: {en: [twin]}\n    output")
    + """
  second-twin:
    title: {en: Second twin, zh: 乙}
    output: label
    parent: first-twin
    aliases: {en: [twin]}
"""
)


def good(old: str = "", new: str = "", text: str = GOOD) -> str:
    """The good rule file with one thing changed."""
    assert text.count(old) == 1 or not old, old
    return text.replace(old, new) if old else text


def check(id: str, text: str | bytes, *says: str, code: int = 3, **more: Any) -> None:
    """A rule file `t.yaml`, checked."""
    row(id, {"t.yaml": text}, "rules check t.yaml", code, *says, **more)


# fmt: off
# layers
row("rule-layer-01:silent", {"a.yaml": GOOD, "b.yaml": GOOD}, "rules check a.yaml b.yaml", 3,
    "b.yaml:3:3", "'my-task' exists already, at a.yaml:3", "say 'override: replace'", "1 error in b.yaml")
row("rule-layer-01:explicit", {"a.yaml": GOOD, "b.yaml": good("    output", "    override: replace\n    output")},
    "rules show my-task --rules a.yaml --rules b.yaml", 0, "b.yaml:3", "b.yaml:8", lacks=("a.yaml",))
check("rule-layer-02", "version: 1\ntasks:\n  text-clasification: {override: merge, output: label}\n",
    "t.yaml:3:3", "no tasks named 'text-clasification' in the layers below", "use 'text-classification'")
row("rule-layer-06", {".bertgpt.yaml": good("It works.", "pwn"), "bertgpt.yaml": good("It works.", "pwn")},
    "tasks", 0, "named-entity-recognition", lacks=("my-task", "pwn"))
FOLDER = {"d/a.yml": GOOD, "d/b.yaml": good("my-task", "your-task"), "d/c.yaml.bak": "x", "d/.h.yaml": "x",
    "d/sub/x": "x"}
row("rule-layer-07:both", FOLDER, "rules check d", 0, "2 tasks, 2 choices in 2 files")
row("rule-layer-07:order", {**FOLDER, "d/b.yaml": GOOD}, "rules check d", 3, "d/b.yaml:3:3", "d/a.yml:3")
row("rule-layer-07:none", {"d/c.yaml.bak": "x"}, "rules check d", 3, "d", "no .yaml or .yml file")

# shape
check("rule-schema-01", good("approach: f", "aproach: f"), "t.yaml:7:9", "unknown key 'aproach' in this choice",
    "use 'approach'", "1 error in t.yaml", lacks=("is missing",))
check("rule-schema-02:reference", good("- approach: fine-tuned-encoder", "- approach: fine-tuned-encodr"),
    "t.yaml:7:19", "no approach is named 'fine-tuned-encodr'", "use 'fine-tuned-encoder'", "^" * 17)
check("rule-schema-02:word", good("output: label", "output: lable"), "t.yaml:5:13", "'lable' is not one of label, span",
    "use 'label'", "^" * 5)
check("rule-schema-05", "version: 99\nrules: []\nx: 1\nx: 2\n", "t.yaml:1:10", "made for rules format 99",
    "this bertgpt reads format 1", "upgrade bertgpt", "1 error in t.yaml")
check("rule-schema-05:padded", "version: 000000001999\n", "t.yaml:1:10", "version must be 1")
check("rule-schema-07", good("        because", "        when: {tokens: {at-least: 512, below: 128}}\n        because"),
    "t.yaml:8:24", "this can never hold: tokens at least 512 and below 128")
check("rule-schema-07:empty", good("        because", "        when: {output: []}\n        because"),
    "t.yaml:8:24", "this can never hold: the list is empty")

# meaning
OTHER = CHOICE.replace("- approach: fine-tuned-encoder",
    "- approach: frozen-encoder\n        when: {labels: {below: 50}}")
check("rule-semantics-02", good(CHOICE, OTHER + OTHER.replace("frozen-encoder", "few-shot-encoder") + CHOICE),
    "BG402", "t.yaml:11", "'few-shot-encoder' conflicts with 'frozen-encoder' (t.yaml:7)", "for instance: ", "labels",
    code=1)
GAP = good(CHOICE, OTHER).replace("    examples:\n      - {given: {}, expect: fine-tuned-encoder}\n", "")
check("rule-semantics-03", GAP, "note[BG405]", "my-task", "speaks for this situation", "for instance", code=0)
row("rule-semantics-03:strict", {"t.yaml": GAP}, "rules check t.yaml --strict", 1, "note[BG405]")
check("rule-semantics-04", "version: 1\ntasks: {}\n", "no rules in t.yaml", code=1)
check("rule-semantics-04:only-version", "version: 1\n", "t.yaml:1:1", "the file has none of tasks, approaches")
NOTHING = "recommend summarization --no-fine-tune --no-hosted --memory-gb 0.01"
row("rule-semantics-05", {}, NOTHING, 1, "Nothing fits", "needs memory", "got 0.01")
row("rule-semantics-05:json", {}, f"{NOTHING} --format json", 1, '"fits": false', '"fact": "memory_gb"', '"got": 0.01')

# tests of rules
check("rule-test-03", good("expect: fine-tuned-encoder", "expect: banana"), "t.yaml:11:29",
    "no approach is named 'banana'")
check("rule-test-03:choice", good("expect: fine-tuned-encoder", "expect: fine-tuned-encoder, choice: banana"),
    "t.yaml:11:57", "no choice of my-task is named 'banana'")
row("rule-test-04", {"t.yaml": good("expect: fine-tuned-encoder}", "expect: frozen-encoder}\n"
                                    "      - {given: {labels: 5}, expect: fine-tuned-encoder}")},
    "rules test t.yaml", 1, "t.yaml:11: my-task", "given nothing is known", "expected frozen-encoder",
    "got fine-tuned-encoder", "decided at t.yaml:7", "passed, 1 failed")
row("rule-test-05:threshold", {"t.yaml": GOOD}, "rules test t.yaml --min-coverage 101", 2, "--min-coverage", "101")
UNREACHED = good(CHOICE, OTHER + CHOICE)
row("rule-test-05:unreached", {"t.yaml": UNREACHED}, "rules test t.yaml", 0, "t.yaml:7", "my-task: frozen-encoder")
row("rule-test-05:required", {"t.yaml": UNREACHED}, "rules test t.yaml --min-coverage 100", 1, "0 failed", "t.yaml:7")
check("rule-test-06", GOOD, "0 findings", code=0)  # no row may open a socket

# the terminal
check("terminal-02:c1", good("{en: It works.", '{en: "\\x9b31mX"'), "t.yaml:8:23", "U+009B", "\\x9b31mX")
check("terminal-02:cr", good("{en: It works.", '{en: "X\\rFAKE OK"'), "t.yaml:8:23", "U+000D")
MARKUP = "[/INST] fill [mask] array[int] :smile: [link=http://evil]x[/link] [bold]x"
SHOW = {"t.yaml": good("{en: It works.", f'{{en: "{MARKUP}"')}
row("terminal-03", SHOW, "recommend my-task --rules t.yaml", 0, MARKUP)
row("terminal-03:colour", SHOW, "recommend my-task --rules t.yaml", 0, MARKUP, "\x1b[", colour=True,
    env={"FORCE_COLOR": "1", "COLUMNS": "100"})
row("terminal-03:table", SHOW, "rules show my-task --rules t.yaml", 0, "[/INST] fill [mask]",
    ":smile: [link=http://evil]x[/link]")
row("terminal-05:escape", {"e\x1b[2Jv.yaml": "tasks: ["}, ("rules", "check", "e\x1b[2Jv.yaml"), 3,
    "--> e\\x1b[2Jv.yaml:1:9", "1 error in e\\x1b[2Jv.yaml")
row("terminal-05:newline", {"a\nerror: fake.yaml": "tasks: ["}, ("rules", "check", "a\nerror: fake.yaml"), 3,
    "--> a\\nerror: fake.yaml:1:9")
row("terminal-05:near", {"e\x1b[2Jv.yaml": GOOD}, ("rules", "check", "e[2Jv.yaml"), 3, "use 'e\\x1b[2Jv.yaml'")
row("terminal-09", {}, "recommend ner", 0, "BERT-style", env={"NO_COLOR": "1", "FORCE_COLOR": "1"}, process=True)
row("terminal-09:error", {}, "recommend nope", 2, "nope", env={"NO_COLOR": "1", "FORCE_COLOR": "1"})
for name, argv in (("answer", "recommend ner"), ("help", "recommend --help"), ("list", "tasks"),
                   ("error", "recommend nope")):
    row(f"terminal-10:{name}", {}, argv, 2 if name == "error" else 0,
        env={"GITHUB_ACTIONS": "true", "FORCE_COLOR": "0"}, process=True)
row("terminal-10:json", {}, "recommend ner --format json", 0, '"kind": "recommendation"', env={"FORCE_COLOR": "1"})
row("terminal-10:json-error", {}, "recommend nope --format json", 2, "nope", env={"FORCE_COLOR": "1"}, colour=True)

# the demos
for word in ("abc", "-1", "18446744073709551616", "1.5", "nan", ""):
    # A torch that must not be loaded stands first on the path.
    row(f"train-01:{word or 'empty'}", {"torch.py": "raise SystemExit('torch was loaded')"},
        ("demo", "clm", "--seed", word), 2,
        "--seed", env={"PYTHONPATH": ".", "PYTHONDONTWRITEBYTECODE": "1"}, process=True)
row("train-03", {}, "demo clm --seed 3 --format json", 0, '"seed": 3', process=True, env={"OMP_NUM_THREADS": "1"},
    again={"OMP_NUM_THREADS": "2"})

# YAML as a weapon
BOMB = "a0: &a0 {x: 1}\n" + "".join(f"a{i}: &a{i} {{<<: [{','.join([f'*a{i - 1}'] * 9)}]}}\n" for i in range(1, 10))
check("yaml-dos-02", BOMB, "t.yaml:1:5", "anchors, aliases and << are not supported")
for bracket in ("[", "{a: ", "[{a: "):
    check(f"yaml-dos-03:{bracket[0]}{len(bracket)}", "tasks: " + bracket * 100_000, "t.yaml:1:",
        "nested deeper than 32 levels")
check("yaml-dos-03:dashes", "- " * 100_000, "t.yaml:1:", "nested deeper than 32 levels")


def sparse(folder: Path) -> None:
    with open(folder / "t.yaml", "wb") as file:
        file.truncate(100_000_000)


row("yaml-dos-05", {}, "rules check t.yaml", 3, "larger than 1 MiB", make=sparse)
check("yaml-dos-05:limit", b"#" * ((1 << 20) + 1), "larger than 1 MiB")
check("yaml-dos-07", good("- approach: f", f"- aproach: {'x' * 900_000}f"), "t.yaml:7:18",
    "longer than 20,000 characters", "xxx...")
check("yaml-dos-07:middle", good("[BERT]", f"[{'BERT, ' * 9_000}bert one, {'BERT, ' * 9_000}BERT]"), "t.yaml:9:54020",
    "a citation is a source", "...", "| ...", "BERT, bert one, BERT", "^^^^^^^^")
check("yaml-dos-07:duplicates", "version: 1\n" + "x: 1\n" * 20_000, "t.yaml:3:1", "duplicate key 'x'",
    "100 errors or more in t.yaml, 80 of them not shown")
check("yaml-dos-08", good("        because", '        when: {text_matches: "(a+)+$"}\n        because'),
    "t.yaml:8:16", "unknown fact 'text_matches'")
check("yaml-dos-08:many", "version: 1\ntasks:\n" + "".join(f"  t{i}: {{approch: x}}\n" for i in range(12_000)),
    "unknown key 'approch'", "of them not shown")
check("yaml-dos-08:references", good(CHOICE, "".join(
    f"      - {{id: c{i}, approach: encoder-{i}, because: {{en: x, zh: x}}, evidence: [NOPE{i}, NOPE]}}\n"
    for i in range(2_000))), "no approach is named 'encoder-0'", "no source is named 'NOPE0'", "of them not shown")

# the structure of a file
check("yaml-structure-01", good("output: label", "output: label\n    output: span"), "t.yaml:6:5",
    "duplicate key 'output'", "first defined at line 5", "^^^^^^")
check("yaml-structure-01:normal-form", "version: 1\ncaf\u00e9: 1\ncafe\u0301: 2\n", "t.yaml:3:1",
    "duplicate key 'caf\u00e9'")
check("yaml-structure-02", good(CHOICE, CHOICE + CHOICE), "t.yaml:10:19",
    "two choices of my-task are named 'fine-tuned-encoder'", "the first is at line 7")
check("yaml-structure-02:task", good() + "  my-task: {}\n", "t.yaml:12:3", "duplicate key 'my-task'",
    "first defined at line 3")
check("yaml-structure-03", good("        because", '        when: {1: a, "1": b, 1.0: c, true: d}\n        because'),
    "t.yaml:8:16", "write '1' in quotes", "t.yaml:8:30", "write '1.0' in quotes", "t.yaml:8:38",
    "write 'true' in quotes", "t.yaml:8:22", "duplicate key '1'")
check("yaml-structure-04", "", "t.yaml", "the file is empty; expected a map with the key 'tasks'",
    "start the file with 'version: 1' and 'tasks:'", lacks=("None",))
for name, text in (("comments", "# nothing\n---\n"), ("dashes", "---\n"), ("null", "null\n"), ("tilde", "~"),
                   ("bom", "\ufeff")):
    check(f"yaml-structure-05:{name}", text, "the file is empty; expected a map with the key 'tasks'", lacks=("None",))
check("yaml-structure-06", "hello\n", "t.yaml:1:1", "expected a map with the key 'tasks', found text")
check("yaml-structure-06:list", "- hello\n", "t.yaml:1:1", "expected a map with the key 'tasks', found a list")
check("yaml-structure-09:null", "version: 1\ntasks:\n", "t.yaml:2:7",
    "expected a map from names to tasks, found nothing")
check("yaml-structure-09:list", "version: 1\ntasks: [a]\n", "t.yaml:2:8",
    "expected a map from names to tasks, found a list")
check("yaml-structure-09:text", "version: 1\ntasks: abc\n", "t.yaml:2:8",
    "expected a map from names to tasks, found text")
check("yaml-structure-09:inner", "version: 1\ntasks: {a: 1, b: [], c: }\n", "t.yaml:2:12", "found '1'", "t.yaml:2:18",
    "found a list", "t.yaml:2:25", "found nothing", "3 errors in t.yaml")
check("yaml-structure-10", "version: 1\n---\nversion: 1\n", "t.yaml:2:1", "a second document starts at line 2")
check("yaml-structure-11", "tasks:\n  a:\n\t  output: label\n", "t.yaml:3:1",
    "a tab is used for indentation; use spaces", "3 | \\t  output: label", "| ^")
check("yaml-structure-13", good("{en: It works., zh: 有效。}", "\n          en: use this: now\n          zh: x"),
    "t.yaml:9:23", 'the text contains ": "; put the value in quotes', 'write it as "...: ..."')
check("yaml-structure-13:flow", good("It works.", "use this: now"), "t.yaml:8:31", 'the text contains ": "')
check("yaml-structure-13:missing", "version: 1\ntasks\n  a: 1\n", "t.yaml:2:1", "a ':' is missing after this key")
check("yaml-structure-13:deep", "version: 1\ntasks:\n  a: b\n    c: d\n", "t.yaml:4:6", "this line is indented too far")
for sign in "@`%":
    check(f"yaml-structure-16:{sign}", f"version: 1\ntasks: {sign}x\n", "t.yaml:2:8",
        "a value cannot start with this character")
check("yaml-structure-18", "base: &b {recommend: bert}\ntasks:\n  a:\n    <<: *b\n", "t.yaml:1:7",
    "anchors, aliases and << are not supported in rule files")
check("yaml-structure-18:merge-only", "version: 1\n<<: {tasks: 1}\n", "t.yaml:2:1",
    "anchors, aliases and << are not supported")
check("yaml-structure-19", "version: 1\n? [a, b]\n: 1\n", "t.yaml:2:3", "a key must be text", lacks=("hash",))

# tags and types
check("yaml-tags-01", 'tasks: !!python/object/apply:os.system ["touch pwned"]\n', "t.yaml:1:8",
    "tags (!...) are not allowed")
for tag in ('!!int ""', "!!bool maybe", "!!timestamp nope", "!!float abc", "!own x", "! x"):
    check(f"yaml-tags-03:{tag.split()[0]}", f"version: 1\ntasks: {tag}\n", "t.yaml:2:8", "tags (!...) are not allowed")
NORWAY = {"t.yaml": good("        because", "        when: {language: no}\n        because").replace("{given: {}",
    "{given: {language: no}")}
row("yaml-types-01", NORWAY, "rules test t.yaml", 0, "0 failed")
row("yaml-types-01:used", NORWAY, "recommend my-task --rules t.yaml --text-language no", 0, "It works.")
row("yaml-types-01:shown", NORWAY, "rules show my-task --rules t.yaml", 0, "text language no")
row("yaml-types-04", {"t.yaml": good("It works.", "2024-02-28")}, "recommend my-task --rules t.yaml --format json", 0,
    '"text": "2024-02-28"')
check("yaml-types-04:number", good("It works.", "2024"), "t.yaml:8:23", "'2024' is not text to YAML",
    "put it in quotes")
check("yaml-types-05:version", "version: 010\ntasks: {}\n", "t.yaml:1:10", "version must be 1")
for case, word, more in (
    ("05", "010", "write plain digits"), ("05", "1_000", "write plain digits"), ("05", "12:30:45", "write plain digits"),
    ("05", "0x10", "write plain digits"), ("05", "+5", "write plain digits"), ("05", "'8'", "write it without quotes"),
    ("05", "true", "1 error"), ("05", "", "1 error"), ("06", "1e3", "write plain digits"),
    ("06", "1.0e+3", "write plain digits"), ("06", ".nan", "write plain digits"), ("06", ".inf", "write plain digits"),
    ("06", "-.inf", "write plain digits"),
):
    check(f"yaml-types-{case}:{word or 'empty'}",
        good("        because", f"        when: {{labels: {{below: {word}}}}}\n        because"), "t.yaml:8:32",
        f"'{word.strip(chr(39))}' is not a whole number of 0 or more", more)
check("yaml-types-06:number", good("        because", "        when: {latency_ms: {below: .nan}}\n        because"),
    "t.yaml:8:36", "'.nan' is not a number above 0")
check("yaml-types-07", good("        because", f"        when: {{labels: {{below: {'9' * 5000}}}}}\n        because"),
    "t.yaml:8:32", f"'{'9' * 37}...' is not a whole number", lacks=("9" * 200,))

# encodings
check("encoding-01", b"\xef\xbb\xbfversion: 1\ntasks: {}\n", "no rules in t.yaml", code=1)
check("encoding-01:columns", b"\xef\xbb\xbfversoin: 1\n", "t.yaml:1:1", "unknown key 'versoin'", "use 'version'")
check("encoding-02", "version: 1\n\ufefftasks: {}\n", "t.yaml:2:1", "U+FEFF", "2 | \\ufefftasks: {}")
LATIN = "version: 1\ntasks:\n  a: café\n"
check("encoding-03", LATIN.encode("latin-1"), "t.yaml:3:9", "not UTF-8 (byte 0xe9)", "save the file again as UTF-8")
row("encoding-04", {"t.yaml": "version: 1\ntasks:\n  a: 中文\n".encode("gbk")}, "rules check t.yaml --lang en", 3,
    "t.yaml:3:6", "not UTF-8 (byte 0xd6)", lacks=("中", "ÖÐ"))
row("encoding-04:zh", {"t.yaml": "version: 1\ntasks:\n  a: 中文\n".encode("gbk")}, "rules check t.yaml --lang zh", 3,
    "t.yaml:3:6", "不是 UTF-8 编码（字节 0xd6）；请另存为 UTF-8", lacks=("ÖÐ",))
for codec in ("utf-16", "utf-16-be", "utf-32"):
    check(f"encoding-05:{codec}", "\ufeffversion: 1\n".encode(codec) if codec == "utf-16-be" else GOOD.encode(codec),
          "looks like UTF-16; save it again as UTF-8" if codec != "utf-32" else "save it again as UTF-8")
check("encoding-05:no-mark", GOOD.encode("utf-16-le"), "this is not a text file")
check("encoding-07", good("It works.", '"\\ud800"'), "t.yaml:8:")
check("encoding-09:id", 'version: 1\ntasks:\n  "a\u202egpj": {}\n', "t.yaml:3:5", "U+202E", '3 | "a\\u202egpj": {}')
for code in (0x00AD, 0x061C, 0x200B, 0x200E, 0x2028, 0x2060, 0x2066, 0xFFF9, 0xFFFE, 0x7F, 0x85, 0x9B, 0x1B, 7, 8):
    hidden = f'"\\u{code:04x}x"'
    check(f"encoding-09:escaped-{code:04x}", good("It works.", hidden), "t.yaml:8:23", f"U+{code:04X}", hidden)
    if code not in (0x2028, 0x85):  # these break the line instead
        shown = f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
        check(f"encoding-09:raw-{code:04x}", good("It works.", f"x{chr(code)}x"), "t.yaml:8:24", f"U+{code:04X}",
            f"x{shown}x")
check("encoding-14", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 15, "this is not a text file")
check("encoding-14:zip", b"PK\3\4rest", "this is not a text file")
check("encoding-14:gzip", b"\x1f\x8b\x08\x00rest", "this is not a text file")
check("encoding-14:zeros", bytes(4096), "this is not a text file")
check("encoding-14:elf", b"\x7fELF\x02\x01\x01" + b"\x01" * 99, "U+007F")

# the command line
row("cli-02", {}, "recommend ner --format jsn", 2, "--format cannot be 'jsn'", "text, json, markdown, jsonl",
    "the closest is json")
row("cli-02:fact", {}, "recommend ner --output lable", 2, "--output cannot be 'lable'", "the closest is label")
row("cli-02:command", {}, "recomend ner", 2, "no such command: recomend", "recommend")
row("cli-02:option", {}, "recommend ner --lables 5", 2, "no such option: --lables", "use --labels")
WORDS: tuple[str | bytes, ...]
for name, WORDS in (("task", ("recommend", b"a\xffb")), ("command", (b"a\xffb",)), ("option", ("tasks", b"--a\xffb")),
                    ("rules", ("tasks", "--rules", b"a\xffb")), ("lang", ("tasks", "--lang", b"a\xffb"))):
    row(f"cli-05:{name}", {}, WORDS, 3 if name == "rules" else 2, "a\\xffb", env={"PYTHONIOENCODING": "utf-8:strict"},
        process=True)
row("cli-05:json", {}, ("recommend", b"a\xffb", "--format", "json"), 2, "a\\udcffb", process=True)
row("cli-06:long", {}, ("recommend", "ner", "--rules", "x" * 300), 3, "File name too long")
row("cli-06:nul", {}, ("recommend", "ner", "--rules", "a\0b"), 3, "embedded null byte", "a\\x00b")
row("cli-06:batch", {}, ("recommend", "--batch", "a\0b"), 3, "embedded null byte", "a\\x00b")
ENDLESS = "x" * 90_000
for name, WORDS in (
    ("command", (ENDLESS,)), ("task", ("recommend", ENDLESS)), ("option", ("tasks", f"--{ENDLESS}")),
    ("rules", ("tasks", "--rules", ENDLESS)), ("fact", ("recommend", "ner", "--labels", ENDLESS)),
    ("seed", ("demo", "mlm", "--seed", ENDLESS)), ("format", ("tasks", "--format", ENDLESS)),
    ("lang", ("tasks", "--lang", ENDLESS)),
):
    row(f"cli-06:endless-{name}", {}, WORDS, 3 if name == "rules" else 2, "xxxxx")
row("cli-09", {"t.yaml": TWINS}, "recommend twin --rules t.yaml", 2,
    "'twin' can mean several tasks: first-twin, second-twin", process=True)
row("cli-09:misspelt", {"t.yaml": TWINS}, "recommend twinn --rules t.yaml", 2, "first-twin, second-twin", process=True)
row("cli-11", {}, "tasks", 2, "BERTGPT_LANG is 'xx'", "expected en or zh", env={"BERTGPT_LANG": "xx"})
row("cli-11:option", {}, "tasks --lang xx", 2, "--lang is 'xx'", "expected en or zh")
row("cli-11:json", {}, "tasks --format json", 2, "BERTGPT_LANG is 'xx'", env={"BERTGPT_LANG": "xx"})
row("cli-11:completion", {}, (), 2, "Invalid completion", env={"_BERTGPT_COMPLETE": "xx"}, process=True)
row("cli-11:half-completion", {}, (), 2, "completion", env={"_BERTGPT_COMPLETE": "complete_bash"}, process=True)
ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii"}
row("cli-12", {}, "recommend ner --lang zh", 0, "Named entity recognition", aside=("cannot show Chinese (ascii)",),
    env=ASCII, process=True)
row("cli-12:list", {}, "tasks --lang en", 0, "named-entity-recognition", env=ASCII, process=True)
row("cli-12:help", {}, "recommend --help --lang zh", 0, "Examples", aside=("cannot show Chinese",), env=ASCII,
    process=True)
row("cli-12:data", {}, "recommend 没有这个任务吧", 2, "no task is called '\\xe6\\xb2", env=ASCII, process=True)
row("cli-12:file", {"t.yaml": "version: 1\ntasks: 中文: x\n"}, "rules check t.yaml", 3, "t.yaml:2:10", "tasks: ??: x",
    env=ASCII, process=True)
HIJACK = "import os\nos.system('touch pwned')\nraise SystemExit('pwned')\n"
for argv in ("rules check t.yaml", "recommend ner --format json", "recommend ner"):
    names = ("yaml", "rich", "torch", "typer", "json", "bertgpt_cli", "sitecustomize")
    row(f"cli-14:{argv.split()[-1]}", {"t.yaml": GOOD, **{f"{name}.py": HIJACK for name in names}}, argv, 0,
        process=True)

# files, folders, pipes
row("io-01", {"rules.yaml": GOOD}, "recommend ner --rules rulez.yaml", 3, "no such file", "--> rulez.yaml",
    "use 'rules.yaml'")
row("io-01:check", {"d/rules.yaml": GOOD}, "rules check d/rulez.yaml", 3, "--> d/rulez.yaml", "use 'd/rules.yaml'")
row("io-01:empty", {}, ("rules", "check", ""), 3, "no such file", "--> ''")
row("io-01:unset", {}, ("recommend", "--rules", "", "ner"), 3, "no such file", "--> ''")
row("io-01:batch", {}, "recommend --batch no.jsonl", 3, "cannot be read: No such file or directory", "--> no.jsonl")
row("io-02", {}, "recommend ner --rules adir", 3, "no .yaml or .yml file",
    make=lambda folder: (folder / "adir").mkdir())
row("io-02:batch", {}, "recommend --batch adir", 3, "Is a directory", make=lambda folder: (folder / "adir").mkdir())
row("io-02:inside", {}, "rules check .", 3, "not a regular file", "./a.yaml",
    make=lambda folder: (folder / "a.yaml").mkdir())
row("io-03", {}, "recommend ner --rules t.yaml", 3, "the link leads nowhere: /nonexistent", "--> t.yaml",
    make=lambda folder: (folder / "t.yaml").symlink_to("/nonexistent"))
row("io-03:loop", {}, "rules check t.yaml", 3, "Too many levels of symbolic links",
    make=lambda folder: (folder / "t.yaml").symlink_to("t.yaml"))
row("io-03:below-a-file", {"t.yaml": GOOD}, "rules check t.yaml/x.yaml", 3, "Not a directory")
row("io-03:memory", {}, "recommend --batch /proc/self/mem", 3, "cannot be read: Input/output error", process=True)
row("io-05", {}, "recommend ner --rules t.yaml", 3, "not a regular file",
    make=lambda folder: os.mkfifo(folder / "t.yaml"), process=True)
row("io-05:device", {}, "rules check /dev/zero", 3, "not a regular file")
row("io-05:batch", {}, "recommend --batch /dev/zero", 3, "a line that does not end", "/dev/zero:1:1")
row("io-11:file", {"c/bertgpt": "keep"}, "recommend ner", 0, "BERT-style", env={"XDG_CACHE_HOME": "{folder}/c"})
row("io-11:link", {"c/x": "keep", "other/x": "keep"}, "recommend ner", 0, "BERT-style",
    env={"XDG_CACHE_HOME": "{folder}/c"}, make=lambda folder: (folder / "c/bertgpt").symlink_to(folder / "other"))
row("io-11:relative", {}, "recommend ner", 0, "BERT-style", env={"XDG_CACHE_HOME": "c", "HOME": "h"})
row("io-11:nowhere", {}, "recommend ner", 0, "BERT-style", env={"XDG_CACHE_HOME": "/dev/null/x", "HOME": "/dev/null/x"})

# errors for programs
ERRORS = (
    ("recommend nope", 2), ("recommend", 2), ("recommend ner --labels x", 2), ("recommend ner --nope", 2),
    ("recommend ner --rules no.yaml", 3), ("tasks --rules no.yaml", 3), ("rules check no.yaml", 3),
    ("rules test no.yaml", 3),
    ("rules show nope", 2), ("rules show ner --rules no.yaml", 3), ("rules diff no.yaml", 3), ("rules diff", 2),
    ("demo mlm --seed -1", 2), ("tasks --lang xx", 2),
)
for argv, code in ERRORS:
    row(f"output-json-01:{'-'.join(argv.split())}", {}, f"{argv} --format json", code, '"error": {')
row("output-json-01:short", {}, "recommend nope -fjson", 2, '"error": {', json="json")
row("output-json-01:last-wins", {}, "recommend nope --format json --format text", 2, "nope", lacks=("{",), json="")
row("output-json-01:after-dashes", {}, "recommend -- qwxzv wxqvz zvqxw xwzqv --format json", 2, "qwxzv", lacks=("{",), json="")
row("output-json-01:line", {}, "recommend nope --format jsonl", 2,
    '{"schema_version":"1.0","error":{"code":"unknown-task"')

# lines of a batch
BATCH = "recommend --batch t.jsonl"


def line(id: str, text: str | bytes, *says: str, code: int = 1) -> None:
    """A batch of one bad line between two good ones: it is told in its place, and the others are answered."""
    raw = text.encode() if isinstance(text, str) else text
    lines = b'{"task":"ner","id":"before"}\n' + raw + b'\n{"task":"ner","id":"after"}\n'
    row(f"own-batch-{id}", {"t.jsonl": lines}, BATCH, code, '{"id":"before",', *says, '{"id":"after",',
        aside=("1 of 3 lines failed",) if code else ())


line("not-json", '{"task":"ner",}', '"error":{"code":"bad-line"', "not JSON: ", '"line":2')
line("not-an-object", "[1]", "a line must be a JSON object")
line("bytes", b'{"task":"\xff"}', "not UTF-8 (byte 10)")
line("duplicate", '{"task":"ner","task":"qa"}', "duplicate key 'task'")
line("nan", '{"task":"ner","labels":NaN}', "NaN is not JSON")
line("huge-number", '{"task":"ner","labels":' + "9" * 5000 + "}", "not JSON that can be read")
line("huge-float", '{"task":"ner","labels":1e999}', "labels cannot be 'inf'")
line("huge-id", '{"task":"ner","id":1e999}', "id must be text or a number")
line("list-id", '{"task":"ner","id":[]}', "id must be text or a number")
line("deep", '{"task":' + "[" * 100_000, "not JSON that can be read")
line("surrogate", '{"task":"\\ud800 x y z"}', "no task is called '\\ud800 x y z'")
line("control", '{"task":"\\u001b[2J\\u009b"}', "\\u001b[2J\\u009b")
line("no-task", '{"labels":5}', "a line needs either 'task' or 'ask'")
line("both", '{"task":"ner","ask":"x"}', "a line needs either 'task' or 'ask'")
line("null-task", '{"task":null}', "task (or ask) must be text")
line("empty-list", '{"task":[]}', "task (or ask) must be text")
line("many-tasks", json.dumps({"task": ["ner"] * 51}), "more than 50 tasks in one line")
line("unknown-key", '{"task":"ner","lables":5}', "unknown key 'lables'; use 'labels'")
line("bool-for-number", '{"task":"ner","labels":true}', "labels cannot be 'true'")
line("id-of-a-bad-line", '{"task":"ner","lables":5,"id":7}',
    '{"id":7,"schema_version":"1.0","error":{"code":"unknown-key"')
line("id-of-an-unknown-task", '{"task":"nope","id":null}',
    '{"id":null,"schema_version":"1.0","error":{"code":"unknown-task"')
line("long", b" " * ((1 << 20) + 5), "the line is longer than 1 MiB", '"line":2')
line("long-with-text", b'{"task":"ner","id":"' + b"x" * (3 << 20) + b'"}', "the line is longer than 1 MiB", '"line":2')
line("just-too-long", b" " * (1 << 20), "the line is longer than 1 MiB", '"line":2')
line("blank", " \t\r", code=0)
line("break-inside", '{"task":"ner","id":"a\u2028b\u0085c"}', '{"id":"a\\u2028b\\u0085c"', code=0)
row("own-batch-bom", {"t.jsonl": '\ufeff{"task":"ner"}\r\n{"task":"ner"}'}, BATCH, 0, '"named-entity-recognition"')
row("own-batch-empty", {"t.jsonl": ""}, BATCH, 0)
row("own-batch-format", {"t.jsonl": ""}, f"{BATCH} --format text", 2, "use it with --format jsonl")
row("own-batch-task", {"t.jsonl": ""}, f"{BATCH} --task ner", 2, "without a task")
row("own-batch-rules", {"t.jsonl": "", "t.yaml": "tasks: ["}, f"{BATCH} --rules t.yaml --format jsonl", 3,
    '{"schema_version":"1.0","error":{')
row("own-batch-stdin", {}, "recommend --batch -", 1, '"line":2', process=True, stdin=b'{"task":"ner"}\nx\n',
    aside=("1 of 2 lines failed",))

# a block of lines is prose on one line, and a bug in a process of its own
row("own-block", {"t.yaml": good("{en: It works., zh: 有效。}", "\n          en: |\n            One line,\n"
    "              then another.\n          zh: x")}, "recommend my-task --rules t.yaml --format json", 0,
    '"text": "One line, then another."')
row("internal-01:process", {"sitecustomize.py": "import bertgpt_cli.advise.recommend as module\n"
    "module.Adviser.recommend = lambda *given: 1 / 0\n"}, "recommend ner", 70,
    "this is a bug in bertgpt (ZeroDivisionError); please report the command line, and what --debug adds to it",
    env={"PYTHONPATH": ".", "PYTHONDONTWRITEBYTECODE": "1"}, process=True)

# the order of a set must not show
for argv in ("recommend ner --explain --format json", "tasks", "rules check t.yaml",
    "rules show first-twin --rules t.yaml", "recommend --help"):
    row(f"own-hash-seed:{'-'.join(argv.split())}", {"t.yaml": TWINS}, argv, 0, process=True,
        env={"PYTHONHASHSEED": "1"}, again={"PYTHONHASHSEED": "2"})
for word in ("10", "0", "-5", "x", "１００", "999999999999999999999999"):
    row(f"terminal-07:{word}", {}, "recommend ner", 0, "named-entity-recognition", "BERT-style", env={"COLUMNS": word})
# fmt: on

# --- how a row is run ------------------------------------------------------------------------------------------------


def squeezed(text: str) -> str:
    return "".join(text.split())


def laid_out(folder: Path, made: Row) -> Path:
    folder.mkdir()
    for name, data in made.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    if made.make is not None:
        made.make(folder)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    """Every path in the folder, with what regular files hold."""
    found = {}
    for path in sorted(folder.rglob("*")):
        small = path.is_file() and path.stat().st_size < 10_000_000
        found[str(path.relative_to(folder))] = path.read_bytes() if small else b""
    return found


_READ = reading.read
_KNOWN: dict[tuple[str, bytes], reading.Layer] = {}


def read_once(name: str, data: bytes) -> reading.Layer:
    """The shipped files are read for the first row only; all else goes its usual way."""
    if not name.startswith("rules/"):
        return _READ(name, data)
    if (name, data) not in _KNOWN:
        _KNOWN[name, data] = _READ(name, data)
    return _KNOWN[name, data]


@pytest.fixture(autouse=True)
def signals_as_in_a_terminal() -> Iterator[None]:
    """A shell has its background jobs ignore Ctrl-C, and nohup has them ignore a hangup; children inherit that."""
    usual: dict[signal.Signals, Any] = {
        signal.SIGINT: signal.default_int_handler,
        signal.SIGTERM: signal.SIG_DFL,
        signal.SIGHUP: signal.SIG_DFL,
    }
    before = {number: signal.signal(number, handler) for number, handler in usual.items()}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


class NoNetwork:
    def __init__(self, *args: object, **keywords: object) -> None:
        raise AssertionError("a socket was opened")


@pytest.fixture
def called(
    tmp_path: Path,
    run: InProcess,
    bertgpt: Callable[..., Run],
    quiet_home: Mapping[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[[Row, Path, Mapping[str, str]], Run]:
    """Runs a row in its folder: in this process, or in one of its own where that is what matters."""
    for name in ("temporary", "home"):
        (tmp_path / name).mkdir()

    def call(made: Row, folder: Path, more: Mapping[str, str]) -> Run:
        env = {name: text.replace("{folder}", str(folder)) for name, text in {**made.env, **more}.items()}
        if made.process:
            settings = {"TMPDIR": str(tmp_path / "temporary"), **env}
            return bertgpt(*made.argv, stdin=made.stdin, cwd=folder, timeout=10, **settings)
        with monkeypatch.context() as patched:
            patched.chdir(folder)
            patched.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
            patched.setattr(reading, "read", read_once)
            patched.setattr(socket, "socket", NoNetwork)
            for name, text in env.items():
                patched.setenv(name, text)
            assert all(isinstance(word, str) for word in made.argv)
            return run(*map(str, made.argv))

    return call


def sound(done: Run, made: Row) -> None:
    """What holds for every row, whatever it is about."""
    assert done.code in (0, 1, 2, 3, 4, 70, 130, 143)
    out, err = done.out, done.err
    if made.colour:
        out, err = (re.sub(r"\x1b\[[0-9;]*m", "", text) for text in (out, err))
    for text in (out, err):
        assert "Traceback" not in text
        assert "Exception ignored" not in text
        assert controls(text) == []
    assert len(done.err.encode()) < 4096
    if made.json == "json" or (made.json and done.code >= 2):
        document = json.loads(done.out)
        assert document["schema_version"] == "1.0"
        assert ("error" in document) == (done.code >= 2)
        assert (done.out.count("\n") == 1) == (made.json == "jsonl")
    elif done.code >= 2:
        assert done.out == ""
    if done.code >= 2:
        assert done.err.strip()


@pytest.mark.parametrize("made", ROWS, ids=[made.id for made in ROWS])
def test_row(made: Row, tmp_path: Path, called: Callable[[Row, Path, Mapping[str, str]], Run]) -> None:
    folder = laid_out(tmp_path / "folder", made)
    before = contents(folder)
    begun = time.monotonic()
    first = called(made, folder, {})
    assert time.monotonic() - begun < 10
    sound(first, made)
    assert first.code == made.code, first
    told, beside = (first.out, first.err) if made.code < 2 or made.json else (first.err, "")
    for words in made.says:
        assert squeezed(words) in squeezed(told), (words, told)
    for words in made.aside:
        assert squeezed(words) in squeezed(beside), (words, beside)
    for words in made.lacks:
        assert squeezed(words) not in squeezed(first.out + first.err), words
    assert called(made, folder, made.again) == first
    assert contents(folder) == before
    assert list((tmp_path / "temporary").iterdir()) == []


# --- cases that need more than a row ---------------------------------------------------------------------------------


@covers("terminal-07")
@pytest.mark.parametrize("width", ["0", "10", "30", "59", "79"])
@pytest.mark.parametrize("argv", ["recommend ner --explain", "recommend ner --explain --lang zh", "rules test"])
def test_a_narrow_answer_loses_nothing(argv: str, width: str, run: InProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    wide = run(*argv.split()).out
    monkeypatch.setenv("COLUMNS", width)
    narrow = run(*argv.split()).out
    lost = Counter(squeezed(wide)) - Counter(squeezed(narrow))
    assert set(lost) <= {"─"}  # a table that has no room is told field by field, without its rule


@pytest.mark.parametrize("width", ["0", "10", "30", "59", "79"])
@pytest.mark.parametrize(
    ("argv", "shown"),
    [("tasks", ("id", "title", "output")), ("rules show ner", ("because", "place")), ("demo clm", ("label",))],
)
def test_a_narrow_table_loses_nothing(
    argv: str, shown: tuple[str, ...], width: str, run: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = json.loads(run(*argv.split(), "--format", "json").out)
    monkeypatch.setenv("COLUMNS", width)
    out = squeezed(run(*argv.split()).out)
    wanted = list(found(told, shown))
    assert len(wanted) > 2
    for word in " ".join(wanted).split():  # a cell's words may stand in several lines of it
        assert word in out, word


def found(told: Any, keys: tuple[str, ...]) -> Iterator[str]:
    """The values of these keys, wherever they stand."""
    if isinstance(told, dict):
        yield from (str(told[key]) for key in keys if key in told)
        told = [value for key, value in told.items() if key != "approach"]
    for one in told if isinstance(told, list) else ():
        yield from found(one, keys)


@pytest.mark.parametrize("shell", ["TERM=dumb", "-u TERM"])
@covers("terminal-11")
def test_a_dumb_terminal_gets_plain_text(shell: str, tmp_path: Path, quiet_home: Mapping[str, str]) -> None:
    argv = ["/usr/bin/env", *shell.split(), str(PROGRAM), "recommend", "ner"]
    done = on_a_terminal(argv, [], tmp_path, quiet_home)
    assert done["code"] == 0
    assert "BERT-style" in done["text"]
    assert controls(done["text"]) == []


def test_a_real_terminal_gets_colour(tmp_path: Path, quiet_home: Mapping[str, str]) -> None:
    done = on_a_terminal([str(PROGRAM), "recommend", "ner"], [], tmp_path, quiet_home)
    assert "\x1b[36m" in done["text"]


def on_a_terminal(
    argv: list[str], steps: list[tuple[str, str | int]], folder: Path, env: Mapping[str, str]
) -> dict[str, Any]:
    """What tests/on_a_terminal.py says of a program that is typed to: each step waits for a text, then types or signals."""
    script = str(Path(__file__).with_name("on_a_terminal.py"))
    asked = json.dumps({"argv": argv, "steps": steps})
    done = subprocess.run(
        [sys.executable, script],
        input=asked,
        capture_output=True,
        text=True,
        cwd=folder,
        env=env,
        timeout=30,
        check=True,
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def asked(typed: str | int, folder: Path, env: Mapping[str, str]) -> dict[str, Any]:
    """The question which of two tasks is meant, and what is typed then."""
    (folder / "t.yaml").write_text(TWINS)
    argv = [str(PROGRAM), "recommend", "twin", "--rules", "t.yaml"]
    done = on_a_terminal(argv, [("Which one?", typed)], folder, env)
    assert "1  first-twin: My task" in done["text"]
    assert "Traceback" not in done["text"]
    assert done["restored"]
    assert sorted(path.name for path in folder.iterdir()) == ["t.yaml"]
    return done


@covers("cli-10")
@pytest.mark.parametrize("typed", ["\x04", "\x03", "\n", signal.SIGINT], ids=["ctrl-d", "ctrl-c", "enter", "signal"])
def test_a_question_can_be_left(typed: str | int, tmp_path: Path, quiet_home: Mapping[str, str]) -> None:
    done = asked(typed, tmp_path, quiet_home)
    assert done["code"] == 130
    assert done["text"].count("Aborted.") == 1
    assert done["text"].endswith("Aborted.\n")
    assert done["seconds"] < 2


@pytest.mark.parametrize(
    ("typed", "task"), [("1\n", "first-twin"), ("2\n", "second-twin"), ("second-twin\n", "second-twin")]
)
def test_a_question_can_be_answered(typed: str, task: str, tmp_path: Path, quiet_home: Mapping[str, str]) -> None:
    done = asked(typed, tmp_path, quiet_home)
    assert done["code"] == 0
    assert f"'twin' was chosen to mean {task}" in done["text"]
    assert "BERT-style" in done["text"]


@pytest.mark.parametrize(
    "typed", ["3\n", "0\n", "-1\n", "x\n", "1e9\n", "\u0661\n", "\udcff\udcfe\n", "9" * 500 + "\n"]
)
def test_a_wrong_answer_is_an_error(typed: str, tmp_path: Path, quiet_home: Mapping[str, str]) -> None:
    done = asked(typed, tmp_path, {**quiet_home, "PYTHONIOENCODING": "utf-8:strict"})
    assert done["code"] == 2
    assert done["text"].count("'twin' can mean several tasks: first-twin, second-twin") == 2


# Where a demo is when it says so: loading PyTorch, which takes seconds.
LOADING = "loading PyTorch"


@covers("signal-01")
@pytest.mark.parametrize("times", [1, 2, 3])
def test_ctrl_c_ends_a_demo(times: int, tmp_path: Path, quiet_home: Mapping[str, str]) -> None:
    argv = [str(PROGRAM), "demo", "mlm"]
    done = on_a_terminal(argv, [(LOADING, signal.SIGINT)] * times, tmp_path, quiet_home)
    assert done["code"] == 130 or (times > 1 and done["code"] == -signal.SIGINT)  # the second one may end Python itself
    assert done["seconds"] < 2
    assert done["restored"]
    for words in ("Traceback", "Exception ignored", "KeyboardInterrupt"):
        assert words not in done["text"]


@covers("signal-01")
def test_ctrl_c_while_a_demo_is_put_away(tmp_path: Path, quiet_home: Mapping[str, str]) -> None:
    steps: list[tuple[str, str | int]] = [(LOADING, signal.SIGINT), ("Aborted.", signal.SIGINT)]
    done = on_a_terminal([str(PROGRAM), "demo", "mlm"], steps, tmp_path, quiet_home)
    assert done["code"] in (130, -signal.SIGINT)
    assert done["text"] == f"{LOADING} ...\nAborted.\n"


@covers("signal-01", "signal-02")
@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143)])
@pytest.mark.parametrize("then", ["pass", "raise ImportError('half loaded')", "raise SystemError"])
def test_a_signal_that_a_library_swallows_is_heeded(
    name: str, code: int, then: str, tmp_path: Path, bertgpt: Callable[..., Run]
) -> None:
    (tmp_path / "torch.py").write_text(
        f"import os, signal, time\ntry:\n    os.kill(os.getpid(), signal.{name})\n    time.sleep(5)\n"
        f"except BaseException:\n    {then}\nTensor = None\n"
    )
    (tmp_path / "numpy.py").write_text("")
    done = bertgpt("demo", "mlm", PYTHONPATH=str(tmp_path), PYTHONDONTWRITEBYTECODE="1")
    assert done == Run(code, "", "Aborted.\n" if name == "SIGINT" else "")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_that_leaves_no_trace_is_heeded(
    number: signal.Signals, code: int, run: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = import_module("bertgpt_cli.lab.demos")

    class Loading(ModuleType):
        @property
        def demos(self) -> ModuleType:
            with suppress(BaseException):
                os.kill(os.getpid(), number)
                time.sleep(5)
            return loaded

    monkeypatch.setitem(sys.modules, "bertgpt_cli.lab", Loading("bertgpt_cli.lab"))
    done = run("demo", "mlm")
    assert done == Run(code, "", "Aborted.\n" if number == signal.SIGINT else "")


@covers("signal-02")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, -signal.SIGHUP)])
def test_a_signal_ends_a_demo(number: int, code: int, tmp_path: Path, quiet_home: Mapping[str, str]) -> None:
    done = on_a_terminal([str(PROGRAM), "demo", "mlm"], [(LOADING, number)], tmp_path, quiet_home)
    assert done["code"] == code  # a shell shows -1 as 129
    assert done["seconds"] < 2
    assert done["text"].strip().startswith(LOADING)
    assert "Traceback" not in done["text"]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_batch_that_is_stopped_leaves_whole_lines(
    number: int, code: int, tmp_path: Path, quiet_home: Mapping[str, str]
) -> None:
    with subprocess.Popen(
        [str(PROGRAM), "recommend", "--batch", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
        env=quiet_home,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(b'{"task":"ner"}\n' * 30)
        process.stdin.flush()  # and it stays open, so that the program waits for more
        first = process.stdout.readline()
        process.send_signal(number)
        rest = process.stdout.readlines()
        said = process.stderr.read().decode()
        assert process.wait(10) == code
    assert all(json.loads(text)["kind"] == "recommendation" for text in (first, *rest))
    assert said == ("Aborted.\n" if number == signal.SIGINT else "")


def test_a_signal_that_the_caller_ignores_stays_ignored(tmp_path: Path, quiet_home: Mapping[str, str]) -> None:
    words = ["bash", "-c", 'trap "" INT; exec "$@"', "bash", str(PROGRAM), "recommend", "--batch", "-"]
    pipe = subprocess.PIPE
    with subprocess.Popen(words, stdin=pipe, stdout=pipe, stderr=pipe, cwd=tmp_path, env=quiet_home) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b'{"task":"ner"}\n' * 30)
        process.stdin.flush()
        assert process.stdout.readline()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(b'{"task":"ner"}\n', timeout=10)
    assert (process.returncode, len(out.splitlines()), err) == (0, 30, b"")


@covers("io-08")
def writing_to(
    out: int | IO[bytes], argv: str, cwd: Path, env: Mapping[str, str]
) -> subprocess.CompletedProcess[bytes]:
    """Runs the program with this standard output."""
    command = [str(PROGRAM), *argv.split()]
    return subprocess.run(command, stdout=out, stderr=subprocess.PIPE, cwd=cwd, env=env, check=False)


@pytest.mark.parametrize(
    "argv", ["tasks", "recommend ner", "recommend ner --format json", "--help", "rules schema", "rules show"]
)
def test_a_reader_that_has_gone_is_no_failure(argv: str, tmp_path: Path, quiet_home: Mapping[str, str]) -> None:
    reading_end, writing_end = os.pipe()
    os.close(reading_end)
    try:
        done = writing_to(writing_end, argv, tmp_path, quiet_home)
    finally:
        os.close(writing_end)
    assert done.returncode == 0
    assert done.stderr == b""


FULL = {
    "recommend ner": 4,
    "recommend ner --format json": 4,
    "recommend --batch t.jsonl": 4,
    "tasks": 4,
    "--help": 4,
    "--version": 4,
    "rules schema": 4,
    "rules check": 4,
    "recommend nope --format json": 2,
}


@covers("own-full-disk")
@pytest.mark.parametrize("argv", FULL)
def test_a_full_disk_is_told(argv: str, tmp_path: Path, quiet_home: Mapping[str, str]) -> None:
    (tmp_path / "t.jsonl").write_text('{"task":"ner"}\n' * 9)
    with open("/dev/full", "wb") as full:
        done = writing_to(full, argv, tmp_path, quiet_home)
    assert done.returncode == FULL[argv]
    said = "No space left on device" if FULL[argv] == 4 else "no task is called 'nope'"
    assert done.stderr.decode().startswith("error: ")
    assert said in done.stderr.decode()
    assert done.stderr.count(b"\n") <= 2


@pytest.mark.parametrize("listener", ["full", "gone", "closed"])
@pytest.mark.parametrize(
    ("argv", "code"),
    [("recommend sentimant-analysis", 0), ("recommend nope", 2), ("rules check no.yaml", 3), ("tasks", 0)],
)
def test_nobody_listens_to_standard_error(
    argv: str, code: int, listener: str, tmp_path: Path, bertgpt: Callable[..., Run], quiet_home: Mapping[str, str]
) -> None:
    heard = bertgpt(*argv.split())
    assert heard.code == code
    if listener == "full":
        deaf = os.open("/dev/full", os.O_WRONLY)
    else:
        gone, deaf = os.pipe()
        os.close(gone)
    words = [str(PROGRAM), *argv.split()]
    if listener == "closed":
        words = ["bash", "-c", '"$@" 2>&-', "bash", *words]
    try:
        done = subprocess.run(words, stdout=subprocess.PIPE, stderr=deaf, cwd=tmp_path, env=quiet_home, check=False)
    finally:
        os.close(deaf)
    assert done.returncode == code
    assert done.stdout.decode() == heard.out


@pytest.mark.parametrize(
    ("argv", "redirect", "code", "said"),
    [
        ("recommend ner", ">&-", 4, "error: standard output is closed\n"),
        ("recommend ner --format json", ">&-", 4, "error: standard output is closed\n"),
        ("recommend --batch -", "<&-", 3, "cannot be read: standard input is closed"),
        ("recommend ner", "<&-", 0, ""),
        ("tasks", "<&- 2>&-", 0, ""),
    ],
)
def test_a_closed_stream(
    argv: str, redirect: str, code: int, said: str, tmp_path: Path, quiet_home: Mapping[str, str]
) -> None:
    done = subprocess.run(
        ["bash", "-c", f'"$@" {redirect}', "bash", str(PROGRAM), *argv.split()],
        capture_output=True,
        cwd=tmp_path,
        env=quiet_home,
        check=False,
    )
    assert done.returncode == code
    assert said in done.stderr.decode()
    assert "bug" not in done.stderr.decode()
    assert (done.stdout != b"") == (code == 0)


@covers("io-12")
@pytest.mark.parametrize("damage", ["empty", "cut", "garbage", "flipped", "other", "folder", "fifo"])
def test_a_damaged_cache_is_a_miss(damage: str, tmp_path: Path, bertgpt: Callable[..., Run]) -> None:
    env = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    whole = bertgpt("recommend", "ner", **env)
    (kept,) = (tmp_path / "cache/bertgpt").iterdir()
    data = kept.read_bytes()
    kept.unlink()
    if damage == "folder":
        kept.mkdir()
    elif damage == "fifo":
        os.mkfifo(kept)
    else:
        middle = len(data) // 2
        flipped = data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]
        damaged = {"empty": b"", "cut": data[:middle], "garbage": b'{"v":', "flipped": flipped, "other": data + b"x"}
        kept.write_bytes(damaged[damage])
    assert bertgpt("recommend", "ner", **env) == whole
    assert [path.name for path in (tmp_path / "cache/bertgpt").iterdir()] == [kept.name]
    if damage != "folder":
        assert kept.read_bytes() == data
    assert bertgpt("recommend", "ner", **env) == whole


@covers("io-11")
def test_a_link_in_the_cache_is_replaced_and_not_written_through(tmp_path: Path, bertgpt: Callable[..., Run]) -> None:
    env = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    whole = bertgpt("recommend", "ner", **env)
    (kept,) = (tmp_path / "cache/bertgpt").iterdir()
    kept.unlink()
    (tmp_path / "other").write_text("somebody's")
    kept.symlink_to(tmp_path / "other")
    assert bertgpt("recommend", "ner", **env) == whole
    assert (tmp_path / "other").read_text() == "somebody's"
    assert not kept.is_symlink()


def broken(*args: object, **keywords: object) -> None:
    raise ZeroDivisionError("by \x1b[2Jzero")


BUGS = {
    "the core": "bertgpt_cli.advise.recommend.Adviser.recommend",
    "a drawing": "bertgpt_cli.render.recommendation.document",
    "all drawing": "bertgpt_cli.render.text.draw",
    "the command": "bertgpt_cli.cli.recommend.given_facts",
}


@covers("internal-01")
@pytest.mark.parametrize("place", BUGS)
@pytest.mark.parametrize("debug", [False, True])
def test_a_bug_is_called_one(place: str, debug: bool, run: InProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("bertgpt_cli.cli.recommend", "bertgpt_cli.render.recommendation", "bertgpt_cli.render.text"):
        __import__(module)
    monkeypatch.setattr(BUGS[place], broken)
    done = run("recommend", "ner", *(["--debug"] if debug else []))
    assert done.code == 70
    assert done.out == ""
    assert "this is a bug in bertgpt (ZeroDivisionError)" in done.err
    assert ("Traceback" in done.err) == debug
    assert controls(done.err) == []


def test_a_bug_in_how_errors_are_told_is_a_bug(run: InProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    __import__("bertgpt_cli.render.complaints")
    monkeypatch.setattr("bertgpt_cli.render.complaints.document", broken)
    done = run("recommend", "nope")
    assert done.code == 70
    assert "this is a bug in bertgpt (ZeroDivisionError)" in done.err


def test_no_more_of_a_file_is_read_than_may_be_in_it(tmp_path: Path) -> None:
    sparse(tmp_path)
    assert len(read_bytes("t.yaml", str(tmp_path / "t.yaml"), 10)) == 11


def test_a_folder_that_cannot_be_listed_is_an_unreadable_input(
    tmp_path: Path, run: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "d").mkdir()

    def refuse(path: str) -> list[str]:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr("bertgpt_cli.rulebook.files.os.listdir", refuse)
    done = run("rules", "check", str(tmp_path / "d"))
    assert done.code == 3
    assert "cannot be read: Permission denied" in done.err


def test_every_case_is_here() -> None:
    listed = {f"{area}-{number}" for area, numbers in CASES.items() for number in numbers.split()}
    rows = {made.id.partition(":")[0] for made in ROWS}
    assert listed == {id for id in rows | COVERED if not id.startswith("own-")}
    assert not NOT_APPLICABLE.keys() & rows
    assert len({made.id for made in ROWS}) == len(ROWS)
