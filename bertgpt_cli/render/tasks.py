"""A listing of tasks, told as a document."""

from __future__ import annotations

from bertgpt_cli.render import words
from bertgpt_cli.render.document import Document, Paragraph, Span, Table, line
from bertgpt_cli.report.recommendation import TaskList
from bertgpt_cli.text import Lang, Text


def document(listing: TaskList, lang: Lang) -> Document:
    """One row a task: its id, what it is called, what comes out, and the family that does it by default."""
    header = (
        Text("task", "任务").say(lang),
        Text("name", "名称").say(lang),
        Text("gives", "输出").say(lang),
        Text("by default", "默认").say(lang),
    )
    rows = tuple(
        (
            line(Span(one.id, "strong")),
            line(one.title.say(lang)),
            line(one.output),
            line(Span(words.FAMILY[one.approach.family].say(lang), words.ROLE[one.approach.family])),
        )
        for one in listing.tasks
    )
    shown, total = len(listing.tasks), listing.total
    if listing.words:
        said = Text(
            f"{shown} of {total} tasks for '{listing.words}'", f"“{listing.words}”：{total} 个任务中的 {shown} 个"
        )
    else:
        said = Text(f"{total} tasks", f"共 {total} 个任务")
    return (Table(header, rows), Paragraph(line(Span(said.say(lang), "dim"))))
