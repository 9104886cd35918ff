"""What is said about rules: findings of `rules check`, results of `rules test`, `rules show` and `rules diff`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bertgpt_cli.report.recommendation import Card, Range
from bertgpt_cli.text import Text

# error: a fault that changes answers in silence; note: worth knowing, fails only under --strict.
Level = Literal["error", "note"]


@dataclass(frozen=True)
class Finding:
    """Something odd about rules that are valid. `witness` is a situation that shows it."""

    code: str
    level: Level
    task: str
    choice: str
    place: str
    message: Text
    witness: tuple[tuple[str, int | float | str | bool], ...]


@dataclass(frozen=True)
class CheckReport:
    kind: str
    files: tuple[str, ...]
    tasks: int
    choices: int
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class FailedExample:
    """An example that no longer holds: what it expected, what came, and where both are written."""

    task: str
    place: str
    given: tuple[tuple[str, int | float | str | bool], ...]
    expected: str
    got: str
    decided_at: str


@dataclass(frozen=True)
class TestReport:
    """`unreached` are the choices that no example leads to, as (task, choice, place)."""

    kind: str
    files: tuple[str, ...]
    passed: int
    failed: tuple[FailedExample, ...]
    unreached: tuple[tuple[str, str, str], ...]
    coverage: float

    __test__ = False  # not a test class, whatever pytest thinks of its name


@dataclass(frozen=True)
class ShownChoice:
    """A choice of the layered book with the place that it came from."""

    id: str
    approach: Card
    when: tuple[Range, ...]
    because: Text
    evidence: tuple[str, ...]
    place: str


@dataclass(frozen=True)
class ShownTask:
    """One task of the layered book. `ruled_by` is the task whose choices apply."""

    task: str
    title: Text
    output: str
    place: str
    ruled_by: str
    choices: tuple[ShownChoice, ...]


@dataclass(frozen=True)
class ShowReport:
    kind: str
    tasks: tuple[ShownTask, ...]


@dataclass(frozen=True)
class RuleChange:
    """What a layer did to a part (`task`, `choice`, `title` ...) called `name`, in `task` if it is a task's part."""

    verb: Literal["added", "removed", "changed"]
    part: str
    task: str
    name: str
    before: str
    after: str


@dataclass(frozen=True)
class DiffReport:
    kind: str
    files: tuple[str, ...]
    changes: tuple[RuleChange, ...]
