"""One line of a batch -> what it asks. Strict: a line is answered as it was meant or refused with a reason."""

from __future__ import annotations

import json
import math
from difflib import get_close_matches
from typing import Any, NamedTuple

from bertgpt_cli.errors import UsageError
from bertgpt_cli.rulebook import facts
from bertgpt_cli.rulebook.facts import FACTS, Situation
from bertgpt_cli.text import Text

MAX_LINE = 1 << 20
MAX_TASKS = 50  # in one line
_KEYS = ("task", "ask", "id")


class Request(NamedTuple):
    """`names` are one task's words, or several for a plan. `id` is echoed as it came; `has_id` says whether it did.

    `fault` is why the line cannot be answered although its `id` could be read.
    """

    names: tuple[str, ...]
    facts: Situation
    id: Any
    has_id: bool
    fault: UsageError | None = None


def read(line: bytes) -> Request:
    """Raises UsageError, and nothing else, for whatever is not a JSON object with a sound `id`, if any."""
    if len(line) > MAX_LINE:
        raise _bad(Text("the line is longer than 1 MiB", "单行超过 1 MiB"))
    value = _json(line)
    if not isinstance(value, dict):
        raise _bad(Text("a line must be a JSON object", "每行必须是一个 JSON 对象"))
    id = value.get("id")
    if isinstance(id, (dict, list)) or (isinstance(id, float) and not math.isfinite(id)):
        raise _bad(Text("id must be text or a number", "id 必须是文本或数字"))
    given: Situation = {}
    try:
        for key, raw in value.items():
            if key in FACTS:
                given[key] = facts.read(FACTS[key], raw)
            elif key not in _KEYS:
                raise _unknown_key(key)
        return Request(_names(value), given, id, "id" in value)
    except UsageError as error:
        return Request((), {}, id, "id" in value, error)


def _names(value: dict[str, Any]) -> tuple[str, ...]:
    if ("task" in value) == ("ask" in value):
        raise _bad(Text("a line needs either 'task' or 'ask'", "每行需要 task 或 ask 之一"))
    asked = value.get("task", value.get("ask"))
    names = asked if isinstance(asked, list) and "task" in value else [asked]
    if not names or not all(isinstance(name, str) and name.strip() for name in names):
        raise _bad(Text("task (or ask) must be text, or a list of tasks", "task（或 ask）必须是文本，或任务的列表"))
    if len(names) > MAX_TASKS:
        raise _bad(Text(f"more than {MAX_TASKS} tasks in one line", f"一行中的任务超过 {MAX_TASKS} 个"))
    return tuple(names)


def _bad(message: Text) -> UsageError:
    return UsageError("bad-line", message)


def _unknown_key(key: str) -> UsageError:
    close = tuple(get_close_matches(key, [*_KEYS, *FACTS], n=1, cutoff=0.6))
    hint = Text(f"; use '{close[0]}'", f"；应为“{close[0]}”") if close else Text("", "")
    shown = key[:40]
    return UsageError("unknown-key", Text(f"unknown key '{shown}'{hint.en}", f"未知的键“{shown}”{hint.zh}"), close)


class _Refused(Exception):
    pass


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise _Refused(f"duplicate key '{twice[:40]}'")
    return made


def _constant(word: str) -> Any:
    raise _Refused(f"{word} is not JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_pairs, parse_constant=_constant)


def _json(line: bytes) -> Any:
    try:
        return _DECODER.decode(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise _bad(Text(f"not UTF-8 (byte {error.start + 1})", f"不是 UTF-8（第 {error.start + 1} 个字节）")) from None
    except json.JSONDecodeError as error:
        where = f"{error.msg}, column {error.colno}"
        raise _bad(Text(f"not JSON: {where}", f"不是合法的 JSON：{where}")) from None
    except _Refused as error:
        raise _bad(Text(f"not JSON: {error}", f"不是合法的 JSON：{error}")) from None
    except (RecursionError, ValueError):  # nested too deep, or a number of thousands of digits
        raise _bad(Text("not JSON that can be read", "无法读取的 JSON")) from None
