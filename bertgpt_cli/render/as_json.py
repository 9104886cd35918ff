"""Reports -> JSON. One document with `schema_version` and `kind`; ASCII only, so no control byte ever gets out.

`schema_version` follows the rule of minor = additive: readers ignore keys they do not know.
"""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from typing import Any

from bertgpt_cli.errors import BertgptError, Complaint, InputFileError
from bertgpt_cli.render import words
from bertgpt_cli.render.recommendation import rows_of
from bertgpt_cli.report.recommendation import (
    Adaptation,
    Alternative,
    Assumption,
    Card,
    Cited,
    Flip,
    Match,
    Obstacle,
    Plan,
    Range,
    Reason,
    Recommendation,
    StageAdvice,
    TaskList,
)
from bertgpt_cli.text import Lang, Text

SCHEMA_VERSION = "1.0"


class Encoder:
    """Plain JSON values for one language. Remembers parts that many answers share, which a batch is full of."""

    def __init__(self, lang: Lang) -> None:
        self.lang = lang
        self._known: dict[int, tuple[Any, Any]] = {}

    def recommendation(self, answer: Recommendation, explain: bool = False) -> dict[str, Any]:
        evidence: dict[str, dict[str, Any]] = {}
        for reason in answer.reasons:
            for cited in reason.evidence:
                evidence.setdefault(cited.id, self._shared(cited, self._cited))
        return {
            "schema_version": SCHEMA_VERSION,
            "kind": "recommendation",
            "task": self._match(answer.task),
            "situation": dict(answer.situation),
            "fits": answer.fits,
            "unmet": [self._obstacle(one) for one in answer.unmet],
            "family": answer.family,
            "approach": self._shared(answer.approach, self._card),
            "choice": answer.choice,
            "reasons": [self._shared(one, self._reason) for one in answer.reasons],
            "evidence": {"cited": list(evidence.values())},
            "adaptation": self._shared(answer.adaptation, self._adaptation),
            "alternatives": [self._alternative(one) for one in answer.alternatives if explain or not one.shared],
            "outside": [self._shared(one, self._alternative) for one in answer.outside],
            "stages": [self._stage(one) for one in answer.stages],
            "flips": self._shared(answer.flips, self._flips),
            "assumptions": self._shared(answer.assumptions, self._assumptions),
            "rulebook": answer.rulebook._asdict(),
        }

    def plan(self, answer: Plan, explain: bool = False) -> dict[str, Any]:
        return {
            "schema_version": SCHEMA_VERSION,
            "kind": "plan",
            "family": answer.family,
            "fits": answer.fits,
            "stages": [self._stage(one) for one in answer.stages],
            "answers": [self.recommendation(one, explain) for one in answer.answers],
            "rulebook": answer.rulebook._asdict(),
        }

    def tasks(self, listing: TaskList) -> dict[str, Any]:
        return {
            "schema_version": SCHEMA_VERSION,
            "kind": "tasks",
            "words": listing.words,
            "total": listing.total,
            "tasks": [
                {
                    "id": one.id,
                    "title": one.title.say(self.lang),
                    "output": one.output,
                    "parent": one.parent or None,
                    "aliases": {"en": list(one.aliases[0]), "zh": list(one.aliases[1])},
                    "family": one.approach.family,
                    "approach": self._card(one.approach),
                    "score": one.score,
                }
                for one in listing.tasks
            ],
        }

    def plain(self, report: Any) -> Any:
        """Any other report: dataclasses as objects, `Text` in the language, tuples as lists."""
        if isinstance(report, Text):
            return report.say(self.lang)
        if is_dataclass(report) and not isinstance(report, type):
            named = {field.name: self.plain(getattr(report, field.name)) for field in fields(report)}
            if "kind" in named:
                return {"schema_version": SCHEMA_VERSION, "kind": named.pop("kind"), **named}
            return named
        if isinstance(report, tuple) and hasattr(report, "_asdict"):
            return {name: self.plain(value) for name, value in report._asdict().items()}
        if isinstance(report, (tuple, list)):
            return [self.plain(one) for one in report]
        if isinstance(report, dict):
            return {name: self.plain(value) for name, value in report.items()}
        return report

    def error(self, error: BertgptError) -> dict[str, Any]:
        """What a program is told in place of an answer."""
        body: dict[str, Any] = {"code": error.code, "message": error.message.say(self.lang)}
        body["suggestions"] = list(error.suggestions)
        if isinstance(error, InputFileError):
            body["complaints"] = [self._complaint(one) for one in error.complaints]
        return {"schema_version": SCHEMA_VERSION, "error": body}

    def _complaint(self, one: Complaint) -> dict[str, Any]:
        return {
            "code": one.code,
            "message": one.message.say(self.lang),
            "path": one.file,
            "line": one.line,
            "column": one.column,
            "help": one.help.say(self.lang) if one.help else None,
        }

    def _shared(self, part: Any, encode: Any) -> Any:
        """The part is kept beside its encoding, so that its identity cannot be taken over by another object."""
        known = self._known.get(id(part))
        if known is None:
            if len(self._known) > 20_000:
                self._known.clear()
            known = self._known[id(part)] = (part, encode(part))
        return known[1]

    def _match(self, match: Match) -> dict[str, Any]:
        matched = {"words": match.words, "how": match.how, "score": match.score}
        return {"id": match.id, "title": match.title.say(self.lang), "matched": matched}

    def _card(self, card: Card) -> dict[str, Any]:
        return {"id": card.id, "title": card.title.say(self.lang), "family": card.family}

    def _cited(self, cited: Cited) -> dict[str, Any]:
        return {"id": cited.id, "rows": list(cited.rows), "title": cited.title, "year": cited.year, "url": cited.url}

    def _reason(self, reason: Reason) -> dict[str, Any]:
        evidence = [rows_of(one) for one in reason.evidence]
        return {"text": reason.text.say(self.lang), "evidence": evidence, "place": reason.place}

    def _adaptation(self, adaptation: Adaptation) -> dict[str, Any]:
        plain = self.plain(adaptation)
        plain["variants"] = [{"name": name, "about": about.say(self.lang)} for name, about in adaptation.variants]
        return dict(plain)

    def _alternative(self, one: Alternative) -> dict[str, Any]:
        return {
            "choice": one.choice,
            "approach": self._shared(one.approach, self._card),
            "because": one.because.say(self.lang),
            "blocked_by": [self._obstacle(found) for found in one.blocked_by],
            "place": one.place,
        }

    def _obstacle(self, found: Obstacle) -> dict[str, Any]:
        wanted = self._shared(found.wanted, self._range)
        return {"fact": found.wanted.fact, "kind": found.kind, "wanted": wanted, "got": found.got}

    def _range(self, range: Range) -> dict[str, Any]:
        if range.values or range.rest:
            return {"not_in" if range.rest else "in": list(range.values)}
        bounds = {"at_least": range.low, "below": range.high}
        return {name: bound for name, bound in bounds.items() if bound is not None}

    def _stage(self, stage: StageAdvice) -> dict[str, Any]:
        return {
            "task": stage.task,
            "does": stage.does.say(self.lang),
            "family": stage.approach.family,
            "approach": self._shared(stage.approach, self._card),
            "passes": stage.passes.say(self.lang),
            "fits": stage.fits,
        }

    def _flips(self, flips: tuple[Flip, ...]) -> list[dict[str, Any]]:
        return [
            {
                "changes": [
                    {"fact": one.to.fact, "to": self._range(one.to), "sample": one.sample} for one in flip.changes
                ],
                "family": flip.approach.family if flip.approach else None,
                "approach": self._shared(flip.approach, self._card) if flip.approach else None,
                "choice": flip.choice or None,
                "text": words.changes(flip, self.lang),
                "say": " ".join(words.options(one) for one in flip.changes),
            }
            for flip in flips
        ]

    def _assumptions(self, assumptions: tuple[Assumption, ...]) -> list[dict[str, Any]]:
        return [
            {
                "fact": one.fact,
                "option": one.option,
                "holds_for": [self._range(range) for range in one.holds_for],
                "text": words.assumption(one, self.lang),
            }
            for one in assumptions
        ]


def dump(value: dict[str, Any]) -> str:
    """One document for people and programs: indented, ASCII, ending in a newline."""
    return json.dumps(value, indent=2, allow_nan=False).replace("\x7f", "\\u007f") + "\n"


_COMPACT = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode


def dump_line(value: dict[str, Any]) -> str:
    """One line of JSON Lines."""
    return _COMPACT(value).replace("\x7f", "\\u007f") + "\n"
