"""Names -> a task: in two languages, with slips of the hand, names of several tasks, and what names nothing."""

from __future__ import annotations

import functools
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from bertgpt_cli.errors import AmbiguousTask, UnknownTask, UsageError
from bertgpt_cli.report.recommendation import Match
from bertgpt_cli.rulebook import loading
from bertgpt_cli.rulebook.naming import normal
from bertgpt_cli.wording.names import LONGEST, MOST, NEAR, alike, edits
from bertgpt_cli.wording.reader import Reader

BOOK = loading.load()
READER = Reader(BOOK)
NAMES = [(name, owners) for name, owners in BOOK.names.items()]
LONG = [(name, owners[0]) for name, owners in NAMES if len(owners) == 1 and len(name) >= 10 and name.isascii()]


def resolve(reader: Reader, words: str) -> Match:
    (match,) = reader.read(words)
    return match


def meant(reader: Reader, words: str) -> tuple[str, ...]:
    """The task that the words resolve to, or those that are offered, best first."""
    try:
        return tuple(match.id for match in reader.read(words))
    except (UnknownTask, AmbiguousTask) as error:
        return error.suggestions


# --- names -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("id", BOOK.tasks)
def test_ids_aliases_and_titles_in_both_languages(id: str) -> None:
    task = BOOK.tasks[id]
    match = resolve(READER, id)
    assert (match.id, match.how, match.score, match.title, match.words) == (id, "id", 1.0, task.title, id)
    for alias in (*task.aliases[0], *task.aliases[1]):
        match = resolve(READER, alias)
        assert (match.id, match.score, match.words) == (id, 1.0, alias)
        assert match.how in ("alias", "id")
    for title in task.title:
        match = resolve(READER, title)
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
        assert meant(READER, change(name)) == owners, change(name)


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
        ("命名实体实别", "named-entity-recognition"),
        ("命名实体别识", "named-entity-recognition"),
        ("机器翻意", "translation"),
        ("文本份類", "text-classification"),
    ],
)
def test_a_slip_is_forgiven(words: str, id: str) -> None:
    match = resolve(READER, words)
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


def excused(words: str, name: str) -> bool:
    """Whether each word has as few slips as its length excuses: none of a short one."""
    pairs = list(zip(words.split(), name.split(), strict=False))
    return len(words.split()) == len(name.split()) and all(
        osa(a, b) <= (0 if len(b) < 4 else 1 if len(b) < 8 else 2 if len(b) < 12 else 3) for a, b in pairs
    )


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(slips(1) | slips(2))
def test_a_misspelt_name_is_found_or_offered(slip: tuple[str, str]) -> None:
    words, id = slip
    mine = [likeness(words, name) for name, owners in NAMES if id in owners and excused(words, name)]
    assume(mine)
    found = meant(READER, words)
    if id not in found:  # then another name is as near as the one that was meant
        best = alike(BOOK, words)
        assert best[0].score >= max(mine)
        assert found[0] in {one.id for one in best if one.score == best[0].score}


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
        right = sum(meant(READER, words) == (id,) for words, id in slipped)
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
def shared(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    path: Path = tmp_path_factory.mktemp("rules") / "t.yaml"
    path.write_text(SHARED.replace("LONG", "m" * (LONGEST + 5)), encoding="utf-8")
    return Reader(loading.load([str(path)]))


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
def test_a_name_of_several_tasks_is_ambiguous(words: str, ids: tuple[str, ...], shared: Reader) -> None:
    with pytest.raises(AmbiguousTask) as caught:
        resolve(shared, words)
    error = caught.value
    assert error.suggestions == ids
    assert (error.code, int(error.exit_code)) == ("ambiguous-task", 2)
    assert error.message.en == f"'{words}' can mean several tasks: {', '.join(ids)}"
    assert f"“{words}”" in error.message.zh


def test_an_id_is_its_tasks_alone_and_an_alias_comes_before_a_title(shared: Reader) -> None:
    assert resolve(shared, "zebra-sorting").id == "zebra-sorting"
    assert resolve(shared, "sorting zebras").id == "apple-sorting"


# --- what names nothing ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words", ["xyzzy", "qqqqqqqqqq", "🦓🦓🦓", "12345", "？！", "", "   ", "-", "烤箱", "\udcff\udcff"]
)
def test_what_is_like_nothing_is_unknown(words: str) -> None:
    with pytest.raises(UnknownTask) as caught:
        READER.read(words)
    assert caught.value.suggestions == ()
    assert (caught.value.code, int(caught.value.exit_code)) == ("unknown-task", 2)


