"""The user's labelled file: whatever its bytes, it is read as it stands or every fault is told where it is."""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from collections import Counter
from typing import Any, Literal

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from bertgpt_cli import dataset
from bertgpt_cli.complaints import MAX_COMPLAINTS
from bertgpt_cli.dataset import LABEL_COLUMNS, TEXT_COLUMNS, Dataset, read
from bertgpt_cli.errors import TOO_MANY, Complaint, InputFileError, UsageError
from bertgpt_cli.render.complaints import document
from bertgpt_cli.render.text import draw

LINE_BREAK = re.compile("\r\n|[\n\r]")
NAMES = ("a.csv", "a.tsv", "a.jsonl", "a.json", "a.txt", "a")

# Twenty texts that nothing is wrong with, ten of each label; a file may go on from here.
PAIRS = [(f"text {number}", "pos" if number % 2 else "neg") for number in range(20)]
ROWS = "".join(f"{text},{label}\n" for text, label in PAIRS)
CSV = "text,label\n" + ROWS
OBJECTS = "".join(json.dumps({"text": text, "label": label}) + "\n" for text, label in PAIRS)


def good(data: str | bytes, name: str = "a.csv", **asked: Any) -> Dataset:
    return read(name, data.encode() if isinstance(data, str) else data, **asked)


def pairs(found: Dataset) -> list[tuple[str, str]]:
    return [(text, found.classes[label]) for text, label in zip(found.texts, found.labels, strict=True)]


def refused(data: str | bytes, name: str = "a.csv", **asked: Any) -> tuple[Complaint, ...]:
    """What is complained about, each of it held against the file."""
    data = data.encode() if isinstance(data, str) else data
    with pytest.raises(InputFileError) as caught:
        read(name, data, **asked)
    held_against(data, name, caught.value.complaints)
    assert draw(document(caught.value, "en"), 80, False)
    assert draw(document(caught.value, "zh"), 20, False)
    return caught.value.complaints


def held_against(data: bytes, name: str, complaints: tuple[Complaint, ...]) -> None:
    assert complaints
    lines = LINE_BREAK.split(data.decode("utf-8-sig", "replace"))
    assert [one.line for one in complaints if one.code != TOO_MANY] == sorted(
        one.line for one in complaints if one.code != TOO_MANY
    )
    for one in complaints:
        assert one.file == name
        assert one.code == TOO_MANY or re.fullmatch("BG7[01][0-9]", one.code)
        assert one.message.en
        assert re.search("[\u4e00-\u9fff]", one.message.zh)
        if one.line:
            assert 1 <= one.line <= len(lines)
            assert 1 <= one.column <= len(lines[one.line - 1]) + 1
            assert one.excerpt == lines[one.line - 1]
        else:
            assert (one.column, one.excerpt) == (0, "")


def told(complaints: tuple[Complaint, ...]) -> list[tuple[str, int, int]]:
    return [(one.code, one.line, one.column) for one in complaints]


# --- whatever the bytes ----------------------------------------------------------------------------------------------

FRAGMENTS = """
text¦label¦text,label¦"¦""¦"a"¦","¦,¦;¦\t¦\n¦\r\n¦\r¦\n\n¦{¦}¦[¦]¦:¦{"text": "a", "label": "x"}¦{"text": "b", "label": 1}¦"text": ¦"label": ¦NaN¦1e999
true¦null¦\\u0000¦\\ud800¦\\¦ ¦pos¦neg¦ pos¦é¦e\u0301¦中文¦😀¦\ufeff¦\x85¦\u2028¦\x1b[2J¦\u202e¦text 0,pos\n¦text 0,neg\n¦,pos\n¦x,\n¦99999
""".replace("\n", "¦").split("¦")
anything = st.lists(st.sampled_from(FRAGMENTS), max_size=12).map(lambda parts: "".join(parts).encode())


@st.composite
def damaged(draw_: st.DrawFn) -> bytes:
    """A good file with a piece of it replaced."""
    data = draw_(st.sampled_from([CSV, CSV.replace(",", "\t"), OBJECTS])).encode()
    start = draw_(st.integers(0, len(data)))
    stop = draw_(st.integers(start, min(len(data), start + 40)))
    return data[:start] + draw_(anything | st.binary(max_size=4)) + data[stop:]


