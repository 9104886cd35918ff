"""Errors and complaints about files, told as documents: what, where, the line itself with a caret, and the fix."""

from __future__ import annotations

from rich.cells import cell_len

from bertgpt_cli.errors import BertgptError, Complaint, InputFileError
from bertgpt_cli.render.document import Block, Code, Document, Paragraph, Span, line
from bertgpt_cli.render.safe import one_line
from bertgpt_cli.text import Lang, Text

_SHOWN = 60  # cells of a line that are shown round the caret
_ERROR = Text("error", "错误")
_HELP = Text("help", "建议")
_NOTE = Text("note", "说明")


def document(error: BertgptError, lang: Lang) -> Document:
    if isinstance(error, InputFileError):
        blocks: list[Block] = []
        for complaint in error.complaints:
            blocks += _complaint(complaint, lang)
        return (*blocks, Paragraph(line(_count(error, lang))))
    colon = "：" if lang == "zh" else ": "
    return (Paragraph(line(Span(_ERROR.say(lang) + colon, "bad"), error.message.say(lang))),)


def _count(error: InputFileError, lang: Lang) -> str:
    number = len(error.complaints)
    files = len({complaint.file for complaint in error.complaints})
    if files == 1:
        name = error.complaints[0].file
        return Text(f"{number} error{'s' * (number > 1)} in {name}", f"{name} 中有 {number} 处错误").say(lang)
    return Text(f"{number} errors in {files} files", f"{files} 个文件中共有 {number} 处错误").say(lang)


def _complaint(one: Complaint, lang: Lang) -> list[Block]:
    colon = "：" if lang == "zh" else ": "
    head = line(Span(f"{_ERROR.say(lang)}[{one.code}]", "bad"), colon, Span(one.message.say(lang), "strong"))
    place = f"{one.file}:{one.line}:{one.column}" if one.line else one.file
    blocks: list[Block] = [Paragraph(head), Paragraph(line(Span("  --> ", "dim"), place))]
    if one.line and one.excerpt.strip():
        blocks.append(Code(excerpt(one)))
    for label, said in ((_HELP, one.help), (_NOTE, one.note)):
        if said is not None:
            blocks.append(Paragraph(line(Span(f"   = {label.say(lang)}{colon}", "dim"), said.say(lang))))
    return blocks


def excerpt(one: Complaint) -> str:
    """The line with its number and a caret under the place, by cell width: a Chinese character takes two cells.

    A long line is cut round the caret, so that the message stays readable whatever the file.
    """
    start = max(0, one.column - 1)
    first = max(0, start - _SHOWN // 2)
    before = one_line(one.excerpt[first:start])
    marked = one_line(one.excerpt[start : start + max(1, min(one.width, _SHOWN // 2))])
    after = one_line(one.excerpt[start + max(1, min(one.width, _SHOWN // 2)) : first + _SHOWN])
    if first:
        before = "..." + before
    if len(one.excerpt) > first + _SHOWN:
        after += "..."
    gutter = str(one.line)
    blank = " " * len(gutter)
    caret = " " * cell_len(before) + "^" * max(1, cell_len(marked))
    return f"{blank} |\n{gutter} | {before}{marked}{after}\n{blank} | {caret}"
