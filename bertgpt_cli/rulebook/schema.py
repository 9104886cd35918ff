"""The JSON Schema (draft-07) of a rule file, for editors and CI, made from the same tables as the strict reader.

Draft-07 because editors' YAML support stops there. What a schema cannot say (references, ranges that never hold,
duplicate keys) only `rules check` says.
"""

from __future__ import annotations

from typing import Any

from bertgpt_cli.rulebook.book import FORMAT
from bertgpt_cli.rulebook.citation import CITATION
from bertgpt_cli.rulebook.facts import FACTS, LANGUAGE, NO_LANGUAGE, SIZE, Fact
from bertgpt_cli.rulebook.reading import QUANTITIES
from bertgpt_cli.rulebook.shapes import ID, NAMES, OTHERWISE, SECTIONS, SHAPES, Key


def schema() -> dict[str, Any]:
    """The whole schema. The same for the same bertgpt, so that a test can hold the shipped file against it."""
    sections = {name: _section(name, shape) for name, shape in SECTIONS.items()}
    definitions: dict[str, Any] = {
        "line": {"type": "string", "minLength": 1, "pattern": r"\S"},
        "both": _object({"en": _ref("line"), "zh": _ref("line")}, ["en", "zh"], "the same in English and Chinese"),
        "lists": _object({"en": _list(_ref("line")), "zh": _list(_ref("line"))}, [], "words in English and Chinese"),
        "when": _object(
            {name: _condition(fact) for name, fact in FACTS.items()}, [], "conditions, all of which must hold"
        ),
        "given": _object({name: _value(fact) for name, fact in FACTS.items()}, [], "facts"),
    }
    definitions |= {name: _part(name, keys) for name, keys in SHAPES.items()}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "bertgpt rule file",
        "type": "object",
        "required": ["version"],
        "additionalProperties": False,
        "anyOf": [{"required": [name]} for name in (*SECTIONS, OTHERWISE)],
        "properties": {
            "version": {"const": FORMAT, "description": "the format of rule files"},
            "date": {"type": "string", "description": "when the file's content was last looked over"},
            **sections,
            OTHERWISE: {
                **_list(_ref("choice")),
                "description": "choices that end every task's list, for outputs it does not usually give",
            },
        },
        "definitions": definitions,
    }


def _section(name: str, shape: str) -> dict[str, Any]:
    pattern = f"^{NAMES.get(shape, ID)}$"
    return {
        "type": "object",
        "description": f"{name} by name",
        "propertyNames": {"pattern": pattern},
        "additionalProperties": _ref(shape),
    }


def _part(name: str, keys: dict[str, Key]) -> dict[str, Any]:
    properties = {key: {**_key(spec), "description": spec.about} for key, spec in keys.items()}
    required = [key for key, spec in keys.items() if spec.required]
    part = _object(properties, required, f"a {name}")
    if name in ("task", "choice"):
        # A part that merges into or disables a lower layer's says only what it changes.
        del part["required"]
        relaxed = {"properties": {"override": {"enum": ["merge", "disable"]}}, "required": ["override"]}
        part |= {"if": relaxed, "else": {"required": required}}
        if name == "choice":
            part["then"] = {"anyOf": [{"required": ["id"]}, {"required": ["approach"]}]}
    return part


def _key(spec: Key) -> dict[str, Any]:
    kind = spec.kind
    if kind in ("both", "lists", "when", "given"):
        return {"allOf": [_ref(kind)]}
    if kind == "line":
        return {"allOf": [_ref("line")]}
    if kind == "id":
        return {"type": "string", "pattern": f"^{ID}$"}
    if kind == "year":
        return {"type": "integer", "minimum": 1900, "maximum": 2099}
    if kind == "word":
        return {"enum": list(spec.of)}
    if kind == "part":
        return {"allOf": [_ref(spec.of[0])]}
    if kind == "flag":
        return {"type": "boolean"}
    if kind in QUANTITIES:
        return {name: part for name, part in _value(QUANTITIES[kind]).items() if name != "description"}
    if kind == "lines":
        item: dict[str, Any] = _ref("line")
    elif kind == "words":
        item = {"enum": list(spec.of)}
    elif kind == "languages":
        item = {"type": "string", "pattern": f"^({LANGUAGE}|{'|'.join(NO_LANGUAGE)})$"}
    elif kind == "cites":
        item = {"type": "string", "pattern": f"^{CITATION}$"}
    else:
        item = _ref(spec.of[0])
    return {**_list(item), "minItems": spec.least}


def _value(fact: Fact) -> dict[str, Any]:
    about = {"description": fact.about.en}
    if fact.kind == "flag":
        return {"type": "boolean", **about}
    if fact.kind == "choice":
        return {"enum": list(fact.words), **about}
    if fact.kind == "language":
        return {"type": "string", "pattern": f"^({LANGUAGE}|[Mm][Uu][Ll][Tt][Ii]|[Cc][Oo][Dd][Ee])$", **about}
    if fact.kind == "number":
        return {"type": "number", "exclusiveMinimum": 0, **about}
    if fact.kind == "size":
        text = {"type": "string", "pattern": f"^{SIZE}$"}
        return {"anyOf": [{"type": "integer", "minimum": fact.least}, text], **about}
    return {"type": "integer", "minimum": fact.least, **about}


def _condition(fact: Fact) -> dict[str, Any]:
    value = {name: part for name, part in _value(fact).items() if name != "description"}
    if fact.ordered:
        tests = {"below": value, "at-least": value} | ({} if fact.kind == "number" else {"is": value})
        either: list[dict[str, Any]] = [{**_object(tests, [], ""), "minProperties": 1}]
        if fact.kind != "number":
            either.append(value)
    else:
        tests = {"is": value, "in": {**_list(value), "minItems": 1}}
        either = [
            value,
            {**_list(value), "minItems": 1},
            {**_object(tests, [], ""), "minProperties": 1, "maxProperties": 1},
        ]
    return {"anyOf": either, "description": fact.about.en}


def _object(properties: dict[str, Any], required: list[str], about: str) -> dict[str, Any]:
    made: dict[str, Any] = {"type": "object", "additionalProperties": False, "properties": properties}
    if required:
        made["required"] = required
    return {**made, "description": about} if about else made


def _list(item: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": item}


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/definitions/{name}"}
