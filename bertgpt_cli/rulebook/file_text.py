"""The text of a file that was handed in, and the complaints that point into it. Knows no format."""

from __future__ import annotations

import re

from bertgpt_cli.errors import Complaint, InputFileError
from bertgpt_cli.text import Text

MAX_BYTES = 1 << 20
# What a terminal or an editor would obey, hide or reorder: C0, DEL, C1, soft hyphen, zero-width and bidirectional
# controls, BOM inside, interlinear marks, noncharacters, tags. Tab and line breaks are legal in a file, not in a value.
HIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e007f]"
)
_LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")


class Source:
    """The text of one file, for showing the line that a complaint is about."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.lines = _LINE_BREAK.split(text)

    def inside(self, line: int, column: int) -> tuple[int, int]:
        """The same place, or the end of the file for one beyond it, where a parser puts what it misses there."""
        last = len(self.lines)
        return (line, column) if line <= last else (last, len(self.lines[-1]) + 1)

    def complain(
        self,
        code: str,
        message: Text,
        line: int = 0,
        column: int = 0,
        width: int = 1,
        help: Text | None = None,
        note: Text | None = None,
    ) -> Complaint:
        excerpt = self.lines[line - 1] if 0 < line <= len(self.lines) else ""
        return Complaint(code, message, self.name, line, column, max(1, width), excerpt, help, note)


def decoded(name: str, data: bytes) -> str:
    """UTF-8 bytes as text, a mark at the start aside. Raises InputFileError for anything else, and for hidden characters."""
    source = Source(name, "")
    if len(data) > MAX_BYTES:
        message = Text("the file is larger than 1 MiB, the limit for a rule file", "文件超过 1 MiB，这是规则文件的上限")
        raise InputFileError((source.complain("BG101", message),))
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        message = Text("the file looks like UTF-16; save it again as UTF-8", "文件像是 UTF-16 编码；请另存为 UTF-8")
        raise InputFileError((source.complain("BG102", message),))
    if data[:4] in (b"\x89PNG", b"PK\3\4") or data[:2] == b"\x1f\x8b" or b"\0" in data[:4096]:
        message = Text("this is not a text file", "这不是文本文件")
        raise InputFileError((source.complain("BG103", message),))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputFileError((_not_utf8(name, data, error.start),)) from None
    hidden = HIDDEN.search(text)
    if hidden is not None:
        line, column = _place(text, hidden.start())
        code = f"U+{ord(hidden[0]):04X}"
        message = Text(f"control or invisible character {code}", f"含有控制字符或不可见字符 {code}")
        help = Text("delete it", "请删除它")
        raise InputFileError((Source(name, text).complain("BG105", message, line, column, help=help),))
    return text


def _not_utf8(name: str, data: bytes, start: int) -> Complaint:
    body = data[3:] if data.startswith(b"\xef\xbb\xbf") else data
    start -= len(data) - len(body)
    before = body[:start].decode("utf-8")
    line, column = _place(before, len(before))
    byte = f"0x{body[start]:02x}"
    message = Text(
        f"not UTF-8 (byte {byte}); save the file again as UTF-8", f"不是 UTF-8 编码（字节 {byte}）；请另存为 UTF-8"
    )
    text = body.decode("utf-8", "replace")
    return Source(name, text).complain("BG104", message, line, column)


def _place(text: str, index: int) -> tuple[int, int]:
    """(line, column) from 1 of the character at `index`."""
    line, begin = 1, 0
    for found in _LINE_BREAK.finditer(text, 0, index):
        line, begin = line + 1, found.end()
    return line, index - begin + 1
