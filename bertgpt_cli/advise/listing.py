"""The tasks that the book knows, or those that words may mean."""

from __future__ import annotations

from bertgpt_cli.advise.recommend import Adviser
from bertgpt_cli.advise.words import candidates
from bertgpt_cli.report.recommendation import TaskEntry, TaskList
from bertgpt_cli.rulebook.naming import normal


def tasks(adviser: Adviser, words: str) -> TaskList:
    """All tasks in the order of the book; with words, those whose names are like them or whose `asks` hold them."""
    book = adviser.book
    if not words.strip():
        entries = tuple(_entry(adviser, id, 1.0) for id in book.tasks)
        return TaskList("", entries, len(book.tasks))
    scores = {one.id: one.score for one in candidates(book, words)}
    wanted = normal(words)
    for task in book.tasks.values():
        if task.id not in scores and any(wanted in normal(ask) for asks in task.asks for ask in asks):
            scores[task.id] = 0.4
    ranked = sorted(scores, key=lambda id: -scores[id])
    return TaskList(words, tuple(_entry(adviser, id, scores[id]) for id in ranked), len(book.tasks))


def _entry(adviser: Adviser, id: str, score: float) -> TaskEntry:
    task = adviser.book.tasks[id]
    table = adviser.table(task)
    index = table.first(table.cells({"output": task.output}))
    card = adviser.card(table.choices[max(index, 0)].approach)
    return TaskEntry(task.id, task.title, task.output, task.parent, task.aliases, card, score)
