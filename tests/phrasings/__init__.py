"""Phrasings that no rule was learnt from, and how well bertgpt understands them.

    python -m tests.phrasings            the part that is only ever measured
    python -m tests.phrasings tuning     the part by which thresholds were set

The phrasings were written before the matcher was tuned, by people who saw neither it nor the `asks`. A fixed hash of the
words puts each into one part. Phrasings of the measured part never become aliases or asks.

A line is `{"words", "accept", "plan"?, "lang", "kind"}`: `accept` are the tasks that are right (none: it must be
refused), `plan` the two tasks of a sentence with two jobs in it. The parent of a task that is right is right, too.
"""

from __future__ import annotations

import json
import zlib
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, NamedTuple

from bertgpt_cli.advise.recommend import Adviser
from bertgpt_cli.errors import AmbiguousTask, UnknownTask
from bertgpt_cli.wording import names

Part = Literal["tuning", "measured"]


class Phrasing(NamedTuple):
    words: str
    accept: tuple[str, ...]
    plan: tuple[str, ...]
    lang: str
    kind: str

    @property
    def part(self) -> Part:
        return "measured" if zlib.crc32(self.words.encode()) % 2 else "tuning"


class Outcome(NamedTuple):
    """What was understood: the tasks (none: it was refused), or `tied` ones that were offered."""

    phrasing: Phrasing
    tasks: tuple[str, ...]
    tied: tuple[str, ...]
    acceptable: bool
    right_family: bool


def load() -> tuple[Phrasing, ...]:
    found = []
    for path in sorted(Path(__file__).parent.glob("*.jsonl")):
        for line in path.read_text("utf-8").splitlines():
            row = json.loads(line)
            accept, plan = tuple(row["accept"]), tuple(row.get("plan", ()))
            found.append(Phrasing(row["words"], accept, plan, row["lang"], row["kind"]))
    return tuple(found)


def outcomes(adviser: Adviser, phrasings: Iterable[Phrasing]) -> tuple[Outcome, ...]:
    return tuple(_outcome(adviser, one) for one in phrasings)


def _outcome(adviser: Adviser, one: Phrasing) -> Outcome:
    tasks: tuple[str, ...] = ()
    tied: tuple[str, ...] = ()
    try:
        tasks = tuple(match.id for match in adviser.reader.read(one.words))
    except AmbiguousTask as error:
        tied = error.suggestions
    except UnknownTask:
        pass
    if not one.accept and not one.plan:
        return Outcome(one, tasks, tied, not tasks and not tied, not tasks and not tied)
    if len(tasks) == 2:
        acceptable = bool(one.plan) and all(map(lambda a, b: _kin(adviser, a, b), tasks, one.plan))
    else:
        acceptable = len(tasks) == 1 and any(_right(adviser, tasks[0], wanted) for wanted in one.accept)
    wanted = {family(adviser, (id,)) for id in one.accept} | ({family(adviser, one.plan)} if one.plan else set())
    return Outcome(one, tasks, tied, acceptable, bool(tasks) and family(adviser, tasks) in wanted)


def _right(adviser: Adviser, found: str, wanted: str) -> bool:
    return found in (wanted, adviser.book.tasks[wanted].parent)


def _kin(adviser: Adviser, one: str, other: str) -> bool:
    return _right(adviser, one, other) or _right(adviser, other, one)


def family(adviser: Adviser, tasks: tuple[str, ...]) -> str:
    """The family that the tasks are advised when nothing else is known; `hybrid` for a plan of several."""
    matches = (names.match(adviser.book, id, id, "id", 1.0) for id in tasks)
    families = {adviser.recommend(match, {}).family for match in matches}
    return families.pop() if len(families) == 1 else "hybrid"


class Share(NamedTuple):
    right: int
    of: int

    def __str__(self) -> str:
        return f"{self.right:4} of {self.of:4} = {self.value:6.1%}"

    @property
    def value(self) -> float:
        return self.right / self.of if self.of else 1.0


class Summary(NamedTuple):
    """Of phrasings of one task that is right, how many were understood; of the others, how many were refused."""

    family: Share
    acceptable: Share
    wrongly_refused: Share
    refused: Share


def summary(found: Iterable[Outcome]) -> Summary:
    single = [one for one in found if not one.phrasing.plan]
    meant = [one for one in single if one.phrasing.accept]
    none = [one for one in single if not one.phrasing.accept]
    return Summary(
        Share(sum(one.right_family for one in meant), len(meant)),
        Share(sum(one.acceptable for one in meant), len(meant)),
        Share(sum(not one.tasks and not one.tied for one in meant), len(meant)),
        Share(sum(one.acceptable for one in none), len(none)),
    )


def confusions(found: Iterable[Outcome]) -> list[tuple[tuple[str, str], int]]:
    """(wanted, got instead) with how often, most first. Says nothing of the words, so the measured part stays unread."""
    pairs: Counter[tuple[str, str]] = Counter()
    for one in found:
        if not one.acceptable:
            wanted = " + ".join(one.phrasing.plan) or (one.phrasing.accept or ("(refuse)",))[0]
            got = " + ".join(one.tasks) or ("a tie" if one.tied else "(refused)")
            pairs[wanted, got] += 1
    return pairs.most_common()
