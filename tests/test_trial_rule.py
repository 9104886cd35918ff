"""How a trial meets the rules: what they had advised, and a rule file that says what was measured."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bertgpt_cli.advise.recommend import Adviser
from bertgpt_cli.advise.trial import advised, approach_of, family_agrees
from bertgpt_cli.errors import UsageError
from bertgpt_cli.report.trial import Advised, Candidate, Cost, Crossing, Point, Score, Status, Trial, Verdict, Way
from bertgpt_cli.rulebook import evidence, examples, files, inspection, reading
from bertgpt_cli.rulebook.book import Rulebook
from bertgpt_cli.rulebook.facts import Value
from bertgpt_cli.rulebook.layers import stack
from bertgpt_cli.rulebook.writing import rule_file
from bertgpt_cli.text import Text
from tests.conftest import InProcess

DAY = "2026-04-01"
TASK = "text-classification"
NO_WORDS = Text("", "")


@cache
def read(name: str, path: str) -> Any:
    data = Path(path).read_bytes()
    return evidence.read(name, data) if name.endswith(".csv") else reading.read(name, data)


@cache
def layered(*texts: str) -> Rulebook:
    """The built-in rules with these files on top, `1.yaml`, `2.yaml` ..."""
    shipped = files.builtin_files()
    layers = [read(name, path) for name, path in shipped if not name.endswith(".csv")]
    sheets = [read(name, path) for name, path in shipped if name.endswith(".csv")]
    mine = [reading.read(f"{number}.yaml", text.encode()) for number, text in enumerate(texts, 1)]
    names = (*(name for name, _ in shipped), *(layer.name for layer in mine))
    return stack([*layers, *mine], sheets, names)


# A book of one task, for what is tried a thousand times.
SORTING = """version: 1
tasks:
  sorting:
    title: {en: Sorting, zh: 归类}
    output: label
    choices:
      - approach: zero-shot-nli-encoder
        when: {labels: {below: 8}}
        because: {en: Few labels., zh: 标注少。}
        evidence: [YIN19]
      - approach: few-shot-encoder
        when: {labels: {below: 200}}
        because: {en: Some labels., zh: 有些标注。}
        evidence: [SETFIT]
      - approach: fine-tuned-encoder
        because: {en: Many labels., zh: 标注多。}
        evidence: [BERT]
    examples:
      - {given: {labels: 1}, expect: zero-shot-nli-encoder}
  weighing:
    title: {en: Weighing, zh: 称量}
    output: score
    choices:
      - {approach: fine-tuned-encoder, because: {en: x, zh: x}, evidence: [BERT]}
  sorting-mail:
    title: {en: Sorting mail, zh: 邮件归类}
    output: label
    parent: sorting
