"""What a trial measured -> a rule file that is layered over the rules it was compared with.

A choice speaks of an approach and of numbers of labels: from one crossing of the learning curves to the next, from the fewest
labels with which it was seen ahead, and to below twice the most that were tried. It is bound to what the user said of the texts, and
to the limits that left a candidate out. Between approaches that the trial cannot separate, and where a baseline is ahead, no
choice is written; the rules below the file speak there. What the file would silence for good in the rules below is disabled
in it, so that `rules check` finds no fault.

Names of files and checkpoints are the user's: whatever is in them, the file can be read again.
"""

from __future__ import annotations

import math
import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePath
from typing import Any, NamedTuple

import yaml

from bertgpt_cli.errors import UsageError
from bertgpt_cli.report.trial import Candidate, Cost, Crossing, Point, Trial
from bertgpt_cli.rulebook.book import FORMAT, Choice, Condition, Origin, Rulebook, Task
from bertgpt_cli.rulebook.facts import FACTS, Value
from bertgpt_cli.rulebook.lint import uncovered
from bertgpt_cli.rulebook.table import Table, led
from bertgpt_cli.text import Text

_OF_TEXTS = ("label_kind", "language", "domain")  # what the user can say of the texts and a trial cannot see
_SPENT: dict[str, Callable[[Cost], float]] = {
    "latency_ms": lambda cost: 1e3 * cost.p95,
    "memory_gb": lambda cost: cost.memory / 1e9,
}
_LONGEST = 80  # characters of a name in a sentence
_PROMPTS = ("prompt", "few-shot", "cloze")
_RIVALS = 3  # how many others a reason names


class _Stretch(NamedTuple):
    """The numbers of labels, low <= labels < high, with which `leader` is ahead, and the crossings at its ends, if any."""

    leader: Candidate
    low: int
    high: int
    begins: Crossing | None
    ends: Crossing | None


def rule_file(book: Rulebook, trial: Trial, task: str, date: str) -> str:
    """The text of the file. `book` is what it will be layered over, `task` one of its ids, `date` a day such as 2026-11-24.

    Raises UsageError, code `nothing-to-write`, where the trial says nothing that a rule could say.
    """
    owner = book.tasks[task]
    _decided(book, trial, owner)
    source, data = _source(book, trial), _shown(PurePath(trial.file).name)
    situation = trial.advised.situation if trial.advised else ()
    given = {fact: value for fact, value in situation if isinstance(value, (int, float, str))}
    choices = _choices(book, trial, source, given, date)
    if not choices:
        raise _nothing(Text("there is no number of labels for which it would hold", "没有能让规则成立的标注数范围"))
    examples = [(choice, facts) for choice in choices for facts in _examples(choice, given)]
    _advises(book, owner, choices, examples)
    title = f"{data}, measured by bertgpt trial on {date}: {trial.texts:,} texts, {len(trial.classes)} classes, seed {trial.seed}"
    silenced = [{"id": id, "override": "disable"} for id in _silenced(book, owner, choices)]
    content = {
        "version": FORMAT,
        "date": date,
        # Nothing is published: the numbers can be found again in the data alone.
        "sources": {source: {"title": title, "year": int(date[:4]), "url": f"file:{data}"}},
        "tasks": {
            task: {
                "override": "merge",
                "choices": [*map(_written, choices, _against(book, owner, choices)), *silenced],
                "examples": [
                    {"given": facts, "expect": choice.approach, "choice": choice.id} for choice, facts in examples
                ],
            }
        },
    }
    # Unwrapped: a person who edits a sentence need not fold it again.
    dumped: str = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=math.inf, default_flow_style=False)
    head = _head(trial, title, task, _examples(choices[-1], given)[0], bool(silenced))
    return "".join(f"# {line}\n" for line in head) + dumped


def _decided(book: Rulebook, trial: Trial, task: Task) -> None:
    """Raises UsageError unless an approach is ahead of all others and the task has choices of its own to set it above."""
    candidates = {one.id: one for one in trial.candidates}
    verdict, owner = trial.verdict, book.ruled_by(task).id
    if verdict.kind == "nothing":
        raise _nothing(Text("nothing was measured that keeps the limits", "没有测出符合限制的方案"))
    if owner != task.id:
        message = Text(
            f"the choices of {owner} decide {task.id}; say --task {owner}",
            f"{task.id} 沿用 {owner} 的选项；请用 --task {owner}",
        )
        raise _nothing(message)
    if task.output != "label":
        message = Text(
            f"{task.id} gives a {task.output}, a trial measures labels",
            f"{task.id} 的输出是 {task.output}，而实测的是标签",
        )
        raise _nothing(message)
    approach = candidates[verdict.winner].approach
    level = [id for id in verdict.level_with if candidates[id].approach != approach]
    if level:
        a, b = _shown(verdict.winner), _shown(level[0])
        raise _nothing(Text(f"the trial cannot separate {a} from {b}", f"本次实测分不出 {a} 与 {b} 的高下"))
    if not approach:
        one = _shown(verdict.winner)
        raise _nothing(Text(f"{one} is ahead, which no rule can advise", f"领先的是 {one}，规则里没有这种方案"))


