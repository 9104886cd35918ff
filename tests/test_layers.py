"""Layers of rule files: what exists changes only by an explicit override, and what is wrong is told where it stands."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bertgpt_cli.errors import Complaint, InputFileError
from bertgpt_cli.files import read_bytes
from bertgpt_cli.rulebook import compiled, files, inspection
from bertgpt_cli.rulebook.book import Rulebook, Task
from bertgpt_cli.rulebook.layers import stack
from bertgpt_cli.rulebook.reading import Layer, read
from tests.conftest import InProcess


def shipped(*names: str) -> list[Layer]:
    """Some of the shipped files, which name the approaches, families and sources that rules refer to."""
    paths = dict(files.builtin_files())
    return [read(name, read_bytes(name, paths[name], 1 << 20)) for name in names]


PARTS = [*shipped("rules/approaches.yaml", "rules/families.yaml", "rules/sources.yaml")]

# What is layered upon. Line numbers matter to the tests below.
BASE = """version: 1
tasks:
  sorting:
    title: {en: Sorting, zh: 归类}
    output: label
    aliases: {en: [sort, arrange], zh: [归档]}
    asks: {en: [which pile is it], zh: [放哪一堆]}
    choices:
      - id: first
        approach: zero-shot-nli-encoder
        when: {labels: {below: 8}}
        because: {en: Few labels., zh: 标注少。}
        evidence: [YIN19]
        classes: [SomeClass]
      - approach: few-shot-encoder
        when: {labels: {below: 200}}
        because: {en: Some labels., zh: 有些标注。}
        evidence: [SETFIT]
      - approach: fine-tuned-encoder
        because: {en: Many labels., zh: 标注多。}
        evidence: [BERT]
    alternatives:
      - approach: encoder-decoder
        because: {en: Large., zh: 大。}
        evidence: [T5]
    examples:
      - {given: {labels: 1}, expect: zero-shot-nli-encoder}
  sorting-mail:
    title: {en: Sorting mail, zh: 邮件归类}
    output: label
    parent: sorting
"""
# A new task, up to and including `choices:`; it stands at lines 3 to 6.
NEW = """version: 1
tasks:
  weighing:
    title: {en: Weighing, zh: 称量}
    output: score
    choices:
"""
CHOICE = """      - {approach: fine-tuned-encoder, because: {en: x, zh: x}, evidence: [BERT]}
"""


def team(body: str, task: str = "sorting") -> str:
    """A file of one task; the task is at line 3, its first key at line 4."""
    lines = [f"    {line}" for line in body.strip("\n").split("\n")]
    return "\n".join(["version: 1", "tasks:", f"  {task}:", *lines, ""])


def layered(*texts: str) -> Rulebook:
    """BASE, then each of the texts as `t1.yaml`, `t2.yaml` ..."""
    named = [("base.yaml", BASE), *((f"t{index}.yaml", text) for index, text in enumerate(texts, 1))]
    return stack([*PARTS, *(read(name, text.encode()) for name, text in named)])


def refused(*texts: str) -> list[Complaint]:
    with pytest.raises(InputFileError) as caught:
        layered(*texts)
    return list(caught.value.complaints)


def told(one: Complaint) -> str:
    return f"{one.file}:{one.line}:{one.column} {one.message.en}"


def ids(task: Task) -> list[str]:
    return [choice.id for choice in task.choices]


def places(task: Task) -> dict[str, str]:
    return {choice.id: f"{choice.origin.file}:{choice.origin.line}" for choice in task.choices}


# --- tasks -----------------------------------------------------------------------------------------------------------


def test_the_base_by_itself() -> None:
    task = layered().tasks["sorting"]
    assert places(task) == {
        "first": "base.yaml:9",
        "few-shot-encoder": "base.yaml:15",
        "fine-tuned-encoder": "base.yaml:19",
    }
    assert layered().ruled_by(layered().tasks["sorting-mail"]) == task


def test_a_task_that_exists_needs_an_override() -> None:
    (one,) = refused(team("title: {en: Mine, zh: 我的}\noutput: label\nparent: sorting-mail"))
    assert told(one) == "t1.yaml:3:3 'sorting' exists already, at base.yaml:3"
    assert one.help is not None
    assert one.help.en == "say 'override: replace' (or merge, disable) to change it"
    assert one.excerpt == "  sorting:"


def test_replace_leaves_nothing_of_the_old_task() -> None:
    book = layered(team(f"override: replace\ntitle: {{en: Mine, zh: 我的}}\noutput: score\nchoices:\n{CHOICE}"))
    task = book.tasks["sorting"]
    assert (task.title.en, task.output, task.aliases) == ("Mine", "score", ((), ()))
    assert book.said["sorting"] == (((), ()), ())
    assert (task.alternatives, task.examples) == ((), ())
    assert places(task) == {"fine-tuned-encoder": "t1.yaml:8"}
    assert (task.origin.file, task.origin.line) == ("t1.yaml", 3)
    assert "sort" not in book.names
    assert list(book.tasks) == ["sorting", "sorting-mail"]  # in its old place


def test_replace_must_be_a_whole_task() -> None:
    found = refused(team("override: replace\ntitle: {en: Mine, zh: 我的}"))
    assert [told(one) for one in found] == ["t1.yaml:4:5 the key 'output' is missing in this task"]


def test_merge_changes_what_it_says_and_adds_words() -> None:
    body = """
