"""The strict YAML loader: whatever the bytes, it reads them or says where and what is wrong, at once."""

from __future__ import annotations

import gc
import re
import time
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import pytest
import yaml
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from bertgpt_cli.complaints import MAX_COMPLAINTS
from bertgpt_cli.errors import TOO_MANY, Complaint, InputFileError
from bertgpt_cli.render.complaints import document, excerpt
from bertgpt_cli.render.safe import one_line, visible
from bertgpt_cli.render.text import draw
from bertgpt_cli.rulebook.file_text import MAX_BYTES
from bertgpt_cli.rulebook.reading import read
from bertgpt_cli.rulebook.strict_yaml import MAX_DEPTH, Mapping, Node, Scalar, kind_of, parse
from bertgpt_cli.text import same

PARSERS = ("libyaml", "pure")
both = pytest.mark.parametrize("parser", PARSERS)
LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
OF_THE_WHOLE_FILE = {"BG101", "BG102", "BG103", "BG109", TOO_MANY}

GOOD = """version: 1
date: "2026-11-24"
tasks:
  my-task:
    title: {en: My task, zh: 我的任务}
    output: label
    aliases: {en: [mine, 'my own'], zh: ["我的"]}
    choices:
      - approach: fine-tuned-encoder
        when: {labels: {at-least: 8, below: 200}, hosted: true, language: [en, zh]}
        because: {en: "It works: yes.", zh: 有效。}
        evidence: [BERT, BERT-01..03]
    examples:
      - {given: {labels: 10, hosted: false}, expect: fine-tuned-encoder}
"""


@contextmanager
def parsing_with(parser: str) -> Iterator[None]:
    """PyYAML without libyaml must do as well: the wheels have it, a source build may not."""
    if parser == "libyaml":
        assert yaml.__with_libyaml__
        yield
    else:
        with patch.object(yaml, "CSafeLoader", yaml.SafeLoader):
            yield


def complaints(data: bytes) -> tuple[Complaint, ...]:
    """What `read` says, each of it held against the file; nothing if the file is fine. Anything else but fails."""
    refused = None
    gc.freeze()  # what other tests have loaded into this process is not the reader's to look through
    begun = time.process_time()
    try:
        read("t.yaml", data)
    except InputFileError as error:
        refused = error
    took = time.process_time() - begun
    gc.unfreeze()
    assert took < 1
    if refused is None:
        return ()
    assert draw(document(refused, "en"), 80, False)
    assert draw(document(refused, "zh"), 20, False)
    lines = LINE_BREAK.split(data.decode("utf-8-sig", "replace"))
    assert refused.complaints
    for one in refused.complaints:
        assert one.file == "t.yaml"
        assert one.message.en
        assert one.message.zh
        assert (one.line == 0) == (one.code in OF_THE_WHOLE_FILE), one
        if one.line:
            assert 1 <= one.line <= len(lines), one
            assert 1 <= one.column <= len(lines[one.line - 1]) + 1, one
            assert one.excerpt == lines[one.line - 1]
            assert one.width >= 1
    return refused.complaints


# --- whatever the bytes ----------------------------------------------------------------------------------------------

