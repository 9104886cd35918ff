"""Published results from CSV: one file's bytes -> its rows, or every complaint about them at once.

Checks what can be known from the file alone: columns, kinds, ranges, and that a row agrees with itself (the winner
with the scores, the margin with their difference). Whether its task and source exist is checked in `layers`. What
the columns mean is written in `rules/evidence.md`.
"""

from __future__ import annotations

import math
import re
from typing import NamedTuple

from bertgpt_cli.complaints import Enough, in_order, keep
from bertgpt_cli.errors import Complaint, InputFileError, UsageError
from bertgpt_cli.report.evidence import Result
from bertgpt_cli.rulebook import facts
from bertgpt_cli.rulebook.facts import FACTS, Value
from bertgpt_cli.rulebook.file_text import Source, decoded
from bertgpt_cli.rulebook.reading import did_you_mean
from bertgpt_cli.rulebook.shapes import ID, SOURCE_ID
from bertgpt_cli.text import Text

# The columns that hold a fact, and the fact. `max_params` is in millions, `hosted_llm` says yes or no.
_FACTS = {
    "labels": "labels",
    "classes": "classes",
    "label_kind": "label_kind",
    "max_params": "max_params",
    "hosted_llm": "hosted",
    "fine_tune": "fine_tune",
    "output": "output",
    "domain": "domain",
    "tokens": "tokens",
    "language": "language",
}
_WORDS: dict[str, tuple[str, ...]] = {
    "grade": ("A", "B", "C"),
    "interface": ("head", "prompt", "cloze", "embedding", "generation"),
    "winner": ("encoder", "decoder", "tie", "encoder-decoder"),
    "verified": ("yes", "partial", "statement-only"),
}
_FLAGS = ("latency_matters", "higher_better", "decisive", "hosted_llm", "fine_tune")
_NUMBERS = ("encoder_score", "decoder_score", "margin")
_MAY_BE_EMPTY = ("task", *(name for name in _FACTS if name not in _FLAGS), *_NUMBERS)
COLUMNS = (
    *("id", "source", "source_title", "year", "url", "table", "grade", "task", "language", "labels", "classes"),
    *("label_kind", "max_params", "hosted_llm", "fine_tune", "interface", "output", "domain", "tokens"),
    *("latency_matters", "encoder_model", "encoder_score", "decoder_model", "decoder_score", "metric"),
    *("higher_better", "winner", "margin", "verified", "decisive", "note"),
)
_MAX_ROWS = 10_000

# A field, quoted or plain, and what ends it. The standard library's reader does not tell where a field stands.
_FIELD = re.compile(r'(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|\n|\r|\Z)')


class _Cell(NamedTuple):
    text: str
    line: int
    column: int


class Sheet(NamedTuple):
    """One file's rows, and where each of their cells stands, for complaints that need the other files."""

    source: Source
    rows: tuple[Result, ...]
    cells: tuple[dict[str, _Cell], ...]

    def complain(self, row: int, column: str, code: str, message: Text, help: Text | None = None) -> Complaint:
        cell = self.cells[row][column]
        return self.source.complain(code, message, cell.line, cell.column, len(cell.text), help)


def read(name: str, data: bytes) -> Sheet:
    """Raises InputFileError with every complaint (or the first hundred), and nothing else, whatever the bytes."""
    source = Source(name, decoded(name, data))
    reader = _Reader(source)
    try:
        sheet = reader.sheet("\n".join(source.lines))
    except Enough:
        raise InputFileError(in_order(reader.complaints, (name,))) from None
    if reader.complaints:
        raise InputFileError(in_order(reader.complaints, (name,)))
    return sheet