@settings(max_examples=200, deadline=None)
@given(data=damaged() | anything | st.binary(max_size=100), name=st.sampled_from(NAMES), skip=st.booleans())
@example(data=b"\xef\xbb", name="a", skip=False)
@example(data=b"\xef\xbb\xbf", name="a", skip=False)
@example(data=b'""\n""', name="a.csv", skip=False)
@example(data=b" " * 70_000 + b"a", name="a", skip=False)
@example(data="\u2003\n".encode(), name="a.jsonl", skip=False)
@example(data=b"text,label\n" + "é".encode()[:1], name="a.csv", skip=False)
def test_bytes_are_read_or_refused(data: bytes, name: str, skip: bool) -> None:
    limit = csv.field_size_limit()
    try:
        found = read(name, data, skip=skip)
    except InputFileError as error:
        held_against(data, name, error.complaints)
    else:
        counts = Counter(found.labels)
        assert len(found.texts) == len(found.labels) == len(found.lines) >= 20
        assert list(found.classes) == sorted(set(found.classes))
        assert set(counts) == set(range(len(found.classes)))
        assert min(counts.values()) >= 5
        assert list(found.lines) == sorted(set(found.lines))
        assert all(text.strip() for text in found.texts)
        assert len({" ".join(text.lower().split()) for text in found.texts}) == len(found.texts)
        if found.left_out:
            assert skip
            held_against(data, name, found.left_out)
        assert skip or read(name, data, skip=True) == found
    assert csv.field_size_limit() == limit


# --- what is written is read -----------------------------------------------------------------------------------------

# Carriage returns become newlines, whose number in a text is then another one; NUL and surrogates are refused.
letters = st.characters(exclude_characters="\0\r", exclude_categories=["Cs"])
words = st.text(letters, max_size=12) | st.sampled_from(
    ['"', '""', ",", "\n", "a\nb", '"a",b', " ", "'", "\t", "\ufeff"]
)
labels = st.lists(
    st.text(letters, min_size=1, max_size=6).map(str.strip).filter(bool), min_size=2, max_size=4, unique=True
)
contents = st.tuples(st.lists(words, min_size=20, max_size=24), labels)


def records(content: tuple[list[str], list[str]]) -> list[tuple[str, str]]:
    """The drawn words, made different from each other, with the labels in turn."""
    texts, classes = content
    return [(f"{number}. {text}", classes[number % len(classes)]) for number, text in enumerate(texts)]


@settings(max_examples=40, deadline=None)
@given(content=contents, everything=st.booleans(), delimiter=st.sampled_from(",\t;"), bom=st.booleans())
def test_csv_reads_back(content: tuple[list[str], list[str]], everything: bool, delimiter: str, bom: bool) -> None:
    wanted = records(content)
    file = io.StringIO()
    quoting: Literal[0, 1] = csv.QUOTE_ALL if everything else csv.QUOTE_MINIMAL
    writer = csv.writer(file, delimiter=delimiter, quoting=quoting, lineterminator="\n")
    starts = []
    writer.writerow(["id", "label", "text"])
    for number, (text, label) in enumerate(wanted):
        starts.append(file.getvalue().count("\n") + 1)
        writer.writerow([number, f" {label}\t" if everything else label, text])
    found = good(file.getvalue().encode("utf-8-sig" if bom else "utf-8"), delimiter=delimiter)
    assert pairs(found) == wanted
    assert list(found.lines) == starts
    assert (found.text_column, found.label_column, found.repeated) == ("text", "label", 0)
    for ending in ("\r\n", "\r"):
        assert good(file.getvalue().replace("\n", ending), delimiter=delimiter) == found


@settings(max_examples=40, deadline=None)
@given(content=contents, escaped=st.booleans(), number=st.booleans(), final=st.booleans())
def test_json_lines_read_back(content: tuple[list[str], list[str]], escaped: bool, number: bool, final: bool) -> None:
    wanted = records(content)
    name = {label: 10 - place if number else label for place, label in enumerate(content[1])}
    lines = [
        json.dumps({"label": name[label], "n": [1.5, None, {}], "text": text}, ensure_ascii=escaped)
        for text, label in wanted
    ]
    written = "\n\n".join(lines) + "\n" * final
    found = good(written, "a.jsonl")
    assert pairs(found) == [(text, str(name[label])) for text, label in wanted]
    assert found.lines == tuple(range(1, 2 * len(wanted), 2))
    for ending in ("\r\n", "\r"):
        assert good(written.replace("\n", ending), "a.jsonl") == found


