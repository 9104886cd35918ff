"""Words -> a task: names in two languages, slips of the hand, names of several tasks, and what names nothing."""

from __future__ import annotations

import functools
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bertgpt_cli.advise import listing
from bertgpt_cli.advise.recommend import Adviser
from bertgpt_cli.advise.words import LONGEST, MOST, NEAR, candidates, edits, resolve
from bertgpt_cli.errors import AmbiguousTask, UnknownTask, UsageError
from bertgpt_cli.report.recommendation import Match
from bertgpt_cli.rulebook import loading
from bertgpt_cli.rulebook.book import Rulebook
from bertgpt_cli.rulebook.naming import normal

BOOK = loading.load()
NAMES = [(name, owners) for name, owners in BOOK.names.items()]
LONG = [(name, owners[0]) for name, owners in NAMES if len(owners) == 1 and len(name) >= 10 and name.isascii()]


def meant(book: Rulebook, words: str) -> tuple[str, ...]:
    """The task that the words resolve to, or those that are offered, best first."""
    try:
        return (resolve(book, words).id,)
    except (UnknownTask, AmbiguousTask) as error:
        return error.suggestions


# --- names -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("id", BOOK.tasks)
def test_ids_aliases_and_titles_in_both_languages(id: str) -> None:
    task = BOOK.tasks[id]
    match = resolve(BOOK, id)
    assert (match.id, match.how, match.score, match.title, match.words) == (id, "id", 1.0, task.title, id)
    for alias in (*task.aliases[0], *task.aliases[1]):
        match = resolve(BOOK, alias)
        assert (match.id, match.score, match.words) == (id, 1.0, alias)
        assert match.how in ("alias", "id")
    for title in task.title:
        match = resolve(BOOK, title)
        assert (match.id, match.score) == (id, 1.0)
        assert match.how in ("title", "alias", "id")


def test_every_name_is_somebodys() -> None:
    listed = {normal(task.id) for task in BOOK.tasks.values()}
    listed |= {normal(title) for task in BOOK.tasks.values() for title in task.title}
    listed |= {normal(alias) for task in BOOK.tasks.values() for aliases in task.aliases for alias in aliases}
    assert listed == set(BOOK.names)
    assert len(listed) > 1000
    assert sum(not name.isascii() for name in listed) > 400


@pytest.mark.parametrize(
    "change",
    [
        str.upper,
        str.title,
        lambda name: name.replace(" ", "_"),
        lambda name: name.replace(" ", "-"),
        lambda name: name.replace(" ", "  "),
        lambda name: f"  {name}\t",
        lambda name: "".join(chr(ord(letter) + 0xFEE0) if "!" <= letter <= "~" else letter for letter in name),
    ],
    ids=["capitals", "title", "underscores", "hyphens", "wide", "edges", "full-width"],
)
def test_spelling_habits_do_not_matter(change: object) -> None:
    assert callable(change)
    for name, owners in NAMES:
        assert meant(BOOK, change(name)) == owners, change(name)


# --- slips of the hand -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "id"),
    [
        ("text-clasification", "text-classification"),
        ("text-classificaton", "text-classification"),
        ("txet-classification", "text-classification"),
        ("text-classifikatoin", "text-classification"),
        ("textclassification", "text-classification"),
        ("summerization", "summarization"),
        ("summarizatoin", "summarization"),
        ("sentiment analisys", "sentiment-analysis"),
        ("sentimant anaylsis", "sentiment-analysis"),
        ("named entity recogntion", "named-entity-recognition"),
        ("translaton", "translation"),
        ("questoin answering", "question-answering"),
        ("keyphrase extracton", "keyphrase-extraction"),
        ("文本分累", "text-classification"),
        ("文本分类类", "text-classification"),
        ("文分本类", "text-classification"),
        ("情感份析", "sentiment-analysis"),
        ("命名实体识別", "named-entity-recognition"),
        ("命名实体别识", "named-entity-recognition"),
        ("机器翻意", "translation"),
    ],
)
def test_a_slip_is_forgiven(words: str, id: str) -> None:
    match = resolve(BOOK, words)
    assert match.id == id
    assert (match.how, match.words) == ("spelling", words)
    assert 0.5 < match.score < 1


