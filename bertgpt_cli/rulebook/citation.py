"""How evidence is cited: a source (`ETTIN`), one of its rows (`ETTIN-01`) or a run of them (`ETTIN-01..06`)."""

from __future__ import annotations

import re

CITATION = r"([A-Z][A-Z0-9]*)(-(\d{2,3})(\.\.(\d{2,3}))?)?"


def cited(text: str) -> tuple[str, ...]:
    """`ETTIN-01..03` -> the source's id, then the rows; empty if it is not a citation."""
    match = re.fullmatch(CITATION, text, re.ASCII)
    if match is None:
        return ()
    source, first, last = match[1], match[3], match[5]
    if last and last <= first:
        return ()
    if first is None:
        return (source,)
    return (source, *(f"{source}-{row:0{len(first)}d}" for row in range(int(first), int(last or first) + 1)))
