"""`recommend` over generated situations: total, deterministic, faithful to the facts, monotone, honest about flips."""

from __future__ import annotations

import json
import random
import socket
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bertgpt_cli.advise.recommend import Adviser
from bertgpt_cli.render.as_json import Encoder
from bertgpt_cli.report.recommendation import Match, Range, Recommendation
from bertgpt_cli.rulebook import loading
from bertgpt_cli.rulebook.book import Approach, Choice
from bertgpt_cli.rulebook.facts import FACTS, Fact, Situation, Value
from bertgpt_cli.rulebook.table import build
from bertgpt_cli.wording.names import exact

BOOK = loading.load()
ADVISER = Adviser(BOOK)


def named(task: str) -> Match:
    match = exact(BOOK, task)
    assert match is not None
    return match


LANGUAGES = ["en", "zh", "de", "multi", "sw", "ja"]


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)


def values(fact: Fact) -> st.SearchStrategy[Value]:
    if fact.kind == "flag":
        return st.booleans()
    if fact.kind == "choice":
        return st.sampled_from(fact.words)
    if fact.kind == "language":
        return st.sampled_from(LANGUAGES)
    if fact.kind == "number":
        return st.one_of(st.sampled_from([0.05, 5.0, 20, 50, 150, 200, 400, 1000]), st.floats(0.001, 1e5))
    if fact.kind == "size":
        return st.sampled_from([10**6, 10**8, 6 * 10**8, 10**9, 7 * 10**9, 8 * 10**9, 7 * 10**10])
    return st.one_of(st.integers(fact.least, 300), st.integers(fact.least, 10**6))


SITUATIONS = st.fixed_dictionaries({}, optional={name: values(fact) for name, fact in FACTS.items()})
TASKS = st.sampled_from(sorted(BOOK.tasks))


def ask(task: str, facts: Situation, adviser: Adviser = ADVISER) -> Recommendation:
    return adviser.recommend(named(task), facts)


# --- an independent reading of the rules, with neither cells nor masks ---


def contradicted(approach: Approach, facts: Situation) -> list[str]:
    """What the facts take from the approach that it cannot do without."""
    bad = [need.fact for need in approach.needs if need.fact in facts and not need.holds(facts[need.fact])]
    return [*bad, *(["output"] if facts["output"] not in approach.gives else [])]


def wanted(choice: Choice, facts: Situation) -> bool:
    return all(one.fact in facts and one.holds(facts[one.fact]) for one in choice.when)


def by_hand(task: str, facts: Situation) -> str:
    """The id of the first choice that applies; empty for none."""
    known = {"output": BOOK.tasks[task].output, **facts}
    for choice in BOOK.ruled_by(BOOK.tasks[task]).choices:
        if wanted(choice, known) and not contradicted(BOOK.approaches[choice.approach], known):
            return choice.id
    return ""


@settings(max_examples=400, deadline=None)
@given(TASKS, SITUATIONS)
def test_the_advice_is_the_first_choice_that_applies(task: str, facts: Situation) -> None:
    answer = ask(task, facts)
    expected = by_hand(task, facts)
    assert answer.fits == bool(expected)
    assert answer.approach.id in BOOK.approaches
    assert answer.family in ("bert", "gpt", "hybrid")
    if expected:
        assert answer.choice == expected
        assert not answer.unmet
    else:
        assert answer.unmet


@settings(max_examples=400, deadline=None)
@given(TASKS, SITUATIONS)
def test_it_never_advises_what_the_facts_forbid(task: str, facts: Situation) -> None:
    answer = ask(task, facts)
    if not answer.fits:
        return
    approach = BOOK.approaches[answer.approach.id]
    assert contradicted(approach, {"output": answer.output, **facts}) == []
    if facts.get("fine_tune") is False:
        assert "fine-tuned" not in approach.id
        assert approach.id not in ("few-shot-encoder", "token-head", "choice-head", "llm-labels-then-encoder")
    if facts.get("hosted") is False:
        assert approach.id != "hosted-decoder"
    if facts.get("output") == "json":
        assert approach.family != "bert"


@settings(max_examples=200, deadline=None)
@given(
    TASKS,
    st.fixed_dictionaries(
        {},
        optional={
            name: values(fact) for name, fact in FACTS.items() if fact.kind in ("flag", "choice", "language", "count")
        },
    ),
)
def test_without_budgets_something_always_fits(task: str, facts: Situation) -> None:
    assert ask(task, facts).fits


