"""Bytes of a YAML file -> a tree of nodes that know where they stand, or complaints.

A rule file needs maps, lists and text; the rest of YAML is refused, because editors (YAML 1.2) and PyYAML (1.1)
disagree about it (`no`, `010`), because it can run code (tags) or fill memory (aliases, merge keys), or because it
hides mistakes (duplicate keys). The tree is built from libyaml's event stream, which needs no C stack, so a deep or
damaged file ends in a complaint and never in a crash. What a value *means* is the reader's business: a scalar keeps
its text and whether it was quoted.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import yaml

from bertgpt_cli.complaints import Enough, in_order, keep
from bertgpt_cli.errors import Complaint, InputFileError
from bertgpt_cli.rulebook.file_text import HIDDEN, Source, decoded
from bertgpt_cli.text import Text

MAX_DEPTH = 32
MAX_NODES = 50_000
MAX_SCALAR = 20_000


_ESCAPED = re.compile("[\r\x85\u2028\u2029\ud800-\udfff]")  # gets into a value only by an escape in double quotes


@dataclass(frozen=True)
class Scalar:
    text: str
    plain: bool
    line: int
    column: int


@dataclass(frozen=True)
class Sequence:
    items: tuple[Node, ...]
    line: int
    column: int


@dataclass(frozen=True)
class Mapping:
    """`entries` holds each key once, in file order, with the place of the key and its value."""

    entries: dict[str, tuple[Scalar, Node]]
    line: int
    column: int


Node: TypeAlias = Scalar | Sequence | Mapping


def parse(name: str, data: bytes) -> tuple[Mapping, Source, list[Complaint]]:
    """The file's top-level map, its text, and the complaints that did not stop the parse (duplicate keys).

    Raises InputFileError, and nothing else, for any other bytes; in time linear in `len(data)`, which is bounded.
    """
    source = Source(name, decoded(name, data))
    builder = _Builder(source)
    try:
        root = builder.build("\n".join(source.lines))
    except Enough:
        raise InputFileError(in_order(builder.complaints, (name,))) from None
    if isinstance(root, Scalar) and root.plain and root.text in ("", "~", "null"):
        raise InputFileError((_empty(source),))
    if not isinstance(root, Mapping):
        found = Text("a list", "列表") if isinstance(root, Sequence) else Text("text", "文本")
        message = Text(
            f"expected a map with the key 'tasks', found {found.en}", f"应为含 tasks 键的映射，却是{found.zh}"
        )
        raise InputFileError((source.complain("BG110", message, root.line, root.column, help=_EXAMPLE),))
    return root, source, builder.complaints


_EXAMPLE = Text("start the file with 'version: 1' and 'tasks:'", "文件开头应写 version: 1 和 tasks:")


def _empty(source: Source) -> Complaint:
    message = Text("the file is empty; expected a map with the key 'tasks'", "文件是空的；应为含 tasks 键的映射")
    return source.complain("BG109", message, help=_EXAMPLE)


class _Builder:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.complaints: list[Complaint] = []
        self.nodes = 0

    def build(self, text: str) -> Node:
        root: Node | None = None
        loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        events = yaml.parse(text, Loader=loader)
        try:
            for event in events:
                if isinstance(event, yaml.NodeEvent):
                    if root is not None:
                        self._second_document(event)
                    root = self._node(event, events, 1)
                elif isinstance(event, yaml.DocumentStartEvent) and root is not None:
                    self._second_document(event)
        except yaml.YAMLError as error:
            raise InputFileError((*self.complaints, _syntax(self.source, error))) from None
        except (ValueError, RecursionError):  # libyaml's marks can overflow on hostile input; never seen
            raise InputFileError((self.source.complain("BG106", Text("not valid YAML", "YAML 语法错误")),)) from None
        if root is None:
            raise InputFileError((_empty(self.source),))
        return root

    def _stop(self, code: str, message: Text, event: Any, help: Text | None = None) -> None:
        line, column = self.source.inside(event.start_mark.line + 1, event.start_mark.column + 1)
        complaint = self.source.complain(code, message, line, column, help=help)
        raise InputFileError((*self.complaints, complaint))

    def _second_document(self, event: Any) -> None:
        line = event.start_mark.line + 1
        message = Text(
            f"a second document starts at line {line}; one document for each file",
            f"第 {line} 行开始了第二个文档；一个文件只能有一个文档",
        )
        self._stop("BG113", message, event)

    def _node(self, event: Any, events: Iterator[Any], depth: int) -> Node:
        self.nodes += 1
        if depth > MAX_DEPTH:
            self._stop("BG107", Text(f"nested deeper than {MAX_DEPTH} levels", f"嵌套超过 {MAX_DEPTH} 层"), event)
        if self.nodes > MAX_NODES:
            self._stop("BG108", Text(f"more than {MAX_NODES:,} values", f"超过 {MAX_NODES:,} 个值"), event)
        if isinstance(event, yaml.AliasEvent) or event.anchor:
            message = Text("anchors, aliases and << are not supported in rule files", "规则文件不支持锚点、别名和 <<")
            self._stop("BG111", message, event)
        if event.tag:
            self._stop(
                "BG112", Text("tags (!...) are not allowed in rule files", "规则文件不允许使用标签（!…）"), event
            )
        line, column = self.source.inside(event.start_mark.line + 1, event.start_mark.column + 1)
        if isinstance(event, yaml.ScalarEvent):
            if len(event.value) > MAX_SCALAR:
                limit = f"{MAX_SCALAR:,}"
                self._stop(
                    "BG108", Text(f"a value longer than {limit} characters", f"单个值超过 {limit} 个字符"), event
                )
            hidden = HIDDEN.search(event.value) or _ESCAPED.search(event.value)
            if hidden is not None:  # an escape such as "\e" in double quotes
                code = f"U+{ord(hidden[0]):04X}"
                self._stop(
                    "BG105", Text(f"control or invisible character {code}", f"含有控制字符或不可见字符 {code}"), event
                )
            return Scalar(event.value, bool(event.implicit[0]) and not event.style, line, column)
        if isinstance(event, yaml.SequenceStartEvent):
            items: list[Node] = []
            while not isinstance(event := next(events), yaml.SequenceEndEvent):
                items.append(self._node(event, events, depth + 1))
            return Sequence(tuple(items), line, column)
        return self._mapping(events, depth, line, column)

    def _mapping(self, events: Iterator[Any], depth: int, line: int, column: int) -> Mapping:
        entries: dict[str, tuple[Scalar, Node]] = {}
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                self._stop("BG114", Text("a key must be text", "键必须是文本"), event)
            key = self._node(event, events, depth + 1)
            assert isinstance(key, Scalar)
            name = unicodedata.normalize("NFC", key.text)
            if name == "<<":
                message = Text(
                    "anchors, aliases and << are not supported in rule files", "规则文件不支持锚点、别名和 <<"
                )
                self._stop("BG111", message, event)
            if key.plain and kind_of(key) != "text":
                message = Text(
                    f"a key must be text; write '{name[:40]}' in quotes", f"键必须是文本；请给“{name[:40]}”加引号"
                )
                keep(self.complaints, self.source.complain("BG114", message, key.line, key.column, len(key.text)))
            value = self._node(next(events), events, depth + 1)
            if name in entries:
                first = entries[name][0]
                keep(
                    self.complaints,
                    self.source.complain(
                        "BG115",
                        Text(f"duplicate key '{name[:40]}'", f"重复的键“{name[:40]}”"),
                        key.line,
                        key.column,
                        len(key.text),
                        note=Text(f"first defined at line {first.line}", f"首次出现在第 {first.line} 行"),
                    ),
                )
            else:
                entries[name] = (key, value)
        return Mapping(entries, line, column)


_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", re.ASCII)
_DECIMAL = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", re.ASCII)
_SPECIAL = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)", re.ASCII)


def kind_of(scalar: Scalar) -> str:
    """`null`, `bool`, `int`, `float` or `text`: what the YAML 1.2 core schema (and so an editor) makes of it."""
    text = scalar.text
    if not scalar.plain:
        return "text"
    if text in ("", "~", "null", "Null", "NULL"):
        return "null"
    if text in ("true", "True", "TRUE", "false", "False", "FALSE"):
        return "bool"
    if _INTEGER.fullmatch(text):
        return "int"
    if _DECIMAL.fullmatch(text) or _SPECIAL.fullmatch(text):
        return "float"
    return "text"


class _Fault(NamedTuple):
    """Words that libyaml or PyYAML's own parser says, and ours. `begun`: the caret goes to where the part begins."""

    words: tuple[str, ...]
    message: Text
    help: Text | None = None
    begun: bool = False


