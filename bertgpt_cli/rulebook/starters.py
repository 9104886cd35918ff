"""Starter programs: for each approach a short Python program that runs as it stands, kept under `rules/starters/`.

`APPROACH.py` is the program; `APPROACH.TASK.py` and `APPROACH.OUTPUT.py` take its place for one task or one output. What a
program is about stands in constants at its top (`MODEL = "..."`), which are filled in here. Knows nothing of what the
programs do.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping

from bertgpt_cli.rulebook.files import builtin_folder

Constant = str | int


def find(approach: str, tasks: Iterable[str], output: str) -> str | None:
    """The program's text: the one for the first of `tasks` (the task, its parents) that has one, else for the output.

    None where the approach has no program.
    """
    for name in (*(f"{approach}.{task}" for task in tasks), f"{approach}.{output}", approach):
        path = os.path.join(builtin_folder(), "starters", f"{name}.py")
        if os.path.isfile(path):
            with open(path, encoding="utf-8") as file:
                return file.read()
    return None


def fill(program: str, constants: Mapping[str, Constant]) -> str:
    """The program with each of these constants, where its top has them, set to the value; all else as it was."""

    def filled(match: re.Match[str]) -> str:
        name, remark = match[1], match[2] or ""
        return f"{name} = {_literal(constants[name])}{remark}" if name in constants else match[0]

    return re.sub(r"^([A-Z][A-Z_]*) = .*?(  #.*)?$", filled, program, flags=re.M)


def _literal(value: Constant) -> str:
    """As ruff would write it: double quotes, thousands apart."""
    if isinstance(value, int):
        return f"{value:_}" if value >= 10_000 else str(value)
    import json

    return json.dumps(value, ensure_ascii=False)