@settings(max_examples=200, deadline=None)
@given(TASKS, SITUATIONS)
def test_the_same_question_gets_the_same_bytes(task: str, facts: Situation) -> None:
    fresh = Adviser(BOOK)
    first = Encoder("en").line(ask(task, facts), explain=True)
    assert Encoder("en").line(ask(task, facts, fresh), explain=True) == first
    shuffled = dict(random.Random(len(first)).sample(sorted(facts.items()), len(facts)))
    assert Encoder("en").line(ask(task, shuffled), explain=True) == first


def test_a_book_read_anew_answers_the_same() -> None:
    again = Adviser(loading.load())
    for task in BOOK.tasks:
        assert Encoder("zh").line(ask(task, {}, again)) == Encoder("zh").line(ask(task, {}))


BUDGETS = [name for name, fact in FACTS.items() if fact.budget]
HEAVIER = {"light": 0, "mixed": 1, "heavy": 2}


@settings(max_examples=600, deadline=None)
@given(TASKS, SITUATIONS, st.sampled_from(BUDGETS), st.floats(1.01, 1000))
def test_more_of_a_budget_never_costs_an_option(task: str, facts: Situation, budget: str, factor: float) -> None:
    """Loosening latency, memory or size rules nothing out, and never makes the advice lighter for want of it."""
    fact = FACTS[budget]
    tight: Value = facts.get(budget, 100)
    assert isinstance(tight, (int, float))
    loose: Value = tight * factor if fact.kind == "number" else int(tight * factor) + 1
    before = ask(task, {**facts, budget: tight})
    after = ask(task, {**facts, budget: loose})
    for approach in BOOK.approaches.values():
        if budget in contradicted(approach, {"output": before.output, budget: loose}):
            assert budget in contradicted(approach, {"output": before.output, budget: tight})
    if not before.fits:
        return
    assert after.fits
    assert weight(after, budget) >= weight(before, budget)


def weight(answer: Recommendation, budget: str) -> int:
    """What serving one item takes of the budget. A hosted model takes none of your memory, and has no size for you."""
    if answer.approach.id == "hosted-decoder" and budget != "latency_ms":
        return 0
    return HEAVIER[BOOK.approaches[answer.approach.id].serving]


def inside(range: Range, fact: Fact) -> list[Value]:
    """Values of the range: its ends for an ordered fact, all of a set."""
    if range.rest:
        return [code for code in (*LANGUAGES, "fr") if code not in range.values]
    if range.values:
        return list(range.values)
    smallest = 0.001 if fact.kind == "number" else fact.least
    low = range.low if range.low is not None else smallest
    if range.high is None:
        return [low, low * 1000 + 1]
    return [low, range.high * 0.9999 if fact.kind == "number" else int(range.high) - 1]


@settings(max_examples=250, deadline=None)
@given(TASKS, SITUATIONS)
def test_each_flip_gives_what_it_announces(task: str, facts: Situation) -> None:
    answer = ask(task, facts)
    advised = answer.approach.id if answer.fits else ""
    for flip in answer.flips:
        announced = flip.approach.id if flip.approach else ""
        assert announced != advised
        tries: list[Situation] = [{change.to.fact: change.sample for change in flip.changes}]
        if len(flip.changes) == 1:
            change = flip.changes[0]
            tries += [{change.to.fact: value} for value in inside(change.to, FACTS[change.to.fact])]
        else:  # all corners' lowest and highest
            ends = [inside(change.to, FACTS[change.to.fact]) for change in flip.changes]
            tries += [
                {change.to.fact: end[place] for change, end in zip(flip.changes, ends, strict=True)}
                for place in (0, -1)
            ]
        for changed in tries:
            again = ask(task, {**facts, **changed})
            assert (again.approach.id if again.fits else "") == announced, (flip, changed)


@settings(max_examples=250, deadline=None)
@given(TASKS, SITUATIONS)
def test_no_single_fact_flips_the_advice_unannounced(task: str, facts: Situation) -> None:
    """Completeness: whatever one changed fact would bring is announced, with that value in the announced range."""
    answer = ask(task, facts)
    advised = answer.approach.id if answer.fits else ""
    told = [flip for flip in answer.flips if len(flip.changes) == 1]
    chooser = random.Random(str(sorted(facts.items(), key=str)) + task)
    for name, fact in FACTS.items():
        for value in tried(fact, chooser):
            again = ask(task, {**facts, name: value})
            outcome = again.approach.id if again.fits else ""
            holding = [flip for flip in told if flip.changes[0].to.fact == name and within(value, flip.changes[0].to)]
            if outcome == advised:
                assert not holding
            else:
                assert [flip.approach.id if flip.approach else "" for flip in holding] == [outcome]


