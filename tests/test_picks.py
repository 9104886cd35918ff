"""The models that `recommend` names, and the program that `--code` prints for them: never one that the facts rule out."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bertgpt_cli.advise.checkpoints import Picker
from bertgpt_cli.advise.recommend import Adviser
from bertgpt_cli.advise.starter import program
from bertgpt_cli.errors import Exit
from bertgpt_cli.report.checkpoint import Checkpoint, Picks
from bertgpt_cli.report.recommendation import Recommendation
from bertgpt_cli.rulebook import loading, starters
from bertgpt_cli.rulebook.facts import Situation
from tests.conftest import InProcess

BOOK = loading.load()
ADVISER = Adviser(BOOK)
PICKER = ADVISER.picker
SINGLE = [one for one in BOOK.approaches.values() if not one.parts]
COMBINED = [one for one in BOOK.approaches.values() if one.parts]

SIZES = [10**7, 25 * 10**6, 11 * 10**7, 15 * 10**7, 4 * 10**8, 10**9, 2 * 10**9, 8 * 10**9, 10**11]
LIMITS = st.fixed_dictionaries(
    {},
    optional={
        "language": st.sampled_from(["en", "zh", "de", "fr", "ja", "sw", "la", "xx", "multi", "code"]),
        "license": st.sampled_from(["permissive", "any"]),
        "max_params": st.one_of(st.sampled_from(SIZES), st.integers(1, 10**11)),
        "memory_gb": st.one_of(st.sampled_from([0.2, 0.5, 1.0, 8, 16]), st.floats(0.01, 100)),
        "device": st.sampled_from(["cpu", "gpu"]),
        "tokens": st.one_of(st.sampled_from([1, 128, 512, 513, 8192, 300_000]), st.integers(1, 10**6)),
    },
)
TASKS = st.sampled_from(sorted(BOOK.tasks))
WORDS = st.sampled_from(["ner", "命名实体识别", "tag 中文 texts"])

# Licences that bind whoever uses the weights, by how they begin.
BINDING = ("gemma", "llama", "gpl", "cc-by-nc", "cc-by-sa", "openrail", "bigcode-openrail")


def satisfies(one: Checkpoint, facts: Situation, language: str) -> bool:
    """The facts' limits, written once more."""
    spoken = len(set(one.languages) - {"multi", "code"}) >= 10 if language == "multi" else language in one.languages
    return (
        spoken
        and not (facts.get("license") == "permissive" and one.license.startswith(BINDING))
        and one.parameters <= float(facts.get("max_params", 10**15))
        and one.memory <= float(facts.get("memory_gb", 10**6)) * 1e9
    )


def lineage(task: str) -> list[str]:
    """The task and those that it is a kind of."""
    found = []
    while task:
        found.append(task)
        task = BOOK.tasks[task].parent
    return found


def does(one: Checkpoint, task: str) -> bool:
    if one.remote_code:  # what needs code of its own is never named
        return False
    return not one.tasks or bool(set(one.tasks) & set(lineage(task)))


def fitting(approach: str, task: str, facts: Situation, language: str) -> list[Checkpoint]:
    could = BOOK.serve(approach)
    return [one for one in could if does(one, task) and satisfies(one, facts, language)]


def spoken(words: str, facts: Situation) -> str:
    return str(facts.get("language", "en" if words.isascii() else "zh"))


def pick(approach: str, task: str, facts: Situation, words: str = "") -> Picks:
    return PICKER.pick(BOOK.approaches[approach], task, words or task, facts)


def recommended(task: str, facts: Situation | None = None) -> Recommendation:
    [match] = ADVISER.resolve(task)
    return ADVISER.recommend(match, facts or {})


# --- what is picked ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("approach", [one.id for one in BOOK.approaches.values()])
@settings(max_examples=60, deadline=None)
@given(task=TASKS, facts=LIMITS, words=WORDS)
def test_no_pick_is_ruled_out_by_the_facts(approach: str, task: str, facts: Situation, words: str) -> None:
    language = spoken(words, facts)
    for one in pick(approach, task, facts, words).picks:
        assert satisfies(one.checkpoint, facts, language)
        assert (one.part or approach) in one.checkpoint.serves
        assert one.whole is (one.checkpoint.context >= float(facts.get("tokens", 0)))


