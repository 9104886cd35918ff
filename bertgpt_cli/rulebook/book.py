"""The rule book: what the rules say once they are read, checked and layered. Immutable, and nothing here decides.

The parts are named tuples, not dataclasses: a compiled book is stored as plain tuples and is rebuilt at every start.
"""

from collections.abc import Mapping
from typing import NamedTuple

from bertgpt_cli.report.checkpoint import Checkpoint, Gpu
from bertgpt_cli.report.evidence import Result
from bertgpt_cli.report.recommendation import Card, Range
from bertgpt_cli.rulebook.facts import Value
from bertgpt_cli.text import Text

FORMAT = 1  # the `version` that a rule file declares
FAMILIES = ("bert", "gpt", "hybrid")  # what an advice can be; an encoder-decoder is an alternative only

SIDES = ("encoder", "decoder")  # the two that a published result compares


class Origin(NamedTuple):
    """Where a part was written: the file as the user named it, and the line from 1."""

    file: str
    line: int

    @property
    def place(self) -> str:
        return f"{self.file}:{self.line}"


class Condition(NamedTuple):
    """One fact's test. Ordered facts: `low <= value < high`, None being open. Others: the value is in `values`."""

    fact: str
    low: int | float | None
    high: int | float | None
    values: tuple[Value, ...]

    def holds(self, value: Value) -> bool:
        if self.values:
            return value in self.values
        assert not isinstance(value, str)
        return (self.low is None or value >= self.low) and (self.high is None or value < self.high)

    @property
    def range(self) -> Range:
        """The values for which it holds, as a report shows them."""
        return Range(self.fact, self.low, self.high, self.values)


class Choice(NamedTuple):
    """An approach and when to take it. `id` is unique in its task and is the approach's id unless told.

    `evidence` is what speaks for it and `against` what speaks against it. `classes` are the Hugging Face classes where
    the task needs others than the approach names. `shared` marks the `otherwise` choices that end every task's list.
    """

    id: str
    approach: str
    when: tuple[Condition, ...]
    because: Text
    evidence: tuple[str, ...]
    against: tuple[str, ...]
    classes: tuple[str, ...]
    shared: bool
    origin: Origin


class Aside(NamedTuple):
    """An approach outside the two families that is worth naming beside the advice."""

    approach: str
    because: Text
    evidence: tuple[str, ...]
    origin: Origin


class Stage(NamedTuple):
    """One step of a task that is done in steps: the task it amounts to and what it hands on."""

    task: str
    does: Text
    passes: Text
    origin: Origin


class Example(NamedTuple):
    """A rule's own test: with these facts, this approach (and, if named, this choice) is the advice."""

    given: tuple[tuple[str, Value], ...]
    expect: str
    choice: str
    origin: Origin


class Task(NamedTuple):
    """What is done with text. Without choices of its own it has its parent's. `output` is what it usually gives.

    `choices` ends with the rule book's `otherwise` choices, which every list of choices shares.
    """

    id: str
    title: Text
    output: str
    parent: str
    aliases: tuple[tuple[str, ...], tuple[str, ...]]
    choices: tuple[Choice, ...]
    alternatives: tuple[Aside, ...]
    stages: tuple[Stage, ...]
    examples: tuple[Example, ...]
    origin: Origin


class Approach(NamedTuple):
    """A family and how it is adapted.

    `gives` are the outputs it can produce and `needs` what it cannot do without: a need that is contradicted by a
    given fact rules the approach out, a need on a fact that was not given does not. `serving` says what one item
    costs when served: `light` (one pass of an encoder), `mixed`, or `heavy` (a decoder on every item). `side` is the
    kind of model whose published wins speak for it, `encoder` or `decoder` (empty: neither's do); `since` the year in
    which models of its kind appeared (0: not told), so that no older result is taken to speak for it. `parts` are the
    (approach, task) that a combination is put together from, the task empty where it is the whole's.
    """

    id: str
    family: str
    title: Text
    gives: tuple[str, ...]
    needs: tuple[Condition, ...]
    serving: str
    side: str
    since: int
    classes: tuple[str, ...]
    parts: tuple[tuple[str, str], ...]
    adapt: Text
    inference: Text
    cost: Text
    evidence: tuple[str, ...]
    origin: Origin

    @property
    def card(self) -> Card:
        """The approach by name, as a report shows it."""
        return Card(self.id, self.title, self.family)


class Variant(NamedTuple):
    """A better-known relative of a family's first model, and what it changed."""

    name: str
    about: Text
    evidence: tuple[str, ...]


class Family(NamedTuple):
    id: str
    title: Text
    objective: Text
    formula: str
    attention: Text
    good_at: Text
    variants: tuple[Variant, ...]
    origin: Origin


class Source(NamedTuple):
    """A publication that rules cite. `id` is what `evidence:` names, alone or followed by -01, -02..05 for rows."""

    id: str
    title: str
    year: int
    url: str


class Refusal(NamedTuple):
    """What people ask for that is no text task. `nearest` are the tasks that come nearest, if any do."""

    id: str
    title: Text
    because: Text
    aliases: tuple[tuple[str, ...], tuple[str, ...]]
    nearest: tuple[str, ...]
    origin: Origin


class Said(NamedTuple):
    """How people put a task, or what is refused, in English and Chinese; and the data sets that stand for a task."""

    asks: tuple[tuple[str, ...], tuple[str, ...]]
    datasets: tuple[str, ...]


class Rulebook(NamedTuple):
    """All rules, layered. `names` maps every normalised id, title and alias to the tasks that have it; `no_names` those
    of refusals to the refusal. `checkpoints` holds the models by id, in the order of the files, which is the order of preference;
    `serving` says for an approach which of them serve it; `gpus` is by name and by alias. `evidence` holds the published results by the id of their task, those of none under ""; `kin`
    says for each task whose results speak for it: first its own and those of the kinds of it that share its choices, then
    those of its parents, one after the other. `said` and `no_said` are by the ids of tasks and of refusals; a compiled book reads them
    when they are first looked at.
    """

    tasks: Mapping[str, Task]
    approaches: dict[str, Approach]
    families: dict[str, Family]
    sources: dict[str, Source]
    checkpoints: Mapping[str, Checkpoint]
    serving: dict[str, tuple[str, ...]]
    gpus: Mapping[str, Gpu]
    evidence: Mapping[str, tuple[Result, ...]]
    kin: dict[str, tuple[tuple[str, ...], ...]]
    refused: Mapping[str, Refusal]
    names: dict[str, tuple[str, ...]]
    no_names: dict[str, str]
    said: Mapping[str, Said]
    no_said: Mapping[str, Said]
    files: tuple[str, ...]
    date: str

    def serve(self, approach: str) -> tuple[Checkpoint, ...]:
        """The checkpoints that serve the approach, in the order of preference."""
        return tuple(self.checkpoints[id] for id in self.serving.get(approach, ()))

    def results(self) -> dict[str, Result]:
        """All published results by their own ids, in the order of the evidence."""
        return {row.id: row for rows in self.evidence.values() for row in rows}

    def ruled_by(self, task: Task) -> Task:
        """The task whose choices apply: itself, or the nearest ancestor that has any."""
        while not task.choices and task.parent:
            task = self.tasks[task.parent]
        return task


def lineage(tasks: Mapping[str, Task], task: str) -> list[str]:
    """The task, its parent, the parent's parent ..., each once."""
    line: list[str] = []
    while task in tasks and task not in line:
        line.append(task)
        task = tasks[task].parent
    return line
