"""(Rule book, task, situation) -> Recommendation. Pure and total: every situation has exactly one top answer.

The advice is the first choice that applies. Where every choice is ruled out, the answer is the nearest one, marked as
not fitting, with what stands in its way: no facts make bertgpt advise what they forbid.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from bertgpt_cli.advise.checkpoints import Picker
from bertgpt_cli.advise.evidence import NOTHING, Results
from bertgpt_cli.advise.flips import Flips
from bertgpt_cli.report.checkpoint import NO_PICKS
from bertgpt_cli.report.recommendation import (
    Adaptation,
    Alternative,
    BookMark,
    Card,
    Cited,
    Match,
    Obstacle,
    Plan,
    Range,
    Reason,
    Recommendation,
    StageAdvice,
)
from bertgpt_cli.rulebook.book import FORMAT, Approach, Choice, Rulebook, Task
from bertgpt_cli.rulebook.facts import FACTS, Value
from bertgpt_cli.rulebook.table import Table, build
from bertgpt_cli.text import Text
from bertgpt_cli.wording import names

if TYPE_CHECKING:
    from bertgpt_cli.rulebook.kept import Kept
    from bertgpt_cli.wording.reader import Reader

# Facts that say what may be done rather than how much there is of something: never given up for the nearest answer.
_FIRM = ("output", "hosted", "fine_tune")
_REMEMBERED = 16_384


class Adviser:
    """Answers from one rule book. Remembers what answers have in common, never what was asked."""

    def __init__(self, book: Rulebook, kept: Kept | None = None) -> None:
        self.book = book
        self._kept = kept
        self.mark = BookMark(book.files, FORMAT, book.date)
        self.results = Results(book, self.table)
        self.picker = Picker(book)
        self._tables: dict[str, tuple[Table, Flips]] = {}
        self._answers: dict[tuple[str, tuple[int, ...]], tuple[int, Recommendation]] = {}
        self._matches: dict[str, tuple[Match, ...]] = {}
        self._reasons: dict[tuple[str, str], tuple[Reason, ...]] = {}
        self._adaptations: dict[tuple[str, tuple[str, ...]], Adaptation] = {}
        self._alternatives: dict[tuple[str, int, tuple[bool, ...], tuple[bool, ...]], Alternative] = {}
        self._cards: dict[str, Card] = {}

    def table(self, task: Task) -> Table:
        """The decision table that the task is decided by."""
        return self._decided(task)[0]

    def _decided(self, task: Task) -> tuple[Table, Flips]:
        owner = self.book.ruled_by(task).id
        known = self._tables.get(owner)
        if known is None:
            table = build(self.book, self.book.tasks[owner])
            known = self._tables[owner] = (table, Flips(table, self.card))
        return known

    def card(self, approach: str) -> Card:
        card = self._cards.get(approach)
        if card is None:
            card = self._cards[approach] = self.book.approaches[approach].card
        return card

    @cached_property
    def reader(self) -> Reader:
        from bertgpt_cli.wording.reader import Reader

        return Reader(self.book, self._kept)

    def resolve(self, words: str) -> tuple[Match, ...]:
        """As `Reader.read`, remembered."""
        known = self._matches.get(words)
        if known is None:
            if len(self._matches) >= _REMEMBERED:
                self._matches.clear()
            named = names.exact(self.book, words)  # without loading what sentences need
            known = self._matches[words] = (named,) if named else self.reader.read(words)
        return known

    def recommend(self, match: Match, facts: Mapping[str, Value]) -> Recommendation:
        """`facts` hold what was given, by name, each of its fact's type; they win over those that the words gave."""
        task = self.book.tasks[match.id]
        facts = known_facts(match, facts)
        table, flips = self._decided(task)
        situation = facts if "output" in facts else {**facts, "output": task.output}
        cells = table.cells(situation)
        key = (task.id, tuple(cells))
        known = self._answers.get(key)
        if known is None:
            if len(self._answers) >= _REMEMBERED:
                self._answers.clear()
            index = _chosen(table, cells)
            known = self._answers[key] = (index, self._answer(task, table, flips, cells, index))
        index, common = known
        evidence = self.results.beside(task, index, facts) if common.fits else NOTHING
        given = tuple((name, facts[name]) for name in FACTS if name in facts)
        stages = self._stages(task, facts) if task.stages and common.family == "hybrid" else ()
        approach = self.book.approaches[common.approach.id]
        return common._replace(
            task=match,
            situation=given,
            output=str(situation["output"]),
            stages=stages,
            evidence=evidence,
            checkpoints=self.picker.pick(approach, task.id, match.words, facts),
        )

    def advised(self, task: Task, facts: Mapping[str, Value]) -> tuple[int, bool]:
        """The index of the choice that is the advice in the task's table, or of the nearest, and whether it fits."""
        table = self.table(task)
        cells = table.cells({"output": task.output, **facts})
        return _chosen(table, cells), table.possible(cells) != 0

    def plan(self, matches: tuple[Match, ...], facts: Mapping[str, Value]) -> Plan:
        """Several tasks in the order in which a text passes through them. An `output` is that of the last stage."""
        answers = []
        for index, match in enumerate(matches):
            last = index == len(matches) - 1
            own = {name: value for name, value in facts.items() if name != "output" or last}
            read = tuple(one for one in match.read if one.fact != "output" or last)
            answers.append(self.recommend(match._replace(read=read), own))
        stages = tuple(
            StageAdvice(
                answer.task.id,
                answer.task.title,
                answer.task.title,
                answer.approach,
                _PASSES[answer.output],
                answer.fits,
            )
            for answer in answers
        )
        families = {answer.family for answer in answers}
        family = families.pop() if len(families) == 1 else "hybrid"
        return Plan(stages, tuple(answers), family, all(answer.fits for answer in answers), self.mark)

    def _answer(self, task: Task, table: Table, flips: Flips, cells: list[int], index: int) -> Recommendation:
        fits = table.possible(cells) != 0
        choice = table.choices[index]
        approach = self.book.approaches[choice.approach]
        owner = self.book.ruled_by(task)
        found, assumed = flips.around(cells)
        return Recommendation(
            task=Match(task.id, task.title, task.id, "id", 1.0),
            situation=(),
            output=task.output,
            fits=fits,
            unmet=() if fits else self._alternative(owner.id, table, index, cells).blocked_by,
            family=approach.family,
            approach=self.card(choice.approach),
            choice=choice.id,
            reasons=self._because(owner.id, choice),
            adaptation=self._adaptation(approach, choice.classes or approach.classes),
            alternatives=tuple(
                [
                    self._alternative(owner.id, table, other, cells)
                    for other in range(len(table.choices))
                    if other != index
                ]
            ),
            evidence=NOTHING,
            checkpoints=NO_PICKS,
            outside=tuple(
                Alternative(aside.approach, self.card(aside.approach), aside.because, (), aside.origin.place)
                for aside in (task.alternatives or owner.alternatives)
            ),
            stages=(),
            flips=found,
            assumptions=assumed,
            rulebook=self.mark,
        )

    def _adaptation(self, approach: Approach, classes: tuple[str, ...]) -> Adaptation:
        key = (approach.id, classes)
        known = self._adaptations.get(key)
        if known is None:
            family = self.book.families[approach.family]
            known = self._adaptations[key] = Adaptation(
                family.objective,
                family.formula,
                family.attention,
                classes,
                approach.adapt,
                approach.inference,
                approach.cost,
                tuple((variant.name, variant.about) for variant in family.variants),
            )
        return known

    def _stages(self, task: Task, facts: Mapping[str, Value]) -> tuple[StageAdvice, ...]:
        """A combination's own steps, each with what its task is advised for the same facts, the output apart."""
        stages = []
        for stage in task.stages:
            inner = self.book.tasks[stage.task]
            table = self.table(inner)
            cells = table.cells({**facts, "output": inner.output})
            index = table.first(cells)
            fits = index >= 0
            card = self.card(table.choices[index if fits else _nearest(table, cells)].approach)
            stages.append(StageAdvice(inner.id, inner.title, stage.does, card, stage.passes, fits))
        return tuple(stages)

    def _because(self, owner: str, choice: Choice) -> tuple[Reason, ...]:
        key = (owner, choice.id)
        reasons = self._reasons.get(key)
        if reasons is None:
            evidence = cite(self.book, choice.evidence)
            reasons = self._reasons[key] = (Reason(choice.because, evidence, choice.origin.place),)
        return reasons

    def _alternative(self, owner: str, table: Table, index: int, cells: list[int]) -> Alternative:
        """The choice with what stands in its way: its own conditions first, then what its approach needs and gives."""
        bit = 1 << index
        choice = table.choices[index]
        approach = self.book.approaches[choice.approach]
        when, may = table.when, table.may  # a list is quicker here than a generator: this is most of a batch
        unasked = tuple([not when[axis][cells[axis]] & bit for axis in table.asked[index]])
        unmet = tuple([not may[axis][cells[axis]] & bit for axis in table.needed[index]])
        key = (owner, index, unasked, unmet)
        known = self._alternatives.get(key)
        if known is None:
            found = [Obstacle("when", one.range) for one, fails in zip(choice.when, unasked, strict=True) if fails]
            *needs, output = unmet
            found += [Obstacle("needs", one.range) for one, fails in zip(approach.needs, needs, strict=True) if fails]
            if output and not any(one.wanted.fact == "output" for one in found):
                found.append(Obstacle("gives", Range("output", None, None, approach.gives)))
            known = self._alternatives[key] = Alternative(
                choice.id,
                self.card(choice.approach),
                choice.because,
                tuple(found),
                choice.origin.place,
                choice.shared,
            )
        return known