_COLON = _Fault(
    ("mapping values are not allowed",),
    Text('the text contains ": "; put the value in quotes', "文本中含有“: ”；请给整个值加引号"),
    Text('write it as "...: ..."', '写成 "...: ..."'),
)
_COMMA = _Fault(
    ("expected ',' or",),
    Text("a comma or a closing bracket is missing before this", "此处之前缺少逗号或右括号"),
)
_INDENT = _Fault(
    ("did not find expected key", "expected <block end>"),
    Text("the indentation does not line up, or a key is missing", "缩进没有对齐，或缺少键"),
)
_AFTER = Text(
    "nothing more can stand here, after a closing quotation mark or bracket", "右引号或右括号之后不能再有内容"
)
_KEY = Text(
    "no key can stand here: the line above lacks its ':', or this line is indented too far",
    "这里不能是键：上一行缺少“:”，或本行缩进过深",
)
_TAB = Text("a tab is used for indentation; use spaces", "缩进用了制表符；请改用空格")
_BRACKET = Text("a bracket is opened and never closed", "有括号没有闭合")

# The faults that people really make.
_FAULTS = (
    _COLON,
    _COMMA,
    _Fault(
        ("cannot start any token",),
        Text("a value cannot start with this character; put it in quotes", "值不能以这个字符开头；请加引号"),
    ),
    _Fault(("found a tab character",), _TAB),
    _Fault(("could not find expected ':'",), Text("a ':' is missing after this key", "这个键后面缺少“:”"), begun=True),
    _Fault(
        ("found unexpected end of stream",),
        Text("a quotation mark is opened here and never closed", "这里的引号没有闭合"),
        begun=True,
    ),
    _Fault(("node content",), Text("a value is missing here", "这里缺少一个值")),
    _Fault(
        ("did not find expected '-' indicator",),
        Text("the indentation does not line up with the list above", "缩进与上面的列表没有对齐"),
    ),
    _INDENT,
    _Fault(("sequence entries are not allowed",), Text("a list starts on a line of its own", "列表要另起一行")),
    _Fault(
        ("found unknown escape character",),
        Text(
            "a backslash in double quotes starts an escape, and this is none",
            "双引号中的反斜杠表示转义，而这不是合法的转义",
        ),
        Text("use single quotes, or write two backslashes", "请改用单引号，或写两个反斜杠"),
    ),
    _Fault(
        ("found undefined tag handle",),
        Text("tags (!...) are not allowed in rule files", "规则文件不允许使用标签（!…）"),
    ),
)


