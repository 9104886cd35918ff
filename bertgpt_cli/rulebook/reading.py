"""One rule file's bytes -> its parts, with the place of everything, or every complaint about it at once.

Checks what can be known from the file alone: keys, kinds, facts, ranges. Whether an approach, a source or an
overridden task exists depends on the other layers and is checked in `layers`.
"""

from __future__ import annotations

import math
import re
from difflib import get_close_matches
from typing import Any, NamedTuple

from bertgpt_cli.complaints import Enough, in_order, keep
from bertgpt_cli.errors import Complaint, InputFileError, UsageError
from bertgpt_cli.rulebook import facts
from bertgpt_cli.rulebook.book import FORMAT, Condition, Origin
from bertgpt_cli.rulebook.citation import cited
from bertgpt_cli.rulebook.facts import FACTS, Fact, Value
from bertgpt_cli.rulebook.file_text import Source
from bertgpt_cli.rulebook.shapes import ID, NAMES, OTHERWISE, SECTIONS, SHAPES, Key
from bertgpt_cli.rulebook.strict_yaml import Mapping, Node, Scalar, Sequence, kind_of, parse
from bertgpt_cli.text import Text

_NO_TEXT = Text("", "")
# Numbers that are no facts of a situation but are read as strictly.
QUANTITIES: dict[str, Fact] = {
    "count": Fact("a number", "", "count", _NO_TEXT, _NO_TEXT, least=1),
    "size": Fact("a size", "", "size", _NO_TEXT, _NO_TEXT, least=1),
    "number": Fact("a number", "", "number", _NO_TEXT, _NO_TEXT),
}


class Part(NamedTuple):
    """A task, choice, approach ... as written: the keys that are there, each with its value and where that stands.

    A part that was merged from several layers has values from several files.
    """

    fields: dict[str, Any]
    places: dict[str, tuple[Node, Source]]
    key: Scalar | None
    node: Node
    source: Source

    @property
    def origin(self) -> Origin:
        return Origin(self.source.name, (self.key or self.node).line)

    def get(self, key: str, default: Any = None) -> Any:
        return self.fields.get(key, default)

    def complain(
        self, code: str, message: Text, key: str = "", help: Text | None = None, note: Text | None = None
    ) -> Complaint:
        """A complaint at the value of `key`, or at the part itself."""
        node, source = self.places.get(key) or (self.key or self.node, self.source)
        width = len(node.text) if isinstance(node, Scalar) else 1
        return source.complain(code, message, node.line, node.column, width, help, note)


class Layer(NamedTuple):
    """One file's parts, by section and name, in file order."""

    name: str
    sections: dict[str, dict[str, Part]]
    otherwise: tuple[Part, ...]
    date: str


def read(name: str, data: bytes) -> Layer:
    """Raises InputFileError with every complaint (or the first hundred), and nothing else, whatever the bytes."""
    root, source, complaints = parse(name, data)
    reader = _Reader(source, complaints)
    try:
        layer = reader.layer(root)
    except Enough:
        raise InputFileError(in_order(reader.complaints, (name,))) from None
    if reader.complaints:
        raise InputFileError(in_order(reader.complaints, (name,)))
    return layer


def nearest(word: str, known: Any) -> str:
    """The known word that `word` is most likely meant to be, or nothing."""
    close = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return close[0] if close else ""


def did_you_mean(word: str, known: Any) -> Text | None:
    close = nearest(word, known)
    return Text(f"use '{close}'", f"应为“{close}”") if close else None


