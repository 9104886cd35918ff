"""Runs the rules' own tests: the examples that stand beside them, against the layered book."""

from __future__ import annotations

from bertgpt_cli.report.rules import FailedExample, TestReport
from bertgpt_cli.rulebook.book import Example, Rulebook, Task
from bertgpt_cli.rulebook.facts import Situation
from bertgpt_cli.rulebook.table import Table, build

NOTHING = "nothing-fits"


def run(book: Rulebook, of: tuple[str, ...] = ()) -> TestReport:
    """Every example of every task; coverage is of the choices in the files `of` (all, if empty).

    Zero examples is not a success; the caller says so.
    """
    passed = 0
    failed: list[FailedExample] = []
    reached: set[tuple[str, str]] = set()
    ruled: dict[str, Table] = {}
    for task in book.tasks.values():
        owner = book.ruled_by(task)
        table = ruled.setdefault(owner.id, build(book, owner))
        for example in task.examples:
            index = table.first(table.cells(situation(task, example)))
            approach = table.choices[index].approach if index >= 0 else NOTHING
            id = table.choices[index].id if index >= 0 else NOTHING
            reached.add((owner.id, id))
            if approach == example.expect and example.choice in ("", id):
                passed += 1
            else:
                failed.append(_failed(task, example, table, index))
    own = [
        (task.id, choice.id, choice.origin.place)
        for task in book.tasks.values()
        for choice in task.choices
        if not choice.shared and choice.origin.file in (of or book.files)
    ]
    unreached = tuple(one for one in own if (one[0], one[1]) not in reached)
    coverage = 100 * (1 - len(unreached) / len(own)) if own else 0.0
    return TestReport("rule-tests", book.files, passed, tuple(failed), unreached, round(coverage, 1))


def situation(task: Task, example: Example) -> Situation:
    """The example's facts, and what the task usually gives unless the example says otherwise."""
    return {"output": task.output, **dict(example.given)}


def _failed(task: Task, example: Example, table: Table, index: int) -> FailedExample:
    expected = f"{example.expect} ({example.choice})" if example.choice else example.expect
    if index < 0:
        return FailedExample(task.id, example.origin.place, example.given, expected, NOTHING, "")
    choice = table.choices[index]
    got = f"{choice.approach} ({choice.id})" if choice.id != choice.approach else choice.approach
    decided = choice.origin.place
    return FailedExample(task.id, example.origin.place, example.given, expected, got, decided)