def _syntax(source: Source, error: yaml.YAMLError) -> Complaint:
    problem = str(getattr(error, "problem", None) or "").strip()
    noticed = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    detail = f": {problem}" if problem else ""
    invalid = Text(f"not valid YAML{detail}", f"YAML 语法错误{detail}")
    if noticed is None:
        return source.complain("BG106", invalid)
    line, column = source.inside(noticed.line + 1, noticed.column + 1)
    text = source.lines[line - 1]
    if "\t" in text[: len(text) - len(text.lstrip())]:
        return source.complain("BG106", _TAB, line, text.index("\t") + 1)
    fault = next((one for one in _FAULTS if any(words in problem for words in one.words)), None)
    if fault is None:
        return source.complain("BG106", invalid, line, column)
    began = getattr(error, "context_mark", None)
    if fault.begun and began is not None:
        return source.complain("BG106", fault.message, began.line + 1, began.column + 1, help=fault.help)
    if "expected" in problem and not "".join((text[column - 1 :], *source.lines[line:])).strip():
        return source.complain("BG106", _BRACKET, line, column)
    if fault is _COLON and ":" not in text[: column - 1]:
        return source.complain("BG106", _KEY, line, column)
    if fault is _INDENT and text[: column - 1].strip():
        return source.complain("BG106", _AFTER, line, column)
    if fault is _COMMA and began is not None:
        if text[column - 1 : column] == ":" and began.line + 1 == line:
            return source.complain("BG106", _COLON.message, line, column, help=_COLON.help)
        place = f"{began.line + 1}:{began.column + 1}"
        note = Text(f"the bracket is opened at {place}", f"左括号在 {place}")
        return source.complain("BG106", fault.message, line, column, note=note)
    return source.complain("BG106", fault.message, line, column, help=fault.help)
