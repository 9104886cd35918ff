"""Reports -> JSON. One document with `schema_version` and `kind`; ASCII only, so no control byte ever gets out.

`schema_version` follows the rule of minor = additive: readers ignore keys they do not know.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from json.encoder import encode_basestring_ascii
from typing import Any

from bertgpt_cli.errors import AmbiguousTask, BertgptError, Complaint, InputFileError
from bertgpt_cli.render import checkpoints, evidence, words
from bertgpt_cli.render.recommendation import rows_of
from bertgpt_cli.report.checkpoint import Picks
from bertgpt_cli.report.evidence import Confidence, Evidence, Weighed
from bertgpt_cli.report.map import Map
from bertgpt_cli.report.recommendation import (
    Adaptation,
    Alternative,
    Assumption,
    Card,
    Change,
    Flip,
    Match,
    Obstacle,
    Plan,
    Range,
    Reason,
    Recommendation,
    StageAdvice,
    TaskList,
    Value,
)
from bertgpt_cli.text import Lang, Text

SCHEMA_VERSION = "1.0"
_COUNTED = {"for": "for", "against": "against", "ties": "tie", "hints": "hint"}
compact = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode


class Encoder:
    """JSON for one language. Each part that many answers share is encoded once, which is what makes a batch fast."""

    def __init__(self, lang: Lang) -> None:
        self.lang = lang
        # A part is kept beside its text, so that its identity cannot pass to another object.
        self._texts: dict[int, tuple[Any, str]] = {}
        self._changes: dict[int, tuple[Change, tuple[str, str, str]]] = {}
        self._obstacles: dict[int, tuple[Obstacle, str, str]] = {}

    def recommendation(self, answer: Recommendation, explain: bool = False) -> dict[str, Any]:
        value: dict[str, Any] = json.loads(self.line(answer, explain))
        return value

    def line(self, answer: Recommendation, explain: bool = False) -> str:
        """The recommendation as compact JSON text."""
        if len(self._texts) > 100_000:
            self._texts.clear()
        got = dict(answer.situation)
        got.setdefault("output", answer.output)
        alternatives = [self._alternative(one, got) for one in answer.alternatives if explain or not one.shared]
        situation = ",".join([f'"{name}":{_scalar(value)}' for name, value in answer.situation])
        text = self._text
        return (
            f'{{"schema_version":"{SCHEMA_VERSION}","kind":"recommendation",'
            f'"task":{text(answer.task, self._match)},'
            f'"situation":{{{situation}}},"output":"{answer.output}",'
            f'"fits":{_scalar(answer.fits)},"unmet":[{",".join([self._obstacle(one, got) for one in answer.unmet])}],'
            f'"family":"{answer.family}","approach":{text(answer.approach, self._card)},"choice":"{answer.choice}",'
            f'"reasons":[{",".join([text(one, self._reason) for one in answer.reasons])}],'
            f'"confidence":{text(answer.evidence.confidence, self._confidence)},'
            f'"evidence":{self._evidence(answer, explain)},'
            f'"adaptation":{text(answer.adaptation, self._adaptation)},'
            f"{self._whole_picks(answer.checkpoints) if explain else text(answer.checkpoints, self._picks)},"
            f'"alternatives":[{",".join(alternatives)}],'
            f'"outside":[{",".join([self._alternative(one, got) for one in answer.outside])}],'
            f'"stages":[{",".join([compact(self._stage(one)) for one in answer.stages])}],'
            f'"flips":[{",".join([text(one, self._flip) for one in answer.flips])}],'
            f'"assumptions":[{",".join([text(one, self._assumption) for one in answer.assumptions])}],'
            f'"rulebook":{text(answer.rulebook, self.plain)}}}'
        )

    def _match(self, match: Match) -> dict[str, Any]:
        matched = {
            "words": match.words,
            "how": match.how,
            "score": match.score,
            "read": [one._asdict() for one in match.read],
            "family": match.family or None,
        }
        return {"id": match.id, "title": match.title.say(self.lang), "matched": matched}

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

    def map(self, report: Map) -> dict[str, Any]:
        return {
            "schema_version": SCHEMA_VERSION,
            "kind": "map",
            "task": report.task,
            "title": report.title.say(self.lang),
            "situation": dict(report.situation),
            **{
                name: {
                    "fact": side.fact,
                    "bands": [self._range(band) for band in side.bands],
                    "here": side.here,
                    "at": side.at,
                }
                for name, side in (("x", report.x), ("y", report.y))
            },
            "cells": [
                [{"approach": self._card(one.approach) if one.approach else None, "choice": one.choice} for one in row]
                for row in report.cells
            ],
            "rulebook": report.rulebook._asdict(),
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
        if isinstance(error, AmbiguousTask) and error.shares:
            body["candidates"] = [{"id": id, "score": share} for id, share in error.shares]
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

    def _text(self, part: Any, encode: Callable[[Any], Any]) -> str:
        """The part's JSON text; `encode` gives its plain value, or the text itself where that is quicker."""
        try:
            return self._texts[id(part)][1]
        except KeyError:
            made = encode(part)
            text = made if isinstance(made, str) else compact(made)
            self._texts[id(part)] = (part, text)
            return text

    def _card(self, card: Card) -> dict[str, Any]:
        return {"id": card.id, "title": card.title.say(self.lang), "family": card.family}

    def _reason(self, reason: Reason) -> dict[str, Any]:
        evidence = [rows_of(one) for one in reason.evidence]
        return {"text": reason.text.say(self.lang), "evidence": evidence, "place": reason.place}

    def _confidence(self, found: Confidence) -> dict[str, Any]:
        return {
            "word": found.word,
            "why": evidence.explained(found).say(self.lang),
            "sources": found.sources,
            "share": round(found.share, 4),
            "too_close": found.close,
        }

    def _evidence(self, answer: Recommendation, explain: bool) -> str:
        found = answer.evidence
        # The parts with all rows and with a few are kept apart by what they are made of.
        counted = self._text(found.rows, self._all) if explain else self._text(found, self._few)
        return f'{counted},"cited":{self._text(answer.reasons, self._cited)}}}'

    def _all(self, rows: tuple[Weighed, ...]) -> str:
        return _open(_counted(rows, rows, whole=True))

    def _few(self, found: Evidence) -> str:
        return _open(_counted(found.rows, evidence.shown(found), whole=False))

    def _cited(self, reasons: tuple[Reason, ...]) -> list[dict[str, Any]]:
        cited = {one.id: one._asdict() for reason in reasons for one in reason.evidence}
        return list(cited.values())

    def _picks(self, picks: Picks) -> str:
        return self._told_picks(picks, False)

    def _whole_picks(self, picks: Picks) -> str:
        return self._told_picks(picks, True)

    def _told_picks(self, picks: Picks, whole: bool) -> str:
        """The text of two keys: the checkpoints, and the language that they were picked for."""
        told = [checkpoints.plain_pick(one, self.lang, whole) for one in picks.picks]
        language = {"language": picks.language, "assumed": picks.assumed}
        return f'"checkpoints":{compact(told)},"checkpoints_for":{compact(language)}'

    def _adaptation(self, adaptation: Adaptation) -> dict[str, Any]:
        plain = self.plain(adaptation)
        plain["variants"] = [{"name": name, "about": about.say(self.lang)} for name, about in adaptation.variants]
        return dict(plain)

    def _alternative(self, one: Alternative, got: dict[str, Value]) -> str:
        """All but the values that stand in the way is the same for every answer."""
        text = self._text(one, self._told)
        if not one.blocked_by:
            return f'{text},"blocked_by":[]}}'
        blocked = ",".join([self._obstacle(found, got) for found in one.blocked_by])
        return f'{text},"blocked_by":[{blocked}]}}'

    def _told(self, one: Alternative) -> str:
        because = one.because.say(self.lang)
        return _open(
            {"choice": one.choice, "approach": self._card(one.approach), "because": because, "place": one.place}
        )

    def _obstacle(self, found: Obstacle, got: dict[str, Value]) -> str:
        known = self._obstacles.get(id(found))  # nothing is called as often
        if known is None:
            known = self._obstacles[id(found)] = (found, self._wanted(found), found.wanted.fact)
        return f'{known[1]},"got":{_scalar(got.get(known[2]))}}}'

    def _wanted(self, found: Obstacle) -> str:
        return _open({"fact": found.wanted.fact, "kind": found.kind, "wanted": self._range(found.wanted)})

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
            "approach": self._card(stage.approach),
            "passes": stage.passes.say(self.lang),
            "fits": stage.fits,
        }

    def _flip(self, flip: Flip) -> str:
        """A flip of several facts is made of changes that many flips share."""
        told = [self._change(one) for one in flip.changes]
        changes = ",".join([one[0] for one in told])
        said = _scalar(words.AND.say(self.lang).join([one[1] for one in told]))
        options = _scalar(" ".join([one[2] for one in told]))
        if flip.approach is None:
            outcome = '"family":null,"approach":null,"choice":null'
        else:
            card = self._text(flip.approach, self._card)
            outcome = f'"family":"{flip.approach.family}","approach":{card},"choice":"{flip.choice}"'
        return f'{{"changes":[{changes}],{outcome},"text":{said},"say":{options}}}'

    def _change(self, one: Change) -> tuple[str, str, str]:
        known = self._changes.get(id(one))
        if known is None:
            plain = compact({"fact": one.to.fact, "to": self._range(one.to), "sample": one.sample})
            told = (plain, words.fact_range(one.to, self.lang), words.options(one))
            known = self._changes[id(one)] = (one, told)
        return known[1]

    def _assumption(self, one: Assumption) -> dict[str, Any]:
        return {
            "fact": one.fact,
            "option": one.option,
            "holds_for": [self._range(range) for range in one.holds_for],
            "text": words.assumption(one, self.lang),
        }


def _open(value: dict[str, Any]) -> str:
    """An object's JSON text without its closing brace: what follows differs from answer to answer."""
    return compact(value)[:-1]


def _counted(rows: tuple[Weighed, ...], told: tuple[Weighed, ...], whole: bool) -> dict[str, Any]:
    verdicts = [one.verdict for one in rows]
    counts = {name: verdicts.count(word) for name, word in _COUNTED.items()}
    return {**counts, "rows": [evidence.plain(one, whole) for one in told]}


def _scalar(value: Value | None) -> str:
    """JSON text of one value of a fact."""
    if value is None:
        return "null"
    if isinstance(value, str):
        return encode_basestring_ascii(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value)


def dump(value: dict[str, Any]) -> str:
    """One document for people and programs: indented, ASCII, ending in a newline."""
    return json.dumps(value, indent=2, allow_nan=False).replace("\x7f", "\\u007f") + "\n"


def dump_line(value: dict[str, Any]) -> str:
    """One line of JSON Lines."""
    return finish(compact(value))


def finish(text: str) -> str:
    """Compact JSON text as a line; DEL is the one control character that JSON's own escaping leaves."""
    return text.replace("\x7f", "\\u007f") + "\n"