def _nothing(why: Text) -> UsageError:
    return UsageError("nothing-to-write", Text(f"no rule to write: {why.en}", f"没有可写的规则：{why.zh}"))


def _choices(book: Rulebook, trial: Trial, source: str, given: Mapping[str, Value], date: str) -> tuple[Choice, ...]:
    """One choice for each stretch."""
    compared = [one for one in trial.candidates if one.points and one.status != "control"]
    most = max(point.labels for one in compared for point in one.points)
    found = []
    for one in _stretches(book, trial, compared, max(1, 2 * most)):
        id, because = f"{source.lower()}-from-{one.low}", _because(trial, one, compared, most, date)
        when = _when(one, given, compared)
        found.append(Choice(id, one.leader.approach, when, because, (source,), (), (), False, Origin("", 0)))
    return tuple(found)


def _stretches(book: Rulebook, trial: Trial, compared: list[Candidate], limit: int) -> list[_Stretch]:
    """Which approach is ahead with how many labels, from few to many, up to `limit`: the winner's down to the last crossing, the one
    before it below that, and so on. Checkpoints of one approach may change places. What no crossing and no measurement separates, and
    where a baseline is ahead, is left open.
    """
    candidates = {one.id: one for one in compared}
    kinds = {one.id: _kind(one) for one in compared}
    crossings = [one for one in trial.crossings if kinds[one.below] != kinds[one.above]]
    leader, high, ends = candidates[trial.verdict.winner], limit, None
    found: list[_Stretch] = []
    while True:
        last = max((one for one in crossings if one.labels < high), key=lambda one: one.labels, default=None)
        begins = last if last and kinds[last.above] == kinds[leader.id] else None
        if leader.approach:
            needs = [need.low for need in book.approaches[leader.approach].needs if need.fact == "labels"]
            first = begins.labels if begins else _ahead_from(leader, compared, high)
            low = max([first, last.labels if last else 0, *(int(need) for need in needs if need)])
            if low < high and _last(leader, high) is not None:
                found.insert(0, _Stretch(leader, low, high, begins, ends))
        if last is None:
            return found
        leader, high, ends = candidates[last.below], last.labels, last


def _kind(one: Candidate) -> str:
    """What rules tell apart: the approach; of what they have no word for, the candidate itself."""
    return one.approach or one.id


def _ahead_from(leader: Candidate, compared: list[Candidate], high: int) -> int:
    """The fewest labels, of those that were tried, from which up to `high` no other approach was ahead; `high` if there are none.

    Where no crossing was found, the lead may still have changed, only not clearly.
    """
    low = high
    tried = {point.labels for one in compared for point in one.points if point.labels < high}
    for labels in sorted(tried, reverse=True):
        standing = [(share, _kind(one)) for one in compared if (share := _share(one, labels)) is not None]
        ours = [share for share, kind in standing if kind == _kind(leader)]
        if ours and max(ours) < max(standing)[0]:
            return low
        low = labels if ours else low
    return low


def _share(one: Candidate, labels: int) -> float | None:
    """The accuracy with so many labels, if it was measured; a prompt keeps that of its own number with more. None beyond a limit."""
    own = [point for point in one.points if point.labels == labels or (one.way in _PROMPTS and point.labels < labels)]
    return own[-1].accuracy.value if own and not one.blocked else None


def _when(stretch: _Stretch, given: Mapping[str, Value], compared: list[Candidate]) -> tuple[Condition, ...]:
    labels = Condition("labels", stretch.low or None, stretch.high, ())
    told = (Condition(fact, None, None, (given[fact],)) for fact in _OF_TEXTS if fact in given)
    return (Condition("output", None, None, ("label",)), labels, *told, *_limits(stretch.leader, given, compared))


def _limits(leader: Candidate, given: Mapping[str, Value], compared: list[Candidate]) -> Iterator[Condition]:
    """For each budget that left a candidate out: the budgets with which the leader fits and the left out do not, to a hundredth."""
    for fact, spent in _SPENT.items():
        limit = given.get(fact)
        if not isinstance(limit, (int, float)):
            continue
        over = [spent(one.cost) for one in compared if one.cost and spent(one.cost) > limit]
        if over:
            least = math.floor(100 * spent(leader.cost)) / 100 if leader.cost else 0
            yield Condition(fact, least or None, math.ceil(100 * min(over)) / 100, ())


