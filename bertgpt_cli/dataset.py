"""The user's labelled file -> its texts and their labels, or every complaint about it. Knows nothing of models and of folds.

CSV as RFC 4180 has it, TSV the same with tabs, and JSON Lines; UTF-8 only. Nothing is guessed: a column is known by its exact name, a label
by its exact spelling. A text counts once, however often it stands there, so that no repeat of it can be on both sides of a split.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from itertools import chain, islice
from typing import Any, NamedTuple

from bertgpt_cli.complaints import Enough, in_order, keep
from bertgpt_cli.errors import Complaint, InputFileError, UsageError
from bertgpt_cli.text import Text

MAX_BYTES = 1 << 30
MIN_TEXTS = 20
MIN_TEXTS_OF_A_CLASS = 5
MAX_CLASSES = 1000
LONGEST_CELL = 10_000_000  # characters: some twenty novels; beyond it, a quote was never closed

# Columns that are taken for what they are called. The first is taken before all others.
TEXT_COLUMNS = tuple(
    "text sentence review content comment utterance query message tweet document 文本 内容 评论 句子 正文 语句".split()
)
LABEL_COLUMNS = tuple(
    "label class category sentiment intent emotion topic tag target 标签 类别 分类 情感 意图 主题".split()
)
_LOOKED_THROUGH = 100  # objects of a JSON Lines file whose keys are its columns
_SEPARATORS = ",;\t|，；"
_NO_CHARACTER = re.compile("[\0\ud800-\udfff]")
_MOST_DIGITS = 100
_MARKS = re.compile(r"[^\w\s]{1000}")  # combining marks, among others: normalizing n in a row takes the square of n


class Dataset(NamedTuple):
    """`texts` holds each text once, `labels` its place in `classes`, which are sorted, and `lines` the line on which its record starts.

    `repeated` is how many records were left out because the same text with the same label stood above; `left_out` holds, for each bad
    record that was left out, what was wrong with it. `remarks` are what the user should know and nobody has to mend.
    Records of the file = len(texts) + repeated + len(left_out).
    """

    name: str
    text_column: str
    label_column: str
    texts: tuple[str, ...]
    labels: tuple[int, ...]
    classes: tuple[str, ...]
    lines: tuple[int, ...]
    repeated: int
    left_out: tuple[Complaint, ...]
    remarks: tuple[Text, ...]


def read(
    name: str,
    data: bytes,
    text: str | None = None,
    label: str | None = None,
    delimiter: str | None = None,
    skip: bool = False,
) -> Dataset:
    """The labelled texts of the file called `name`; its ending says what it is, else its content does.

    `text` and `label` name the columns, `delimiter` is what separates cells. With `skip`, records that are bad in themselves (no text, no
    label, contradicted by another one, of a class too small to be measured) are left out; a file that is no such file stays refused.
    Raises InputFileError with every complaint, or the first hundred, and UsageError for an impossible delimiter.
    """
    asked = None if delimiter is None else _checked(delimiter)
    if text is not None and text == label:
        column = _shown(text)
        raise UsageError(
            "BG700", Text(f"{column} cannot hold both texts and labels", f"{column} 不能既是文本列又是标签列")
        )
    _refuse_what_is_no_text(name, data)
    separator = _separator(name, data) if asked is None else asked
    log = _Log(name, skip)
    try:
        with _long_cells():
            table = _delimited(data, separator, log) if separator else _json_lines(data, log)
            columns = _columns(table, text, label, log)
            found = _worth_measuring(_gather(table.records, *columns, log), table, columns[1], log)
        if log.complaints:
            raise Enough
    except Enough:
        raise InputFileError(in_order(_with_excerpts(log.complaints, data), (name,))) from None
    except UnicodeDecodeError:
        raise InputFileError((_not_utf8(name, data),)) from None
    classes = sorted(set(found.labels))
    places = {one: place for place, one in enumerate(classes)}
    return Dataset(
        name,
        *columns,
        tuple(found.texts),
        tuple([places[one] for one in found.labels]),
        tuple(classes),
        tuple(found.lines),
        found.repeated,
        tuple(sorted(_with_excerpts(log.left_out, data), key=lambda one: one.line)),
        _near_identical(classes),
    )


class _Log:
    """The complaints so far. Those of a single record stop nothing if bad records are to be left out."""

    def __init__(self, name: str, skip: bool) -> None:
        self.name = name
        self.skip = skip
        self.complaints: list[Complaint] = []
        self.left_out: list[Complaint] = []

    def file(
        self,
        code: str,
        message: Text,
        line: int = 0,
        column: int = 1,
        help: Text | None = None,
        note: Text | None = None,
    ) -> None:
        """Raises Enough with the hundredth."""
        place = (line, column) if line else (0, 0)
        keep(self.complaints, Complaint(code, message, self.name, *place, help=help, note=note))

    def record(self, code: str, message: Text, line: int) -> None:
        if self.skip:
            self.left_out.append(Complaint(code, message, self.name, line, 1))
        else:
            self.file(code, message, line, note=_SKIP)

    def stop(self, code: str, message: Text, line: int = 0, column: int = 1, help: Text | None = None) -> Enough:
        """To be raised, where looking further makes no sense."""
        self.file(code, message, line, column, help)
        return Enough()


_SKIP = Text("--skip-bad leaves such records out", "加上 --skip-bad 可略过此类记录")


class _Table(NamedTuple):
    """`line` is where the columns' names were found; a record is what it holds by column, with the line on which it starts."""

    columns: Sequence[str]
    line: int
    records: Iterator[tuple[int, Mapping[str, Any]]]


