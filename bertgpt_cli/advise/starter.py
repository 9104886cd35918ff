"""A recommendation -> the starter program for it, with the checkpoints that were picked filled in."""

from __future__ import annotations

from collections.abc import Mapping

from bertgpt_cli.report.recommendation import Recommendation
from bertgpt_cli.rulebook import starters
from bertgpt_cli.rulebook.book import Rulebook, lineage

# What a combination's program calls the checkpoint of each part.
_PARTS = {
    "bi-encoder": "EMBEDDER",
    "cross-encoder": "RERANKER",
    "prompted-decoder": "DECODER",
    "fine-tuned-encoder": "ENCODER",
}


def program(book: Rulebook, answer: Recommendation) -> str | None:
    """The program's text; None where the approach (a rule file's own) has none."""
    task = book.tasks[answer.task.id]
    # Another output than the task's own needs a program of its own.
    line = lineage(book.tasks, task.id) if answer.output == task.output else []
    found = starters.find(answer.approach.id, line, answer.output)
    return None if found is None else starters.fill(found, _constants(answer))


def _constants(answer: Recommendation) -> Mapping[str, starters.Constant]:
    """Nothing where no checkpoint fits: a program then keeps its own."""
    constants: dict[str, starters.Constant] = {}
    for pick in answer.checkpoints.picks:
        name = _PARTS.get(pick.part, "") if pick.part else "MODEL"
        if name and name not in constants:
            constants[name] = pick.checkpoint.id
            if name in ("MODEL", "DECODER"):
                constants["CONTEXT"] = pick.checkpoint.context
    return constants