@pytest.mark.parametrize("approach", [one.id for one in SINGLE])
@settings(max_examples=60, deadline=None)
@given(task=TASKS, facts=LIMITS, words=WORDS)
def test_two_or_three_are_picked_wherever_as_many_fit(approach: str, task: str, facts: Situation, words: str) -> None:
    found = pick(approach, task, facts, words)
    fit = fitting(approach, task, facts, spoken(words, facts))
    assert len(found.picks) == min(3, len(fit))
    assert len({one.checkpoint.id for one in found.picks}) == len(found.picks)
    assert {one.checkpoint.id for one in found.picks} <= {one.id for one in fit}
    could = [one for one in BOOK.serve(approach) if does(one, task)]
    assert found.unfit == len(could) - len(fit)


@pytest.mark.parametrize("approach", [one.id for one in SINGLE])
@settings(max_examples=60, deadline=None)
@given(task=TASKS, facts=LIMITS)
def test_beside_the_first_stand_one_half_as_large_and_one_twice_as_large(
    approach: str, task: str, facts: Situation
) -> None:
    found = pick(approach, task, facts).picks
    if not found:
        return
    first, *others = found
    size = first.checkpoint.parameters
    sizes = [one.parameters for one in fitting(approach, task, facts, spoken(task, facts))]
    roles = [one.role for one in found]
    assert first.role == "first"
    assert "first" not in roles[1:]
    assert ("smaller" in roles) is any(other * 2 <= size for other in sizes)
    assert ("larger" in roles) is any(other >= size * 2 for other in sizes)
    for one in others:
        assert one.role != "smaller" or one.checkpoint.parameters * 2 <= size
        assert one.role != "larger" or one.checkpoint.parameters >= size * 2


@pytest.mark.parametrize("approach", [one.id for one in COMBINED])
@settings(max_examples=60, deadline=None)
@given(task=TASKS, facts=LIMITS)
def test_a_combination_has_one_for_each_part_or_none(approach: str, task: str, facts: Situation) -> None:
    parts = BOOK.approaches[approach].parts
    found = pick(approach, task, facts).picks
    each = [fitting(part, doing or task, facts, spoken(task, facts)) for part, doing in parts]
    room = float(facts.get("memory_gb", 1e6)) * 1e9
    together = all(each) and sum(min(one.memory for one in ones) for ones in each) <= room
    assert [one.part for one in found] == ([part for part, _ in parts] if together else [])


def test_a_combination_has_for_each_part_what_the_part_has_by_itself() -> None:
    for approach in COMBINED:
        found = pick(approach.id, "text-generation", {}).picks
        alone = [pick(part, doing or "text-generation", {}).picks[0] for part, doing in approach.parts]
        assert [one.checkpoint for one in found] == [one.checkpoint for one in alone]


# What a combination serves is loaded at once; the decoder that labels for an encoder is not served.
@pytest.mark.parametrize("approach", ["retrieve-then-rerank", "retrieve-then-generate", "shortlist-then-decode"])
def test_all_parts_of_a_combination_together_fit_into_the_memory(approach: str) -> None:
    for gigabytes in (1.0, 2.0, 8.5, 9.0):
        found = pick(approach, "text-ranking", {"memory_gb": gigabytes}).picks
        assert sum(one.checkpoint.memory for one in found) <= gigabytes * 1e9


@settings(max_examples=60, deadline=None)
@given(task=TASKS, facts=LIMITS)
def test_for_a_hosted_decoder_there_is_nothing_to_download(task: str, facts: Situation) -> None:
    assert pick("hosted-decoder", task, facts).picks == ()