# --- bytes -----------------------------------------------------------------------------------------------------------

_NO_RECORDS = Text("no records in the file", "文件中没有数据记录")
_FEWER = Text("take a random part of it", "请随机抽取一部分")
_UTF8 = Text("save it again as UTF-8", "请另存为 UTF-8")
_EXPORT = Text("export it as CSV in UTF-8", "请导出为 UTF-8 编码的 CSV")
_UNPACK = Text("unpack it first", "请先解压")
_OTHERS: tuple[tuple[bytes, Text, Text], ...] = (
    (codecs.BOM_UTF16_LE, Text("the file is UTF-16", "文件是 UTF-16 编码"), _UTF8),
    (codecs.BOM_UTF16_BE, Text("the file is UTF-16", "文件是 UTF-16 编码"), _UTF8),
    (
        b"PK\3\4",
        Text("this is an Excel workbook (.xlsx) or a zip archive", "这是 Excel 工作簿（.xlsx）或 zip 压缩包"),
        _EXPORT,
    ),
    (b"\xd0\xcf\x11\xe0", Text("this is an old Excel workbook (.xls)", "这是旧版 Excel 工作簿（.xls）"), _EXPORT),
    (b"\x1f\x8b", Text("this is a gzip archive", "这是 gzip 压缩文件"), _UNPACK),
    (b"\x28\xb5\x2f\xfd", Text("this is a zstd archive", "这是 zstd 压缩文件"), _UNPACK),
    (b"\xfd7zXZ\0", Text("this is an xz archive", "这是 xz 压缩文件"), _UNPACK),
    (b"BZh91AY&SY", Text("this is a bzip2 archive", "这是 bzip2 压缩文件"), _UNPACK),
    (b"PAR1", Text("this is a Parquet file", "这是 Parquet 文件"), _EXPORT),
    (b"ARROW1", Text("this is an Arrow file", "这是 Arrow 文件"), _EXPORT),
    (b"SQLite format 3\0", Text("this is an SQLite database", "这是 SQLite 数据库"), _EXPORT),
    (b"\x89PNG", Text("this is a picture", "这是图片"), _EXPORT),
    (b"%PDF", Text("this is a PDF", "这是 PDF 文件"), _EXPORT),
    (
        b"version https://git-lfs",
        Text("this is a git-lfs pointer, not the file", "这是 git-lfs 指针文件，不是数据本身"),
        Text("run git lfs pull", "请先运行 git lfs pull"),
    ),
)
_PAGE = (b"<!doctype", b"<html", b"<?xml")


