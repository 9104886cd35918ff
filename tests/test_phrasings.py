"""How well phrasings that nothing was learnt from are understood: the promised numbers, on the measured part."""

from __future__ import annotations

import re

import pytest

from bertgpt_cli.advise.recommend import Adviser
from bertgpt_cli.rulebook import loading
from bertgpt_cli.wording.features import plain
from tests.phrasings import Outcome, Share, confusions, load, outcomes, summary

ADVISER = Adviser(loading.load())
PHRASINGS = load()
MEASURED = [one for one in PHRASINGS if one.part == "measured"]


@pytest.fixture(scope="module")
def found() -> tuple[Outcome, ...]:
    return outcomes(ADVISER, MEASURED)


def test_there_are_phrasings_enough_in_both_parts() -> None:
    for part in ("tuning", "measured"):
        some = [one for one in PHRASINGS if one.part == part]
        meant = [one for one in some if one.accept or one.plan]
        assert len(meant) >= 600
        assert len(some) - len(meant) >= 80
        assert {one.lang for one in some} == {"en", "zh"}
        assert len({one.kind for one in some}) >= 25
    for task in ADVISER.book.tasks:
        for lang in ("en", "zh"):
            assert sum(task in one.accept and one.lang == lang for one in PHRASINGS) >= 8, task
    assert len({one.words for one in PHRASINGS}) == len(PHRASINGS)


def test_every_task_that_they_name_exists() -> None:
    for one in PHRASINGS:
        assert set(one.accept) | set(one.plan) <= set(ADVISER.book.tasks), one
        assert len(one.plan) in (0, 2)


def squeezed(words: str) -> str:
    return re.sub(r"\W", "", plain(words).lower())


def test_no_phrasing_is_an_ask_or_an_alias() -> None:
    book = ADVISER.book
    lists = [lists for task in book.tasks.values() for lists in (*task.aliases, *book.said[task.id].asks)]
    lists += [
        lists for refusal in book.refused.values() for lists in (*refusal.aliases, *book.no_said[refusal.id].asks)
    ]
    taught = {squeezed(words) for listed in lists for words in listed}
    assert not {squeezed(one.words) for one in PHRASINGS} & taught - {""}


def test_family_task_and_refusals_are_as_promised(found: tuple[Outcome, ...]) -> None:
    whole = summary(found)
    assert whole.family.value >= 0.95
    assert whole.acceptable.value >= 0.90
    assert whole.refused.value >= 0.95
    assert whole.wrongly_refused.value <= 0.03


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_each_language_is_within_four_points_of_that(lang: str, found: tuple[Outcome, ...]) -> None:
    spoken = summary(one for one in found if one.phrasing.lang == lang)
    assert spoken.family.value >= 0.91
    assert spoken.acceptable.value >= 0.86
    assert spoken.refused.value >= 0.91
    assert spoken.wrongly_refused.value <= 0.07


def test_two_jobs_are_a_plan_or_a_task_that_does_both(found: tuple[Outcome, ...]) -> None:
    both = [one for one in found if one.phrasing.plan]
    assert Share(sum(one.acceptable for one in both), len(both)).value >= 0.5
    assert sum(len(one.tasks) == 2 for one in found if not one.phrasing.plan) <= len(found) // 100


def test_confusions_are_what_was_not_acceptable(found: tuple[Outcome, ...]) -> None:
    assert sum(often for _, often in confusions(found)) == sum(not one.acceptable for one in found)