override: merge
title: {en: Mine, zh: 我的}
aliases: {en: [tidy, sort]}
asks: {zh: [归到哪里]}
datasets: [Heaps 2]
"""
    book = layered(team(body))
    task = book.tasks["sorting"]
    assert (task.title.en, task.output) == ("Mine", "label")
    assert task.aliases == (("sort", "arrange", "tidy"), ("归档",))
    assert book.said["sorting"].asks == (("which pile is it",), ("放哪一堆", "归到哪里"))
    assert book.said["sorting"].datasets == ("Heaps 2",)
    assert places(task) == places(layered().tasks["sorting"])
    assert (task.alternatives, task.examples) == (
        layered().tasks["sorting"].alternatives,
        layered().tasks["sorting"].examples,
    )
    assert book.names["tidy"] == ("sorting",)
    assert task.origin.file == "base.yaml"


def test_merge_puts_new_choices_first_and_new_examples_in_place_of_the_old() -> None:
    body = """
override: merge
choices:
  - id: ours
    approach: frozen-encoder
    when: {labels: {below: 50}}
    because: {en: Ours., zh: 我们的。}
    evidence: [BERT]
  - {id: also-ours, approach: frozen-encoder, because: {en: x, zh: x}, evidence: [BERT]}
examples:
  - {given: {labels: 1}, expect: frozen-encoder}
  - {given: {}, expect: frozen-encoder, choice: also-ours}
"""
    task = layered(team(body)).tasks["sorting"]
    assert ids(task) == ["ours", "also-ours", "first", "few-shot-encoder", "fine-tuned-encoder"]
    assert places(task)["ours"] == "t1.yaml:6"
    assert [(one.expect, one.origin.file) for one in task.examples] == [("frozen-encoder", "t1.yaml")] * 2


def test_disable_removes_a_task_and_its_names() -> None:
    book = layered(team("override: disable", "sorting-mail"))
    assert list(book.tasks) == ["sorting"]
    assert not {"sorting mail", "邮件归类"} & book.names.keys()


def test_a_task_that_others_need_cannot_be_disabled() -> None:
    (one,) = refused(team("override: disable"))
    assert told(one) == "t1.yaml:4:15 'sorting' cannot be disabled: it is the parent or a stage of sorting-mail"
    assert one.help is not None


def test_a_stage_is_a_need_too() -> None:
    stages = """stages:
  - {task: sorting, does: {en: x, zh: x}, passes: {en: x, zh: x}}
  - {task: sorting-mail, does: {en: x, zh: x}, passes: {en: x, zh: x}}