"""


@cache
def small(*texts: str) -> Rulebook:
    paths = dict(files.builtin_files())
    parts = [read(name, paths[name]) for name in ("rules/approaches.yaml", "rules/families.yaml", "rules/sources.yaml")]
    named = [("base.yaml", SORTING), *((f"{number}.yaml", text) for number, text in enumerate(texts, 1))]
    return stack([*parts, *(reading.read(name, text.encode()) for name, text in named)])


def candidate(
    id: str,
    family: str,
    way: Way,
    curve: dict[int, float],
    status: Status = "measured",
    p95: float = 0.01,
    blocked: bool = False,
) -> Candidate:
    points = tuple(
        Point(labels, Score(share, share - 0.03, share + 0.02), Score(share, share, share), 5, 990)
        for labels, share in curve.items()
    )
    cost = Cost(p95 / 2, p95, 100.0, 10**8, "measured", 10**7, "fp32")
    reasons = (Text("too slow", "太慢"),) if blocked else ()
    rank = int(status in ("measured", "dropped") and not blocked)
    return Candidate(
        id, id, family, way, approach_of(family, way), status, rank, points, NO_WORDS, NO_WORDS, cost, reasons, ()
    )


HEAD = candidate("MiniLM head", "bert", "head", {8: 0.5, 16: 0.6, 32: 0.74, 800: 0.842})
OTHER_HEAD = candidate("BERT head", "bert", "head", {8: 0.45, 800: 0.83})
PROMPT = candidate("SmolLM2 prompt", "gpt", "prompt", {0: 0.68})
DECODER_HEAD = candidate("SmolLM2 head", "gpt", "head", {8: 0.4, 800: 0.8})
CLOZE = candidate("BERT cloze", "bert", "cloze", {0: 0.5})
TUNED = candidate("MiniLM fine-tune", "bert", "fine-tune", {200: 0.7, 800: 0.9})
TFIDF = candidate("tf-idf", "", "tfidf", {8: 0.4, 800: 0.781})
MAJORITY = candidate("majority", "", "majority", {0: 0.34})
AT_24 = Crossing("SmolLM2 prompt", "MiniLM head", 24, 19, 31)


def trial(
    *candidates: Candidate,
    level_with: tuple[str, ...] = (),
    crossings: tuple[Crossing, ...] = (),
    file: str = "data/reviews.csv",
    facts: dict[str, Value] | None = None,
    measured: tuple[str, ...] = ("x",),
    texts: int = 1000,
) -> Trial:
    """A trial whose first candidate is ahead; without any, nothing was measured."""
    winner = candidates[0].id if candidates else ""
    verdict = Verdict("nothing" if not winner else "level" if level_with else "winner", winner, level_with, ())
    classes = (("good", texts // 2), ("差", texts - texts // 2))
    title = Text("fine-tune an encoder", "微调编码器")
    advice = Advised(TASK, "fine-tuned-encoder", title, "bert", tuple((facts or {}).items()), measured, None)
    return Trial(
        file, "text", "label", texts, classes, 0, (), (), 21, (), 5, candidates,
        crossings, verdict, (), advice, "", 9.0, 7, (("torch", "2.13.0"),),
    )  # fmt: skip


TWO = trial(HEAD, PROMPT, TFIDF, MAJORITY, crossings=(AT_24,))


def written(measured: Trial, task: str = TASK) -> str:
    return rule_file(layered(), measured, task, DAY)


def advice(book: Rulebook, **facts: Value) -> str:
    adviser = Adviser(book)
    (match,) = adviser.resolve(TASK)
    return adviser.recommend(match, facts).choice


def faults(book: Rulebook, before: Rulebook, *names: str) -> list[str]:
    """What `rules check` and `rules test` say of the files, notes and what no example reaches among it."""
    found = [one.message.en for one in inspection.check(book, names, before).findings]
    report = examples.run(book, names)
    return [*found, *(f"{one.place}: {one.got}" for one in report.failed), *map(str, report.unreached)]


# --- what the rules call what was measured ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("family", "way", "approach"),
    [
        ("bert", "head", "frozen-encoder"),
        ("gpt", "head", "frozen-decoder"),
        ("gpt", "prompt", "option-scoring-decoder"),
        ("gpt", "few-shot", "option-scoring-decoder"),
        ("bert", "cloze", "masked-token-prompt"),
        ("bert", "fine-tune", "fine-tuned-encoder"),
        ("gpt", "fine-tune", "fine-tuned-decoder"),
    ],
)
def test_a_way_is_an_approach_of_its_family_that_gives_labels(family: str, way: str, approach: str) -> None:
    assert approach_of(family, way) == approach
    known = layered().approaches[approach]
    assert known.family == family
    assert "label" in known.gives


@pytest.mark.parametrize("way", ["majority", "tfidf"])
def test_rules_have_no_word_for_a_baseline(way: str) -> None:
    assert approach_of("", way) == ""


# --- what they had advised -------------------------------------------------------------------------------------------


def had(measured: Trial, **facts: Value) -> Advised:
    return advised(Adviser(layered()), TASK, measured, facts)


def test_the_rules_are_asked_with_what_was_seen_and_what_was_given() -> None:
    answer = had(TWO, latency_ms=40, language="de")
    assert answer.situation == (
        ("labels", 1000), ("classes", 2), ("output", "label"), ("tokens", 21), ("language", "de"), ("latency_ms", 40),
    )  # fmt: skip
    assert (answer.task, answer.approach, answer.family) == (TASK, "fine-tuned-encoder", "bert")
    assert answer.title == layered().approaches["fine-tuned-encoder"].title
    assert had(TWO, labels=100).approach == "few-shot-encoder"  # what is given wins


def test_what_was_not_measured_cannot_agree_but_its_family_can() -> None:
    answer = had(TWO)
    assert (answer.measured, answer.agrees) == ((), None)
    assert family_agrees(TWO, answer.family) is True
    assert family_agrees(trial(PROMPT, HEAD), answer.family) is False
    assert family_agrees(trial(PROMPT, TFIDF), answer.family) is None
    assert family_agrees(TWO, "hybrid") is None
    assert family_agrees(trial(HEAD, PROMPT, level_with=("SmolLM2 prompt",)), "bert") is None
    assert family_agrees(trial(HEAD, CLOZE, level_with=("BERT cloze",)), "bert") is True


OTHER_TUNED = candidate("BERT fine-tune", "bert", "fine-tune", {800: 0.8}, status="dropped")


@pytest.mark.parametrize(
    ("measured", "ids", "agrees"),
    [
        (trial(TUNED, HEAD), ["MiniLM fine-tune"], True),
        (trial(HEAD, TUNED), ["MiniLM fine-tune"], False),
        (trial(TFIDF, TUNED), ["MiniLM fine-tune"], False),
        (trial(TUNED, HEAD, OTHER_TUNED), ["MiniLM fine-tune", "BERT fine-tune"], True),
        (trial(HEAD, OTHER_TUNED), ["BERT fine-tune"], False),  # dropped: clearly behind
        (trial(HEAD, TUNED._replace(status="failed", rank=0)), [], None),
        (trial(HEAD, TUNED._replace(status="control", rank=0)), [], None),
        (trial(HEAD, TUNED._replace(status="unfinished", rank=0)), [], None),
        (trial(TUNED._replace(status="unfinished"), HEAD), ["MiniLM fine-tune"], True),
        (trial(HEAD, TUNED._replace(rank=0)), ["MiniLM fine-tune"], False),  # over a limit
        # Level: nothing confirms the advice, nothing contradicts it, unless all or none of those in front are of it.
        (trial(TUNED, HEAD, level_with=("MiniLM head",)), ["MiniLM fine-tune"], None),
        (trial(HEAD, TUNED, level_with=("MiniLM fine-tune",)), ["MiniLM fine-tune"], None),
        (trial(HEAD, PROMPT, TUNED, level_with=("SmolLM2 prompt",)), ["MiniLM fine-tune"], False),
        (
            trial(TUNED, OTHER_TUNED, HEAD, level_with=("BERT fine-tune",)),
            ["MiniLM fine-tune", "BERT fine-tune"],
            True,
        ),
        (trial(HEAD, TUNED)._replace(verdict=Verdict("nothing", "", (), ())), ["MiniLM fine-tune"], None),
    ],
)
def test_whether_the_verdict_is_what_was_advised(measured: Trial, ids: list[str], agrees: bool | None) -> None:
    answer = had(measured)
    assert list(answer.measured) == ids
    assert answer.agrees is agrees


def test_scoring_label_names_is_how_a_prompted_decoder_is_measured() -> None:
    answer = had(trial(PROMPT, HEAD), labels=4, label_kind="custom")
    assert answer.approach == "prompted-decoder"
    assert (answer.measured, answer.agrees) == (("SmolLM2 prompt",), True)


def test_advice_that_does_not_fit_counts_as_not_measured() -> None:
    task = small().tasks["sorting"]
    only = task._replace(choices=tuple(one for one in task.choices if one.approach == "fine-tuned-encoder"))
    adviser = Adviser(small()._replace(tasks={**small().tasks, "sorting": only}))
    assert advised(adviser, "sorting", trial(TUNED, HEAD), {}).agrees is True
    answer = advised(adviser, "sorting", trial(TUNED, HEAD), {"fine_tune": False})
    assert (answer.approach, answer.measured, answer.agrees) == ("fine-tuned-encoder", (), None)


# --- a rule file ------------------------------------------------------------------------------------------------------


def test_what_was_measured_is_advised_on_both_sides_of_the_threshold(run: InProcess, tmp_path: Path) -> None:
    team = tmp_path / "team.yaml"
    team.write_text(written(TWO), encoding="utf-8")

    def ask(labels: int, lang: str) -> str:
        asked = run("recommend", "--rules", str(team), "--task", TASK, "--labels", str(labels), "--lang", lang)
        assert asked.code == 0, asked.err
        return " ".join(asked.out.split())

    assert "let a decoder score each option's likelihood" in ask(23, "en")
    assert "68.0 % right with 0 labels (95 % interval 65.0 to 70.0, 990 texts)" in ask(23, "en")
    assert "frozen encoder + linear head" in ask(24, "en")
    assert "用解码器比较各选项的似然" in ask(23, "zh")
    assert "冻结编码器 + 线性头" in ask(24, "zh")
    assert "84.2%" in ask(24, "zh")
    assert faults(layered(written(TWO)), layered(), "1.yaml") == []


def test_the_reason_tells_the_measurement() -> None:
    book = layered(written(TWO))
    below, above = book.tasks[TASK].choices[:2]
    assert below.because == Text(
        "Measured on 'reviews.csv' on 2026-04-01 (1,000 texts, 2 classes): ahead below about 24 labels (19 to 31). "
        "SmolLM2 prompt had 68.0 % right with 0 labels (95 % interval 65.0 to 70.0, 990 texts); "
        "MiniLM head 60.0 % with 16; tf-idf 40.0 % with 8.",
        "在“reviews.csv”上实测（2026-04-01，1000 条文本、2 个类别）：标注少于约 24 条（19~31）时领先。"
        "SmolLM2 prompt 用 0 条标注，准确率 68.0%（95% 区间 65.0%~70.0%，990 条文本）；"
        "MiniLM head 用 16 条，60.0%；tf-idf 用 8 条，40.0%。",
    )
    assert above.because == Text(
        "Measured on 'reviews.csv' on 2026-04-01 (1,000 texts, 2 classes): ahead from about 24 labels on (19 to 31). "
        "MiniLM head had 84.2 % right with 800 labels (95 % interval 81.2 to 86.2, 990 texts); "
        "tf-idf 78.1 % with 800; SmolLM2 prompt 68.0 % with 0. Nothing was measured with more than 800 labels.",
        "在“reviews.csv”上实测（2026-04-01，1000 条文本、2 个类别）：标注从约 24 条（19~31）起领先。"
        "MiniLM head 用 800 条标注，准确率 84.2%（95% 区间 81.2%~86.2%，990 条文本）；"
        "tf-idf 用 800 条，78.1%；SmolLM2 prompt 用 0 条，68.0%。800 条标注以上没有测过。",
    )
    assert below.evidence == above.evidence == ("TRIALREVIEWS",)
    source = book.sources["TRIALREVIEWS"]
    assert source.title == "reviews.csv, measured by bertgpt trial on 2026-04-01: 1,000 texts, 2 classes, seed 7"
    assert (source.year, source.url, book.date) == (2026, "file:reviews.csv", max(DAY, layered().date))


def test_advice_that_was_not_measured_is_told() -> None:
    """Where it was advised: for as many labels as there are texts."""
    book = layered(written(trial(HEAD, PROMPT, TFIDF, crossings=(AT_24,), measured=())))
    below, above = book.tasks[TASK].choices[:2]
    assert "What was advised before, 'fine-tune an encoder', was not measured." in above.because.en
    assert "原先推荐的“微调编码器”没有测过。" in above.because.zh
    assert "What was advised" not in below.because.en


def test_a_number_of_labels_at_the_threshold_belongs_above_it() -> None:
    book = layered(written(trial(HEAD, PROMPT, crossings=(AT_24._replace(labels=32),))))
    assert "; MiniLM head 60.0 % with 16." in book.tasks[TASK].choices[0].because.en


def test_the_file_can_be_read_by_people() -> None:
    text = written(TWO)
    (choice, *_) = layered(text).tasks[TASK].choices
    assert f"        zh: {choice.because.zh}\n" in text
    long = written(TWO._replace(file="x" * 300))
    assert f"# {'x' * 77}..., measured by bertgpt trial" in long


def test_one_approach_that_leads_everywhere_is_bound_to_what_was_measured() -> None:
    book = layered(written(trial(HEAD, CLOZE, TFIDF)))
    mine = "trialreviews-from-8"
    assert [advice(book, labels=labels) == mine for labels in (7, 8, 1599, 1600)] == [False, True, True, False]
    elsewhere: list[dict[str, Value]] = [{"labels": 7}, {"labels": 1600}, {}, {"labels": 100, "output": "span"}]
    for facts in elsewhere:
        assert advice(book, **facts) == advice(layered(), **facts)


def test_three_crossings_make_four_choices() -> None:
    crossings = (
        Crossing("BERT cloze", "SmolLM2 prompt", 4, 2, 6),
        AT_24,
        Crossing("MiniLM head", "MiniLM fine-tune", 90, 70, 120),
    )
    tuned = candidate("MiniLM fine-tune", "bert", "fine-tune", {8: 0.3, 800: 0.9})
    few = candidate("SmolLM2 prompt", "gpt", "few-shot", {4: 0.68})
    book = layered(written(trial(tuned, HEAD, few, CLOZE, TFIDF, crossings=crossings)))
    told = {labels: advice(book, labels=labels) for labels in (0, 3, 4, 23, 24, 89, 90, 1599, 1600)}
    mine = [choice for choice in book.tasks[TASK].choices if choice.origin.file == "1.yaml"]
    assert [one.approach for one in mine] == [
        "masked-token-prompt", "option-scoring-decoder", "frozen-encoder", "fine-tuned-encoder",
    ]  # fmt: skip
    a, b, c, d = (one.id for one in mine)
    assert list(told.values()) == [a, a, b, b, c, c, d, d, "fine-tuned-encoder"]
    assert "from about 24 (19 to 31) to about 90 labels (70 to 120)" in mine[2].because.en
    assert "标注从约 24 条（19~31）到约 90 条（70~120）之间领先" in mine[2].because.zh
    assert faults(book, layered(), "1.yaml") == []


def test_without_a_crossing_a_choice_begins_where_no_other_approach_was_ahead() -> None:
    """The curves cross, but not clearly enough to say where: HEAD is behind PROMPT up to 16 labels, ahead from 32 on."""
    book = layered(written(trial(HEAD, PROMPT, TFIDF, MAJORITY)))
    assert [advice(book, labels=labels) for labels in (31, 32, 1599)] == [
        advice(layered(), labels=31), *["trialreviews-from-32"] * 2,
    ]  # fmt: skip
    assert "ahead with 32 to 800 labels" in book.tasks[TASK].choices[0].because.en


@pytest.mark.parametrize("way", ["prompt", "few-shot", "cloze"])
def test_a_prompt_keeps_its_accuracy_with_more_labels(way: Way) -> None:
    """Ahead of the head with 16 and 32 labels, so the head's lead with 8 is not told."""
    head = candidate("MiniLM head", "bert", "head", {8: 0.7, 16: 0.6, 32: 0.74, 64: 0.76, 800: 0.84})
    prompt = candidate("asked", "bert" if way == "cloze" else "gpt", way, {0: 0.3, 16: 0.75})
    book = layered(written(trial(head, prompt)))
    assert [advice(book, labels=labels) == "trialreviews-from-64" for labels in (8, 63, 64)] == [False, False, True]