def test_lines_are_read_the_same_wherever_a_block_of_the_file_ends() -> None:
    for length in range(8150, 8196):  # the standard library decodes 8,192 bytes at a time
        long = "é" * (length // 2) + "x" * (length % 2)
        found = good(("text,label\n" + f'"{long}\n",pos\n' + ROWS).replace("\n", "\r\n"))
        assert pairs(found) == [(long + "\n", "pos"), *PAIRS]
        assert found.lines == (2, *range(4, 24))


@pytest.mark.parametrize("name", ["a.csv", "A.CSV", "a.txt", "a", "dir.jsonl/a"])
def test_the_ending_or_else_the_content_says_what_the_file_is(name: str) -> None:
    found = good(CSV, name)
    assert pairs(found) == PAIRS
    assert found.name == name
    assert (found.left_out, found.remarks, found.classes) == ((), (), ("neg", "pos"))
    if not name.lower().endswith("csv"):
        assert pairs(good(CSV.replace(",", "\t"), name)) == PAIRS
        assert pairs(good("\n " + OBJECTS, name)) == PAIRS


@pytest.mark.parametrize("name", ["a.tsv", "a.TAB"])
def test_tabs(name: str) -> None:
    assert pairs(good(CSV.replace(",", "\t"), name)) == PAIRS


@pytest.mark.parametrize("name", ["a.jsonl", "a.ndjson", "a.json"])
def test_json_lines(name: str) -> None:
    assert pairs(good(OBJECTS, name)) == PAIRS


def test_a_delimiter_that_was_asked_for_counts_more_than_the_ending() -> None:
    for name in ("a.csv", "a.tsv", "a.jsonl"):
        assert pairs(good(CSV.replace(",", ";"), name, delimiter=";")) == PAIRS
        assert pairs(good(CSV.replace(",", "\t"), name, delimiter="\\t")) == PAIRS


@pytest.mark.parametrize("delimiter", ["", '"', "\n", "\r", "\0", ",,", "\\n"])
def test_what_cannot_be_a_delimiter(delimiter: str) -> None:
    with pytest.raises(UsageError):
        read("a.csv", CSV.encode(), delimiter=delimiter)


def test_one_column_cannot_be_both() -> None:
    with pytest.raises(UsageError):
        read("a.csv", CSV.encode(), text="text", label="text")


def test_texts_are_kept_as_they_are() -> None:
    odd = [" padded ", "\x1b[2J\x07", "\u202egpj", "x\u2028y", "!!!", "😀", "=1+1", "NA", "word " * 40_000]
    file = io.StringIO()
    csv.writer(file).writerows([["text", "label"], *([text, "pos"] for text in odd)])
    found = good(file.getvalue().replace("\r\n", "\n") + ROWS)
    assert found.texts[: len(odd)] == tuple(odd)
    assert found.lines == tuple(range(2, 2 + len(odd) + 20))


# --- columns ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "text", "label"),
    [
        ("text,label", "text", "label"),
        ("review,sentiment", "review", "sentiment"),
        ("文本,标签", "文本", "标签"),
        ("text,class", "text", "class"),
        ("label,comment", "comment", "label"),
        ("comment,text,label", "text", "label"),
        ("label,category,text", "text", "label"),
        (",text,,label", "text", "label"),
    ],
)
def test_columns_by_their_names(header: str, text: str, label: str) -> None:
    columns = header.split(",")
    rows = [header]
    for one, other in PAIRS:
        rows.append(",".join(one if column == text else other if column == label else "x" for column in columns))
    found = good("\n".join(rows))
    assert (found.text_column, found.label_column) == (text, label)
    assert pairs(found) == PAIRS
    assert good("\n".join(rows), text=text, label=label) == found


def test_columns_that_were_asked_for() -> None:
    data = CSV.replace("text,label", "text,Größe")
    assert pairs(good(data, label="Größe")) == PAIRS
    data = OBJECTS.replace('"text"', '"label"', 0).replace('"text": "', '"a b": "')
    assert pairs(good(data, "a.jsonl", text="a b")) == PAIRS


def test_names_of_columns_are_never_shared() -> None:
    assert not set(TEXT_COLUMNS) & set(LABEL_COLUMNS)