FRAGMENTS = """
version: 1¦tasks:¦tasks: ¦choices:¦when: {labels: {below: 8}}¦my-task:¦title: {en: x, zh: y}¦- approach: bi-encoder
: ¦:¦- ¦-¦? ¦?¦, ¦,¦[¦]¦{¦}¦{{¦]]¦"¦'¦''¦"\\"¦"\\x41"¦"\\ud800"¦"\\e"¦"\\N"¦"\\L"¦"\\q"¦\\¦#¦# c¦'#'¦&a¦&a ¦*a¦<<: *a
<<¦!¦!!¦!!int ¦!!python/object/apply:os.system ¦!<x>¦!a!b¦%YAML 1.1¦%TAG ! x¦%¦@¦`¦|¦|-¦|2¦>¦>+¦>-¦~¦null¦true
no¦010¦1_000¦.nan¦1e999¦12:30:45¦2024-01-01¦---¦--- ¦...¦=¦\t¦ ¦  ¦    ¦\n\n¦\r¦\r\n¦\x85¦\u2028
中文¦😀¦e\u0301¦\u202e¦\ufeff¦\x00¦\x1b[2J¦\x7f¦\x9b¦\ufffe¦\U000e0041¦\U0001fffe¦x¦key: value¦key:¦"k": ¦'v'¦a b¦date: x
sources:¦approaches:¦families:¦otherwise:¦evidence: [A, A-01..02]¦override: merge¦given: {}¦expect: x¦is: ¦in: [¦at-least: 1
""".split("¦")
fragments = st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=3), max_size=30)
yamlish = st.builds(
    lambda parts, glue: glue.join(parts), fragments, st.sampled_from(["", " ", "\n", "\n  ", ", ", "\n- ", ": "])
)


@st.composite
def damaged(draw_: st.DrawFn) -> bytes:
    """The good file with a piece replaced by another piece of it, by a fragment or by bytes."""
    data = GOOD.encode()
    start = draw_(st.integers(0, len(data)))
    stop = draw_(st.integers(start, min(len(data), start + 40)))
    other = draw_(st.integers(0, len(data)))
    piece = draw_(
        st.binary(max_size=4)
        | yamlish.map(lambda text: text.encode("utf-8", "replace"))
        | st.just(data[other : other + 20])
    )
    return data[:start] + piece + data[stop:]


@both
@given(data=st.binary(max_size=300) | st.binary(max_size=60).map(lambda tail: b"version: 1\ntasks: " + tail))
def test_bytes_are_read_or_refused(parser: str, data: bytes) -> None:
    with parsing_with(parser):
        complaints(data)


@both
@settings(max_examples=300)
@given(text=yamlish)
@example(text="a: [")
@example(text="a: {b: c")
@example(text="a:\n- '")
@example(text="? ")
@example(text="- - - a: }")
@example(text="a: b: c")
@example(text="tasks\n  x: 1")
@example(text="\ta: 1")
@example(text="a: 'b'c")
@example(text="&a : *a")
@example(text="*a : b")
@example(text="version: 1\n\ufeff")
def test_yamlish_text_is_read_or_refused(parser: str, text: str) -> None:
    with parsing_with(parser):
        complaints(text.encode("utf-8", "surrogatepass"))


@both
@settings(max_examples=300)
@given(data=damaged())
def test_a_damaged_rule_file_is_read_or_refused(parser: str, data: bytes) -> None:
    with parsing_with(parser):
        complaints(data)


@both
def test_the_good_file_is_good(parser: str) -> None:
    with parsing_with(parser):
        assert complaints(GOOD.encode()) == ()
        assert complaints(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode()) == ()