def _refuse_what_is_no_text(name: str, data: bytes) -> None:
    """Raises InputFileError for what is too large, for what is known by its first bytes, and for NUL anywhere."""
    if len(data) > MAX_BYTES:
        message = Text(
            "the file is larger than 1 GiB, the limit for a labelled file", "文件超过 1 GiB，这是标注文件的上限"
        )
        raise InputFileError((Complaint("BG702", message, name, help=_FEWER),))
    head = data[:4096]
    for start, what, help in _OTHERS:
        if head.startswith(start):
            raise InputFileError((Complaint("BG702", what, name, help=help),))
    if head.lstrip().lower().startswith(_PAGE):
        page = Text("this is a web page, not the file", "这是网页，不是数据文件")
        raise InputFileError((Complaint("BG702", page, name, help=Text("download it again", "请重新下载")),))
    if not head.removeprefix(codecs.BOM_UTF8).strip() and not data.removeprefix(codecs.BOM_UTF8).strip():
        raise InputFileError((Complaint("BG701", Text("the file is empty", "文件是空的"), name),))
    if head.count(0) * 4 >= len(head):  # letters of two bytes, of which one is mostly 0
        wide = Text("the file looks like UTF-16", "文件像是 UTF-16 编码")
        raise InputFileError((Complaint("BG702", wide, name, help=_UTF8),))
    nul = data.find(0)
    if nul >= 0:
        line, column = _place(data, nul)
        message = Text("a NUL byte: this is not a text file, or a damaged one", "含有 NUL 字节：不是文本文件，或已损坏")
        raise InputFileError(tuple(_with_excerpts([Complaint("BG704", message, name, line, column)], data)))


def _lines(data: bytes, errors: str = "strict") -> Iterator[str]:
    """Each line with its "\\n", which stands for "\\r\\n" and "\\r" as well. Raises UnicodeDecodeError."""
    return io.TextIOWrapper(io.BytesIO(data), encoding="utf-8-sig", errors=errors)


def _place(data: bytes, index: int) -> tuple[int, int]:
    """(line, column) from 1 of the byte at `index`."""
    before = data[:index].removeprefix(codecs.BOM_UTF8)
    line = before.count(b"\n") + before.count(b"\r") - before.count(b"\r\n") + 1
    begin = max(before.rfind(b"\n"), before.rfind(b"\r")) + 1
    return line, len(before[begin:].decode("utf-8", "replace")) + 1


def _not_utf8(name: str, data: bytes) -> Complaint:
    try:
        data.decode()
    except UnicodeDecodeError as error:
        start = error.start
    line, column = _place(data, start)
    byte = f"0x{data[start]:02x}"
    message = Text(f"not UTF-8 (byte {byte})", f"不是 UTF-8 编码（字节 {byte}）")
    help = _UTF8
    if data[:start].removeprefix(codecs.BOM_UTF8).isascii():  # else it is UTF-8 that was damaged
        likely = _likely_encoding(data[start : start + 4096])
        message = Text(f"{message.en}; it looks like {likely}", f"{message.zh}，像是 {likely}")
        help = Text(
            f"save it again as UTF-8, or: iconv -f {likely} -t UTF-8",
            f"请另存为 UTF-8，或用 iconv -f {likely} -t UTF-8 转换",
        )
    return _with_excerpts([Complaint("BG703", message, name, line, column, help=help)], data)[0]


def _likely_encoding(data: bytes) -> str:
    """GBK has two high bytes for each common character; of European text, most high bytes stand alone."""
    runs = re.findall(rb"[\x80-\xff]+", data)
    return "GBK" if sum(len(run) % 2 for run in runs) * 2 < len(runs) else "latin1"


def _with_excerpts(complaints: list[Complaint], data: bytes) -> list[Complaint]:
    """The complaints, each with the line that it is about."""
    wanted = {one.line for one in complaints}
    lines = islice(_lines(data, "replace"), max(wanted, default=0))
    shown = {number: line.rstrip("\n") for number, line in enumerate(lines, 1) if number in wanted}
    return [one._replace(excerpt=shown.get(one.line, "")) for one in complaints]


# --- cells -----------------------------------------------------------------------------------------------------------


def _separator(name: str, data: bytes) -> str:
    """What separates cells; "" for JSON Lines."""
    ending = name.rpartition(".")[2].lower()
    if ending in ("jsonl", "ndjson", "json"):
        return ""
    if ending in ("csv", "tsv", "tab"):
        return "," if ending == "csv" else "\t"
    head = data[:65536].removeprefix(codecs.BOM_UTF8).lstrip()
    if head.startswith((b"{", b"[")):
        return ""
    return "\t" if b"\t" in re.split(rb"[\r\n]", head, maxsplit=1)[0] else ","