@pytest.mark.parametrize(
    ("header", "asked", "says", "help"),
    [
        (" Text , LABEL", {}, 'no column "text" and no column "label"; found " Text ", " LABEL"', '--text " Text " --label " LABEL"'),
        ("text,stars", {}, 'no column "label"; found "text", "stars"', 'say --label "stars"'),
        ("phrase,label", {}, 'no column "text"; found "phrase", "label"', 'say --text "phrase"'),
        ("I like it,positive", {}, 'found "I like it", "positive"', "--text COLUMN --label COLUMN; the first line names the columns"),
        ("review,comment,label", {}, 'several columns may be "text": "review", "comment"', "say --text COLUMN"),
        ("text,tag,class", {}, 'several columns may be "label": "tag", "class"', "say --label COLUMN"),
        ("text,label", {"text": "texts"}, 'no column "texts"; found', 'say --text "text"'),
        ("text,label,x", {"label": "lable"}, 'no column "lable"; found "text", "label", "x"', 'say --label "label"'),
        ("text,x,y", {"label": "q"}, 'no column "q"', "say --label COLUMN"),
        ("text,sentimant,x", {}, 'no column "label"', 'say --label "sentimant"'),
    ],
)  # fmt: skip
def test_columns_are_not_guessed(header: str, asked: dict[str, str], says: str, help: str) -> None:
    width = header.count(",") + 1
    rows = "".join(",".join([text, *[label] * (width - 1)]) + "\n" for text, label in PAIRS)
    (one,) = refused(f"\n{header}\n{rows}", **asked)
    assert told((one,)) == [("BG709", 2, 1)]
    assert says in one.message.en
    assert one.help is not None
    assert help in one.help.en


def test_keys_are_not_guessed_either() -> None:
    (one,) = refused("\n" + OBJECTS.replace("label", "Label"), "a.jsonl")
    assert told((one,)) == [("BG709", 2, 1)]
    assert one.help is not None
    assert 'say --label "Label"' in one.help.en


def test_a_header_of_very_many_columns_is_told_of_in_short() -> None:
    (one,) = refused(",".join(f"column {number}" for number in range(50_000)) + "\nx\n")
    assert one.code == "BG709"
    assert len(one.message.en) < 600


# --- what is wrong with a file ---------------------------------------------------------------------------------------