@pytest.mark.parametrize("approach", [one.id for one in SINGLE])
@settings(max_examples=60, deadline=None)
@given(task=TASKS, facts=LIMITS, tokens=st.sampled_from([129, 513, 1025, 8193, 40_000, 10**6]))
def test_for_long_texts_one_that_reads_them_whole_goes_first_else_the_longest(
    approach: str, task: str, facts: Situation, tokens: int
) -> None:
    facts = {**facts, "tokens": tokens}
    fit = fitting(approach, task, facts, spoken(task, facts))
    if not fit:
        return
    first = pick(approach, task, facts).picks[0].checkpoint
    assert first.context >= min(tokens, max(one.context for one in fit))


@pytest.mark.parametrize("approach", ["token-head", "span-head", "fine-tuned-encoder"])
def test_of_those_that_read_the_text_whole_the_rule_books_first_goes_first_not_the_longest(approach: str) -> None:
    for language, tokens in (("zh", 600), ("zh", 2048), ("en", 600), ("en", 5000)):
        whole = [one for one in fitting(approach, "parsing", {}, language) if one.context >= tokens]
        if language == "zh":
            whole = [one for one in whole if len(one.languages) <= 3]
        first = pick(approach, "parsing", {"language": language, "tokens": tokens}).picks[0].checkpoint
        assert first == whole[0]  # which are in the rule book's order


def test_texts_that_all_read_whole_change_nothing() -> None:
    for approach in SINGLE:
        assert [one.checkpoint for one in pick(approach.id, "text-classification", {"tokens": 1}).picks] == [
            one.checkpoint for one in pick(approach.id, "text-classification", {}).picks
        ]


@pytest.mark.parametrize("approach", [one.id for one in SINGLE if one.family == "gpt"])
def test_on_a_processor_one_of_at_most_two_thousand_million_goes_first(approach: str) -> None:
    found = pick(approach, "text-ranking", {"device": "cpu"}).picks
    smallest = min((one.parameters for one in BOOK.serve(approach)), default=10**15)
    if smallest <= 2 * 10**9:
        assert found[0].checkpoint.parameters <= 2 * 10**9


def test_texts_in_one_language_go_to_an_encoder_of_few() -> None:
    for language in ("zh", "de"):
        for approach in ("fine-tuned-encoder", "token-head"):
            [first, *_] = pick(approach, "text-classification", {"language": language}).picks
            assert len(first.checkpoint.languages) <= 3
            assert language in first.checkpoint.languages


@pytest.mark.parametrize("approach", [one.id for one in BOOK.approaches.values()])
def test_german_texts_get_only_models_that_were_trained_on_german(approach: str) -> None:
    for task in BOOK.tasks:
        for one in pick(approach, task, {"language": "de"}).picks:
            assert "de" in one.checkpoint.languages
    assert all(
        "de" in one.checkpoint.languages
        for one in pick("token-head", "named-entity-recognition", {"language": "de"}).picks
    )
    assert pick("token-head", "named-entity-recognition", {"language": "de"}).picks


@pytest.mark.parametrize("approach", [one.id for one in SINGLE])
def test_a_ready_head_is_picked_only_for_its_own_task_or_a_kind_of_it(approach: str) -> None:
    for task in BOOK.tasks:
        for language in ("en", "zh", "multi"):
            for one in pick(approach, task, {"language": language}).picks:
                assert does(one.checkpoint, task)
    if approach == "ready-made-encoder":
        assert all(one.tasks for one in BOOK.serve(approach))


@pytest.mark.parametrize("approach", ["cross-encoder", "decoder-reranker"])
def test_rerankers_are_for_ranking_alone_and_go_first_there(approach: str) -> None:
    rerankers = [one.id for one in BOOK.serve(approach) if "text-ranking" in one.tasks]
    assert {id for id in BOOK.checkpoints if "rerank" in id.casefold()} - set(rerankers) <= {
        one.id for one in BOOK.checkpoints.values() if approach not in one.serves
    }
    for task in BOOK.tasks:
        found = [one.checkpoint.id for one in pick(approach, task, {}).picks]
        if "text-ranking" in lineage(task):
            assert found[0] in rerankers
        else:
            assert not set(found) & set(rerankers)