class _Reader:
    def __init__(self, source: Source, complaints: list[Complaint]) -> None:
        self.source = source
        self.complaints = complaints

    def bad(self, node: Node, code: str, message: Text, help: Text | None = None, note: Text | None = None) -> None:
        width = len(node.text) if isinstance(node, Scalar) else 1
        keep(self.complaints, self.source.complain(code, message, node.line, node.column, width, help, note))

    def layer(self, root: Mapping) -> Layer:
        sections: dict[str, dict[str, Part]] = {section: {} for section in SECTIONS}
        date, otherwise = "", ()
        other = self._other_version(root.entries["version"][1]) if "version" in root.entries else None
        if other is not None:
            # Made for another format: whatever else looks wrong may be right there.
            raise InputFileError((other,))
        allowed = ("version", "date", *SECTIONS, OTHERWISE)
        self._keys(root, allowed, ("version",), "rule file")
        for name, (_, node) in root.entries.items():
            if name == "date":
                date = self._line(node) or ""
            elif name == OTHERWISE:
                otherwise = self._list(Key("items", "", of=("choice",)), node) or ()
            elif name in SECTIONS:
                sections[name] = self._section(name, node)
        if not any(section in root.entries for section in (*SECTIONS, OTHERWISE)) and not self.complaints:
            message = Text(
                f"the file has none of {', '.join(SECTIONS)}",
                f"文件里没有 {'、'.join(SECTIONS)} 中的任何一节",
            )
            self.bad(root, "BG201", message)
        return Layer(self.source.name, sections, otherwise, date)

    def _other_version(self, node: Node) -> Complaint | None:
        """A complaint, unless the file is made for the format that is read here."""
        number = _plain_number(node.text) if isinstance(node, Scalar) and kind_of(node) == "int" else None
        if number == FORMAT:
            return None
        message = Text(f"version must be {FORMAT}", f"version 必须为 {FORMAT}")
        help = None
        if number is not None and number > FORMAT:
            message = Text(
                f"made for rules format {number}; this bertgpt reads format {FORMAT}",
                f"文件使用规则格式 {number}；当前 bertgpt 只支持格式 {FORMAT}",
            )
            help = Text("upgrade bertgpt", "请升级 bertgpt")
        width = len(node.text) if isinstance(node, Scalar) else 1
        return self.source.complain("BG202", message, node.line, node.column, width, help)

    def _section(self, name: str, node: Node) -> dict[str, Part]:
        shape = SECTIONS[name]
        parts: dict[str, Part] = {}
        if not isinstance(node, Mapping):
            self._kind(node, Text(f"a map from names to {name}", f"从名称到 {name} 的映射"))
            return parts
        pattern = NAMES.get(shape, ID)
        for part_name, (key, value) in node.entries.items():
            if shape != "family" and not re.fullmatch(pattern, part_name, re.ASCII):
                want = _NAME_WORDS.get(shape, _ID_WORDS)
                self.bad(key, "BG203", Text(f"a {shape}'s name is {want.en}", f"{shape} 的名称只能用{want.zh}"))
            part = self._part(shape, value, key)
            if part is not None:
                parts[part_name] = part
        return parts

    def _keys(self, node: Mapping, allowed: tuple[str, ...], required: tuple[str, ...], what: str) -> None:
        """Complains about each unknown key, and each missing one unless an unknown one is close to it."""
        missed: set[str] = set()
        for name, (key, _) in node.entries.items():
            if name in allowed:
                continue
            close = nearest(name, [word for word in allowed if word not in node.entries])
            missed.add(close)
            help = Text(f"use '{close}'", f"应为“{close}”") if close else None
            words = ", ".join(allowed)
            note = Text(f"allowed keys: {words}", f"可用的键：{words}")
            shown = name[:40]
            self.bad(
                key, "BG204", Text(f"unknown key '{shown}' in this {what}", f"{what} 中有未知的键“{shown}”"), help, note
            )
        for name in required:
            if name not in node.entries and name not in missed:
                self.bad(node, "BG205", Text(f"the key '{name}' is missing in this {what}", f"{what} 缺少键“{name}”"))

    def _part(self, shape: str, node: Node, key: Scalar | None = None) -> Part | None:
        keys = SHAPES[shape]
        if not isinstance(node, Mapping):
            self._kind(node, Text(f"a map with the keys of a {shape}", f"{shape} 的键值映射"))
            return None
        # A misspelt `override` is one fault, not one more for every key that a merge may leave out.
        misspelt = next((name for name in node.entries if name not in keys and nearest(name, keys) == "override"), "")
        override = node.entries.get("override") or node.entries.get(misspelt)
        relaxed = override is not None and isinstance(override[1], Scalar) and override[1].text in ("merge", "disable")
        required = () if relaxed else tuple(name for name, spec in keys.items() if spec.required)
        if relaxed and shape == "choice":
            required = () if "id" in node.entries else ("approach",)
        self._keys(node, tuple(keys), required, shape)
        fields: dict[str, Any] = {}
        places: dict[str, tuple[Node, Source]] = {}
        for name, (_, value) in node.entries.items():
            if name in keys:
                read = self._value(keys[name], value)
                if read is not None:
                    fields[name] = read
                    places[name] = (value, self.source)
        return Part(fields, places, key, node, self.source)

    def _value(self, spec: Key, node: Node) -> Any:
        kind = spec.kind
        if kind == "both":
            return self._both(node)
        if kind == "lists":
            return self._lists(node)
        if kind == "line":
            return self._line(node)
        if kind == "id":
            return self._id(node)
        if kind == "year":
            return self._year(node)
        if kind == "word":
            return self._word(node, spec.of)
        if kind == "when":
            return self._when(node)
        if kind == "given":
            return self._given(node)
        if kind == "part":
            return self._part(spec.of[0], node)
        if kind == "flag":
            return self._flag(node)
        if kind in QUANTITIES:
            return self._fact_value(QUANTITIES[kind], node)
        return self._list(spec, node)

    def _list(self, spec: Key, node: Node) -> tuple[Any, ...] | None:
        if not isinstance(node, Sequence):
            self._kind(node, Text("a list", "列表"))
            return None
        if len(node.items) < spec.least:
            self.bad(
                node, "BG206", Text(f"the list needs {spec.least} or more entries", f"列表至少要有 {spec.least} 项")
            )
        out = []
        for item in node.items:
            if spec.kind == "items":
                value: Any = self._part(spec.of[0], item)
            elif spec.kind == "words":
                value = self._word(item, spec.of)
            elif spec.kind == "cites":
                value = self._cite(item)
            elif spec.kind == "languages":
                value = self._fact_value(FACTS["language"], item)
            else:
                value = self._line(item)
            if value is not None:
                out.append(value)
        return tuple(out)

    def _kind(self, node: Node, want: Text) -> None:
        if isinstance(node, Mapping):
            found = Text("a map", "映射")
        elif isinstance(node, Sequence):
            found = Text("a list", "列表")
        elif kind_of(node) == "null":
            found = Text("nothing", "空值")
        elif kind_of(node) == "text":
            found = Text("text", "文本")
        else:
            found = Text(f"'{_clip(node.text)}'", f"“{_clip(node.text)}”")
        self.bad(node, "BG207", Text(f"expected {want.en}, found {found.en}", f"应为{want.zh}，却是{found.zh}"))

    def _line(self, node: Node) -> str | None:
        if not isinstance(node, Scalar) or kind_of(node) == "null":
            self._kind(node, Text("text", "文本"))
            return None
        if kind_of(node) != "text":
            shown = _clip(node.text)
            self.bad(
                node,
                "BG208",
                Text(f"'{shown}' is not text to YAML", f"“{shown}”在 YAML 中不是文本"),
                Text("put it in quotes", "请加引号"),
            )
            return None
        text = re.sub(r"\s*\n\s*", " ", node.text.strip())  # a block of lines is one line of prose
        if not text:
            self.bad(node, "BG209", Text("the text is empty", "文本为空"))
            return None
        return text

    def _both(self, node: Node) -> Text | None:
        if not isinstance(node, Mapping):
            self._kind(node, Text("a map with en and zh", "含 en 和 zh 的映射"))
            return None
        self._keys(node, ("en", "zh"), ("en", "zh"), "text")
        said = {name: self._line(value) for name, (_, value) in node.entries.items() if name in ("en", "zh")}
        en, zh = said.get("en"), said.get("zh")
        return Text(en, zh) if en and zh else None

    def _lists(self, node: Node) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
        if not isinstance(node, Mapping):
            self._kind(node, Text("a map with en and zh, each a list", "含 en 和 zh 两个列表的映射"))
            return None
        self._keys(node, ("en", "zh"), (), "list of words")
        found: dict[str, tuple[str, ...]] = {}
        for name, (_, value) in node.entries.items():
            if name in ("en", "zh"):
                found[name] = self._list(Key("lines", ""), value) or ()
        return found.get("en", ()), found.get("zh", ())

    def _id(self, node: Node) -> str | None:
        text = self._line(node)
        if text is not None and not re.fullmatch(ID, text, re.ASCII):
            self.bad(node, "BG203", Text(f"a name is {_ID_WORDS.en}", f"名称只能用{_ID_WORDS.zh}"))
            return None
        return text

    def _year(self, node: Node) -> int | None:
        if isinstance(node, Scalar) and kind_of(node) == "int" and re.fullmatch(r"(19|20)\d\d", node.text):
            return int(node.text)
        self._kind(node, Text("a year such as 2019", "年份，如 2019"))
        return None

    def _flag(self, node: Node) -> bool | None:
        if isinstance(node, Scalar) and kind_of(node) == "bool":
            return node.text.lower() == "true"
        self._kind(node, Text("true or false", " true 或 false"))
        return None

    def _word(self, node: Node, words: tuple[str, ...]) -> str | None:
        text = self._line(node)
        if text is None or text in words:
            return text
        shown = ", ".join(words)
        message = Text(f"'{_clip(text)}' is not one of {shown}", f"“{_clip(text)}”不在 {shown} 之中")
        self.bad(node, "BG210", message, did_you_mean(text, words))
        return None

    def _cite(self, node: Node) -> str | None:
        text = self._line(node)
        if text is None or cited(text):
            return text
        message = Text(
            "a citation is a source (ETTIN) or rows of it (ETTIN-01, ETTIN-01..06)",
            "引用应为来源（ETTIN）或其中的行（ETTIN-01、ETTIN-01..06）",
        )
        self.bad(node, "BG211", message)
        return None

    def _fact(self, key: Scalar, name: str) -> Fact | None:
        fact = FACTS.get(name)
        if fact is None:
            words = ", ".join(FACTS)
            message = Text(f"unknown fact '{_clip(name)}'", f"未知的事实“{_clip(name)}”")
            self.bad(key, "BG212", message, did_you_mean(name, FACTS), Text(f"facts: {words}", f"可用的事实：{words}"))
        return fact

    def _fact_value(self, fact: Fact, node: Node) -> Value | None:
        if not isinstance(node, Scalar):
            self._kind(node, facts.expected(fact))
            return None
        raw: object = node.text
        kind = kind_of(node)
        if fact.kind == "flag" and kind == "bool":
            raw = node.text.lower() == "true"
        elif fact.ordered and kind in ("int", "float"):
            raw = _plain_number(node.text)
        elif (fact.ordered and not (fact.kind == "size" and kind == "text")) or (
            fact.kind in ("choice", "language") and kind not in ("text",)
        ):
            raw = None
        if raw is None:
            want = facts.expected(fact)
            message = Text(f"'{_clip(node.text)}' is not {want.en}", f"“{_clip(node.text)}”不是{want.zh}")
            self.bad(node, "BG213", message, _digits(fact, node))
            return None
        try:
            return facts.read(fact, raw)
        except UsageError as error:
            self.bad(node, "BG213", error.message)
            return None

    def _given(self, node: Node) -> tuple[tuple[str, Value], ...] | None:
        if not isinstance(node, Mapping):
            self._kind(node, Text("a map from facts to values", "从事实到取值的映射"))
            return None
        given = []
        for name, (key, value_node) in node.entries.items():
            fact = self._fact(key, name)
            value = self._fact_value(fact, value_node) if fact else None
            if value is not None:
                given.append((name, value))
        return tuple(given)

    def _when(self, node: Node) -> tuple[Condition, ...] | None:
        if not isinstance(node, Mapping):
            self._kind(node, Text("a map from facts to conditions", "从事实到条件的映射"))
            return None
        conditions = []
        for name, (key, test) in node.entries.items():
            fact = self._fact(key, name)
            condition = self._condition(fact, test) if fact else None
            if condition is not None:
                conditions.append(condition)
        return tuple(conditions)

    def _condition(self, fact: Fact, node: Node) -> Condition | None:
        if isinstance(node, Sequence):
            return self._one_of(fact, node)
        if isinstance(node, Scalar):
            return self._equals(fact, node)
        allowed = ("below", "at-least", "is") if fact.ordered else ("is", "in")
        self._keys(node, allowed, (), f"condition on {fact.name}")
        tests = {name: value for name, (_, value) in node.entries.items() if name in allowed}
        if not tests or ("is" in tests and len(tests) > 1):
            words = ", ".join(allowed)
            self.bad(
                node,
                "BG214",
                Text(f"a condition on {fact.name} is one of: {words}", f"{fact.name} 的条件应为其中之一：{words}"),
            )
            return None
        if "is" in tests:
            return self._equals(fact, tests["is"])
        if "in" in tests:
            inner = tests["in"]
            if isinstance(inner, Sequence):
                return self._one_of(fact, inner)
            self._kind(inner, Text("a list", "列表"))
            return None
        return self._range(fact, node, tests)

    def _range(self, fact: Fact, node: Node, tests: dict[str, Node]) -> Condition | None:
        low = self._fact_value(fact, tests["at-least"]) if "at-least" in tests else None
        high = self._fact_value(fact, tests["below"]) if "below" in tests else None
        assert not isinstance(low, str)
        assert not isinstance(high, str)
        if low is None and high is None:
            return None
        if high is not None and low is not None and low >= high:
            message = Text(
                f"this can never hold: {fact.name} at least {facts.spell(fact, low)} and below {facts.spell(fact, high)}",
                f"这个条件永远不会成立：{fact.name} 不少于 {facts.spell(fact, low)} 且小于 {facts.spell(fact, high)}",
            )
            self.bad(node, "BG215", message)
            return None
        if high is not None and fact.kind != "number" and high <= fact.least:
            limit = f"{fact.least}"
            self.bad(
                tests["below"],
                "BG215",
                Text(
                    f"this can never hold: {fact.name} is {limit} or more",
                    f"这个条件永远不会成立：{fact.name} 不会小于 {limit}",
                ),
            )
            return None
        return Condition(fact.name, low, high, ())

    def _one_of(self, fact: Fact, node: Sequence) -> Condition | None:
        if fact.ordered:
            self._kind(node, Text("a value, or a map with below or at-least", "一个值，或含 below、at-least 的映射"))
            return None
        if not node.items:
            self.bad(node, "BG215", Text("this can never hold: the list is empty", "这个条件永远不会成立：列表是空的"))
        values = [self._fact_value(fact, item) for item in node.items]
        kept = tuple(sorted({value for value in values if value is not None}, key=str))
        return Condition(fact.name, None, None, kept) if kept else None

    def _equals(self, fact: Fact, node: Node) -> Condition | None:
        value = self._fact_value(fact, node)
        if value is None:
            return None
        if not fact.ordered:
            return Condition(fact.name, None, None, (value,))
        if fact.kind == "number":
            self.bad(
                node,
                "BG214",
                Text(
                    f"{fact.name} is measured: use below or at-least", f"{fact.name} 是测量值：请用 below 或 at-least"
                ),
            )
            return None
        assert isinstance(value, int)
        return Condition(fact.name, value, value + 1, ())