def _checked(delimiter: str) -> str:
    """The delimiter that a shell passed; `\\t` is how a tab is typed there."""
    if delimiter == "\\t":
        return "\t"
    if len(delimiter) != 1 or delimiter in '"\r\n\0':
        message = Text(
            f"the delimiter must be one character that is no quote, not {_shown(delimiter)}",
            f"分隔符应为单个字符，且不能是引号，而不是 {_shown(delimiter)}",
        )
        raise UsageError("BG700", message)
    return delimiter


@contextmanager
def _long_cells() -> Iterator[None]:
    """The csv module has one limit for the whole process, of 131,072 characters; a long document has more."""
    before = csv.field_size_limit(LONGEST_CELL)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _delimited(data: bytes, delimiter: str, log: _Log) -> _Table:
    rows = _rows(data, delimiter, log)
    line, columns = next(rows, (0, []))
    if log.complaints:
        raise Enough
    if not columns:
        raise log.stop("BG701", _NO_RECORDS)
    separator = next((one for one in _SEPARATORS if one in columns[0]), None) if len(columns) == 1 else None
    if separator:
        name = "\\t" if separator == "\t" else separator
        message = Text(
            f"one column found; it looks separated by {_shown(separator)}", f"只有一列；分隔符像是 {_shown(separator)}"
        )
        option = f'--delimiter "{name}"'
        help = Text(f"say {option}", f"请加上 {option}")
        raise log.stop("BG707", message, line, columns[0].find(separator) + 1, help)
    for name, times in Counter(filter(None, columns)).items():
        if times > 1:
            message = Text(f"{times} columns are called {_shown(name)}", f"有 {times} 列同名：{_shown(name)}")
            log.file("BG708", message, line)
    if log.complaints:
        raise Enough
    return _Table(columns, line, _records(rows, columns, log))


def _records(
    rows: Iterator[tuple[int, list[str]]], columns: list[str], log: _Log
) -> Iterator[tuple[int, Mapping[str, str]]]:
    for line, cells in rows:
        if len(cells) == len(columns):
            yield line, dict(zip(columns, cells, strict=True))
            continue
        found, wanted = len(cells), len(columns)
        message = Text(f"{found} cell{'s' * (found > 1)}, expected {wanted}", f"有 {found} 个单元格，应为 {wanted} 个")
        help = Text("put a cell that holds the delimiter in double quotes", "单元格内含分隔符时，请用双引号括起来")
        log.file("BG706", message, line, help=help if found > wanted else None)


def _rows(data: bytes, delimiter: str, log: _Log) -> Iterator[tuple[int, list[str]]]:
    """The cells of each record, and the line on which it starts. Empty lines are none."""
    record: list[str] = []  # the lines of the one that is being read

    def lines() -> Iterator[str]:
        for line in _lines(data):
            record.append(line)
            yield line

    reader = csv.reader(lines(), delimiter=delimiter, strict=True)
    while True:
        start = reader.line_num + 1
        record.clear()
        try:
            cells = next(reader, None)
        except csv.Error:
            _tell_of_quotes("".join(record), start, delimiter, log)
            continue
        if cells is None:
            return
        if len(cells) > 1 or "".join(cells).strip():
            yield start, cells


def _tell_of_quotes(record: str, start: int, delimiter: str, log: _Log) -> None:
    """Why the csv module cannot cut the record that starts at line `start`. Raises Enough where it is not known what the next one is."""
    at = end = 0
    while end >= 0:  # over the cells that are whole
        end = _closing(record, at) if record.startswith('"', at) else record.find(delimiter, at)
        if record[end : end + 1] != delimiter:
            break
        at = end + 1
    line = start + record.count("\n", 0, at)
    column = at - record.rfind("\n", 0, at)
    if not record.startswith('"', at):
        message = Text(f"a cell of more than {LONGEST_CELL:,} characters", f"单元格超过 {LONGEST_CELL:,} 个字符")
        raise log.stop("BG705", message, line, column)
    if end < 0:
        long = len(record) - at > LONGEST_CELL
        en, zh = (f" within {LONGEST_CELL:,} characters", f"在 {LONGEST_CELL:,} 个字符内") if long else ("", "")
        message = Text(f"the quote that opens here is not closed{en}", f"此处开始的引号{zh}没有闭合")
        raise log.stop("BG705", message, line, column, _DOUBLE)
    last = line + record.count("\n", at, end)
    after = _shown(record[end])
    en, zh = (f" on line {last}", f"第 {last} 行的 ") if last > line else ("", " ")
    message = Text(
        f"the quote that opens here is closed{en} in front of {after}, inside a cell",
        f"此处开始的引号在{zh}{after} 之前闭合，而不是在单元格末尾",
    )
    log.file("BG705", message, line, column, help=_DOUBLE)
    if last > line:
        raise Enough


