"""How evidence is cited: a source (`ETTIN`), one of its rows (`ETTIN-01`) or a run of them (`ETTIN-01..06`)."""

from __future__ import annotations

import re

_CITE = re.compile(r"([A-Z][A-Z0-9]*)(?:-(\d{2,3})(?:\.\.(\d{2,3}))?)?", re.ASCII)


def cited(text: str) -> tuple[str, ...]:
    """`ETTIN-01..03` -> the source's id, then the rows; empty if it is not a citation."""
    match = _CITE.fullmatch(text)
    if match is None or (match[3] and match[3] <= match[2]):
        return ()
    if match[2] is None:
        return (match[1],)
    last = match[3] or match[2]
    return (match[1], *(f"{match[1]}-{row:0{len(match[2])}d}" for row in range(int(match[2]), int(last) + 1)))