@st.composite
def slips(draw: st.DrawFn, many: int) -> tuple[str, str]:
    """(a misspelt name, its task): letters left out, put in, replaced or swapped with their neighbour."""
    name, id = draw(st.sampled_from(LONG))
    for _ in range(many):
        at = draw(st.integers(0, len(name) - 2))
        letter = draw(st.sampled_from("abcdefghijklmnopqrstuvwxyz"))
        name = draw(
            st.sampled_from(
                [
                    name[:at] + name[at + 1 :],
                    name[:at] + letter + name[at:],
                    name[:at] + letter + name[at + 1 :],
                    name[:at] + name[at + 1] + name[at] + name[at + 2 :],
                ]
            )
        )
    return name, id


@settings(max_examples=80, deadline=None)
@given(slips(1) | slips(2))
def test_a_misspelt_name_is_found_or_offered(slip: tuple[str, str]) -> None:
    words, id = slip
    found = meant(BOOK, words)
    if id not in found:  # then another name is as near as the one that was meant
        best = candidates(BOOK, words)
        mine = max(likeness(words, name) for name, owners in NAMES if id in owners)
        assert len(best) >= 1
        assert best[0].score >= mine
        assert found[0] == best[0].id


def likeness(words: str, name: str) -> float:
    wanted = normal(words)
    return round(1 - osa(wanted, name) / max(len(wanted), len(name)), 4)


def test_nearly_every_single_slip_is_forgiven() -> None:
    some = LONG[::12]
    swapped = [
        (name[:at] + name[at + 1] + name[at] + name[at + 2 :], id) for name, id in some for at in (1, len(name) - 3)
    ]
    dropped = [(name[:at] + name[at + 1 :], id) for name, id in some for at in (2, len(name) // 2)]
    for slipped in (swapped, dropped):
        assert len(slipped) > 80
        right = sum(meant(BOOK, words) == (id,) for words, id in slipped)
        assert right / len(slipped) >= 0.9, right / len(slipped)


# --- names of several tasks ------------------------------------------------------------------------------------------

SHARED = """version: 1
tasks:
  zebra-sorting:
    title: {en: Sorting zebras, zh: 斑马归类}
    output: label
    parent: text-classification
    aliases: {en: [stripe check, LONG], zh: [看条纹]}
  apple-sorting:
    title: {en: Sorting apples, zh: 苹果归类}
    output: label
    parent: text-classification
    aliases: {en: [stripe check, Sorting Zebras], zh: [看条纹]}
  pear-sorting:
    title: {en: Sorting pears, zh: 水果归类}
    output: label
    parent: text-classification
  plum-sorting:
    title: {en: Sorting plums, zh: 水果归类}
    output: label
    parent: text-classification
"""


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Rulebook:
    path: Path = tmp_path_factory.mktemp("rules") / "t.yaml"
    path.write_text(SHARED.replace("LONG", "m" * (LONGEST + 5)), encoding="utf-8")
    return loading.load([str(path)])


@pytest.mark.parametrize(
    ("words", "ids"),
    [
        ("stripe check", ("zebra-sorting", "apple-sorting")),
        ("Stripe-Check", ("zebra-sorting", "apple-sorting")),
        ("看条纹", ("zebra-sorting", "apple-sorting")),
        ("stripe chekc", ("zebra-sorting", "apple-sorting")),
        ("水果归类", ("pear-sorting", "plum-sorting")),
    ],
)
def test_a_name_of_several_tasks_is_ambiguous(words: str, ids: tuple[str, ...], shared: Rulebook) -> None:
    with pytest.raises(AmbiguousTask) as caught:
        resolve(shared, words)
    error = caught.value
    assert error.suggestions == ids
    assert (error.code, int(error.exit_code)) == ("ambiguous-task", 2)
    assert error.message.en == f"'{words}' can mean several tasks: {', '.join(ids)}"
    assert f"“{words}”" in error.message.zh


def test_an_id_is_its_tasks_alone_and_an_alias_comes_before_a_title(shared: Rulebook) -> None:
    assert resolve(shared, "zebra-sorting").id == "zebra-sorting"
    assert resolve(shared, "sorting zebras").id == "apple-sorting"


# --- what names nothing ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", ["xyzzy", "qqqqqqqqqq", "🦓🦓🦓", "12345", "？！", "", "   ", "-", "烤箱"])
def test_what_is_like_nothing_is_unknown(words: str) -> None:
    with pytest.raises(UnknownTask) as caught:
        resolve(BOOK, words)
    assert caught.value.suggestions == ()
    assert "bertgpt tasks" in caught.value.message.en
    assert "bertgpt tasks" in caught.value.message.zh
    assert (caught.value.code, int(caught.value.exit_code)) == ("unknown-task", 2)


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("image classification", "text-classification"),
        ("extraction", "keyphrase-extraction"),
        ("classificator of texts", ""),
        ("语音识别", ""),
        ("图像分类", ""),
    ],
)
def test_what_is_only_near_is_offered_and_not_taken(words: str, offered: str) -> None:
    with pytest.raises(UnknownTask) as caught:
        resolve(BOOK, words)
    assert not offered or offered in {one.id for one in candidates(BOOK, words)}
    assert len(caught.value.suggestions) <= 5
    if caught.value.suggestions:
        assert caught.value.message.en.endswith(f"the nearest: {', '.join(caught.value.suggestions)}")


