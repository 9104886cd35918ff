"""A sentence -> what it is made of, weighted by what it is about: the features by which `index` tells tasks apart.

English gives words, stems (the first five letters), pairs of stems and the letters inside words, so that a slip of the
hand leaves most of a word standing. Chinese gives characters, pairs, triples, and pairs of sounds, so that 文本分累 and
`wenben fenlei` still sound like 文本分类. What is denied, quoted, given as an example or told as done already counts
less than what is asked for. Knows no tasks.
"""

import functools
import itertools
import re
import unicodedata

from bertgpt_cli.rulebook import hanzi
from bertgpt_cli.rulebook.facts import LANGUAGE_NAMES
from bertgpt_cli.text import is_han
from bertgpt_cli.wording.mentions import family_of

Features = dict[str, float]

LONGEST = 2000  # characters of a sentence that are looked at
STEM = 5
# How much of a word's weight is left in a part of the sentence that is not the request.
DENIED = 0.3
QUOTED = 0.5
EXAMPLE = 0.6
ASIDE = 0.4
# A label of a few words says at its end what it is about: `translation memory lookup`, 论文摘要的英译.
HEAD = 2.0  # how much more the end of a label counts
_LABEL = 6  # words (a run of Chinese is one)
_TAIL = 4  # characters

_CLAUSE = re.compile(
    r"[,.;:!?，。；：！？、\n—()（）]+|\s-+>?\s|->|=>|→|\bbut\b|但是?|而是|只(?=[想要需])|就(?=要|想|行)"
)
_DENIAL = re.compile(
    r"\b(?:not(?! sure| only| just)|no(?! more than| matter)|never|don't|doesn't|isn't|aren't|instead of|rather than|"
    r"nothing to do with|neither|nor|skip|except|without)\b"
    r"|(?<![是能要会好])不(?:是(?!一)|要|用|需要|必|想|做|管|改|写|生成|打算|涉及)|无[需须]|别(?=[给写改翻总])|并非|而不是|而非|除了"
)
# Said with a no, and still part of what is wanted: `without labels`, `or not`, 是不是.
_NO_DENIAL = re.compile(r"\bor not\b|whether|label|train|annotat|tagged|example|标注|标签|训练|样本|是不是")
_DONE = re.compile(
    r"\b(?:already|later|afterwards?|(?:is|are) fine|elsewhere|other team|someone else|we have|nice to have|ha(?:s|ve) been|"
    r"next step|for now)\b|已经|以后|之后|后面再|后续|现有|另外有|别的组|做完了|做好了|都有了|先不"
)
_QUOTE = re.compile(r"“[^”]*”|\"[^\"]*\"|「[^」]*」|『[^』]*』|《[^》]*》|‘[^’]*’|(?<![a-z])'[^']{6,}?'(?![a-z])")
_PASTED = re.compile(r"(?i)->|=>|→|\b(?:in|input) ?:.*\b(?:out|output) ?:|输入.*输出")
_INSTANCE = re.compile(r"\b(?:e\.g\.?|for example|for instance|such as|like|in:|input:)|比如|例如|譬如|像是|好比")
_HAN_LANGUAGES = tuple(name for name in LANGUAGE_NAMES if is_han(name[0]) and LANGUAGE_NAMES[name] != "multi")
_FIGURE = re.compile(r"\d[\d.,]*")
_TOKEN = re.compile(r"[a-z]+(?:'[a-z]+)?|[#§?]|[^\W\d_a-z]+")


def plain(words: str) -> str:
    """The words in one width and in simplified characters, in the case in which they were typed."""
    words = words[:LONGEST]
    return words if words.isascii() else hanzi.simplify(unicodedata.normalize("NFKC", words))