_ID_WORDS = Text("small letters, digits and single hyphens", "小写字母、数字和单个连字符")
_NAME_WORDS = {
    "source": Text("capital letters and digits", "大写字母和数字"),
    "checkpoint": Text(
        "owner/name, of letters, digits, dots, hyphens and underscores",
        "字母、数字、点、连字符和下划线，写作 所有者/名称",
    ),
}


def _digits(fact: Fact, node: Scalar) -> Text | None:
    """Help for what people take for a number and YAML does not, or not everywhere: '8', 010, 1_000, 1e3."""
    if not fact.ordered or not re.match(r"[-+.0-9]", node.text, re.ASCII):
        return None
    if not node.plain and _plain_number(node.text) is not None:
        return Text("write it without quotes", "请去掉引号")
    return Text("write plain digits, such as 1000 or 0.5", "请直接写数字，如 1000 或 0.5")


def _clip(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "..."


def _plain_number(text: str) -> int | float | None:
    """A YAML 1.2 number, but not one that YAML 1.1 reads otherwise (010) or that is not finite."""
    if re.fullmatch(r"-?(0|[1-9][0-9]{0,17})", text, re.ASCII):
        return int(text)
    if re.fullmatch(r"-?(0|[1-9][0-9]{0,17})\.[0-9]{1,17}", text, re.ASCII):
        value = float(text)
        return value if math.isfinite(value) else None
    return None
