"""What `recommend` answers. Named tuples, not dataclasses: thousands are made a second, and every start makes the types.

Two-language sentences stay `Text` until they are shown; ranges stay numbers. A range of an ordered fact is
`low <= value < high` with None for open; other facts have `values`.
(No `from __future__ import annotations` in modules of named tuples: they compile every annotation that is a string,
which makes a class three times as slow to make.)
"""

from typing import NamedTuple, TypeAlias

from bertgpt_cli.report.checkpoint import Picks
from bertgpt_cli.report.evidence import Evidence
from bertgpt_cli.text import Text

Value: TypeAlias = int | float | str | bool


class Mention(NamedTuple):
    """A fact that the user's own sentence gives, and the words that it was read from."""

    fact: str
    value: Value
    words: str


class Match(NamedTuple):
    """Which task was understood, from which words, and how: `id`, `alias`, `title`, `dataset`, `spelling`, `sentence`
    or `chosen`.

    Of a sentence, `read` are the facts that it gives and `family` the one that it names a model of (empty: none).
    """

    id: str
    title: Text
    words: str
    how: str
    score: float
    read: tuple[Mention, ...] = ()
    family: str = ""


class Candidate(NamedTuple):
    """A task that words may mean. `score` is between 0 and 1; 1 is the name itself."""

    id: str
    title: Text
    score: float
    via: str
    how: str


class Card(NamedTuple):
    """An approach by name."""

    id: str
    title: Text
    family: str


class Cited(NamedTuple):
    """A publication that a reason rests on, and which of its results are meant (none: the whole)."""

    id: str
    rows: tuple[str, ...]
    title: str
    year: int
    url: str


class Reason(NamedTuple):
    text: Text
    evidence: tuple[Cited, ...]
    place: str


class Adaptation(NamedTuple):
    """How the pretrained model is made to do the task, and what inference with it needs."""

    objective: Text
    formula: str
    attention: Text
    classes: tuple[str, ...]
    adapt: Text
    inference: Text
    cost: Text
    variants: tuple[tuple[str, Text], ...]


class Range(NamedTuple):
    """Values of one fact: an interval of an ordered one, a set of any other. `rest`: every language not in `values`."""

    fact: str
    low: int | float | None
    high: int | float | None
    values: tuple[Value, ...]
    rest: bool = False


class Obstacle(NamedTuple):
    """Why a choice does not apply: what was wanted of a fact that is otherwise or was not given.

    `kind` is `when` (the rule's own condition), `needs` (the approach cannot do without) or `gives` (the approach
    cannot produce the output).
    """

    kind: str
    wanted: Range


class Alternative(NamedTuple):
    """A choice that is not the advice. Without obstacles it merely stands lower in the list.

    `shared` marks the choices that end every task's list; they are told under `--explain` only.
    """

    choice: str
    approach: Card
    because: Text
    blocked_by: tuple[Obstacle, ...]
    place: str
    shared: bool = False


class Change(NamedTuple):
    """A change of one fact: to any value of `to`; `sample` is one, the nearest to what it is now."""

    to: Range
    sample: Value


class Flip(NamedTuple):
    """A smallest change of the situation that changes the advice. Without an approach: then nothing fits."""

    changes: tuple[Change, ...]
    approach: Card | None
    choice: str


class Assumption(NamedTuple):
    """A fact that was not given although it matters: the values for which the advice stays."""

    fact: str
    option: str
    holds_for: tuple[Range, ...]


class StageAdvice(NamedTuple):
    """One step of a plan. `facts` are the ones that it was asked with."""

    task: str
    title: Text
    does: Text
    approach: Card
    passes: Text
    fits: bool


class BookMark(NamedTuple):
    """Which rules answered."""

    files: tuple[str, ...]
    version: int
    date: str


class Recommendation(NamedTuple):
    """One answer. `fits` is False where every choice is ruled out: then `approach` is the nearest, `unmet` says why.

    `situation` holds what was given; `output` what comes out, which a task knows even if nobody said it.
    """

    task: Match
    situation: tuple[tuple[str, Value], ...]
    output: str
    fits: bool
    unmet: tuple[Obstacle, ...]
    family: str
    approach: Card
    choice: str
    reasons: tuple[Reason, ...]
    adaptation: Adaptation
    evidence: Evidence
    checkpoints: Picks
    alternatives: tuple[Alternative, ...]
    outside: tuple[Alternative, ...]
    stages: tuple[StageAdvice, ...]
    flips: tuple[Flip, ...]
    assumptions: tuple[Assumption, ...]
    rulebook: BookMark

    def got(self, fact: str) -> Value | None:
        """What is known of a fact; None for nothing."""
        known = dict(self.situation).get(fact)
        return self.output if known is None and fact == "output" else known


class Plan(NamedTuple):
    """Several tasks as one system: each stage's own answer, in order, and what passes between them."""

    stages: tuple[StageAdvice, ...]
    answers: tuple[Recommendation, ...]
    family: str
    fits: bool
    rulebook: BookMark


class TaskEntry(NamedTuple):
    """A task in a listing, with its default advice."""

    id: str
    title: Text
    output: str
    parent: str
    aliases: tuple[tuple[str, ...], tuple[str, ...]]
    approach: Card
    score: float


class TaskList(NamedTuple):
    words: str
    tasks: tuple[TaskEntry, ...]
    total: int