"""
    plan = NEW + CHOICE + "".join(f"    {line}\n" for line in stages.strip().split("\n"))
    (one,) = refused(plan, team("override: disable", "sorting-mail"))
    assert told(one) == "t2.yaml:4:15 'sorting-mail' cannot be disabled: it is the parent or a stage of weighing"


def test_a_family_of_tasks_can_be_disabled_together() -> None:
    both = "version: 1\ntasks:\n  sorting: {override: disable}\n  sorting-mail: {override: disable}\n"
    assert not layered(both).tasks


def test_a_disabled_task_can_be_made_anew_by_a_later_layer() -> None:
    again = team(f"title: {{en: Mine, zh: 我的}}\noutput: label\nchoices:\n{CHOICE}")
    assert layered(team("override: disable"), again).tasks["sorting"].origin.file == "t2.yaml"


@pytest.mark.parametrize("override", ["merge", "replace", "disable"])
def test_an_override_of_nothing_is_a_slip(override: str) -> None:
    body = f"override: {override}\ntitle: {{en: x, zh: x}}\noutput: label\nchoices:\n{CHOICE}"
    (one,) = refused(team(body, "sortign"))
    assert told(one) == "t1.yaml:3:3 no tasks named 'sortign' in the layers below"
    assert one.help is not None
    assert one.help.en == "use 'sorting'"


def test_an_override_is_one_of_three_words() -> None:
    found = refused(team("override: merg\noutput: label\ntitle: {en: x, zh: x}"))
    assert told(found[0]) == "t1.yaml:4:15 'merg' is not one of replace, merge, disable"
    assert found[0].help is not None
    assert found[0].help.en == "use 'merge'"


# --- choices ---------------------------------------------------------------------------------------------------------


def merged(choice: str) -> str:
    return team(f"override: merge\nchoices:\n  - {choice}")


def test_a_choice_is_replaced_in_its_place() -> None:
    task = layered(
        merged(
            "{id: first, override: replace, approach: frozen-encoder, because: {en: New., zh: 新。}, evidence: [BERT]}"
        )
    ).tasks["sorting"]
    assert ids(task) == ["first", "few-shot-encoder", "fine-tuned-encoder"]
    first = task.choices[0]
    assert (first.approach, first.when, first.because.en, first.evidence, first.classes) == (
        "frozen-encoder",
        (),
        "New.",
        ("BERT",),
        (),
    )
    assert places(task)["first"] == "t1.yaml:6"


def test_a_choice_is_merged_key_by_key() -> None:
    task = layered(merged("{id: first, override: merge, when: {labels: {below: 4}}}")).tasks["sorting"]
    first, before = task.choices[0], layered().tasks["sorting"].choices[0]
    assert first.when[0].high == 4
    assert first._replace(when=before.when, origin=before.origin) == before
    assert places(task)["first"] == "t1.yaml:6"


def test_a_choice_without_an_id_goes_by_its_approach() -> None:
    task = layered(merged("{approach: few-shot-encoder, override: disable}")).tasks["sorting"]
    assert ids(task) == ["first", "fine-tuned-encoder"]


def test_a_choice_is_disabled_and_the_rest_stays() -> None:
    assert ids(layered(merged("{id: first, override: disable}")).tasks["sorting"]) == [
        "few-shot-encoder",
        "fine-tuned-encoder",
    ]


def test_a_choice_can_be_moved_to_the_front() -> None:
    body = f"override: merge\nchoices:\n  - {{id: fine-tuned-encoder, override: disable}}\n{CHOICE[4:]}"
    assert ids(layered(team(body)).tasks["sorting"]) == ["fine-tuned-encoder", "first", "few-shot-encoder"]


def test_layers_come_one_after_the_other() -> None:
    book = layered(
        merged("{id: first, override: merge, because: {en: One., zh: 一。}}"),
        merged("{id: first, override: merge, evidence: [BERT]}"),
        merged("{id: fine-tuned-encoder, override: disable}"),
    )
    first = book.tasks["sorting"].choices[0]
    assert (first.because.en, first.evidence, first.origin.file) == ("One.", ("BERT",), "t2.yaml")
    assert len(book.tasks["sorting"].choices) == 2
    assert book.files[-4:] == ("base.yaml", "t1.yaml", "t2.yaml", "t3.yaml")


def test_a_choice_that_exists_needs_an_override() -> None:
    (one,) = refused(merged("{id: first, approach: bi-encoder, because: {en: x, zh: x}, evidence: [BERT]}"))
    assert told(one) == "t1.yaml:6:9 'first' exists already, at base.yaml:9"


@pytest.mark.parametrize("override", ["merge", "replace", "disable"])
def test_an_override_of_no_choice_is_a_slip(override: str) -> None:
    rest = "approach: bi-encoder, because: {en: x, zh: x}, evidence: [BERT]"
    (one,) = refused(merged(f"{{id: frist, override: {override}, {rest}}}"))
    assert told(one) == "t1.yaml:6:9 no choice of sorting named 'frist' in the layers below"
    assert one.help is not None
    assert one.help.en == "use 'first'"


def test_a_new_task_has_nothing_to_override() -> None:
    (one,) = refused(NEW + CHOICE.replace("{approach", "{override: replace, approach"))
    assert told(one) == "t1.yaml:7:9 no choice of weighing named 'fine-tuned-encoder' in the layers below"


@pytest.mark.parametrize(
    ("text", "where"), [(NEW + CHOICE + CHOICE, "t1.yaml:8:20"), (NEW + CHOICE * 2 + CHOICE, "t1.yaml:8:20")]
)
def test_two_choices_of_one_name(text: str, where: str) -> None:
    one = refused(text)[0]
    assert told(one) == f"{where} two choices of weighing are named 'fine-tuned-encoder'"
    assert one.note is not None
    assert one.note.en == "the first is at line 7"


@pytest.mark.parametrize("second", ["merge", "replace", "disable"])
@pytest.mark.parametrize("first", ["merge", "replace"])
def test_a_choice_is_overridden_once_in_a_file(first: str, second: str) -> None:
    whole = "approach: bi-encoder, because: {en: x, zh: x}, evidence: [BERT]"
    choices = f"{{id: first, override: {first}, {whole}}}\n  - {{id: first, override: {second}, {whole}}}"
    (one,) = refused(merged(choices))
    assert told(one) == "t1.yaml:7:14 two choices of sorting are named 'first'"
    assert one.note is not None
    assert one.note.en == "the first is at line 6"


# --- the place of a complaint ----------------------------------------------------------------------------------------


def test_a_fault_that_a_merge_brings_stands_in_its_own_file() -> None:
    (one,) = refused(team("override: merge\nparent: sortnig"))
    assert told(one) == "t1.yaml:5:13 no task is named 'sortnig'"
    assert one.excerpt == "    parent: sortnig"
    (one,) = refused(merged("{id: first, override: merge, evidence: [NOPE]}"))
    assert told(one) == "t1.yaml:6:48 no source is named 'NOPE'"
    assert "NOPE" in one.excerpt


def test_a_fault_below_a_merge_stays_in_its_file() -> None:
    found = refused(
        NEW + CHOICE.replace("fine-tuned-encoder", "fine-tuned-encodr"),
        team(
            "override: merge\nchoices:\n  - {id: fine-tuned-encodr, override: merge, because: {en: y, zh: y}}",
            "weighing",
        ),
    )
    assert [told(one) for one in found] == ["t1.yaml:7:20 no approach is named 'fine-tuned-encodr'"]
    assert "fine-tuned-encodr," in found[0].excerpt


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("approach: fine-tuned-encoder", "approach: bi-encodr", "7:20 no approach is named 'bi-encodr'"),
        ("approach: fine-tuned-encoder", "approach: encoder-decoder",
         "7:20 encoder-decoder is neither BERT-style nor GPT-style, so it cannot be the advice"),
        ("[BERT]", "[BERTT-01]", "7:75 no source is named 'BERTT'"),
        ("    choices:\n", "    parent: wieghing\n    choices:\n", "6:13 no task is named 'wieghing'"),
        ("    choices:\n", "    examples: [{given: {}, expect: nope}]\n    choices:\n", "6:36 no approach is named 'nope'"),
        ("    choices:\n", "    examples: [{given: {}, expect: bi-encoder, choice: nope}]\n    choices:\n",
         "6:56 no choice of weighing is named 'nope'"),
        ("    choices:\n", "    alternatives: [{approach: nope, because: {en: x, zh: x}, evidence: [BERT]}]\n    choices:\n",
         "6:31 no approach is named 'nope'"),
        ("    choices:\n", "    stages: [{task: nope, does: {en: x, zh: x}, passes: {en: x, zh: x}}, "
         "{task: sorting, does: {en: x, zh: x}, passes: {en: x, zh: x}}]\n    choices:\n", "6:21 no task is named 'nope'"),
    ],
)  # fmt: skip
def test_a_reference_to_nothing_is_told_where_it_stands(old: str, new: str, expected: str) -> None:
    text = NEW + CHOICE
    assert text.count(old) == 1
    (one,) = refused(text.replace(old, new))
    assert told(one) == f"t1.yaml:{expected}"


def test_every_file_is_told_in_order() -> None:
    bad = NEW + CHOICE.replace("[BERT]", "[NOPE]")
    found = refused(bad, bad.replace("weighing", "sizing"), team("override: merge", "nope"))
    assert [(one.file, one.line) for one in found] == [("t1.yaml", 7), ("t2.yaml", 7), ("t3.yaml", 3)]


# --- parents ---------------------------------------------------------------------------------------------------------


def test_a_circle_of_parents() -> None:
    text = "version: 1\ntasks:\n" + "".join(
        f"  {name}:\n    title: {{en: {name}, zh: {name}}}\n    output: label\n    parent: {parent}\n"
        for name, parent in (("a", "b"), ("b", "c"), ("c", "a"))
    )
    assert [told(one) for one in refused(text)] == [
        "t1.yaml:6:13 the parents of 'a' go in a circle",
        "t1.yaml:10:13 the parents of 'b' go in a circle",
        "t1.yaml:14:13 the parents of 'c' go in a circle",
    ]


def test_a_task_must_get_its_choices_somewhere() -> None:
    (one,) = refused(team("title: {en: x, zh: x}\noutput: label", "weighing"))
    assert told(one) == "t1.yaml:3:3 'weighing' has neither choices nor a parent that has"
    disabled = "".join(
        f"\n  - {{id: {id}, override: disable}}" for id in ("first", "few-shot-encoder", "fine-tuned-encoder")
    )
    found = refused(team(f"override: merge\nchoices:{disabled}"))
    assert [told(one) for one in found] == [
        "base.yaml:3:3 'sorting' has neither choices nor a parent that has",
        "base.yaml:28:3 'sorting-mail' has neither choices nor a parent that has",
    ]


# --- the other sections ----------------------------------------------------------------------------------------------

SOURCE = 'version: 1\nsources:\n  BERT: {title: "Mine", year: 2020, url: "https://example.org"}\n'


def test_sources_and_approaches_are_replaced_only_when_told() -> None:
    (one,) = refused(SOURCE)
    assert told(one).startswith("t1.yaml:3:3 'BERT' exists already, at rules/sources.yaml:")
    # A source has no override: it says the same wherever it is written.
    assert told(refused(SOURCE.replace("{title", "{override: replace, title"))[0]) == (
        "t1.yaml:3:10 unknown key 'override' in this source"
    )
    approach = """version: 1
