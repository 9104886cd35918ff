"""Errors and complaints about files, told as documents: what, where, the line itself with a caret, and the fix."""

from __future__ import annotations

from rich.cells import cell_len

from bertgpt_cli.errors import TOO_MANY, BertgptError, Complaint, InputFileError
from bertgpt_cli.render.document import Block, Code, Document, Paragraph, Span, line
from bertgpt_cli.render.safe import one_line
from bertgpt_cli.text import Lang, Text, same

_SHOWN = 60  # cells of a line that are shown round the caret
_MOST = 20  # complaints that are shown
_LONGEST = 400  # characters of a message; it may hold what a file or a command line says
_LONGEST_NAME = 200
_ERROR = Text("error", "错误")
_HELP = Text("help", "建议")
_NOTE = Text("note", "说明")


def document(error: BertgptError, lang: Lang) -> Document:
    if isinstance(error, InputFileError):
        blocks: list[Block] = []
        said: set[Text | None] = {None}
        for complaint in error.complaints[:_MOST]:
            blocks += _complaint(complaint, lang, said)
        return (*blocks, Paragraph(line(_count(error, lang))))
    colon = "：" if lang == "zh" else ": "
    return (Paragraph(line(Span(_ERROR.say(lang) + colon, "bad"), _short(error.message.say(lang)))),)


def _count(error: InputFileError, lang: Lang) -> str:
    found = [one for one in error.complaints if one.code != TOO_MANY]
    number = len(found)
    more = number < len(error.complaints)
    errors = Text(f"{number} error{'s' * (number > 1)}{' or more' * more}", f"{number} 处{'以上' * more}错误")
    files = len({one.file for one in found})
    where = same(_name(found[0])) if files == 1 else Text(f"{files} files", f"{files} 个文件")
    hidden = number - _MOST
    rest = Text(f", {hidden} of them not shown", f"，其中 {hidden} 处未显示") if hidden > 0 else same("")
    return Text(f"{errors.en} in {where.en}{rest.en}", f"{where.zh} 中有 {errors.zh}{rest.zh}").say(lang)


def _complaint(one: Complaint, lang: Lang, said: set[Text | None]) -> list[Block]:
    """`said` holds the notes that stand above already: a list of what is allowed is read once."""
    colon = "：" if lang == "zh" else ": "
    message = Span(_short(one.message.say(lang)), "strong")
    head = line(Span(f"{_ERROR.say(lang)}[{one.code}]", "bad"), colon, message)
    place = f"{_name(one)}:{one.line}:{one.column}" if one.line else _name(one)
    blocks: list[Block] = [Paragraph(head), Paragraph(line(Span("  --> ", "dim"), place))]
    if one.line and one.excerpt.strip():
        blocks.append(Code(excerpt(one)))
    for label, remark in ((_HELP, one.help), (_NOTE, None if one.note in said else one.note)):
        if remark is not None:
            words = _short(remark.say(lang))
            blocks.append(Paragraph(line(Span(f"   = {label.say(lang)}{colon}", "dim"), words)))
    said.add(one.note)
    return blocks


def _name(one: Complaint) -> str:
    return _short(one.file, _LONGEST_NAME) or "''"


def _short(text: str, most: int = _LONGEST) -> str:
    """Without its middle if it is long."""
    return text if len(text) <= most else f"{text[: most // 2]}...{text[-most // 2 :]}"


def excerpt(one: Complaint) -> str:
    """The line with its number and a caret under the place, by cell width: a Chinese character takes two cells.

    A long line is cut round the caret, so that the message stays readable whatever the file.
    """
    start = max(0, one.column - 1)
    lead, rest = one.excerpt[max(0, start - _SHOWN) : start], one.excerpt[start:]
    kept = lead[len(lead) - _fitting(lead[::-1], _SHOWN // 2) :]
    wide = _fitting(rest[: min(one.width, _SHOWN)], _SHOWN // 2)
    before, marked = one_line(kept), one_line(rest[:wide])
    more = _fitting(rest[wide : wide + _SHOWN], _SHOWN - cell_len(before) - cell_len(marked))
    after = one_line(rest[wide : wide + more])
    if len(kept) < start:
        before = "..." + before
    if wide + more < len(rest):
        after += "..."
    gutter = str(one.line)
    blank = " " * len(gutter)
    caret = " " * cell_len(before) + "^" * max(1, cell_len(marked))
    return f"{blank} |\n{gutter} | {before}{marked}{after}\n{blank} | {caret}"


def _fitting(text: str, room: int) -> int:
    """How many of the first characters fit. Each counts for one cell at least, so that marks without width end too."""
    used = 0
    for index, character in enumerate(text):
        used += max(1, cell_len(one_line(character)))
        if used > room:
            return index
    return len(text)