def known_facts(match: Match, given: Mapping[str, Value]) -> Mapping[str, Value]:
    """What the words said and what was given, which wins."""
    return {**{one.fact: one.value for one in match.read}, **given} if match.read else given


def _chosen(table: Table, cells: list[int]) -> int:
    index = table.first(cells)
    return index if index >= 0 else _nearest(table, cells)


def cite(book: Rulebook, rows: tuple[str, ...]) -> tuple[Cited, ...]:
    """Citations gathered by source, in the order in which the rule names them."""
    gathered: dict[str, list[str]] = {}
    for row in rows:
        source, numbered, _ = row.partition("-")
        gathered.setdefault(source, []).extend([row] if numbered else [])
    return tuple(
        Cited(id, tuple(numbers), book.sources[id].title, book.sources[id].year, book.sources[id].url)
        for id, numbers in gathered.items()
    )


def _nearest(table: Table, cells: list[int]) -> int:
    """Where nothing applies: the choice that is asked for and has the fewest needs unmet, none of them firm."""
    firm = table.all
    for axis, cell, may in zip(table.axes, cells, table.may, strict=True):
        if axis.fact.name in _FIRM:
            firm &= may[cell]
    wanted = table.wanted(cells)
    asked = next(mask for mask in (wanted & firm, firm, wanted, table.all) if mask)

    def unmet(index: int) -> int:
        return sum(not may[cell] >> index & 1 for may, cell in zip(table.may, cells, strict=True))

    return min((index for index in range(len(table.choices)) if asked >> index & 1), key=unmet)


# What a stage hands on, by what it gives.
_PASSES: dict[str, Text] = {
    "label": Text("a label with its probability", "标签及其概率"),
    "span": Text("spans of the text with their types", "文本片段及其类型"),
    "score": Text("a number", "一个分数"),
    "vector": Text("a vector for each text", "每段文本一个向量"),
    "ranking": Text("a ranked list, cut to the best few", "排好序的列表，取前若干条"),
    "text": Text("text", "文本"),
    "json": Text("a JSON record", "JSON 记录"),
}