approaches:
  frozen-encoder:
    family: bert
    title: {en: Mine, zh: 我的}
    gives: [label]
    serving: light
    classes: [AutoModel]
    adapt: {en: x, zh: x}
    inference: {en: x, zh: x}
    cost: {en: x, zh: x}
"""
    (one,) = refused(approach)
    assert told(one).startswith("t1.yaml:3:3 'frozen-encoder' exists already, at rules/approaches.yaml:")
    book = layered(approach.replace("    family", "    override: replace\n    family"))
    assert book.approaches["frozen-encoder"].title.en == "Mine"
    found = refused(approach.replace("    family", "    override: merge\n    family"))
    assert told(found[0]) == "t1.yaml:4:15 'merge' is not one of replace"
    (one,) = refused(
        approach.replace("frozen-encoder", "frozen-encodr").replace("    family", "    override: replace\n    family")
    )
    assert told(one) == "t1.yaml:3:3 no approaches named 'frozen-encodr' in the layers below"
    (one,) = refused(
        approach.replace("frozen", "thawed").replace("    serving", "    needs: {max_params: {below: 1B}}\n    serving")
    )
    assert told(one) == ("t1.yaml:7:12 a need on max_params must be 'at-least': more of it never rules an approach out")


OTHERWISE = "version: 1\notherwise:\n"


def test_shared_choices_end_every_list_and_are_layered_too() -> None:
    last = "  - {id: last, approach: bi-encoder, because: {en: x, zh: x}, evidence: [BERT]}\n"
    book = layered(OTHERWISE + last)
    assert ids(book.tasks["sorting"])[-1] == "last"
    assert book.tasks["sorting"].choices[-1].shared
    assert book.tasks["sorting-mail"].choices == ()
    changed = "  - {id: last, override: merge, approach: frozen-encoder}\n"
    assert layered(OTHERWISE + last, OTHERWISE + changed).tasks["sorting"].choices[-1].approach == "frozen-encoder"
    gone = "  - {id: last, override: disable}\n"
    assert ids(layered(OTHERWISE + last, OTHERWISE + gone).tasks["sorting"])[-1] == "fine-tuned-encoder"
    (one,) = refused(OTHERWISE + last, OTHERWISE + last)
    assert told(one) == "t2.yaml:3:5 'last' exists already, at t1.yaml:3"


def test_a_tasks_own_choice_stands_for_a_shared_one_of_its_name() -> None:
    shared = "  - {id: first, approach: bi-encoder, because: {en: x, zh: x}, evidence: [BERT]}\n"
    task = layered(OTHERWISE + shared).tasks["sorting"]
    assert ids(task).count("first") == 1
    assert task.choices[0].approach == "zero-shot-nli-encoder"


# --- any order -------------------------------------------------------------------------------------------------------


@given(order=st.permutations(range(4)))
def test_the_order_of_files_that_do_not_override_does_not_matter(order: list[int]) -> None:
    texts = [
        NEW.replace("weighing", name) + CHOICE.replace("[BERT]", f"[{source}]") + f"sources:\n  OWN{index}: "
        f'{{title: "t", year: 2020, url: "https://example.org"}}\n'
        for index, (name, source) in enumerate(zip("abcd", ("OWN1", "OWN2", "OWN3", "OWN0"), strict=True))
    ]
    straight = layered(*texts)
    named = [read(f"t{index + 1}.yaml", texts[index].encode()) for index in order]
    other = stack([*named, *PARTS, read("base.yaml", BASE.encode())])
    assert dict(other.tasks) == dict(straight.tasks)
    assert other.sources == straight.sources
    assert {name: sorted(owners) for name, owners in other.names.items()} == {
        name: sorted(owners) for name, owners in straight.names.items()
    }


def test_the_order_of_files_does_not_decide_whether_they_are_valid() -> None:
    bad = NEW + CHOICE.replace("[BERT]", "[NOPE]")
    worse = NEW.replace("weighing", "sizing") + CHOICE.replace("approach: f", "approach: x-f")
    one, two = ({told(found).partition(":")[2] for found in refused(*pair)} for pair in ((bad, worse), (worse, bad)))
    assert one == two


def test_a_layered_book_survives_the_cache() -> None:
    book = layered(merged("{id: first, override: merge, because: {en: One., zh: 一。}}"))
    again = compiled.unpack(compiled.pack(book), lambda: (book.said, book.no_said))
    assert again == book


# --- the commands ----------------------------------------------------------------------------------------------------

TEAM = """version: 1
tasks:
  text-classification:
    override: merge
    title: {en: Sorting texts, zh: 文本归类}
    choices:
      - {id: house-rule, approach: bi-encoder, when: {labels: {below: 3}}, because: {en: Ours., zh: 我们的。}, evidence: [BERT]}
      - {approach: fine-tuned-encoder, override: merge, because: {en: Changed., zh: 改了。}}
      - {approach: frozen-encoder, override: disable}
  table-to-text: {override: disable}
  weighing:
    title: {en: Weighing, zh: 称量}
    output: score
    parent: text-classification
