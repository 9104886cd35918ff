"""Text from data, made safe to print: what a terminal would obey, hide or reorder is shown as an escape instead."""

from __future__ import annotations

import re

# C0 but newline, DEL, C1, zero-width and bidirectional controls, line separators, BOM, noncharacters, tags, surrogates.
# U+200C and U+200D stay: Persian and emoji need them.
_UNSAFE = "[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e007f\ud800-\udfff]"


def visible(text: str) -> str:
    """The text with every control, invisible or lone surrogate character as `\\x1b` or `\\u202e`. Newlines stay.

    A lone surrogate that stands for an undecodable byte of the command line becomes that byte: `\\xff`.
    """
    if text.isprintable():  # nearly always, and then the pattern is never compiled
        return text
    return re.sub(_UNSAFE, _escape, text)


def one_line(text: str) -> str:
    """As `visible`, and a newline is shown as well."""
    return visible(text).replace("\n", "\\n")


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if match[0] == "\t":
        return "\\t"
    if 0xDC80 <= code <= 0xDCFF:
        code -= 0xDC00
    if code > 0xFFFF:
        return f"\\U{code:08x}"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
