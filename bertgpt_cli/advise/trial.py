"""What the rules had advised for the texts of a trial, and whether what was measured agrees.

The rules are asked with what the trial saw of the texts and what the user gave, nothing else: that something was not
measured (no `--fine-tune`, say) is no fact about the user's situation, so the rules may well advise what the trial left out.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from bertgpt_cli.advise.recommend import Adviser
from bertgpt_cli.report.trial import Advised, Candidate, Trial
from bertgpt_cli.rulebook.facts import FACTS, Value

# What the rules call a measured way. A prompt is measured by the likelihood of each label's name, with examples before it or
# without; that is option scoring. For the baselines the rules have no word.
_APPROACHES = {
    ("bert", "head"): "frozen-encoder",
    ("gpt", "head"): "frozen-decoder",
    ("gpt", "prompt"): "option-scoring-decoder",
    ("gpt", "few-shot"): "option-scoring-decoder",
    ("bert", "cloze"): "masked-token-prompt",
    ("bert", "fine-tune"): "fine-tuned-encoder",
    ("gpt", "fine-tune"): "fine-tuned-decoder",
}
# A decoder that is asked for one label of a closed list, and one whose label names are scored, answer the same question.
_MEASURED_AS = {"prompted-decoder": "option-scoring-decoder"}


def approach_of(family: str, way: str) -> str:
    """The id of the approach that a measured way is; empty where the rules have no word for it."""
    return _APPROACHES.get((family, way), "")


def with_advice(adviser: Adviser, task: str, trial: Trial, given: Mapping[str, Value]) -> Trial:
    """The trial, with the approach of each candidate and what the rules had advised."""
    named = tuple(one._replace(approach=approach_of(one.family, one.way)) for one in trial.candidates)
    trial = trial._replace(candidates=named)
    return trial._replace(advised=advised(adviser, task, trial, given))


def advised(adviser: Adviser, task: str, trial: Trial, given: Mapping[str, Value]) -> Advised:
    """What the rules advise for the task (its id) where the trial's texts are the labels, and whether the verdict says the same.

    `given` are the user's facts by name; they win over what was measured. Where every choice is ruled out, the nearest one is
    named and counts as not measured.
    """
    known = {"labels": trial.texts, "classes": len(trial.classes), "tokens": trial.tokens, "output": "label", **given}
    situation = {name: known[name] for name in FACTS if name in known}
    asked = adviser.book.tasks[task]
    index, fits = adviser.advised(asked, situation)
    card = adviser.card(adviser.table(asked).choices[index].approach)
    same = (card.id, _MEASURED_AS.get(card.id)) if fits else ()
    measured = tuple(one.id for one in _judged(trial) if one.approach in same)
    return Advised(task, card.id, card.title, card.family, tuple(situation.items()), measured, _ahead(trial, measured))


def family_agrees(trial: Trial, family: str) -> bool | None:
    """Whether what is ahead is of the family that was advised, whatever the approach; None where none of it was measured or where
    the verdict cannot tell.
    """
    return _ahead(trial, [one.id for one in _judged(trial) if one.family == family])


def _judged(trial: Trial) -> list[Candidate]:
    """The candidates that the verdict speaks of, and those that a limit kept out of it."""
    return [one for one in trial.candidates if one.rank or one.status == "measured"]


def _ahead(trial: Trial, ids: Collection[str]) -> bool | None:
    """Whether one of these is ahead. Where several cannot be separated: True if all of those are among these, False if none
    is; otherwise nothing contradicts it and nothing confirms it, so None.
    """
    leaders = {trial.verdict.winner, *trial.verdict.level_with}
    if not ids or trial.verdict.kind == "nothing":
        return None
    if leaders <= set(ids):
        return True
    return None if leaders & set(ids) else False