"""

Shown = Callable[..., dict[str, Any]]


@pytest.fixture
def shown(run: InProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shown:
    """A rules command on files, as JSON."""
    monkeypatch.chdir(tmp_path)

    def call(*argv: str, **texts: str) -> dict[str, Any]:
        for name, text in texts.items():
            Path(f"{name}.yaml").write_text(text, encoding="utf-8")
        done = run("rules", *argv, "--format", "json")
        assert done.code == 0, done
        told: dict[str, Any] = json.loads(done.out)
        return told

    return call


def test_show_names_the_file_and_line_of_each_part(shown: Shown) -> None:
    told = shown("show", "text-classification", "weighing", "--rules", "team.yaml", team=TEAM)
    first, second = told["tasks"]
    assert first["title"] == "Sorting texts"
    assert first["place"].startswith("rules/tasks/labels.yaml:")
    written = {choice["id"]: choice["place"] for choice in first["choices"]}
    assert next(iter(written)) == "house-rule"
    assert written["house-rule"] == "team.yaml:7"
    assert written["fine-tuned-encoder"] == "team.yaml:8"
    assert written["few-shot-encoder"].startswith("rules/tasks/labels.yaml:")
    assert written["asked-for-text"].startswith("rules/otherwise.yaml:")
    assert "frozen-encoder" not in written
    assert (second["place"], second["ruled_by"]) == ("team.yaml:11", "text-classification")
    assert second["choices"] == first["choices"]


def test_what_wins_is_what_is_advised(run: InProcess, tmp_path: Path) -> None:
    (tmp_path / "team.yaml").write_text(TEAM, encoding="utf-8")
    path = str(tmp_path / "team.yaml")
    told = json.loads(run("recommend", "weighing", "--labels", "2", "--rules", path, "--format", "json").out)
    assert (told["choice"], told["reasons"][0]["text"]) == ("house-rule", "Ours.")
    assert told["reasons"][0]["place"] == f"{path}:7"
    assert told["rulebook"]["files"][-1] == path
    gone = run("recommend", "table-to-text", "--rules", path, "--format", "json")
    assert gone.code == 2 or json.loads(gone.out)["task"]["id"] != "table-to-text"


def test_diff_tells_every_change(shown: Shown) -> None:
    told = shown("diff", "team.yaml", team=TEAM)
    assert told["files"] == ["team.yaml"]
    changes = {
        (one["verb"], one["part"], one["task"], one["name"]): (one["before"], one["after"]) for one in told["changes"]
    }
    task = "text-classification"
    assert changes["changed", "title", task, ""] == ("Text classification / 文本分类", "Sorting texts / 文本归类")
    assert changes["added", "choice", task, "house-rule"] == ("", "bi-encoder when labels: below 3")
    assert changes["removed", "choice", task, "frozen-encoder"] == ("frozen-encoder when fine_tune: false", "")
    assert changes["changed", "choice", task, "fine-tuned-encoder"] == ("fine-tuned-encoder", "fine-tuned-encoder")
    assert changes["removed", "task", "", "table-to-text"] == ("", "")
    assert changes["added", "task", "", "weighing"] == ("", "")
    assert len(changes) == len(told["changes"]) == 6


def test_diff_tells_an_order_alternatives_stages_and_the_other_sections(shown: Shown) -> None:
    other = """version: 1