def test_every_approach_but_hosted_ones_has_something_to_name_in_both_languages() -> None:
    for approach in BOOK.approaches:
        for language in ("en", "zh"):
            ranked = pick(approach, "text-ranking", {"language": language}).picks
            tagged = pick(approach, "named-entity-recognition", {"language": language}).picks
            assert bool(ranked or tagged) is (approach != "hosted-decoder")


@settings(max_examples=200, deadline=None)
@given(approach=st.sampled_from(sorted(BOOK.approaches)), task=TASKS, facts=LIMITS, words=WORDS)
def test_the_same_question_has_the_same_answer(approach: str, task: str, facts: Situation, words: str) -> None:
    turned = dict(reversed(facts.items()))
    again = Picker(BOOK).pick(BOOK.approaches[approach], task, words, turned)
    assert again == pick(approach, task, facts, words) == pick(approach, task, facts, words)


@settings(max_examples=200, deadline=None)
@given(approach=st.sampled_from(sorted(BOOK.approaches)), task=TASKS, facts=LIMITS)
def test_facts_that_no_model_depends_on_change_nothing(approach: str, task: str, facts: Situation) -> None:
    more: Situation = {**facts, "labels": 7, "classes": 3, "latency_ms": 9.0, "hosted": True, "domain": "shifted"}
    assert pick(approach, task, more).picks == pick(approach, task, facts).picks


def test_what_nobody_said_of_the_language_is_assumed_from_the_words() -> None:
    cases: list[tuple[str, Situation, str, bool]] = [
        ("ner", {}, "en", True), ("命名实体识别", {}, "zh", True), ("tag 中文 texts", {"labels": 5}, "zh", True),
        ("命名实体识别", {"language": "en"}, "en", False), ("ner", {"language": "zh"}, "zh", False),
        ("ner", {"language": "multi"}, "multi", False), ("ner", {"tokens": 9}, "en", True),
    ]  # fmt: skip
    for words, facts, language, assumed in cases:
        found = pick("token-head", "named-entity-recognition", facts, words)
        assert (found.language, found.assumed) == (language, assumed)
        spoken_by = [set(one.checkpoint.languages) for one in found.picks]
        assert all(language in some or (language == "multi" and len(some) >= 10) for some in spoken_by)


# --- what is told -----------------------------------------------------------------------------------------------------

ASKED = (
    ("ner",), ("命名实体识别",), ("summarization", "--tokens", "4000"), ("text-ranking", "--max-params", "100M"),
    ("retrieval-augmented-generation",), ("sentiment-analysis", "--labels", "0", "--text-language", "de"),
    ("feature-extraction", "--license", "permissive", "--device", "cpu"), ("task-oriented-dialogue",),
)  # fmt: skip
each_asked = pytest.mark.parametrize("argv", ASKED, ids=" ".join)


def told(run: InProcess, *argv: str) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(run("recommend", *argv, "--format", "json").out)
    return value


@each_asked
def test_text_and_markdown_name_those_of_the_json(argv: tuple[str, ...], run: InProcess) -> None:
    picks = told(run, *argv)["checkpoints"]
    assert len(picks) >= 2
    for lang in ("en", "zh"):
        text = run("recommend", *argv, "--lang", lang).out
        markdown = run("recommend", *argv, "--lang", lang, "--format", "markdown").out
        at = text.index("Models" if lang == "en" else "模型  ")
        for one in picks:
            assert one["id"] in text[at:]
            assert one["id"] in markdown.replace("\\", "")
            assert BOOK.checkpoints[one["id"]].license in text[at:]


@each_asked
def test_the_json_says_why_and_what_each_takes(argv: tuple[str, ...], run: InProcess) -> None:
    for told_one in told(run, *argv)["checkpoints"]:
        one = BOOK.checkpoints[told_one["id"]]
        assert (told_one["parameters"], told_one["memory_bytes"]) == (one.parameters, one.memory)
        assert (told_one["context"], told_one["license"]) == (one.context, one.license)
        assert "GB to serve" in told_one["why"]
        assert f"reads {one.context:,} tokens" in told_one["why"]
        assert told_one["role"] in ("first", "smaller", "larger", "next")