def _examples(choice: Choice, given: Mapping[str, Value]) -> list[dict[str, Value]]:
    """The situations at both ends of the choice's numbers of labels, with what else it asks for as it was given."""
    (labels,) = (one for one in choice.when if one.fact == "labels")
    others = {one.fact: given[one.fact] for one in choice.when if one.fact not in ("output", "labels")}
    assert isinstance(labels.high, int)
    return [{"labels": count, **others} for count in dict.fromkeys((int(labels.low or 0), labels.high - 1))]


def _advises(
    book: Rulebook, task: Task, choices: tuple[Choice, ...], examples: list[tuple[Choice, dict[str, Value]]]
) -> None:
    """Raises UsageError if a choice would not be the advice: then what the rules say its approach needs stands in its way."""
    table = Table((*choices, *task.choices), book.approaches)
    for choice, facts in examples:
        if table.choices[table.first(table.cells({"output": "label", **facts}))] is not choice:
            title = book.approaches[choice.approach].title
            told = _options(facts)
            message = Text(
                f"the rules hold that '{title.en}' cannot do with {told}", f"规则认为“{title.zh}”不适用于 {told}"
            )
            raise _nothing(message)


def _options(facts: Mapping[str, Value]) -> str:
    return " ".join(f"{FACTS[name].option} {value}" for name, value in facts.items())


def _silenced(book: Rulebook, task: Task, choices: tuple[Choice, ...]) -> list[str]:
    """The ids of the task's own choices that never speak once these stand above them."""
    table = Table((*choices, *task.choices), book.approaches)
    place = table.place["output"]
    known = (1 << table.axes[place].cells) - 1  # it always is, since a task says what it gives
    found: list[str] = []
    boxes: list[tuple[int, ...]] = []
    for index, choice in enumerate(table.choices):
        sides = table.sides(index)
        box = (*sides[:place], sides[place] & known, *sides[place + 1 :])
        if uncovered(box, boxes) is None and not choice.shared:
            found.append(choice.id)
        boxes.append(box)
    return found


def _against(book: Rulebook, task: Task, choices: tuple[Choice, ...]) -> list[list[str]]:
    """For each choice the published results under its conditions that speak against it."""
    table = Table((*choices, *task.choices), book.approaches)
    rows = [pair for id in book.kin[task.id][0] for pair in led(book, table, id)]
    sides = [book.approaches[one.approach].side for one in choices]
    return [
        [row.id for row, at in rows if at == index and row.decisive and row.winner != side]
        for index, side in enumerate(sides)
    ]


def _written(choice: Choice, against: list[str]) -> dict[str, Any]:
    return {
        "id": choice.id,
        "approach": choice.approach,
        "when": {one.fact: _condition(one) for one in choice.when},
        "because": choice.because._asdict(),
        "evidence": list(choice.evidence),
        **({"against": against} if against else {}),
    }


def _condition(one: Condition) -> Value | dict[str, int | float]:
    bounds = (("at-least", one.low), ("below", one.high))
    return one.values[0] if one.values else {name: bound for name, bound in bounds if bound is not None}


def _source(book: Rulebook, trial: Trial) -> str:
    """A name for the source that the book does not have, from the file's; letters that a name cannot hold become a checksum."""
    stem = PurePath(trial.file).stem
    name = "TRIAL" + re.sub("[^A-Z0-9]", "", stem.upper())[:24]
    if not stem.isascii():
        name += f"{zlib.crc32(stem.encode('utf-8', 'surrogatepass')):08X}"
    return next(
        one
        for one in (name, *(f"{name}X{count}" for count in range(2, len(book.sources) + 3)))
        if one not in book.sources
    )


def _shown(name: str) -> str:
    """A name with what cannot be printed as escapes, which a rule file may not hold as it is; long ones are cut."""
    shown = "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in name)
    return shown if len(shown) <= _LONGEST else shown[: _LONGEST - 3] + "..."


def _head(trial: Trial, title: str, task: str, facts: Mapping[str, Value], silences: bool) -> list[str]:
    """The comment that opens the file: what made it, how to use it."""
    lines = [title, ", ".join(f"{_shown(name)} {_shown(version)}" for name, version in trial.versions)]
    lines += [
        "For texts like these. To use and to check it (FILE is this file):",
        "只适用于相近的文本。用法与检查（FILE 即本文件）：",
    ]
    lines += [f"  bertgpt recommend --rules FILE --task {task} {_options(facts)}"]
    lines += ["  bertgpt rules check FILE", "  bertgpt rules test FILE"]
    if silences:
        lines += [
            "Disabled are the choices that could never speak below these.",
            "被禁用的是排在这些选项之后、永远不会生效的选项。",
        ]
    return [line for line in lines if line]