sources:
  MINE: {title: "t", year: 2020, url: "https://example.org"}
tasks:
  text-classification:
    override: merge
    alternatives: [{approach: decoder-embedder, because: {en: x, zh: x}, evidence: [MINE]}]
    choices:
      - {approach: few-shot-encoder, override: disable}
      - {approach: few-shot-encoder, when: {labels: {below: 200}}, because: {en: x, zh: x}, evidence: [SETFIT]}
  retrieval-augmented-generation:
    override: merge
    stages:
      - {task: text-retrieval, does: {en: x, zh: x}, passes: {en: x, zh: x}}
      - {task: abstractive-qa, does: {en: x, zh: x}, passes: {en: x, zh: x}}
"""
    told = shown("diff", "team.yaml", team=other)
    parts = {(one["task"], one["part"]): one for one in told["changes"]}
    assert parts["text-classification", "alternatives"]["after"] == "decoder-embedder"
    assert parts["text-classification", "order"]["after"].startswith("few-shot-encoder > ")
    assert parts["retrieval-augmented-generation", "stages"]["after"] == "text-retrieval, abstractive-qa"
    assert parts["", "source"]["name"] == "MINE"


def test_diff_of_nothing(run: InProcess, shown: Shown) -> None:
    assert shown("diff", "team.yaml", team="version: 1\ntasks: {}\n")["changes"] == []
    done = run("rules", "diff", "team.yaml")
    assert (done.code, done.out) == (0, "the files change nothing\n")


@pytest.mark.parametrize(
    "text",
    [
        "version: 1\ntasks:\n  table-to-text: {override: disable}\n",
        "version: 1\ntasks:\n  text-classification: {override: merge, aliases: {en: [vibe check]}}\n",
        "version: 1\ntasks:\n  text-classification: {override: merge, examples: [{given: {}, expect: fine-tuned-encoder}]}\n",
        'version: 1\nsources:\n  MINE: {title: "t", year: 2020, url: "https://example.org"}\n',
    ],
    ids=["disable", "aliases", "examples", "sources"],
)
def test_a_file_that_changes_something_holds_rules(text: str, shown: Shown) -> None:
    assert shown("check", "team.yaml", team=text)["findings"] == []


def test_check_tells_of_what_a_layer_makes_of_tasks_below(shown: Shown, run: InProcess) -> None:
    shadow = """version: 1