@pytest.mark.parametrize("words", ["", "-", "🦓🦓🦓", "quxblorf zzyx"])
def test_what_holds_no_known_word_is_sent_to_the_list(words: str) -> None:
    with pytest.raises(UnknownTask) as caught:
        READER.read(words)
    assert "bertgpt tasks" in caught.value.message.en
    assert "bertgpt tasks" in caught.value.message.zh


@pytest.mark.parametrize(
    ("words", "some"),
    [
        ("extraction", {"keyphrase-extraction", "relation-extraction", "information-extraction"}),
        ("tagging", {"part-of-speech", "token-classification"}),
        ("generation", {"text-generation", "code-generation", "question-generation"}),
        ("抽取", {"keyphrase-extraction", "relation-extraction", "information-extraction"}),
        ("匹配", {"semantic-similarity-classification", "entity-matching"}),
    ],
)
def test_a_word_that_many_names_share_is_ambiguous(words: str, some: set[str]) -> None:
    with pytest.raises(AmbiguousTask) as caught:
        READER.read(words)
    error = caught.value
    assert some <= set(error.suggestions)
    assert 2 <= len(error.suggestions) <= MOST
    assert tuple(id for id, _ in error.shares) == error.suggestions
    assert [share for _, share in error.shares] == sorted((share for _, share in error.shares), reverse=True)
    for id, share in error.shares:
        assert f"{id} ({share:.0%})" in error.message.en or (share < 0.01 and f"{id} (<1%)" in error.message.en)


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        ("image classification", "image-understanding"),
        ("Image-Classification", "image-understanding"),
        ("图像分类", "image-understanding"),
        ("圖像分類", "image-understanding"),
        ("语音识别", "speech-recognition"),
        ("automatic speech recognition", "speech-recognition"),
        ("text-to-image", "image-generation"),
        ("time series forecasting", "time-series-forecasting"),
    ],
)
def test_a_name_of_something_else_is_refused_and_never_a_misspelt_task(words: str, refusal: str) -> None:
    told = BOOK.refused[refusal]
    with pytest.raises(UnknownTask) as caught:
        READER.read(words)
    assert told.title.en in caught.value.message.en
    assert told.because.zh in caught.value.message.zh
    assert caught.value.suggestions == told.nearest


# --- scores ----------------------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=40) | slips(2).map(lambda slip: slip[0]) | st.sampled_from([name for name, _ in NAMES]))
def test_candidates_are_ranked(words: str) -> None:
    found = alike(BOOK, words)
    assert len({one.id for one in found}) == len(found)
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    for one in found:
        assert NEAR <= one.score <= 1
        assert (one.score == 1) == (normal(words) == one.via)
        assert one.id in BOOK.names[one.via]
        assert one.title == BOOK.tasks[one.id].title


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60) | st.text("文本分类情感分析 ", max_size=9))
def test_any_words_are_tasks_or_a_usage_error(words: str) -> None:
    answer = answered(words)
    if isinstance(answer, UsageError):
        assert len(answer.message.en) < 600
        assert set(answer.suggestions) <= set(BOOK.tasks)
        assert answer.suggestions == meant(READER, words)
    else:
        assert 1 <= len(answer) <= 2
        assert {match.id for match in answer} <= set(BOOK.tasks)
        assert answer == answered(words)


def answered(words: str) -> tuple[Match, ...] | UsageError:
    try:
        return READER.read(words)
    except (UnknownTask, AmbiguousTask) as error:
        return error


def test_long_words_are_looked_at_only_in_part(shared: Reader) -> None:
    long = "m" * LONGEST
    assert alike(shared.book, long)[0].id == "zebra-sorting"
    assert alike(shared.book, long + "x" * 50) == alike(shared.book, long)
    READER.read("classification of letters")  # has learnt
    for words in (
        "classification " * 50_000,
        "文本" * 50_000,
        "a-" * 50_000,
        "“" * 50_000,
        "不" * 50_000,
        "12 " * 50_000,
    ):
        begun = time.process_time()
        answered(words)
        assert time.process_time() - begun < 1, words[:9]


def test_the_same_words_get_the_same_answer_from_a_book_read_anew() -> None:
    again = Reader(loading.load())
    for name, _ in NAMES[::50]:
        slipped = name[:-1]
        assert alike(again.book, slipped) == alike(BOOK, slipped)
        assert meant(again, slipped) == meant(READER, slipped)


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