def _because(trial: Trial, stretch: _Stretch, compared: list[Candidate], most: int, date: str) -> Text:
    """Who was ahead where, how far, of how many texts, and what was not measured."""
    data, where, classes = _shown(PurePath(trial.file).name), _where(stretch, most), len(trial.classes)
    said = [
        Text(
            f"Measured on '{data}' on {date} ({trial.texts:,} texts, {classes} classes): ahead {where.en}.",
            f"在“{data}”上实测（{date}，{trial.texts} 条文本、{classes} 个类别）：{where.zh}领先。",
        ),
        _scores(stretch, compared),
    ]
    left_out = ", ".join(_shown(one.id) for one in compared if one.blocked)
    if left_out:
        said.append(Text(f"Left out for breaking a limit: {left_out}.", f"超出限制、未参与比较：{left_out}。"))
    if stretch.ends is None:
        said.append(Text(f"Nothing was measured with more than {most:,} labels.", f"{most} 条标注以上没有测过。"))
    advised = trial.advised
    if advised and not advised.measured and stretch.low <= trial.texts < stretch.high:
        title = advised.title
        said.append(
            Text(f"What was advised before, '{title.en}', was not measured.", f"原先推荐的“{title.zh}”没有测过。")
        )
    return Text(" ".join(one.en for one in said), "".join(one.zh for one in said))


def _scores(stretch: _Stretch, compared: list[Candidate]) -> Text:
    """The leader's accuracy with its interval, then the best of each other approach; each with the labels it was given."""
    name, point = _shown(stretch.leader.id), _last(stretch.leader, stretch.high)
    assert point is not None
    share, low, high = (f"{100 * value:.1f}" for value in point.accuracy)
    en = f"{name} had {share} % right with {point.labels:,} labels (95 % interval {low} to {high}, {point.texts:,} texts)"
    zh = f"{name} 用 {point.labels} 条标注，准确率 {share}%（95% 区间 {low}%~{high}%，{point.texts} 条文本）"
    for other, its in _rivals(stretch, compared):
        share = f"{100 * its.accuracy.value:.1f}"
        en += f"; {other} {share} % with {its.labels:,}"
        zh += f"；{other} 用 {its.labels} 条，{share}%"
    return Text(f"{en}.", f"{zh}。")


def _where(stretch: _Stretch, most: int) -> Text:
    """The stretch in words: its crossings with their intervals."""
    begins, ends = stretch.begins, stretch.ends
    if begins and ends:
        return Text(
            f"from about {begins.labels:,} ({begins.low:,} to {begins.high:,})"
            f" to about {ends.labels:,} labels ({ends.low:,} to {ends.high:,})",
            f"标注从约 {begins.labels} 条（{begins.low}~{begins.high}）到约 {ends.labels} 条（{ends.low}~{ends.high}）之间",
        )
    if begins:
        return Text(
            f"from about {begins.labels:,} labels on ({begins.low:,} to {begins.high:,})",
            f"标注从约 {begins.labels} 条（{begins.low}~{begins.high}）起",
        )
    if ends:
        return Text(
            f"below about {ends.labels:,} labels ({ends.low:,} to {ends.high:,})",
            f"标注少于约 {ends.labels} 条（{ends.low}~{ends.high}）时",
        )
    return Text(f"with {stretch.low:,} to {most:,} labels", f"标注为 {stretch.low}~{most} 条时")


def _rivals(stretch: _Stretch, compared: list[Candidate]) -> list[tuple[str, Point]]:
    """The best of each other approach, with the most labels of the stretch that it was given; the first few."""
    best: dict[str, tuple[str, Point]] = {}
    for one in compared:
        point, kind = _last(one, stretch.high), _kind(one)
        if point is None or one.blocked or kind == _kind(stretch.leader) or one.way == "majority":
            continue
        if kind not in best or point.accuracy.value > best[kind][1].accuracy.value:
            best[kind] = (_shown(one.id), point)
    return sorted(best.values(), key=lambda one: -one[1].accuracy.value)[:_RIVALS]


def _last(one: Candidate, high: int) -> Point | None:
    """The point with the most labels below `high`."""
    return max((point for point in one.points if point.labels < high), key=lambda point: point.labels, default=None)
