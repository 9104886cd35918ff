"""Which well-known data sets a sentence names, and whose they are: `something like CoNLL-2003`.

A name that is also an ordinary word (RACE, Spider) counts only as it is written in the rules, and one that is typed
small (squad) only where something else speaks of data. Names that differ by a year are different names.
"""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from bertgpt_cli.text import is_han
from bertgpt_cli.wording.features import parts, plain

_LONGEST = 7  # words of a name
_LONGEST_HAN = 12  # characters
_WORD = re.compile(r"[A-Za-z]+|\d+|[^\W\d_A-Za-z]+")
_ABOUT_DATA = re.compile(
    r"data ?set|benchmark|corpus|leaderboard|fine.?tun|train|(?:test|dev) set|\b(?:dev|test|split|style|scores?)\b"
    r"|数据集|语料|基准|榜|评测|微调|训练|复现|测试集"
)
_YEAR = re.compile(r"(?P<name>[a-z]{3,}(?:task)?)(?:19|20)(?P<year>\d\d)")


class DataSet(NamedTuple):
    """`typed` is how the name must be typed to be meant, where that matters; `owners` are the tasks that it is of."""

    typed: str
    owners: tuple[str, ...]


def squeezed(name: str) -> str:
    """`CoNLL-2003` and `conll 2003` alike: the letters and figures alone."""
    return "".join(char for char in plain(name).lower() if char.isalnum())


def catalogue(names: Iterable[tuple[str, str]], ordinary: frozenset[str]) -> dict[str, DataSet]:
    """From (task, name) pairs; `ordinary` are words that phrases use without meaning a data set."""
    found: dict[str, DataSet] = {}
    for task, name in names:
        key = squeezed(name)
        typed = plain(name) if key in ordinary and plain(name) != key else ""
        known = found.get(key)
        owners = known.owners if known else ()
        found[key] = DataSet(typed, owners if task in owners else (*owners, task))
    for key in list(found):
        year = _YEAR.fullmatch(key)
        if year:
            found.setdefault(year["name"] + year["year"], found[key])
    return found


def named(sentence: str, known: Mapping[str, DataSet]) -> list[tuple[DataSet, float]]:
    """The data sets in a sentence as `plain` writes it, each with the weight of the part that it stands in."""
    found: list[tuple[DataSet, float]] = []
    lowered = sentence.lower()
    if len(lowered) != len(sentence):
        sentence = lowered  # a letter like İ: the two must go side by side
    small = len(sentence.split()) == 1 or _ABOUT_DATA.search(lowered) is not None
    for start, end, weight in parts(lowered):
        words = _WORD.findall(sentence[start:end])
        found += [(one, weight) for one in _in_words(words, known, small)]
    return found


def _in_words(words: list[str], known: Mapping[str, DataSet], small: bool) -> list[DataSet]:
    """The longest name at each place, none overlapping."""
    found: list[DataSet] = []
    at = 0
    while at < len(words):
        if is_han(words[at][0]):
            found += _in_han(words[at], known)
        for end in range(min(len(words), at + _LONGEST), at, -1):
            typed = "".join(words[at:end])
            one = known.get(typed.lower())
            if one is not None and one.typed in ("", typed) and (small or not _is_small(typed)):
                found.append(one)
                at = end
                break
        else:
            at += 1
    return found


def _is_small(typed: str) -> bool:
    return typed.isascii() and typed.isalpha() and typed.islower()


def _in_han(run: str, known: Mapping[str, DataSet]) -> list[DataSet]:
    found: list[DataSet] = []
    at = 0
    while at < len(run) - 1:
        for end in range(min(len(run), at + _LONGEST_HAN), at + 1, -1):
            if run[at:end] in known:
                found.append(known[run[at:end]])
                at = end
                break
        else:
            at += 1
    return found