BIG = {
    "brackets": "tasks: " + "[" * 1_000_000,
    "braces": "tasks: " + "{" * 1_000_000,
    "dashes": "- " * 500_000,
    "question marks": "? " * 500_000,
    "colons": ": " * 500_000,
    "comments": "#\n" * 500_000,
    "one comment": "#" * 1_000_000,
    "blank lines": "\n" * 1_000_000,
    "odd line breaks": "\x85" * 500_000,
    "spaces": " " * 1_000_000,
    "tabs": "\t" * 1_000_000,
    "words": "word " * 200_000,
    "one word": "x" * 1_000_000,
    "quoted": '"' + "x" * 1_000_000 + '"',
    "unclosed quotation": "'" + "x\n" * 500_000,
    "escapes": '"' + "\\x41" * 200_000 + '"',
    "block": "a: |\n" + "  x\n" * 250_000,
    "keys": "".join(f"k{i}: 1\n" for i in range(90_000)),
    "the same key": "k: 1\n" * 200_000,
    "numbers as keys": "".join(f"{i}: 1\n" for i in range(90_000)),
    "short list": "a: [" + "1, " * 300_000 + "]",
    "maps in a list": "a: [" + "{b}, " * 200_000 + "]",
    "unknown facts": GOOD.replace("labels: {at", "".join(f"labelz{i}: 1, " for i in range(20_000)) + "labels: {at"),
    "unknown keys": "version: 1\n" + "".join(f"tazks{i}: 1\n" for i in range(20_000)),
    "bad tasks": "version: 1\ntasks:\n" + "".join(f"  t{i}: 1\n" for i in range(20_000)),
    "bad citations": GOOD.replace("[BERT,", f"[{'bert one, ' * 20_000}BERT,"),
    "long unknown keys": "version: 1\n" + "".join(f"{chr(97 + i)}{'asks' * 4_000}: 1\n" for i in range(26)),
    "documents": "---\n" * 250_000,
    "directives": "%YAML 1.1\n" * 100_000,
    "tags": "!a " * 300_000,
    "anchors": "&a " * 300_000,
    "hidden at the end": "x: 1\n" * 200_000 + "\u202e",
    "combining": "a: " + "\u0301" * 500_000 + "\x01",
    "wide": "a: " + "中" * 300_000 + ": x",
}


@pytest.mark.parametrize("name", BIG)
def test_a_big_file_takes_less_than_a_second(name: str) -> None:
    data = BIG[name].encode()
    assert len(data) > 100_000
    found = complaints(data[:MAX_BYTES])
    assert found
    assert len(found) <= MAX_COMPLAINTS + 1
    for one in found[:3]:
        assert len(excerpt(one)) < 1000


def test_a_hundred_complaints_are_enough() -> None:
    for text in (BIG["the same key"], BIG["unknown keys"], BIG["bad tasks"]):
        found = complaints(text.encode())
        assert len(found) == MAX_COMPLAINTS + 1
        assert found[-1].code == TOO_MANY


def test_what_is_allowed_is_told_once() -> None:
    with pytest.raises(InputFileError) as caught:
        read("t.yaml", b"version: 1\nx: 1\ny: 1\ntasks: {a: {z: 1, q: 1}}\n")
    shown = draw(document(caught.value, "en"), 80, False)
    assert shown.count("unknown key") == 4
    assert shown.count("allowed keys: version, date") == 1
    assert shown.count("allowed keys: title, output") == 1


def test_depth_has_a_limit_and_the_limit_is_usable() -> None:
    deepest = "[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1)
    assert isinstance(parse("t", f"a: {deepest}".encode())[0], Mapping)
    with pytest.raises(InputFileError) as refused:
        parse("t", f"a: [{deepest}]".encode())
    assert refused.value.complaints[0].message.en == "nested deeper than 32 levels"


# --- what is read is what was written --------------------------------------------------------------------------------

# What a terminal or an editor would obey, hide or reorder is refused, so it cannot come back.
letters = st.characters(exclude_categories=["Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"]) | st.sampled_from(
    "中文é😀:#-,[]{}\t'\"\\&*!|>%@`\n "
)
prose = st.text(letters, max_size=12)
scalars = (
    prose
    | st.integers(-(10**17), 10**17)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.booleans()
    | st.none()
)
keys = prose.filter(lambda key: key != "<<")
trees = st.dictionaries(
    keys,
    st.recursive(
        scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4), max_leaves=12
    ),
    min_size=1,
    max_size=4,
)


