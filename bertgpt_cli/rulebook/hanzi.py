"""How Chinese characters sound, and which traditional ones stand for which simplified ones: `rules/hanzi.txt`.

One reading for each character, without its tone: enough to hear that 文本分累 and `wenben fenlei` mean 文本分类.
"""

import functools
import os

from bertgpt_cli.rulebook.files import builtin_folder

_FILE = "hanzi.txt"
_LONGEST = 6  # letters of a syllable: zhuang
_UMLAUTS = {"lue": "lve", "nue": "nve"}  # ü is v in the file, as on a keyboard; these two are also typed with u


@functools.cache
def _halves() -> tuple[str, str]:
    with open(os.path.join(builtin_folder(), _FILE), encoding="utf-8") as file:
        syllables, _, pairs = file.read().partition("\ntraditional\n")
    return syllables, pairs


@functools.cache
def _simplified() -> dict[int, str]:
    return {ord(pair[0]): pair[1] for pair in _halves()[1].split()}


@functools.cache
def syllables() -> dict[str, str]:
    """Character -> its syllable."""
    found: dict[str, str] = {}
    for line in _halves()[0].splitlines():
        if line and line[0] != "#":
            syllable, chars = line.split(" ")
            found.update(dict.fromkeys(chars, syllable))
    return found


@functools.cache
def _known() -> frozenset[str]:
    lines = _halves()[
        0
    ].splitlines()  # without reading the characters: any English sentence is asked whether it is pinyin
    return frozenset(line.partition(" ")[0] for line in lines if line and line[0] != "#") | frozenset(_UMLAUTS)


def sounds(text: str) -> list[str]:
    """What each character sounds like; what is none of ours stays itself."""
    known = syllables()
    return [known.get(char, char) for char in text]


def simplify(text: str) -> str:
    """The text with each traditional character replaced by the simplified one, one for one."""
    return text.translate(_simplified())


@functools.lru_cache(maxsize=4096)
def spelt(word: str) -> tuple[str, ...]:
    """`wenbenfenlei` -> (wen, ben, fen, lei), the longest syllables first; () for what is no pinyin."""
    known = _known()
    rest: list[tuple[str, ...] | None] = [None] * len(word) + [()]
    for start in range(len(word) - 1, -1, -1):
        for end in range(min(len(word), start + _LONGEST), start, -1):
            tail = rest[end]
            if tail is not None and word[start:end] in known:
                rest[start] = (_UMLAUTS.get(word[start:end], word[start:end]), *tail)
                break
    return rest[0] or ()