tasks:
  text-classification:
    override: merge
    choices:
      - {id: mine, approach: fine-tuned-encoder, because: {en: x, zh: x}, evidence: [BERT]}
"""
    Path("team.yaml").write_text(shadow)
    done = run("rules", "check", "team.yaml", "--format", "json")
    assert done.code == 1
    found = json.loads(done.out)["findings"]
    assert {one["task"] for one in found} == {"text-classification"}
    assert "'mine' (team.yaml:6)" in found[0]["message"]


def test_check_leaves_alone_what_the_files_did_not_change() -> None:
    twice = NEW + CHOICE + CHOICE.replace("{approach", "{id: again, approach")
    mine = NEW.replace("weighing", "sizing").replace("称量", "定尺") + CHOICE
    report = inspection.check(layered(twice, mine), ("t2.yaml",), layered(twice))
    assert (report.tasks, report.choices, report.findings) == (1, 1, ())
    report = inspection.check(layered(twice, mine), ("t1.yaml",), layered(mine))
    assert [(one.code, one.choice) for one in report.findings] == [("BG401", "again")]


def test_the_book_without_layers_is_told_apart_by_its_parts() -> None:
    book = layered()
    assert [one.code for one in inspection.check(book, ("t1.yaml",), book).findings] == ["BG400"]
    assert inspection.check(book, ()).tasks == 2