def tried(fact: Fact, chooser: random.Random) -> list[Value]:
    if fact.kind == "flag":
        return [True, False]
    if fact.kind == "choice":
        return list(fact.words)
    if fact.kind == "language":
        return list(LANGUAGES)
    if fact.kind == "number":
        return [10 ** chooser.uniform(-2, 5) for _ in range(3)]
    return [max(fact.least, int(10 ** chooser.uniform(0, 11 if fact.kind == "size" else 6))) for _ in range(4)]


def within(value: Value, range: Range) -> bool:
    if range.rest:
        return value not in range.values
    if range.values:
        return value in range.values
    assert not isinstance(value, str)
    return (range.low is None or value >= range.low) and (range.high is None or value < range.high)


@settings(max_examples=150, deadline=None)
@given(TASKS, SITUATIONS)
def test_assumptions_name_the_values_for_which_the_advice_stays(task: str, facts: Situation) -> None:
    answer = ask(task, facts)
    told = {one.fact: one.holds_for for one in answer.assumptions}
    assert not set(told) & set(facts)
    chooser = random.Random(task)
    for name, fact in FACTS.items():
        if name in facts or name == "output":
            continue
        for value in tried(fact, chooser):
            again = ask(task, {**facts, name: value})
            stays = (again.fits, again.approach.id if again.fits else "") == (
                answer.fits,
                answer.approach.id if answer.fits else "",
            )
            if name in told:
                assert stays == any(within(value, one) for one in told[name])
            else:
                assert stays


@settings(max_examples=150, deadline=None)
@given(TASKS, SITUATIONS)
def test_alternatives_say_truly_what_stands_in_their_way(task: str, facts: Situation) -> None:
    answer = ask(task, facts)
    known = {"output": BOOK.tasks[task].output, **facts}
    choices = {choice.id: choice for choice in BOOK.ruled_by(BOOK.tasks[task]).choices}
    assert {one.choice for one in answer.alternatives} | {answer.choice} == set(choices)
    for one in answer.alternatives:
        choice = choices[one.choice]
        free = wanted(choice, known) and not contradicted(BOOK.approaches[choice.approach], known)
        assert free == (one.blocked_by == ())
        for obstacle in one.blocked_by:
            value = answer.got(obstacle.wanted.fact)
            assert value is None or not within(value, obstacle.wanted)


def test_json_says_what_the_report_says() -> None:
    answer = ask("ner", {"labels": 20, "hosted": True, "language": "zh"})
    value: dict[str, Any] = Encoder("zh").recommendation(answer, explain=True)
    assert value["task"]["id"] == "named-entity-recognition"
    assert value["situation"] == {"labels": 20, "language": "zh", "hosted": True}
    assert value["approach"] == {"id": answer.approach.id, "title": answer.approach.title.zh, "family": answer.family}
    assert len(value["flips"]) == len(answer.flips)
    for told, flip in zip(value["flips"], answer.flips, strict=True):
        assert [one["fact"] for one in told["changes"]] == [change.to.fact for change in flip.changes]
    for told, one in zip(value["alternatives"], answer.alternatives, strict=True):
        assert told["choice"] == one.choice
        assert [found["fact"] for found in told["blocked_by"]] == [found.wanted.fact for found in one.blocked_by]
        assert all(found["got"] == answer.got(found["fact"]) for found in told["blocked_by"])
    assert json.loads(Encoder("zh").line(answer, explain=True)) == value


def test_a_plan_says_what_passes_between_the_stages() -> None:
    names = ("intent-classification", "retrieval-augmented-generation")
    plan = ADVISER.plan(tuple(map(named, names)), {"labels": 5000, "output": "json"})
    assert [stage.approach.family for stage in plan.stages] == ["bert", "hybrid"]
    assert plan.family == "hybrid"
    assert "label" in plan.stages[0].passes.en
    assert plan.answers[0].output == "label"  # the output that is asked for is the last stage's
    assert plan.answers[1].output == "json"
    stages = plan.answers[1].stages
    assert [stage.task for stage in stages] == ["text-retrieval", "text-ranking", "abstractive-qa"]
    assert [stage.approach.family for stage in stages] == ["bert", "bert", "gpt"]


def test_a_table_agrees_with_the_rules_cell_by_cell() -> None:
    """Every cell's own sample falls into the cell, and "not given" fails conditions but no need."""
    for task in BOOK.tasks.values():
        table = build(BOOK, task)
        for axis in table.axes:
            assert [axis.cell(axis.sample(cell)) for cell in range(axis.cells)] == list(range(axis.cells))
            assert axis.cell(None) == axis.cells