@each_asked
def test_explained_the_json_also_says_what_sets_each_apart_and_where_that_stands(
    argv: tuple[str, ...], run: InProcess
) -> None:
    short, whole = told(run, *argv), told(run, *argv, "--explain")
    assert short["checkpoints_for"] == whole["checkpoints_for"]
    for one, more in zip(short["checkpoints"], whole["checkpoints"], strict=True):
        known = BOOK.checkpoints[one["id"]]
        apart = {"family": known.family, "year": known.year, "about": known.about.en, "source": known.source}
        assert more == {**one, **apart}


def test_in_chinese_the_reasons_are_chinese(run: InProcess) -> None:
    [one, *_] = told(run, "ner", "--lang", "zh", "--explain")["checkpoints"]
    assert "首选" in one["why"]
    assert one["about"] == BOOK.checkpoints[one["id"]].about.zh


def test_that_a_language_is_assumed_is_said_and_one_that_is_given_is_not(run: InProcess) -> None:
    for argv, language in ((("ner",), "en"), (("命名实体识别",), "zh")):
        out = " ".join(run("recommend", *argv).out.split())
        assert f"picked for texts in '{language}'; --text-language says otherwise" in out
        assert told(run, *argv)["checkpoints_for"] == {"language": language, "assumed": True}
    given_one = ("命名实体识别", "--text-language", "en")
    assert "picked for texts" not in run("recommend", *given_one).out
    assert told(run, *given_one)["checkpoints_for"] == {"language": "en", "assumed": False}


def test_longer_texts_than_a_model_reads_are_told_to_be_split(run: InProcess) -> None:
    argv = ("ner", "--text-language", "de", "--max-params", "120M", "--tokens")
    assert "split longer texts" not in run("recommend", *argv, "512").out
    assert "split longer texts" in " ".join(run("recommend", *argv, "513").out.split())
    assert all("longer texts are split" in one["why"] for one in told(run, *argv, "100000")["checkpoints"])


def test_where_no_model_fits_it_is_said(run: InProcess) -> None:
    argv = ("ner", "--max-params", "1M", "--labels", "500")
    assert told(run, *argv)["checkpoints"] == []
    assert "no checkpoint that bertgpt knows fits these facts" in " ".join(run("recommend", *argv).out.split())


def test_of_a_hosted_decoder_nothing_is_said(run: InProcess) -> None:
    argv = ("reasoning", "--hosted")
    assert told(run, *argv)["approach"]["id"] == "hosted-decoder"
    assert told(run, *argv)["checkpoints"] == []
    assert "\nModels " not in run("recommend", *argv).out


def test_a_batch_and_a_plan_name_them_too(run: InProcess, tmp_path: Path) -> None:
    file = tmp_path / "lines.jsonl"
    file.write_text('{"task": "ner"}\n{"task": "命名实体识别"}\n{"task": "ner"}\n', "utf-8")
    english, chinese, again = map(json.loads, run("recommend", "--batch", str(file)).out.splitlines())
    for found, task in ((english, "ner"), (chinese, "命名实体识别"), (again, "ner")):
        one = told(run, task)
        assert (found["checkpoints"], found["checkpoints_for"]) == (one["checkpoints"], one["checkpoints_for"])
    assert english["checkpoints"] != chinese["checkpoints"]
    plan = told(run, "--task", "ner", "--task", "summarization")
    assert [one["checkpoints"] for one in plan["answers"]] == [
        told(run, task)["checkpoints"] for task in ("ner", "summarization")
    ]


# --- the program ------------------------------------------------------------------------------------------------------

PARTS = {
    "bi-encoder": "EMBEDDER",
    "cross-encoder": "RERANKER",
    "prompted-decoder": "DECODER",
    "fine-tuned-encoder": "ENCODER",
}


def constants(text: str) -> dict[str, Any]:
    """The constants of a program, those that are literals."""
    found = {}
    for node in ast.parse(text).body:
        if (
            isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Name)
            and isinstance(node.value, ast.Constant)
        ):
            found[node.targets[0].id] = node.value.value
    return found