BAD: dict[str, tuple[str, str | bytes, list[tuple[str, int, int]], tuple[str, ...]]] = {
    "empty": ("a.csv", b"", [("BG701", 0, 0)], ("the file is empty",)),
    "blank": ("a.jsonl", b"\xef\xbb\xbf \r\n\n", [("BG701", 0, 0)], ("the file is empty",)),
    "header-only": ("a.csv", "text,label\n", [("BG701", 0, 0)], ("no records",)),
    "only-empty-cells": ("a.csv", '""\n\n', [("BG701", 0, 0)], ("no records",)),
    "xlsx": ("a.csv", b"PK\3\4rest", [("BG702", 0, 0)], ("Excel", "zip", "export it as CSV")),
    "xls": ("a.csv", b"\xd0\xcf\x11\xe0\xa1\xb1", [("BG702", 0, 0)], ("Excel",)),
    "gzip": ("a.csv", b"\x1f\x8b\x08\x00", [("BG702", 0, 0)], ("gzip", "unpack")),
    "parquet": ("a.csv", b"PAR1\x15\x04", [("BG702", 0, 0)], ("Parquet",)),
    "utf-16": ("a.csv", CSV.encode("utf-16"), [("BG702", 0, 0)], ("is UTF-16", "save it again as UTF-8")),
    "utf-16-big": ("a.csv", b"\xfe\xff" + CSV.encode("utf-16-be"), [("BG702", 0, 0)], ("is UTF-16",)),
    "utf-16-bare": ("a.csv", CSV.encode("utf-16-le"), [("BG702", 0, 0)], ("looks like UTF-16",)),
    "page": ("a.csv", b"\n<!DOCTYPE html>", [("BG702", 0, 0)], ("web page",)),
    "lfs": ("a.csv", b"version https://git-lfs.github.com/spec/v1\n", [("BG702", 0, 0)], ("git lfs pull",)),
    "latin1": ("a.csv", "text,label\r\nnaïve café,pos\n".encode("latin1"), [("BG703", 2, 3)], ("0xef", "looks like latin1", "iconv -f latin1")),
    "gbk": ("a.csv", "text,label\na,x\n很好,正面\n".encode("gbk"), [("BG703", 3, 1)], ("0xba", "looks like GBK", "iconv -f GBK")),
    "damaged": ("a.csv", "\ufefftext,label\n中文".encode() + b"\xff\n", [("BG703", 2, 3)], ("not UTF-8 (byte 0xff)",)),
    "cut-short": ("a.csv", b"\xef\xbb\xbf" + (CSV + "中文").encode()[:-1], [("BG703", 22, 2)], ("not UTF-8",)),
    "damaged-header": ("a.csv", b"\xef\xbb\xbftext,la\xe9bel\n", [("BG703", 1, 8)], ("looks like latin1",)),
    "nul-first": ("a.csv", "\0" + CSV, [("BG704", 1, 1)], ("NUL",)),
    "nul": ("a.csv", b"\xef\xbb\xbf" + (CSV + "a\0,pos\n").encode(), [("BG704", 22, 2)], ("NUL",)),
    "unclosed": ("a.csv", 'text,label\n"oops,pos\n' + ROWS * 50, [("BG705", 2, 1)], ("the quote that opens here is not closed",)),
    "unclosed-label": ("a.csv", CSV + 'a,"oops\n' + ROWS, [("BG705", 22, 3)], ("the quote that opens here is not closed",)),
    "unclosed-escapes": ("a.csv", CSV + 'x,"a ""b"" ""\n' + ROWS, [("BG705", 22, 3)], ("the quote that opens here is not closed",)),
    "unclosed-later": ("a.csv", CSV + '"a\n""b""\nc","oops\n' + ROWS, [("BG705", 24, 4)], ("the quote that opens here is not closed",)),
    "unclosed-until-the-next": ("a.csv", 'text,label\n"oops,pos\n' + ROWS + '"a, b",neg\nc\n', [("BG705", 2, 1)], ("closed on line 23 in front of \"a\", inside a cell",)),
    "quotes-inside": ("a.csv", CSV + '"say "hi" now",pos\n"a"b,pos\nc\n', [("BG705", 22, 1), ("BG705", 23, 1), ("BG706", 24, 1)], ('closed in front of "h", inside', 'closed in front of "b"')),
    "quotes-after-a-delimiter": ("a.csv", CSV + 'x,"pos"\n"b","c"d\n', [("BG705", 23, 5)], ('in front of "d"',)),
    "header-quotes": ("a.csv", '"text"x,label\nreview,tag\n' + ROWS, [("BG705", 1, 1)], ()),
    "cells": ("a.csv", CSV + "a\nb,pos,c\n\n   \nd,pos\n", [("BG706", 22, 1), ("BG706", 23, 1)], ("1 cell, expected 2", "3 cells, expected 2", "double quotes")),
    "semicolons": ("a.csv", CSV.replace(",", ";"), [("BG707", 1, 5)], ("one column", '--delimiter ";"')),
    "tabs": ("a.csv", CSV.replace(",", "\t"), [("BG707", 1, 5)], ("one column", '--delimiter "\\t"')),
    "commas": ("A.TSV", CSV, [("BG707", 1, 5)], ('--delimiter ","',)),
    "wide-commas": ("a.csv", CSV.replace(",", "，"), [("BG707", 1, 5)], ('--delimiter "，"',)),
    "one-column": ("a.csv", "text\na\n", [("BG709", 1, 1)], ('no column "label"; found "text"',)),
    "twins": ("a.csv", "text,label,text,x,x,,\na,pos,b,,,,\n", [("BG708", 1, 1), ("BG708", 1, 1)], ('2 columns are called "text"', '"x"')),
    "syntax": ("a.jsonl", OBJECTS + '{"text":"a" "label":"x"}\n{"text":"b","label":"x"}}\n{"text":"c\n', [("BG710", 21, 13), ("BG710", 22, 25), ("BG710", 23, 9)], ("not JSON",)),
    "array": ("a.json", '[\n{"text": "a", "label": "b"}\n]\n', [("BG711", 1, 1)], ("expected JSON Lines", "one object a line")),
    "pretty": ("a.json", '{\n  "text": "a",\n  "label": "b"\n}\n', [("BG711", 1, 1)], ("expected JSON Lines",)),
    "not-json": ("a.json", "hello\n" + OBJECTS, [("BG710", 1, 1)], ("one object a line",)),
    "not-objects": ("a.jsonl", OBJECTS + '"a"\n["a"]\n', [("BG711", 21, 1), ("BG711", 22, 1)], ("expected an object",)),
    "twin-keys": ("a.jsonl", OBJECTS + '{"text":"a","label":"x","label":"y"}\n{"text":"b","label":"pos","m":{"k":1,"k":2}}', [("BG712", 21, 1), ("BG712", 22, 1)], ('"label" stands twice', '"k"')),
    "nan": ("a.jsonl", OBJECTS + '{"text":"a","label":NaN}\n{"text":"a","x":-Infinity}\n', [("BG712", 21, 1), ("BG712", 22, 1)], ("NaN", "-Infinity")),
    "no-characters": ("a.jsonl", OBJECTS + '{"text":"\\ud800","label":"pos"}\n{"text":"b","label":"\\u0000"}\n{"text":"\\ud83d\\ude00","label":"pos"}\n', [("BG712", 21, 1), ("BG712", 22, 1)], ("U+D800", "U+0000")),
    "digits": ("a.jsonl", OBJECTS + '{"text":"a","label":' + "9" * 5000 + "}\n", [("BG712", 21, 1)], ("5000 digits",)),
    "deep": ("a.jsonl", OBJECTS + '{"text":' + "[" * 100_000 + "\n", [("BG712", 21, 1)], ("deeply",)),
    "kinds": ("a.jsonl", OBJECTS + '{"text":"a","label":true}\n{"text":"b","label":1}\n{"text":"c","label":"1"}\n{"text":"d","label":null}\n{"text":"e","label":["x"]}\n{"text":"f","label":1.0}\n{"text":"g","label":{}}\n',
        [("BG713", 21, 1), ("BG713", 22, 1), ("BG714", 24, 1), ("BG713", 25, 1), ("BG713", 26, 1), ("BG713", 27, 1)],
        ("label is true or false", "text (line 1), a whole number (line 22)", "label is a list", "label is a fraction", "label is an object")),
    "texts-of-kinds": ("a.jsonl", OBJECTS + '{"text":1,"label":"pos"}\n{"text":null,"label":"pos"}\n{"label":"pos"}\n', [("BG713", 21, 1), ("BG714", 22, 1), ("BG714", 23, 1)], ("the text is a whole number", "no text")),
    "no-text": ("a.csv", CSV + ',pos\n" \u3000\n",neg\nx, \n', [("BG714", 22, 1), ("BG714", 23, 1), ("BG714", 25, 1)], ("no text", "no label")),
    "contradiction": ("a.csv", CSV + "A  b,pos\nx,pos\na\u3000Ｂ,neg\nＡ B ,pos\na b,neu\n", [("BG715", 22, 1), ("BG715", 24, 1), ("BG715", 26, 1)], ('on line 24 with another label: "pos" here, "neg" there', 'on line 22 with another label: "neg" here, "pos" there', '"neu" here')),
    "few": ("a.csv", "text,label\n" + "a,x\nb,y\nc,y\n", [("BG716", 0, 0)], ("3 usable texts; at least 20",)),
    "nineteen": ("a.csv", CSV[: CSV.index("text 19")], [("BG716", 0, 0)], ("19 usable texts",)),
    "one-class": ("a.csv", CSV.replace("pos", "neg"), [("BG717", 0, 0)], ('the same label, "neg"',)),
    "few-of-one-class": ("a.csv", "text,label\na,x\n", [("BG716", 0, 0), ("BG717", 0, 0)], ("1 usable text;",)),
    "rare": ("a.csv", CSV + "a,x\nb,x\nc,x\nd,x\ne,y\n", [("BG718", 0, 0)], ('fewer than 5 usable texts: "x" (4), "y" (1)',)),
    "half": ("a.csv", "text,label\n" + "".join(f"{n},{n // 2}\n" for n in range(20)), [("BG719", 1, 1)], ("10 different labels for 20 texts", '"label" is probably not')),
    "thousand": ("a.csv", "text,label\n" + "".join(f"{n},{n % 1001}\n" for n in range(6006)), [("BG719", 1, 1)], ("1,001 different labels for 6,006 texts",)),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_is_refused_with_all_its_faults(case: str) -> None:
    name, data, wanted, says = BAD[case]
    complaints = refused(data, name)
    assert told(complaints) == wanted
    words = "\n".join(f"{one.message.en}\n{one.help.en if one.help else ''}" for one in complaints)
    for one in says:
        assert one in words


@pytest.mark.parametrize("case", [case for case in BAD if BAD[case][2][0][0] < "BG714"])
def test_a_file_that_is_no_such_file_is_refused_even_when_bad_records_are_left_out(case: str) -> None:
    name, data, wanted, _ = BAD[case]
    codes = [code for code, _, _ in wanted if code != "BG714"]
    assert [one.code for one in refused(data, name, skip=True)] == codes


def test_just_enough_is_enough() -> None:
    fives = "text,label\n" + "".join(f"{n},{n % 4}\n" for n in range(20))
    assert good(fives).classes == ("0", "1", "2", "3")
    nine = "text,label\n" + "".join(f"{n},{n % 9}\n" for n in range(45))
    assert len(good(nine).classes) == 9
    thousand = "text,label\n" + "".join(f"{n},{n % 1000}\n" for n in range(5000))
    assert len(good(thousand).classes) == 1000


def test_a_file_of_many_bytes_is_refused_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dataset, "MAX_BYTES", len(CSV))
    assert pairs(good(CSV)) == PAIRS
    (one,) = refused(CSV + " ")
    assert told((one,)) == [("BG702", 0, 0)]
    assert "larger than 1 GiB" in one.message.en


