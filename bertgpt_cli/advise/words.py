"""Words -> the tasks that they may mean, with scores. Knows ids, titles and aliases, and forgives misspellings.

The door for free sentences: whatever finds tasks from more than a name adds candidates here.
"""

from __future__ import annotations

from bertgpt_cli.errors import AmbiguousTask, UnknownTask
from bertgpt_cli.report.recommendation import Candidate, Match
from bertgpt_cli.rulebook.book import Rulebook
from bertgpt_cli.rulebook.naming import normal
from bertgpt_cli.text import Text

MOST = 8  # candidates worth showing
NEAR = 0.5  # a spelling this near is worth offering
# Words about pictures, sound and tables are never a slip for the name of a text task (语音识别 is one sign from 语种识别).
_NOT_TEXT = (
    "image",
    "photo",
    "video",
    "audio",
    "speech",
    "tabular",
    "time series",
    "图像",
    "图片",
    "视频",
    "语音",
    "音频",
    "时间序列",
)
LONGEST = 200  # characters of the words that are looked at


def resolve(book: Rulebook, words: str) -> Match:
    """The one task that the words name.

    Raises UnknownTask with the nearest ids, or AmbiguousTask with the ids that fit equally well.
    """
    exact = book.names.get(normal(words))
    if exact is not None:
        if len(exact) > 1:
            raise _ambiguous(words, exact[:MOST])
        task = book.tasks[exact[0]]
        return Match(task.id, task.title, words, _how(book, task.id, words), 1.0)
    found = candidates(book, words)
    best = [one for one in found if one.score == found[0].score]
    if not best or not _slip(normal(words), best[0]):
        raise _unknown(words, found)
    if len(best) > 1:
        raise _ambiguous(words, tuple(one.id for one in best))
    return Match(best[0].id, best[0].title, words, best[0].how, best[0].score)


def _slip(wanted: str, best: Candidate) -> bool:
    """Whether the words are the name but for slips of the hand, in each word as many as its length excuses.

    A share of edits over all would not do: `image classification` is near `binary classification` and means
    something else.
    """
    if any(word in wanted and word not in best.via for word in _NOT_TEXT):
        return False
    a, b = wanted.split(), best.via.split()
    if len(a) != len(b):  # a space too few or too many
        return len(best.via) >= 8 and edits(wanted, best.via, 2) <= 2
    return all(edits(x, y, _excused(y)) <= _excused(y) for x, y in zip(a, b, strict=True))


def _excused(word: str) -> int:
    length = len(word) if word.isascii() else len(word) + 1  # a Chinese character says more than a letter
    return 0 if length < 4 else 1 if length < 8 else 2 if length < 12 else 3


def chosen(book: Rulebook, words: str, id: str) -> Match:
    """The task that a person chose among those that the words may mean."""
    return Match(id, book.tasks[id].title, words, "chosen", 1.0)


def candidates(book: Rulebook, words: str) -> tuple[Candidate, ...]:
    """The tasks that the words may mean, best first, ties in the order of the book; at most eight."""
    wanted = normal(words[:LONGEST])
    if not wanted:
        return ()
    best: dict[str, Candidate] = {}
    for name, owners in book.names.items():
        score = _likeness(wanted, name)
        if score < NEAR:
            continue
        for id in owners:
            if id not in best or score > best[id].score:
                how = "spelling" if score < 1 else _how(book, id, words)
                best[id] = Candidate(id, book.tasks[id].title, score, name, how)
    ranked = sorted(best.values(), key=lambda one: -one.score)
    return tuple(ranked[:MOST])


def _how(book: Rulebook, id: str, words: str) -> str:
    if normal(words) == normal(id):
        return "id"
    task = book.tasks[id]
    listed = {normal(alias) for aliases in task.aliases for alias in aliases}
    return "alias" if normal(words) in listed else "title"


def _likeness(wanted: str, name: str) -> float:
    """1 for the same name; below 1 by the share of edits, or by how little of the name the words are.

    Words that are a whole part of a name (`extraction` in `keyphrase extraction`) are near it, but never near enough
    to be taken for it: several names have such parts.
    """
    if wanted == name:
        return 1.0
    long = max(len(wanted), len(name))
    score = 0.0
    if long - min(len(wanted), len(name)) <= long * (1 - NEAR):
        score = 1 - edits(wanted, name, int(long * (1 - NEAR))) / long
    if _part(wanted, name):
        score = max(score, 0.5 + 0.19 * len(wanted) / len(name))
    return round(score, 4)


def _part(wanted: str, name: str) -> bool:
    if wanted.isascii():
        return f" {wanted} " in f" {name} " or (len(wanted) >= 4 and name.startswith(wanted))
    return len(wanted) >= 2 and wanted in name


def edits(a: str, b: str, most: int) -> int:
    """Insertions, deletions, replacements and swaps of neighbours that turn one into the other; `most + 1` if more.

    Optimal string alignment distance.
    """
    if abs(len(a) - len(b)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        before, last, row = row, before, [i]
        for j, y in enumerate(b, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return row[-1]


def _shown(words: str) -> str:
    flat = " ".join(words.split())
    return flat if len(flat) <= 60 else flat[:57] + "..."


def _unknown(words: str, found: tuple[Candidate, ...]) -> UnknownTask:
    ids = tuple(one.id for one in found[:5])
    shown = _shown(words)
    near = ", ".join(ids)
    if ids:
        message = Text(
            f"no task is called '{shown}'; the nearest: {near}", f"没有名为“{shown}”的任务；最接近的有：{near}"
        )
    else:
        message = Text(
            f"no task is called '{shown}', nor anything like it; 'bertgpt tasks' lists what there is",
            f"没有名为“{shown}”或与之相近的任务；运行 bertgpt tasks 查看全部任务",
        )
    return UnknownTask("unknown-task", message, ids)


def _ambiguous(words: str, ids: tuple[str, ...]) -> AmbiguousTask:
    near = ", ".join(ids)
    shown = _shown(words)
    message = Text(f"'{shown}' can mean several tasks: {near}", f"“{shown}”可能指多个任务：{near}")
    return AmbiguousTask("ambiguous-task", message, ids)