# --- scores ----------------------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=40) | slips(2).map(lambda slip: slip[0]) | st.sampled_from([name for name, _ in NAMES]))
def test_candidates_are_ranked(words: str) -> None:
    found = candidates(BOOK, words)
    assert len(found) <= MOST
    assert len({one.id for one in found}) == len(found)
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    for one in found:
        assert NEAR <= one.score <= 1
        assert (one.score == 1) == (normal(words) == one.via)
        assert one.id in BOOK.names[one.via]
        assert one.title == BOOK.tasks[one.id].title


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60) | st.text("文本分类情感分析 ", max_size=9))
def test_any_words_are_a_task_or_a_usage_error(words: str) -> None:
    answer = answered(words)
    if isinstance(answer, Match):
        assert answer.id in BOOK.tasks
        assert answer == answered(words)
    else:
        assert len(answer.message.en) < 400
        assert set(answer.suggestions) <= set(BOOK.tasks)
        assert answer.suggestions == meant(BOOK, words)


def answered(words: str) -> Match | UsageError:
    try:
        return resolve(BOOK, words)
    except (UnknownTask, AmbiguousTask) as error:
        return error


def test_long_words_are_looked_at_only_in_part(shared: Rulebook) -> None:
    long = "m" * LONGEST
    assert candidates(shared, long)[0].id == "zebra-sorting"
    assert candidates(shared, long + "x" * 50) == candidates(shared, long)
    begun = time.process_time()
    with pytest.raises(UnknownTask) as caught:
        resolve(BOOK, "classification " * 50_000)
    assert time.process_time() - begun < 1
    assert len(caught.value.message.en) < 400


def test_the_same_words_get_the_same_answer_from_a_book_read_anew() -> None:
    again = loading.load()
    for name, _ in NAMES[::50]:
        slipped = name[:-1]
        assert candidates(again, slipped) == candidates(BOOK, slipped)
        assert meant(again, slipped) == meant(BOOK, slipped)


# --- edits -----------------------------------------------------------------------------------------------------------


def osa(a: str, b: str) -> int:
    """Optimal string alignment by its definition."""

    @functools.cache
    def distance(i: int, j: int) -> int:
        if i == 0 or j == 0:
            return i + j
        best = min(distance(i - 1, j) + 1, distance(i, j - 1) + 1, distance(i - 1, j - 1) + (a[i - 1] != b[j - 1]))
        if i > 1 and j > 1 and a[i - 1] == b[j - 2] and a[i - 2] == b[j - 1]:
            best = min(best, distance(i - 2, j - 2) + 1)
        return best

    return distance(len(a), len(b))


@given(a=st.text("ab c", max_size=9), b=st.text("ab c", max_size=9), most=st.integers(0, 9))
def test_edits_are_optimal_string_alignment(a: str, b: str, most: int) -> None:
    assert min(edits(a, b, most), most + 1) == min(osa(a, b), most + 1)


@pytest.mark.parametrize(
    ("a", "b", "count"),
    [("", "", 0), ("a", "", 1), ("ab", "ba", 1), ("abc", "cab", 2), ("ca", "abc", 3), ("文本", "本文", 1)],
)
def test_edits_by_hand(a: str, b: str, count: int) -> None:
    assert edits(a, b, 9) == count


# --- searching -------------------------------------------------------------------------------------------------------


def test_a_search_lists_names_and_what_people_ask() -> None:
    adviser = Adviser(BOOK)
    assert [one.id for one in listing.tasks(adviser, "").tasks] == list(BOOK.tasks)
    assert listing.tasks(adviser, "ner").tasks[0].id == "named-entity-recognition"
    assert {one.id for one in listing.tasks(adviser, "extraction").tasks} >= {
        "keyphrase-extraction",
        "relation-extraction",
    }
    task = BOOK.tasks["text-classification"]
    asked = task.asks[0][0]
    assert "text-classification" in {one.id for one in listing.tasks(adviser, asked[3:-3]).tasks}
    assert listing.tasks(adviser, "xyzzy").tasks == ()