def test_a_damaged_file_is_not_taken_for_one_of_another_encoding() -> None:
    (one,) = refused("text,label\n中文,正\n".encode() + "中文".encode("gbk"))
    assert one.message.en == "not UTF-8 (byte 0xd6)"
    assert one.help is not None
    assert "iconv" not in one.help.en


def test_only_bad_records_are_said_to_be_skippable() -> None:
    complaints = refused(CSV + ",pos\na\ntext 1,neg\nc,x\n")
    assert [(one.code, one.note is not None) for one in complaints] == [
        ("BG718", True), ("BG715", True), ("BG714", True), ("BG706", False), ("BG715", True),
    ]  # fmt: skip


def test_blank_lines_are_no_records() -> None:
    found = good(" " * 5000 + "\n\n" + CSV.replace("\n", "\n\n  \n"))
    assert pairs(found) == PAIRS
    assert found.lines == tuple(range(6, 66, 3))


def test_columns_may_have_any_signs_in_their_names() -> None:
    assert pairs(good("a;b,text,label\n" + ROWS.replace("text", "x,text"))) == PAIRS


def test_keys_of_the_first_hundred_objects_are_columns() -> None:
    blank = '{"x": 1}\n'
    assert pairs(good(blank * 99 + OBJECTS, "a.jsonl", skip=True)) == PAIRS
    assert [one.code for one in refused(blank * 100 + OBJECTS, "a.jsonl", skip=True)] == ["BG709"]