class _Reader:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.complaints: list[Complaint] = []

    def bad(self, cell: _Cell, code: str, message: Text, help: Text | None = None) -> None:
        width = len(cell.text)
        keep(self.complaints, self.source.complain(code, message, cell.line, cell.column, width, help))

    def sheet(self, text: str) -> Sheet:
        header, *lines = self._split(text) or [[_Cell("", 1, 1)]]
        if self.complaints:  # where fields end is not known, so neither is what they hold
            return Sheet(self.source, (), ())
        names = self._header(header)
        rows: list[Result] = []
        cells: list[dict[str, _Cell]] = []
        for line in lines if names else ():
            if len(line) == 1 and not line[0].text:
                continue
            if len(line) != len(names):
                message = Text(
                    f"{len(line)} fields, but the header has {len(names)} columns; is a comma not in quotes?",
                    f"这一行有 {len(line)} 个字段，表头却有 {len(names)} 列；是否有逗号没加引号？",
                )
                self.bad(line[0], "BG502", message)
                continue
            cells.append(dict(zip(names, line, strict=True)))
            rows.append(self._row(cells[-1]))
        self._unique(rows, cells)
        return Sheet(self.source, tuple(rows), tuple(cells))

    def _split(self, text: str) -> list[list[_Cell]]:
        """The fields of every record, each with its line and column from 1; stops at what is no CSV."""
        records: list[list[_Cell]] = [[]]
        start, line, begun = 0, 1, 0  # begun: where the present line begins
        while True:
            match = _FIELD.match(text, start)
            here = _Cell("", line, start - begun + 1)
            if match is None:
                message = Text(
                    "a quotation mark where none can stand, or one that is never closed",
                    "引号位置不对，或引号没有闭合",
                )
                self.bad(
                    here, "BG501", message, Text('write " inside a quoted field as ""', '引号字段内的 " 请写作 ""')
                )
                return records[:-1]
            quoted, plain, end = match.groups()
            records[-1].append(here._replace(text=plain if quoted is None else quoted.replace('""', '"')))
            inner = (quoted or "").count("\n")
            if inner:
                line += inner
                begun = text.rindex("\n", start, match.end() - len(end)) + 1
            start = match.end()
            if end == ",":
                continue
            line, begun = line + 1, start
            if start >= len(text):
                return records
            if len(records) > _MAX_ROWS:
                self.bad(here, "BG503", Text(f"more than {_MAX_ROWS} rows", f"超过 {_MAX_ROWS} 行"))
                return records
            records.append([])

    def _header(self, header: list[_Cell]) -> list[str]:
        """The columns' names; none if they are not the ones that must be there."""
        names = [cell.text for cell in header]
        before = len(self.complaints)
        for index, cell in enumerate(header):
            if cell.text not in COLUMNS:
                shown = cell.text[:40]
                message = Text(f"unknown column '{shown}'", f"未知的列“{shown}”")
                self.bad(cell, "BG504", message, did_you_mean(cell.text, [one for one in COLUMNS if one not in names]))
            elif cell.text in names[:index]:
                self.bad(cell, "BG504", Text(f"two columns are named '{cell.text}'", f"有两列都叫“{cell.text}”"))
        missing = [name for name in COLUMNS if name not in names]
        if missing:
            words = ", ".join(missing)
            self.bad(header[0], "BG504", Text(f"missing columns: {words}", f"缺少以下列：{words}"))
        return names if len(self.complaints) == before else []

    def _unique(self, rows: list[Result], cells: list[dict[str, _Cell]]) -> None:
        first: dict[str, int] = {}
        for row, where in zip(rows, cells, strict=True):
            if row.id and row.id in first:
                line = first[row.id]
                message = Text(
                    f"two rows are named '{row.id}', the first at line {line}",
                    f"有两行都叫“{row.id}”，第一行在第 {line} 行",
                )
                self.bad(where["id"], "BG505", message)
            first.setdefault(row.id, where["id"].line)

    def _row(self, cells: dict[str, _Cell]) -> Result:
        before = len(self.complaints)
        for name, cell in cells.items():
            if not cell.text and name not in _MAY_BE_EMPTY:
                self.bad(cell, "BG506", Text(f"{name} is empty", f"{name} 为空"))
        words = {name: self._word(name, cells[name], allowed) for name, allowed in _WORDS.items()}
        flags = {name: self._word(name, cells[name], ("yes", "no")) == "yes" for name in _FLAGS}
        numbers = {name: self._number(name, cells[name]) for name in _NUMBERS}
        situation = tuple((fact, value) for fact, value in self._facts(cells) if value is not None)
        self._shapes(cells)
        row = Result(
            id=cells["id"].text,
            source=cells["source"].text,
            title=cells["source_title"].text,
            year=int(cells["year"].text) if re.fullmatch(r"(19|20)\d\d", cells["year"].text) else 0,
            url=cells["url"].text,
            table=cells["table"].text,
            grade=words["grade"],
            task=cells["task"].text,
            facts=situation,
            interface=words["interface"],
            costs=flags["latency_matters"],
            encoder=cells["encoder_model"].text,
            encoder_score=numbers["encoder_score"],
            decoder=cells["decoder_model"].text,
            decoder_score=numbers["decoder_score"],
            metric=cells["metric"].text,
            higher_better=flags["higher_better"],
            winner=words["winner"],
            margin=numbers["margin"],
            verified=words["verified"],
            decisive=flags["decisive"],
            note=cells["note"].text,
            place=f"{self.source.name}:{cells['id'].line}",
        )
        if len(self.complaints) == before:
            self._agrees(row, cells)
        return row

    def _word(self, name: str, cell: _Cell, allowed: tuple[str, ...]) -> str:
        if cell.text and cell.text not in allowed:
            shown = ", ".join(allowed)
            text = cell.text[:40]
            message = Text(f"{name} '{text}' is not one of {shown}", f"{name} 的“{text}”不在 {shown} 之中")
            self.bad(cell, "BG507", message, did_you_mean(cell.text, allowed))
        return cell.text

    def _number(self, name: str, cell: _Cell) -> float | None:
        if not cell.text:
            return None
        if re.fullmatch(r"-?\d{1,15}(\.\d{1,10})?(e\d{1,2})?", cell.text, re.ASCII):
            return float(cell.text)
        message = Text(f"{name} '{cell.text[:40]}' is not a number", f"{name} 的“{cell.text[:40]}”不是数字")
        self.bad(cell, "BG508", message, Text("write plain digits, such as 71.2", "请直接写数字，如 71.2"))
        return None

    def _facts(self, cells: dict[str, _Cell]) -> list[tuple[str, Value | None]]:
        return [(fact, self._fact(name, fact, cells[name])) for name, fact in _FACTS.items()]

    def _fact(self, name: str, fact: str, cell: _Cell) -> Value | None:
        if not cell.text:
            return None
        if name in _FLAGS:
            return cell.text == "yes"
        text = cell.text
        if name == "max_params":
            if not re.fullmatch(r"\d{1,9}(\.\d{1,3})?", text, re.ASCII):
                shown = text[:40]
                message = Text(
                    f"{name} '{shown}' is not a number of millions", f"{name} 的“{shown}”不是以百万为单位的数"
                )
                self.bad(cell, "BG508", message, Text("write 117 for 117M", "1.17 亿写作 117"))
                return None
            text = f"{text}M"  # as the fact `max_params` is read
        try:
            return facts.read(FACTS[fact], text, name)
        except UsageError as error:
            self.bad(cell, "BG509", error.message)
            return None

    def _shapes(self, cells: dict[str, _Cell]) -> None:
        source, id, task = cells["source"], cells["id"], cells["task"]
        if source.text and not re.fullmatch(SOURCE_ID, source.text, re.ASCII):
            self.bad(source, "BG510", Text("a source is capital letters and digits", "来源名称只能用大写字母和数字"))
        elif source.text and id.text and not re.fullmatch(rf"{re.escape(source.text)}-\d{{2,3}}", id.text, re.ASCII):
            like = f"{source.text}-01"
            self.bad(id, "BG510", Text(f"an id is the source and a number, {like}", f"id 应为来源加编号，如 {like}"))
        if task.text and not re.fullmatch(ID, task.text, re.ASCII):
            message = Text(
                "a task's name is small letters, digits and single hyphens", "任务名只能用小写字母、数字和单个连字符"
            )
            self.bad(task, "BG510", message)
        if cells["year"].text and not re.fullmatch(r"(19|20)\d\d", cells["year"].text, re.ASCII):
            self.bad(cells["year"], "BG508", Text("expected a year such as 2019", "应为年份，如 2019"))
        if cells["url"].text and not re.fullmatch(r"https?://[!-~]+", cells["url"].text):
            self.bad(cells["url"], "BG510", Text("expected an address, https://...", "应为网址 https://..."))

    def _agrees(self, row: Result, cells: dict[str, _Cell]) -> None:
        """A row must not contradict itself."""
        if row.encoder_score is not None and row.decoder_score is not None:
            ahead = row.encoder_score - row.decoder_score
            if not row.higher_better:
                ahead = -ahead
            wrong = (row.winner == "encoder" and ahead <= 0) or (row.winner == "decoder" and ahead >= 0)
            if wrong:
                a, b = cells["encoder_score"].text, cells["decoder_score"].text
                message = Text(
                    f"the winner is '{row.winner}', but the scores are {a} (encoder) and {b} (decoder)",
                    f"winner 为“{row.winner}”，但分数是 {a}（编码器）和 {b}（解码器）",
                )
                self.bad(cells["winner"], "BG511", message)
            if row.margin is not None and not math.isclose(row.margin, ahead, rel_tol=0.005, abs_tol=0.005):
                message = Text(
                    f"the margin is {row.margin:g}, but the scores differ by {ahead:g} for the encoder",
                    f"margin 为 {row.margin:g}，但按分数算，编码器领先 {ahead:g}",
                )
                self.bad(cells["margin"], "BG511", message)
        if row.decisive and (row.winner not in ("encoder", "decoder") or row.grade == "C" or not row.task):
            message = Text(
                "a decisive row has a task, grade A or B, and a winner that is encoder or decoder",
                "decisive 为 yes 的行必须有任务、等级 A 或 B，且 winner 为 encoder 或 decoder",
            )
            self.bad(cells["decisive"], "BG511", message)
        elif row.decisive and (
            row.verified == "statement-only" or (row.encoder_score is None and row.decoder_score is None)
        ):
            message = Text("a row without scores cannot be decisive", "没有分数的行不能是 decisive")
            self.bad(cells["decisive"], "BG511", message)