def features(sentence: str) -> Features:
    """Of a sentence as `plain` writes it: how often each feature occurs, each occurrence by the weight of its part."""
    text = _without_languages(sentence.lower())
    found: Features = {}
    get = found.get
    latin: list[str] = []
    pieces = parts(text)
    for start, end, weight in pieces:
        before = "^"
        tokens = _TOKEN.findall(_FIGURE.sub("#", text[start:end]))
        head = len(tokens) - 1 if len(pieces) == 1 and len(tokens) <= _LABEL else -1
        for i, token in enumerate(tokens):
            if is_han(token[0]):
                for key in _han(token):
                    found[key] = get(key, 0.0) + weight
                if i == head:
                    for key in _han(token.rpartition("的")[2][-_TAIL:]):
                        found[key] += (HEAD - 1) * weight
                before = ""
                continue
            if family_of(token):
                continue  # which model somebody has in mind says nothing of the task
            if LANGUAGE_NAMES.get(token, "multi") != "multi":
                token = "§"  # whichever it is
            share = weight * HEAD if i == head else weight
            stem = token[:STEM]
            for key in (*_word(token), f"2{before} {stem}") if before else _word(token):
                found[key] = get(key, 0.0) + share
            before = stem
            if token[0].isalpha():
                latin.append(token)
    for key in _pinyin(latin):
        found[key] = get(key, 0.0) + 1.0
    return found


def _without_languages(text: str) -> str:
    if "语" in text or "文" in text:
        for name in _HAN_LANGUAGES:
            if name in text:
                text = text.replace(name, "§")
    return text


def without_samples(sentence: str) -> str:
    """Without what is quoted, unless nothing else is there; empty for an input that is pasted with the output wanted.

    What a sample says is what texts are about, not what is asked for: it never makes a request one for something else.
    """
    if _PASTED.search(sentence):
        return ""
    rest = _QUOTE.sub(" ", sentence)
    return rest if any(map(str.isalpha, rest)) else sentence


def parts(text: str) -> list[tuple[int, int, float]]:
    """The parts of a sentence, from and to where, with their weights; the weightiest weighs 1."""
    found: list[tuple[int, int, float]] = []
    at = 0
    for quote in _QUOTE.finditer(text):
        found += _clauses(text, at, quote.start())
        found.append((*quote.span(), QUOTED))
        at = quote.end()
    found += _clauses(text, at, len(text))
    most = max((weight for _, _, weight in found), default=1.0)
    return [(start, end, weight / most) for start, end, weight in found]


def _clauses(text: str, start: int, stop: int) -> list[tuple[int, int, float]]:
    found: list[tuple[int, int, float]] = []
    for end in (*(cut.start() for cut in _CLAUSE.finditer(text, start, stop)), stop):
        clause = text[start:end]
        weight = ASIDE if _DONE.search(clause) else 1.0
        denial = _DENIAL.search(clause)
        instance = _INSTANCE.search(clause)
        if denial and not _NO_DENIAL.search(clause):
            middle = start + denial.start()
            found += [(start, middle, weight), (middle, end, weight * DENIED)]
        elif instance and instance.start():
            middle = start + instance.start()
            found += [(start, middle, weight), (middle, end, weight * EXAMPLE)]
        else:
            found.append((start, end, weight))
        start = end
    return [part for part in found if text[part[0] : part[1]].strip()]


@functools.lru_cache(maxsize=32768)
def _word(word: str) -> tuple[str, ...]:
    keys = [f"w{word}"]
    if len(word) > STEM:
        keys.append(f"s{word[:STEM]}")
    edged = f"_{word}_"
    keys += [f"c{edged[i : i + n]}" for n in (3, 4) for i in range(len(edged) - n + 1)]
    return tuple(keys)


def _han(run: str) -> list[str]:
    said = hanzi.sounds(run)
    keys = [f"u{char}" for char in run]
    keys += [f"b{run[i : i + 2]}" for i in range(len(run) - 1)]
    keys += [f"p{one} {two}" for one, two in itertools.pairwise(said)]
    keys += [f"t{run[i : i + 3]}" for i in range(len(run) - 2)]
    return keys


def _pinyin(latin: list[str]) -> list[str]:
    """Pairs of sounds where most of the letters spell Chinese syllables."""
    spelt = [(word, hanzi.spelt(word)) for word in latin]
    if 4 * sum(len(word) for word, said in spelt if said) < 3 * sum(map(len, latin)):
        return []
    sounds = [sound for _, said in spelt for sound in said]
    return [f"p{one} {two}" for one, two in itertools.pairwise(sounds)]