def test_numbers_of_a_hundred_digits_are_read() -> None:
    for digits in ("9" * 100, "-" + "9" * 99):
        found = good(OBJECTS.replace("}", f', "n": {digits}}}'), "a.jsonl")
        assert pairs(found) == PAIRS
    assert refused(OBJECTS.replace("}", f', "n": {"9" * 101}}}'), "a.jsonl")[0].code == "BG712"


def test_no_more_than_a_hundred_faults_are_told() -> None:
    complaints = refused(CSV + "x\n" * 150)
    assert len(complaints) == MAX_COMPLAINTS + 1
    assert complaints[-1].code == TOO_MANY
    assert {one.line for one in complaints[:-1]} == set(range(22, 122))


def test_a_quote_that_swallows_a_large_file_is_told_of_where_it_opens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dataset, "LONGEST_CELL", 1000)
    before = CSV + '"fine\ntext",pos\n'
    (one,) = refused(before + 'x,"oops\n' + "b,neg\n" * 5000)
    assert told((one,)) == [("BG705", 24, 3)]
    assert "not closed within 1,000 characters" in one.message.en
    (one,) = refused(before + "x," + "y" * 1001 + "\n")
    assert told((one,)) == [("BG705", 24, 3)]
    assert "a cell of more than 1,000 characters" in one.message.en
    assert len(good(before + f'"{"y" * 1000}",pos\n').texts) == 22


# --- what is left out ------------------------------------------------------------------------------------------------


def test_bad_records_are_left_out_where_that_is_asked_for() -> None:
    data = CSV + ",pos\nx,\ntwice,pos\nTwice,neg\ntwice,pos\ntwice ,neg\nrare,y\nrare ,y\n"
    complaints = refused(data)
    assert {one.code for one in complaints} == {"BG714", "BG715", "BG718"}
    found = good(data, skip=True)
    assert pairs(found) == PAIRS
    assert found.classes == ("neg", "pos")
    held_against(data.encode(), "a.csv", found.left_out)
    assert [(one.code, one.line) for one in found.left_out] == [
        ("BG714", 22), ("BG714", 23), ("BG715", 24), ("BG715", 25), ("BG715", 27), ("BG718", 28),
    ]  # fmt: skip
    assert found.left_out[-1].message.en == 'labels with fewer than 5 usable texts: "y" (1)'
    assert found.repeated == 2
    assert len(found.texts) + found.repeated + len(found.left_out) == 28