@each_asked
def test_code_prints_a_program_alone_with_the_picks_filled_in(argv: tuple[str, ...], run: InProcess) -> None:
    done = run("recommend", *argv, "--code")
    assert done.code == Exit.DONE
    top, picks = constants(done.out), told(run, *argv)["checkpoints"]
    assert "Given" not in done.out.splitlines()[0]
    if not picks[0]["part"]:
        assert (top["MODEL"], top["CONTEXT"]) == (picks[0]["id"], picks[0]["context"])
        return
    for one in picks:
        assert top[PARTS[one["part"]]] == one["id"]
        if one["part"] == "prompted-decoder":
            assert top["CONTEXT"] == one["context"]


# A CONTEXT is the decoder's where there is one, else the model's.
EACH = [(approach.id, output) for approach in BOOK.approaches.values() for output in approach.gives]


@pytest.mark.parametrize(("approach", "output"), EACH)
def test_each_program_has_the_picks_of_its_approach(approach: str, output: str) -> None:
    base = recommended("text-ranking")
    situations: tuple[Situation, ...] = ({}, {"language": "zh"}, {"language": "multi", "tokens": 5000})
    for facts in situations:
        picks = pick(approach, "text-ranking", facts)
        answer = base._replace(approach=ADVISER.card(approach), output=output, checkpoints=picks)
        made = program(BOOK, answer)
        assert made is not None
        top = constants(made)
        found = starters.find(approach, lineage("text-ranking") if output == "ranking" else (), output)
        assert found is not None
        kept = constants(found)
        wanted = {PARTS[one.part] if one.part else "MODEL": one.checkpoint for one in picks.picks[::-1]}
        for name in kept.keys() & wanted.keys():
            one = wanted[name]
            assert top[name] == one.id
            if name in ("MODEL", "DECODER") and "CONTEXT" in kept:
                assert top["CONTEXT"] == one.context
        changed = {name for name in kept if kept[name] != top[name]}
        assert changed <= {*wanted, "CONTEXT"}


@pytest.mark.parametrize("approach", [one.id for one in SINGLE])
def test_a_program_can_load_the_model_that_it_names(approach: str) -> None:
    """Of a model that needs code from its repository, transformers loads nothing unless it is told to trust that code."""
    situations: tuple[Situation, ...] = (
        {}, {"language": "code"}, {"language": "code", "tokens": 5000}, {"language": "multi", "tokens": 5000},
        {"language": "zh", "tokens": 600, "max_params": 4 * 10**8}, {"language": "zh", "tokens": 600, "max_params": 3 * 10**8},
    )  # fmt: skip
    base = recommended("text-ranking")
    for facts in situations:
        picks = pick(approach, "text-ranking", facts)
        if picks.picks and picks.picks[0].checkpoint.remote_code:
            made = program(BOOK, base._replace(approach=ADVISER.card(approach), checkpoints=picks))
            assert made is not None
            assert "trust_remote_code=True" in made or "from gliner import" in made, picks.picks[0].checkpoint.id


def test_the_main_program_of_an_approach_has_a_place_for_every_pick() -> None:
    for approach in BOOK.approaches.values():
        found = starters.find(approach.id, (), "")
        assert found is not None
        assert {PARTS[part] for part, _ in approach.parts} <= constants(found).keys()
        assert approach.parts or "MODEL" in constants(found)


def test_a_program_where_no_model_fits_keeps_its_own(run: InProcess) -> None:
    argv = ("ner", "--max-params", "1M", "--labels", "500")
    approach = told(run, *argv)["approach"]["id"]
    found = starters.find(approach, lineage("named-entity-recognition"), "span")
    assert run("recommend", *argv, "--code").out == found


def test_the_json_holds_the_program_beside_the_answer_and_markdown_in_a_fence(run: InProcess) -> None:
    code = run("recommend", "ner", "--code").out
    value = json.loads(run("recommend", "ner", "--code", "--format", "json").out)
    assert value.pop("code") == code
    assert value == told(run, "ner")
    first, *lines, last = run("recommend", "ner", "--code", "--format", "markdown").out.splitlines()
    assert first.startswith("```")
    assert last == "```"
    assert "\n".join(lines).rstrip() == code.rstrip()