def test_what_no_crossing_separates_is_left_open() -> None:
    """The prompt is clearly ahead of the head below 24 labels; where fine-tuning passes the head is unclear."""
    book = layered(written(trial(TUNED, HEAD, PROMPT, crossings=(AT_24,))))
    assert [advice(book, labels=labels) for labels in (23, 24, 199, 200)] == [
        "trialreviews-from-0", "few-shot-encoder", "few-shot-encoder", "trialreviews-from-200",
    ]  # fmt: skip
    assert "ahead below about 24 labels" in book.tasks[TASK].choices[0].because.en
    assert "ahead with 200 to 800 labels" in book.tasks[TASK].choices[1].because.en
    unclear = candidate("BERT cloze", "bert", "cloze", {16: 0.7})
    book = layered(written(trial(HEAD, PROMPT, unclear, crossings=(AT_24._replace(labels=300),))))
    for labels in (0, 16, 299):
        assert advice(book, labels=labels) == advice(layered(), labels=labels)
    later = candidate("MiniLM fine-tune", "bert", "fine-tune", {8: 0.7, 800: 0.9})  # ahead with 8, but not below 24
    book = layered(written(trial(later, HEAD, PROMPT, crossings=(AT_24,))))
    assert [advice(book, labels=labels) for labels in (23, 24)] == ["trialreviews-from-16", "trialreviews-from-24"]