def test_what_is_left_must_be_enough() -> None:
    assert told(refused("text,label\n" + ROWS[: ROWS.index("text 19")] + "a,x\n", skip=True)) == [("BG716", 0, 0)]
    most = "text,label\n" + "".join(f"{n},pos\n" for n in range(30)) + "a,x\n"
    assert told(refused(most, skip=True)) == [("BG717", 0, 0)]
    nothing = refused("text,label\n" + ",pos\n" * 30, skip=True)
    assert told(nothing) == [("BG716", 0, 0)]
    assert nothing[0].message.en.startswith("0 usable texts")


def test_more_bad_records_than_complaints_are_held_are_all_left_out() -> None:
    found = good(CSV + ",pos\n" * 500, skip=True)
    assert len(found.left_out) == 500
    assert pairs(found) == PAIRS


# --- the same --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("other", ["TEXT 7", " text\t 7 ", "Ｔｅｘｔ　７", "text\xa07", "text\n7"])
def test_a_text_counts_once(other: str) -> None:
    found = good(CSV + f'"{other}",pos\nnew,neg\n')
    assert pairs(found) == [*PAIRS, ("new", "neg")]
    assert found.repeated == 1
    assert found.lines == (*range(2, 22), 24 if "\n" in other else 23)


@pytest.mark.parametrize(
    ("one", "other"),
    [("é", "e\u0301"), ("Straße", "STRASSE"), ("ﬁn", "FIN"), ("\u03ca\u0301", "\u0390"), ("ΣΑΣ", "σας"), ("①", "1")],
)
def test_texts_that_unicode_calls_the_same(one: str, other: str) -> None:
    assert good(CSV + f"x{one},pos\nx{other},pos\n").repeated == 1


@pytest.mark.parametrize(("one", "other"), [("text", "text!"), ("a b", "ab"), ("正面", "負面"), ("1", "l"), ("é", "e")])
def test_texts_that_differ_stay_apart(one: str, other: str) -> None:
    assert good(CSV + f"x{one},pos\nx{other},neg\n").repeated == 0


def test_marks_without_end_do_not_stop_it() -> None:
    marks = "\u0301\u0316" * 300_000  # normalized, they would take minutes
    found = good(CSV + f"x{marks},pos\nX {marks},pos\nX{marks},pos\n")
    assert (len(found.texts), found.repeated) == (22, 1)


@given(st.text(max_size=8))
def test_a_text_and_its_other_spellings_count_once(text: str) -> None:
    assume(not set(text) & set("\r\0"))
    others = [unicodedata.normalize(form, f"x {text}") for form in ("NFC", "NFD", "NFKC", "NFKD")]
    lines = [json.dumps({"text": one, "label": "pos"}) for one in (f"x {text}", *others, f"X  {text} ")]
    if not re.search("[\ud800-\udfff]", text):
        assert good(OBJECTS + "\n".join(lines), "a.jsonl").repeated >= 5


def test_labels_lose_space_around_them_and_nothing_else() -> None:
    rows = [" pos", "pos\u3000", "POS", "ｐｏｓ", "caf\u00e9", "cafe\u0301", "po\u200bs", "neg"] * 5
    data = "text,label\n" + "".join(f"{number},{label}\n" for number, label in enumerate(rows))
    found = good(data)
    assert set(found.classes) == {"pos", "POS", "ｐｏｓ", "caf\u00e9", "cafe\u0301", "po\u200bs", "neg"}
    said = [one.en for one in found.remarks]
    assert said == [
        'taken as different labels: "POS", "pos", "po\u200bs", "ｐｏｓ"',
        'taken as different labels: "cafe\\u0301", "caf\\u00e9"',
    ]


def test_whole_numbers_are_labels() -> None:
    data = "".join(json.dumps({"text": f"t{n}", "label": n % 3 - 1}) + "\n" for n in range(30))
    found = good(data, "a.jsonl")
    assert set(found.classes) == {"-1", "0", "1"}
    assert [int(found.classes[one]) for one in found.labels] == [n % 3 - 1 for n in range(30)]
