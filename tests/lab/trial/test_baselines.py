"""The baselines: the commonest class; TF-IDF and logistic regression, which learns words and looks at no text that it is asked about."""

from __future__ import annotations

import numpy as np
import pytest

from bertgpt_cli.lab.trial.baselines import TfIdf, majority
from bertgpt_cli.lab.trial.scored import Whole


def whole(*numbers: int) -> Whole:
    return np.array(numbers, dtype=np.int64)


@pytest.mark.parametrize(("labels", "answer"), [((2, 1, 2), 2), ((0,), 0), ((3, 1, 1, 3), 1)])
def test_the_majority_is_the_commonest_class_and_of_equals_the_first(labels: tuple[int, ...], answer: int) -> None:
    assert majority(whole(*labels), 4).tolist() == [answer] * 4


FILL = "the a of on in it so we they then when while under over".split()
HAN = "这那书店人来去看听说吃喝走跑山水火木金土日月年天地东西南北"


def marked(marks: tuple[str, ...], fill: list[str], between: str, number: int) -> tuple[list[str], Whole]:
    """Texts of random words among which one mark stands that tells the class."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, len(marks), number)
    texts = []
    for label in labels:
        words = rng.choice(fill, 8).tolist()
        words.insert(int(rng.integers(0, 9)), marks[label])
        texts.append(between.join(words))
    return texts, labels.astype(np.int64)


@pytest.mark.parametrize(
    ("marks", "fill", "between"),
    [
        (("excellent", "terrible"), FILL, " "),
        (("refund", "delivery", "password"), FILL, " "),
        (("好", "差"), list(HAN), ""),
        (("ฟ", "ฬ"), list("กขคงจฉชซ"), ""),
    ],
    ids=["two", "three", "Chinese", "Thai"],
)
def test_a_word_that_tells_the_class_is_learnt(marks: tuple[str, ...], fill: list[str], between: str) -> None:
    texts, labels = marked(marks, fill, between, 200)
    train, test = np.arange(100), np.arange(100, 200)
    answers = TfIdf(texts).predict(train, labels[train], test)
    assert answers.dtype == np.int64
    assert (answers == labels[test]).mean() >= 0.95


def test_pieces_of_words_are_learnt_too() -> None:
    texts, labels = marked(("unhappy", "unhappily", "unhappiness", "gladly", "gladness", "glad"), FILL, " ", 300)
    feeling = labels // 3
    train = np.flatnonzero(labels % 3 != 2)  # two forms of each; the third is asked
    test = np.flatnonzero(labels % 3 == 2)
    answers = TfIdf(texts).predict(train, feeling[train], test)
    assert (answers == feeling[test]).mean() >= 0.97


def test_the_order_of_two_words_is_learnt() -> None:
    # No piece of up to four characters tells the two apart.
    texts, labels = marked(("abba acca", "acca abba"), FILL, " ", 200)
    train, test = np.arange(100), np.arange(100, 200)
    assert (TfIdf(texts).predict(train, labels[train], test) == labels[test]).mean() >= 0.95


# `book` speaks for class 0, `rain` for class 1; a text with both is decided by which is the rarer word.
BOTH = ["book", "rain", "book rain"]


def answered(others: list[str], test: Whole) -> int:
    return int(TfIdf([*BOTH, *others]).predict(whole(0, 1), whole(0, 1), test)[0])


@pytest.mark.parametrize(("common", "answer"), [("book", 1), ("rain", 0)])
def test_a_rare_word_weighs_more_and_rarity_needs_no_labels(common: str, answer: int) -> None:
    assert answered([common] * 5, whole(2)) == answer


def test_a_word_said_four_times_weighs_less_than_four_times() -> None:
    # A text of 14 that are known has `rain` and 13 `book`: 2.8 times the weight, between 1 + ln 4 and 4.
    texts = ["book", "rain", "book book book book rain", *["book"] * 12]
    assert TfIdf(texts).predict(whole(0, 1), whole(0, 1), whole(2)).tolist() == [1]


@pytest.mark.parametrize("known", ["book", "rain"])
def test_texts_that_are_asked_about_say_nothing_of_rarity(known: str) -> None:
    asked = "rain" if known == "book" else "book"
    alone = answered([known] * 3, whole(2))
    assert answered([*[known] * 3, *[asked] * 30], whole(2, *range(6, 36))) == alone


def test_more_labels_of_a_class_do_not_drown_the_words() -> None:
    texts, labels = marked(("excellent", "terrible"), FILL, " ", 200)
    good, bad = np.flatnonzero(labels == 0), np.flatnonzero(labels == 1)
    train = np.concatenate([good[:10], bad[:4]])
    test = np.concatenate([good[10:], bad[10:]])
    answers = TfIdf(texts).predict(train, labels[train], test)
    assert (answers == labels[test]).mean() >= 0.9


def test_where_all_labels_are_of_one_class_it_is_the_answer() -> None:
    assert TfIdf(["a b", "c d", "e f"]).predict(whole(0, 1), whole(2, 2), whole(2)).tolist() == [2]


def test_texts_without_words_can_be_counted() -> None:
    assert TfIdf(["!!!", "???", "!!", "😀"]).predict(whole(0, 1), whole(0, 1), whole(2, 3))[0] == 0


def test_the_end_of_a_very_long_text_is_not_read() -> None:
    start = "word " * 800  # 4,000 characters
    counts = TfIdf([f"{start}book", f"{start}rain", "other"]).counts
    assert (counts[0] != counts[1]).nnz == 0


def test_answering_one_text_is_learnt_from_all() -> None:
    texts, labels = marked(("excellent", "terrible"), FILL, " ", 60)
    answer = TfIdf(texts).answering(labels)
    new, truth = marked(("excellent", "terrible"), FILL[::-1], " ", 20)
    assert [np.asarray(answer(text)).tolist() for text in new] == [[label] for label in truth]