def test_where_a_baseline_is_ahead_the_rules_below_speak() -> None:
    crossings = (Crossing("tf-idf", "MiniLM head", 200, 150, 260), Crossing("SmolLM2 prompt", "tf-idf", 16, 12, 20))
    book = layered(written(trial(HEAD, PROMPT, TFIDF, crossings=crossings)))
    assert [advice(book, labels=labels) for labels in (15, 16, 199, 200)] == [
        "trialreviews-from-0", "few-shot-encoder", "few-shot-encoder", "trialreviews-from-200",
    ]  # fmt: skip
    assert faults(book, layered(), "1.yaml") == []


@pytest.mark.parametrize("clear", [True, False])
def test_checkpoints_that_change_places_are_one_choice_of_their_approach(clear: bool) -> None:
    """Whether or not it is clear where the two heads change places."""
    places = (Crossing("BERT head", "MiniLM head", 100, 80, 130),) if clear else ()
    crossings = (Crossing("SmolLM2 prompt", "BERT head", 24, 19, 31), *places)
    book = layered(written(trial(HEAD, OTHER_HEAD, PROMPT, level_with=("BERT head",), crossings=crossings)))
    assert [advice(book, labels=labels) for labels in (23, 24, 99, 100, 1599)] == [
        "trialreviews-from-0", *["trialreviews-from-24"] * 4,
    ]  # fmt: skip
    above = book.tasks[TASK].choices[1]
    assert "ahead from about 24 labels on (19 to 31). MiniLM head had 84.2 %" in above.because.en
    assert "BERT head" not in above.because.en


