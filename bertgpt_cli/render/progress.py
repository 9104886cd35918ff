"""How far a long piece of work is: a bar with the time that is left, on standard error, gone when it is done."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bertgpt_cli.render.safe import one_line
from bertgpt_cli.text import Lang, Text

Watch = Callable[[float, float, Text], None]


def _silent(done: float, planned: float, what: Text) -> None:
    pass


@contextmanager
def bar(lang: Lang, shown: bool, colour: bool) -> Iterator[Watch]:
    """A function that is told (done, planned, what is being done); the plan may change on the way."""
    if not shown:
        yield _silent
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    console = Console(file=sys.stderr, no_color=not colour, highlight=False, markup=False)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(None),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=None)

        def watch(done: float, planned: float, what: Text) -> None:
            progress.update(task, completed=done, total=planned or None, description=one_line(what.say(lang))[:40])

        yield watch