def _closing(record: str, at: int) -> int:
    """The place after the quote that closes the one at `at`, -1 if none does."""
    end = record.find('"', at + 1)
    while end >= 0 and record.startswith('"', end + 1):
        end = record.find('"', end + 2)
    return end + 1 or -1


_DOUBLE = Text('close the cell with ", and write "" for a quote inside it', '单元格末尾应有 "；单元格内的引号请写作 ""')


# --- JSON Lines ------------------------------------------------------------------------------------------------------


class _Refused(ValueError):
    """JSON that readers disagree about. Its argument is the Text that says why it is refused."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = _shown(next(key for key, times in Counter(key for key, _ in pairs).items() if times > 1))
        raise _Refused(Text(f"the key {twice} stands twice", f"键 {twice} 重复"))
    return found


def _whole(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise _Refused(Text(f"a number of {len(digits)} digits", f"数字长达 {len(digits)} 位"))
    return int(digits)


def _constant(word: str) -> float:
    raise _Refused(Text(f"{word} is not JSON", f"{word} 不是合法的 JSON"))


def _refuse_no_characters(values: Iterable[object]) -> None:
    for one in values:
        if isinstance(one, str) and (bad := _NO_CHARACTER.search(one)):
            code = f"U+{ord(bad[0]):04X}"
            raise _Refused(Text(f"{code} is no character of a text", f"文本中不应有 {code}"))


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_int=_whole, parse_constant=_constant)
_LINES = Text(
    'write one object a line: {"text": "...", "label": "..."}', '每行应为一个对象：{"text": "...", "label": "..."}'
)


def _json_lines(data: bytes, log: _Log) -> _Table:
    records = _objects(data, log)
    first = list(islice(records, _LOOKED_THROUGH))
    if not first:
        raise Enough if log.complaints else log.stop("BG701", _NO_RECORDS)
    columns = list(dict.fromkeys(key for _, record in first for key in record))
    return _Table(columns, first[0][0], chain(first, records))


def _objects(data: bytes, log: _Log) -> Iterator[tuple[int, dict[str, Any]]]:
    begun = False
    for number, line in enumerate(_lines(data), 1):
        written = line.rstrip()
        if not written:
            continue
        if not begun and (written.startswith("[") or written == "{"):
            message = Text("one JSON document; expected JSON Lines", "这是单个 JSON 文档，应为 JSON Lines")
            raise log.stop("BG711", message, number, help=_LINES)
        help = None if begun else _LINES
        begun = True
        try:
            found = _DECODER.decode(written)
            if isinstance(found, dict) and "\\u" in written:
                _refuse_no_characters(chain(found, found.values()))
        except json.JSONDecodeError as error:
            message = Text(f"not JSON: {error.msg}", f"JSON 语法错误：{error.msg}")
            log.file("BG710", message, number, error.colno, help)
        except _Refused as error:
            log.file("BG712", error.args[0], number)
        except RecursionError:
            log.file("BG712", Text("nested too deeply", "嵌套过深"), number)
        else:
            if isinstance(found, dict):
                yield number, found
            else:
                log.file("BG711", Text("expected an object", "应为 JSON 对象"), number, help=_LINES)


# --- columns ---------------------------------------------------------------------------------------------------------


def _columns(table: _Table, text: str | None, label: str | None, log: _Log) -> tuple[str, str]:
    """The columns of the texts and of the labels. Raises Enough if either is not known for certain."""
    text_names = TEXT_COLUMNS if text is None else (text,)
    label_names = LABEL_COLUMNS if label is None else (label,)
    texts = _candidates(table.columns, text_names, label)
    labels = _candidates(table.columns, label_names, text)
    if len(texts) == len(labels) == 1:
        return texts[0], labels[0]
    troubles: list[Text] = []
    options: list[str] = []
    taken = {found[0] for found in (texts, labels) if len(found) == 1}
    for option, names, found in (("--text", text_names, texts), ("--label", label_names, labels)):
        if len(found) == 1:
            continue
        name, several = _shown(names[0]), ", ".join(map(_shown, found))
        nearest = ""
        if found:
            troubles.append(Text(f"several columns may be {name}: {several}", f"{name} 可能是以下几列之一：{several}"))
        else:
            troubles.append(Text(f"no column {name}", f"没有列 {name}"))
            nearest = _nearest([column for column in table.columns if column not in taken], names)
            taken.add(nearest)
        options.append(f"{option} {_shown(nearest) if nearest else 'COLUMN'}")
    there = ", ".join(map(_shown, table.columns[:20])) + ", ..." * (len(table.columns) > 20)
    en, zh = " and ".join(one.en for one in troubles), "，".join(one.zh for one in troubles)
    used = " ".join(options)
    help = Text(f"say {used}; the first line names the columns", f"请指明 {used}；首行应为列名")
    raise log.stop("BG709", Text(f"{en}; found {there}", f"{zh}；现有列：{there}"), table.line, help=help)


def _candidates(columns: Sequence[str], names: tuple[str, ...], other: str | None) -> list[str]:
    """The columns that may be meant by one of the names. `other` is what was asked for as the other column."""
    found = [column for column in columns if column in names and column != other]
    return [names[0]] if names[0] in found else found


def _nearest(columns: Sequence[str], names: tuple[str, ...]) -> str:
    """The column that is most like one of the names, or the only one; "" if none is."""
    from difflib import get_close_matches

    folded = {_folded(column[:100]): column for column in reversed(columns[:100])}
    for name in names:
        if close := get_close_matches(_folded(name), folded, 1, 0.7):
            return folded[close[0]]
    return columns[0] if len(columns) == 1 else ""


# --- records ---------------------------------------------------------------------------------------------------------


class _Found(NamedTuple):
    """Each different text, its label and the line of its record, in the order of the file."""

    texts: list[str]
    labels: list[str]
    lines: list[int]
    repeated: int

    def without(self, places: set[int]) -> _Found:
        kept = [place for place in range(len(self.texts)) if place not in places]
        texts, labels, lines, repeated = self
        return _Found(
            [texts[one] for one in kept], [labels[one] for one in kept], [lines[one] for one in kept], repeated
        )


_KINDS: dict[type, Text] = {
    str: Text("text", "文本"),
    int: Text("a whole number", "整数"),
    float: Text("a fraction", "小数"),
    bool: Text("true or false", "布尔值"),
    list: Text("a list", "数组"),
    dict: Text("an object", "对象"),
}
_LABELS = Text("write all labels as text, or all as whole numbers", "所有标签应统一为文本，或统一为整数")


def _gather(records: Iterator[tuple[int, Mapping[str, Any]]], text_column: str, label_column: str, log: _Log) -> _Found:
    texts: list[str] = []
    labels: list[str] = []
    lines: list[int] = []
    first: dict[bytes, int] = {}  # the digest of a text as it is compared -> its place; long texts are held once only
    spelling: dict[str, str] = {}  # each label once, or a million records hold a million copies
    kinds: dict[type, int] = {}  # of labels -> the line of the first
    contradicted: set[int] = set()
    repeated = 0
    for line, record in records:
        text, label = record.get(text_column), record.get(label_column)
        kind = type(label)
        if text is not None and not isinstance(text, str):
            value = _KINDS[type(text)]
            log.file("BG713", Text(f"the text is {value.en}", f"文本列的值是{value.zh}"), line)
        elif kind not in (str, int) and label is not None:
            value = _KINDS[kind]
            log.file("BG713", Text(f"the label is {value.en}", f"标签是{value.zh}"), line, help=_LABELS)
        elif not text or text.isspace():
            log.record("BG714", Text("no text", "没有文本"), line)
        elif label is None or not (label := str(label).strip()):
            log.record("BG714", Text("no label", "没有标签"), line)
        else:
            kinds.setdefault(kind, line)
            label = spelling.setdefault(label, label)
            digest = blake2b(_folded(text).encode(), digest_size=16).digest()
            place = first.setdefault(digest, len(texts))
            if place == len(texts):
                texts.append(text)
                labels.append(label)
                lines.append(line)
            elif labels[place] == label:
                repeated += 1
            else:
                log.record("BG715", _contradiction(lines[place], labels[place], label), line)
                if place not in contradicted:
                    log.record("BG715", _contradiction(line, label, labels[place]), lines[place])
                contradicted.add(place)
    if len(kinds) > 1:
        en = ", ".join(f"{_KINDS[kind].en} (line {line})" for kind, line in kinds.items())
        zh = "、".join(f"{_KINDS[kind].zh}（第 {line} 行）" for kind, line in kinds.items())
        mixed = Text(f"labels of different kinds: {en}", f"标签类型不一致：{zh}")
        raise log.stop(
            "BG713", mixed, max(kinds.values()), help=_LABELS
        )  # whether 1 and "1" are one class is not known
    found = _Found(texts, labels, lines, repeated)
    return found.without(contradicted) if contradicted else found


def _contradiction(line: int, there: str, here: str) -> Text:
    here, there = _shown(here), _shown(there)
    return Text(
        f"the same text as on line {line} with another label: {here} here, {there} there",
        f"与第 {line} 行文本相同而标签不同：此处为 {here}，第 {line} 行为 {there}",
    )


def _folded(text: str) -> str:
    """What is the same for texts that count as the same: of any width, composed or not, in any case, with any white space."""
    if text.isascii() or (len(text) >= 1000 and _MARKS.search(text)):
        return " ".join(text.casefold().split())
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return " ".join(folded.split())


def _worth_measuring(found: _Found, table: _Table, label_column: str, log: _Log) -> _Found:
    """What is left without the classes that are too small to be held out and learnt from. Complains where that is too little."""
    counts = Counter(found.labels)
    texts = len(found.texts)
    rare = {label: count for label, count in sorted(counts.items()) if count < MIN_TEXTS_OF_A_CLASS}
    if texts >= MIN_TEXTS and (len(counts) > MAX_CLASSES or len(counts) * 2 >= texts):
        column = _shown(label_column)
        message = Text(
            f"{len(counts):,} different labels for {texts:,} texts: {column} is probably not the column of the labels",
            f"{texts:,} 条文本有 {len(counts):,} 种标签：{column} 多半不是标签列",
        )
        log.file("BG719", message, table.line, help=Text("say --label COLUMN", "请用 --label COLUMN 指明标签列"))
        return found
    if rare and log.skip:
        few = {place for place, label in enumerate(found.labels) if label in rare}
        for place in few:
            message = _too_rare({found.labels[place]: rare[found.labels[place]]})
            log.record("BG718", message, found.lines[place])
        found = found.without(few)
        texts, counts = len(found.texts), Counter(found.labels)
    elif rare and texts >= MIN_TEXTS:
        log.file("BG718", _too_rare(rare), note=_SKIP)
    if not texts and not log.complaints and not log.left_out:
        log.file("BG701", _NO_RECORDS)
    elif texts < MIN_TEXTS and (texts or not log.complaints):
        message = Text(
            f"{texts} usable text{'s' * (texts != 1)}; at least {MIN_TEXTS} are needed",
            f"可用文本只有 {texts} 条，至少需要 {MIN_TEXTS} 条",
        )
        log.file("BG716", message)
    if len(counts) == 1:
        only = _shown(found.labels[0])
        log.file("BG717", Text(f"all texts have the same label, {only}", f"所有文本的标签都是 {only}"))
    return found


def _too_rare(counts: Mapping[str, int]) -> Text:
    named = [f"{_shown(label)} ({count})" for label, count in islice(counts.items(), 20)]
    more = ", ..." * (len(counts) > 20)
    return Text(
        f"labels with fewer than {MIN_TEXTS_OF_A_CLASS} usable texts: {', '.join(named)}{more}",
        f"标签的可用文本不足 {MIN_TEXTS_OF_A_CLASS} 条：{'、'.join(named)}{more}",
    )


def _near_identical(classes: list[str]) -> tuple[Text, ...]:
    """Labels are taken as they are written; who meant the same by two of them should know."""
    groups: dict[str, list[str]] = {}
    for one in classes:
        groups.setdefault("".join(filter(str.isprintable, _folded(one))), []).append(one)
    remarks = []
    for group in groups.values():
        if len(group) > 1:
            alike = len({unicodedata.normalize("NFC", one) for one in group}) < len(group)
            named = ", ".join(_shown(one, alike) for one in group)
            remarks.append(Text(f"taken as different labels: {named}", f"以下标签写法相近，按不同标签处理：{named}"))
    return tuple(remarks)


def _shown(text: str, escaped: bool = False) -> str:
    """In quotes, so that white space is seen; without its end if it is long."""
    return json.dumps(text if len(text) <= 40 else text[:40] + "...", ensure_ascii=escaped)