def test_a_choice_holds_for_texts_like_those_that_were_described() -> None:
    described: dict[str, Value] = {"language": "no", "domain": "shifted", "label_kind": "custom"}
    facts: dict[str, Value] = {"labels": 1000, **described, "device": "gpu", "latency_ms": 50}
    book = layered(written(TWO._replace(advised=trial(HEAD, facts=facts).advised)))
    assert advice(book, labels=100, **described) == "trialreviews-from-24"  # whatever serves it
    for fact in described:
        others = {name: value for name, value in described.items() if name != fact}
        assert advice(book, labels=100, **others) != "trialreviews-from-24"
    assert faults(book, layered(), "1.yaml") == []


def test_where_a_limit_left_a_candidate_out_the_choice_holds_under_that_limit() -> None:
    slow = candidate("SmolLM2 prompt", "gpt", "prompt", {0: 0.9}, p95=0.048057, blocked=True)
    slower = candidate("SmolLM2 head", "gpt", "head", {8: 0.9}, p95=0.2, blocked=True)
    facts: dict[str, Value] = {"latency_ms": 20, "memory_gb": 4}
    book = layered(written(trial(HEAD, slow, slower, TFIDF, facts=facts)))
    choice = book.tasks[TASK].choices[0]
    assert {one.fact: (one.low, one.high) for one in choice.when[1:]} == {
        "labels": (8, 1600), "latency_ms": (10.0, 48.06),
    }  # fmt: skip
    assert advice(book, labels=100, latency_ms=20) == "trialreviews-from-8"
    assert advice(book, labels=100) == advice(layered(), labels=100)
    assert "Left out for breaking a limit: SmolLM2 prompt, SmolLM2 head." in choice.because.en
    assert "超出限制、未参与比较：SmolLM2 prompt, SmolLM2 head。" in choice.because.zh
    assert "990 texts); tf-idf 78.1 % with 800. Left" in choice.because.en
    assert faults(book, layered(), "1.yaml") == []


