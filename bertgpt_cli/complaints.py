"""Gathering complaints about a file: not without end, and in the order of the file. Knows no format."""

from __future__ import annotations

from bertgpt_cli.errors import TOO_MANY, Complaint
from bertgpt_cli.text import Text

MAX_COMPLAINTS = 100


class Enough(Exception):
    """There are so many complaints that looking further helps nobody, and takes long."""


def keep(complaints: list[Complaint], complaint: Complaint) -> None:
    """Raises Enough with the hundredth."""
    complaints.append(complaint)
    if len(complaints) >= MAX_COMPLAINTS:
        raise Enough


def in_order(complaints: list[Complaint], files: tuple[str, ...]) -> tuple[Complaint, ...]:
    """By file, line and column; of too many the first hundred, and that there may be more."""
    rank = {name: index for index, name in enumerate(files)}
    found = sorted(complaints, key=lambda one: (rank.get(one.file, 0), one.line, one.column))
    if len(found) < MAX_COMPLAINTS:
        return tuple(found)
    more = Text("too many errors; what comes after was not checked", "错误过多，其余部分未检查")
    return (*found[:MAX_COMPLAINTS], Complaint(TOO_MANY, more, found[MAX_COMPLAINTS - 1].file))