def test_the_language_of_the_run_changes_no_program(run: InProcess) -> None:
    assert run("recommend", "ner", "--code", "--lang", "zh").out == run("recommend", "ner", "--code").out


def test_of_a_plan_each_program_stands_under_its_task(run: InProcess) -> None:
    argv = ("--task", "ner", "--task", "summarization")
    out = run("recommend", *argv, "--code").out
    ast.parse(out)
    plan = told(run, *argv)
    heads = [f"# === {one['task']['id']}: {one['approach']['id']} ===" for one in plan["answers"]]
    assert [line for line in out.splitlines() if line.startswith("# ===")] == heads
    for one, task in zip(plan["answers"], ("ner", "summarization"), strict=True):
        assert run("recommend", task, "--code").out.strip() in out
        assert f'MODEL = "{one["checkpoints"][0]["id"]}"' in out


@pytest.mark.parametrize("argv", [("ner", "--format", "jsonl"), ("--batch", "x.jsonl"), ("--batch", "-")], ids=" ".join)
def test_programs_are_refused_where_there_is_a_line_for_each_answer(argv: tuple[str, ...], run: InProcess) -> None:
    done = run("recommend", *argv, "--code")
    assert done.code == Exit.USAGE
    assert "--code prints programs" in done.err


def test_another_output_has_the_program_of_that_output(run: InProcess) -> None:
    for output in ("json", "text", "label"):
        argv = ("ner", "--output", output, "--labels", "0")
        value = told(run, *argv)
        assert value["output"] == output
        found = starters.find(value["approach"]["id"], (), output)
        assert found is not None
        names = {"MODEL": value["checkpoints"][0]["id"], "CONTEXT": value["checkpoints"][0]["context"]}
        assert run("recommend", *argv, "--code").out == starters.fill(found, names)


def test_a_program_of_a_task_is_not_for_another_output_of_it() -> None:
    base = recommended("pii-detection")
    card = ADVISER.card("edit-tagging-encoder")
    own, other = (program(BOOK, base._replace(approach=card, output=output)) for output in (base.output, "label"))
    assert own != other
    assert other == starters.fill(starters.find("edit-tagging-encoder", (), "label") or "", _filled(base))


def _filled(answer: Recommendation) -> dict[str, str | int]:
    first = answer.checkpoints.picks[0].checkpoint
    return {"MODEL": first.id, "CONTEXT": first.context}


def test_a_kind_of_a_task_has_the_program_of_the_task_itself() -> None:
    base = recommended("sentiment-analysis")
    own = recommended("multi-label-classification")
    card = ADVISER.card("fine-tuned-encoder")
    plain, several = (program(BOOK, one._replace(approach=card, output="label")) for one in (base, own))
    assert plain != several
    folder = Path(__file__).parent.parent / "rules" / "starters"
    text = (folder / "fine-tuned-encoder.multi-label-classification.py").read_text("utf-8")
    assert several == starters.fill(text, _filled(own))


TEAM = """version: 1
approaches:
  our-own-way:
    family: bert
    title: {en: our own way, zh: 自己的办法}
    gives: [label]
    serving: light
    classes: [AutoModel]
    adapt: {en: x, zh: x}
    inference: {en: x, zh: x}
    cost: {en: x, zh: x}
tasks:
  spam-detection: {override: merge, choices: [{approach: our-own-way, id: ours, when: {labels: 3}, because: {en: x, zh: 中}, evidence: [BERT]}]}
"""


def test_a_teams_own_approach_has_no_program_and_says_so(run: InProcess, tmp_path: Path) -> None:
    path = tmp_path / "team.yaml"
    path.write_text(TEAM, "utf-8")
    argv = ("recommend", "spam-detection", "--labels", "3", "--rules", str(path))
    assert "our own way" in run(*argv).out
    for lang, words in (("en", "there is no starter program for our-own-way"), ("zh", "our-own-way 没有起步程序")):
        done = run(*argv, "--code", "--lang", lang)
        assert (done.code, done.out) == (Exit.USAGE, "")
        assert words in done.err