def test_a_limit_that_left_nothing_out_is_no_condition() -> None:
    book = layered(written(TWO._replace(advised=trial(HEAD, facts={"latency_ms": 20}).advised)))
    assert advice(book, labels=100) == "trialreviews-from-24"


def test_results_that_speak_against_a_choice_are_named() -> None:
    mine = layered(written(TWO)).tasks[TASK].choices[:2]
    rows = layered().results()
    assert [bool(one.against) for one in mine] == [True, True]
    assert all(rows[id].decisive for one in mine for id in one.against)
    assert {rows[id].winner for id in mine[0].against} == {"encoder"}
    assert {rows[id].winner for id in mine[1].against} == {"decoder"}


@pytest.mark.parametrize(
    ("measured", "task", "why"),
    [
        (trial(), TASK, Text("nothing was measured that keeps the limits", "没有测出符合限制的方案")),
        (
            trial(HEAD, PROMPT, level_with=("SmolLM2 prompt",), crossings=(AT_24,)),
            TASK,
            Text(
                "the trial cannot separate MiniLM head from SmolLM2 prompt",
                "本次实测分不出 MiniLM head 与 SmolLM2 prompt 的高下",
            ),
        ),
        (
            trial(HEAD, OTHER_HEAD, TFIDF, level_with=("BERT head", "tf-idf")),
            TASK,
            Text("the trial cannot separate MiniLM head from tf-idf", "本次实测分不出 MiniLM head 与 tf-idf 的高下"),
        ),
        (
            trial(TFIDF, HEAD, PROMPT, crossings=(AT_24,)),
            TASK,
            Text("tf-idf is ahead, which no rule can advise", "领先的是 tf-idf，规则里没有这种方案"),
        ),
        (
            trial(candidate("MiniLM head", "bert", "head", {0: 0.3})),
            TASK,
            Text("there is no number of labels for which it would hold", "没有能让规则成立的标注数范围"),
        ),
        (
            TWO,
            "text-scoring",
            Text("text-scoring gives a score, a trial measures labels", "text-scoring 的输出是 score，而实测的是标签"),
        ),
    ],
)
def test_what_no_rule_can_say_is_not_written(measured: Trial, task: str, why: Text) -> None:
    with pytest.raises(UsageError) as caught:
        written(measured, task)
    assert caught.value.code == "nothing-to-write"
    assert caught.value.message == Text(f"no rule to write: {why.en}", f"没有可写的规则：{why.zh}")