class Dumper(yaml.SafeDumper):
    """Somebody else's writer: PyYAML's own. It thinks in YAML 1.1, so it has to be told what a number is in 1.2."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


Dumper.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|0o[0-7]+|0x[0-9a-fA-F]+"),
    list("-+.0123456789"),
)


def normal(tree: Any) -> Any:
    """Keys in the one form that makes two spellings of a letter the same."""
    if isinstance(tree, dict):
        return {unicodedata.normalize("NFC", key): normal(value) for key, value in tree.items()}
    return [normal(one) for one in tree] if isinstance(tree, list) else tree


def plain(node: Node) -> Any:
    if isinstance(node, Mapping):
        return {key: plain(value) for key, (_, value) in node.entries.items()}
    if not isinstance(node, Scalar):
        return [plain(one) for one in node.items]
    kind = kind_of(node)
    if kind == "bool":
        return node.text == "true"
    read_as: dict[str, Any] = {"null": lambda text: None, "int": int, "float": float, "text": str}
    return read_as[kind](node.text)


@both
@settings(max_examples=200)
@given(
    tree=trees, flow=st.sampled_from([True, False, None]), unicode=st.booleans(), width=st.sampled_from([20, 80, 10**6])
)
def test_a_tree_comes_back(parser: str, tree: dict[str, Any], flow: bool | None, unicode: bool, width: int) -> None:
    assume(len(normal(tree)) == len(tree))
    text = yaml.dump(tree, Dumper=Dumper, default_flow_style=flow, allow_unicode=unicode, width=width, sort_keys=False)
    with parsing_with(parser):
        root, _, found = parse("t.yaml", text.encode())
    if not found:  # keys that fall together inside a part are told as duplicates
        assert plain(root) == normal(tree)
    else:
        assert all(one.code == "BG115" for one in found)
        assert str(normal(tree)) != str(tree)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        *((text, "null") for text in ("", "~", "null", "Null", "NULL")),
        *((text, "bool") for text in ("true", "True", "FALSE")),
        *((text, "int") for text in ("0", "-1", "+12", "010", "0o17", "0x1F")),
        *((text, "float") for text in ("1.", ".5", "-0.0", "1e3", "1.0E+3", ".inf", "-.INF", ".nan")),
        *(
            (text, "text")
            for text in ("no", "on", "Yes", "1_000", "12:30:45", "2024-02-28", "0b1", "1e", "tRUE", "=", ".", "-")
        ),
    ],
)
def test_a_plain_value_is_what_an_editor_takes_it_for(text: str, kind: str) -> None:
    """The core schema of YAML 1.2: editors read that, PyYAML by itself reads 1.1."""
    assert kind_of(Scalar(text, True, 1, 1)) == kind
    assert kind_of(Scalar(text, False, 1, 1)) == "text"


@both
@given(character=st.characters(), escaped=st.booleans())
def test_what_is_read_can_be_shown_as_it_is(parser: str, character: str, escaped: bool) -> None:
    """The loader refuses all that the renderer would have to escape, tab and line break apart."""
    told = f"\\U{ord(character):08x}" if escaped else character
    with parsing_with(parser):
        try:
            root, _, _ = parse("t.yaml", f'a: "x{told}y"\n'.encode("utf-8", "surrogatepass"))
        except InputFileError:
            assert not ("a" <= character <= "z")
            return
    value = plain(root)["a"]
    flat = value.replace("\t", " ").replace("\n", " ")
    assert visible(flat) == flat


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J", "\\x1b[2J"),
        ("\t\x00\x7f\x9b", "\\t\\x00\\x7f\\x9b"),
        ("a\u202eb\u200b\ufeff\u00ad\u061c", "a\\u202eb\\u200b\\ufeff\\xad\\u061c"),
        ("\ufffe\uffff\U000e0041", "\\ufffe\\uffff\\U000e0041"),
        ("\ud800\udcff", "\\ud800\\xff"),
        ("\u2028\u2029\x85\r", "\\u2028\\u2029\\x85\\x0d"),
        ("می\u200cخواهم 👨\u200d👩", "می\u200cخواهم 👨\u200d👩"),
        ("中文\n[bold]", "中文\n[bold]"),
    ],
)
def test_what_a_terminal_would_obey_or_hide_is_shown(text: str, shown: str) -> None:
    assert visible(text) == shown
    assert one_line(text) == shown.replace("\n", "\\n")


@given(st.text())
def test_visible_text_has_nothing_that_a_terminal_obeys(text: str) -> None:
    shown = visible(text)
    shown.encode()
    assert all(one == "\n" or unicodedata.category(one) not in ("Cc", "Cs", "Zl", "Zp") for one in shown)
    assert "\n" not in one_line(text)
    assert visible(shown) == shown
    if text.isprintable():
        assert shown == text


# --- places ----------------------------------------------------------------------------------------------------------

wide = st.text(st.sampled_from("ab 中文字，😀👍é①ﾊ한"), max_size=80)


@both
@given(
    before=wide,
    bom=st.booleans(),
    newline=st.sampled_from(["\n", "\r\n", "\r", "\x85", "\u2028"]),
    above=st.integers(0, 3),
)
def test_columns_count_characters(parser: str, before: str, bom: bool, newline: str, above: int) -> None:
    start = f'k: ["{before}", '
    text = newline.join([*["# 中文😀"] * above, f"{start}@x]"])
    with parsing_with(parser):
        (one,) = complaints((b"\xef\xbb\xbf" if bom else b"") + text.encode())
    assert (one.line, one.column) == (above + 1, len(start) + 1)
    assert one.message.en.startswith("a value cannot start with this character")
    shown, caret = excerpt(one).split("\n")[1:]
    assert shown[index_at(shown, caret.index("^"))] == "@"


@given(before=wide, width=st.integers(1, 9))
def test_columns_of_what_rules_mean_count_characters(before: str, width: int) -> None:
    text = f'version: 1\ntasks: {{"{before}": {"x" * width}}}\n'
    found = complaints(text.encode())
    one = next(one for one in found if one.code == "BG207")
    assert (one.line, one.column, one.width) == (2, 13 + len(before), width)
    shown, caret = excerpt(one).split("\n")[1:]
    assert caret.strip(" |") == "^" * width
    assert shown[index_at(shown, caret.index("^")) :].startswith("x" * width)


def index_at(text: str, cell: int) -> int:
    """The character that begins at a cell."""
    index = next(index for index in range(len(text) + 1) if cell_len(text[:index]) >= cell)
    assert cell_len(text[:index]) == cell
    return index


@given(
    line=st.text(
        st.characters(exclude_characters="\n\r") | st.sampled_from("中😀\t\x1b\u0301\u202e\u200d"), max_size=300
    ),
    column=st.integers(1, 310),
    width=st.integers(1, 300),
)
@example(line="中" * 300, column=150, width=20)
@example(line="\t\t\tx", column=4, width=1)
@example(line="\x1b" * 300, column=299, width=1)
@example(line="", column=1, width=1)
def test_the_caret_stands_under_its_place(line: str, column: int, width: int) -> None:
    assume(column <= len(line) + 1)
    one = Complaint("BG000", same("x"), "t.yaml", 7, column, width, line)
    above, shown, caret = excerpt(one).split("\n")
    assert above == "  |"
    start = caret.index("^")
    mark = one_line(line[column - 1 : column])
    places = [index for index in range(len(shown) + 1) if cell_len(shown[:index]) == start]
    assert any(shown[index:].startswith(mark) for index in places)
    assert set(caret[start:]) == {"^"}
    assert len(caret) <= max(cell_len(shown), start + 1)
    assert cell_len(shown) <= len("7 | ......") + 60 + 10  # an escape may stick out
    kept = shown.removeprefix("7 | ")
    if "..." not in kept:
        assert kept == one_line(line)


def test_a_caret_under_chinese_and_emoji_by_eye() -> None:
    one = Complaint("BG000", same("x"), "t.yaml", 12, 7, 3, "中文😀: [bad]")
    assert excerpt(one) == "   |\n12 | 中文😀: [bad]\n   |          ^^^"
