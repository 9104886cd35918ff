"""The tasks that the book knows, or those that words may mean."""

from __future__ import annotations

from bertgpt_cli.advise.recommend import Adviser
from bertgpt_cli.report.recommendation import TaskEntry, TaskList


def tasks(adviser: Adviser, words: str) -> TaskList:
    """All tasks in the order of the book; with words, those that they may mean, best first."""
    book = adviser.book
    if not words.strip():
        entries = tuple(_entry(adviser, id, 1.0) for id in book.tasks)
        return TaskList("", entries, len(book.tasks))
    found = tuple(_entry(adviser, one.id, one.score) for one in adviser.reader.candidates(words))
    return TaskList(words, found, len(book.tasks))


def _entry(adviser: Adviser, id: str, score: float) -> TaskEntry:
    task = adviser.book.tasks[id]
    table = adviser.table(task)
    index = table.first(table.cells({"output": task.output}))
    card = adviser.card(table.choices[max(index, 0)].approach)
    return TaskEntry(task.id, task.title, task.output, task.parent, task.aliases, card, score)