def test_a_task_without_choices_keeps_those_of_its_parent() -> None:
    with pytest.raises(UsageError, match="the choices of sorting decide sorting-mail; say --task sorting"):
        rule_file(small(), TWO, "sorting-mail", DAY)


def test_a_choice_that_the_rules_rule_out_is_not_written() -> None:
    quick = DECODER_HEAD._replace(cost=HEAD.cost)
    slow = candidate("SmolLM2 prompt", "gpt", "prompt", {0: 0.9}, p95=0.015, blocked=True)
    with pytest.raises(UsageError, match=r"'frozen decoder \+ linear head' cannot do with --labels 8 --latency-ms 12"):
        written(trial(quick, slow, facts={"latency_ms": 12}))


def test_fewer_labels_than_an_approach_needs_are_not_advised() -> None:
    head = candidate("MiniLM head", "bert", "head", {0: 0.3, 800: 0.8})
    book = layered(written(trial(head, TFIDF)))
    assert book.tasks[TASK].choices[0].id == "trialreviews-from-2"
    assert faults(book, layered(), "1.yaml") == []


def test_a_trial_without_any_labels_speaks_of_none() -> None:
    book = layered(written(trial(PROMPT, CLOZE, MAJORITY)))
    assert [advice(book, labels=labels) == "trialreviews-from-0" for labels in (0, 1)] == [True, False]


def test_a_control_neither_leads_nor_counts() -> None:
    control = candidate("SmolLM2 random head", "gpt", "head", {8: 0.7, 5000: 0.9}, status="control")
    book = layered(written(trial(HEAD, control, TFIDF)))
    assert [advice(book, labels=labels) == "trialreviews-from-8" for labels in (8, 1599, 1600)] == [True, True, False]


def test_every_task_that_gives_labels_can_be_written_for() -> None:
    """One file for each, all of them layered: no fault in any, every example holds."""
    tasks = [id for id, task in layered().tasks.items() if task.output == "label"]
    assert len(tasks) > 20
    tuned = candidate("SmolLM2 fine-tune", "gpt", "fine-tune", {8: 0.3, 8000: 0.9})
    crossings = (AT_24, Crossing("MiniLM head", "SmolLM2 fine-tune", 900, 700, 999))
    texts = [
        written(trial(tuned, HEAD, PROMPT, CLOZE, crossings=crossings, file=f"{number}.csv"), task)
        for number, task in enumerate(tasks)
    ]
    book = layered(*texts)
    assert faults(book, layered(), *(f"{number}.yaml" for number in range(1, len(texts) + 1))) == []
    for task in tasks:
        approaches = [book.tasks[task].choices[index].approach for index in range(3)]
        assert approaches == ["option-scoring-decoder", "frozen-encoder", "fine-tuned-decoder"]


def test_a_later_trial_of_the_same_file_lies_above_the_first() -> None:
    first = written(TWO)
    second = rule_file(layered(first), trial(TUNED, HEAD, TFIDF), TASK, "2026-05-01")
    book = layered(first, second)
    assert advice(book, labels=300) == "trialreviewsx2-from-200"
    assert advice(book, labels=100) == "trialreviews-from-24"
    assert faults(book, layered(first), "2.yaml") == []


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("/home/me/reviews.csv", "TRIALREVIEWS"),
        ("Tickets-2026 (final).tsv", "TRIALTICKETS2026FINAL"),
        ("评论.csv", "TRIAL67585B8A"),
        ("差评.csv", "TRIAL9CA3F7A7"),
        ("-", "TRIAL"),
    ],
)
def test_the_source_is_named_after_the_file(file: str, source: str) -> None:
    text = rule_file(small(), TWO._replace(file=file), "sorting", DAY)
    assert source in small(text).sources
    assert "/home/me" not in text


NAMES = st.text(max_size=40) | st.sampled_from(
    ["a: b", "[x]", "# x", "- x", "'", '"', "{x: 1}", "1e3", "no", "~", "  ", "&x *x", "%", "a\x1b[31m", "\u202e", "\ud800", "🙂", "x" * 300]
)  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(file=NAMES, head=NAMES, prompt=NAMES, version=NAMES)
@example(file="评论: [差] # 1\x1b\u2028\n.csv", head="- 'x': {", prompt='"\\', version="&a\t*b")
def test_a_file_can_be_read_again_whatever_is_in_the_names(file: str, head: str, prompt: str, version: str) -> None:
    leader, other = HEAD._replace(id=f"{head} head"), PROMPT._replace(id=f"{prompt} prompt")
    crossings = (AT_24._replace(above=leader.id, below=other.id),)
    measured = trial(leader, other, TFIDF, crossings=crossings, file=file)._replace(versions=((version, version),))
    text = rule_file(small(), measured, "sorting", DAY)
    book = small(text)
    assert faults(book, small(), "1.yaml") == []
    approaches = [book.tasks["sorting"].choices[index].approach for index in range(2)]
    assert approaches == ["option-scoring-decoder", "frozen-encoder"]


CURVES = st.dictionaries(st.sampled_from([0, 1, 2, 8, 16, 32, 64, 500]), st.floats(0.1, 0.9), min_size=1)
KINDS: st.SearchStrategy[tuple[str, Way]] = st.sampled_from([
    ("bert", "head"), ("gpt", "head"), ("gpt", "prompt"), ("bert", "cloze"), ("bert", "fine-tune"), ("gpt", "fine-tune"),
    ("", "tfidf"),
])  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_whatever_was_measured_the_file_holds_or_is_refused(data: st.DataObject) -> None:
    """Any curves, any crossings, facts and limits: nothing is written, or every example holds and `rules check` finds nothing."""
    kinds = data.draw(st.lists(KINDS, min_size=1, max_size=5))
    some = [
        candidate(
            f"c{number}", family, way, data.draw(CURVES), p95=data.draw(st.sampled_from([0.004, 0.015, 0.3])),
            blocked=number > 0 and data.draw(st.booleans()),
        )
        for number, (family, way) in enumerate(kinds)
    ]  # fmt: skip
    ids = st.sampled_from([one.id for one in some if not one.blocked])
    labels = st.integers(0, 1200)
    crossings = data.draw(st.lists(st.builds(Crossing, ids, ids, labels, labels, labels), max_size=6))
    facts: dict[str, Any] = data.draw(
        st.fixed_dictionaries(
            {},
            optional={
                "language": st.sampled_from(["no", "zh", "multi", "code"]),
                "latency_ms": st.sampled_from([5, 20, 20.5]),
                "memory_gb": st.sampled_from([0.05, 2]),
                "fine_tune": st.booleans(),
            },
        )
    )
    measured = trial(*some, crossings=tuple(crossings), facts=facts)
    try:
        text = rule_file(small(), measured, "sorting", DAY)
    except UsageError:
        return
    assert faults(small(text), small(), "1.yaml") == []
