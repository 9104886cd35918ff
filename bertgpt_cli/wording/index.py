"""Which task a sentence is about: multinomial naive Bayes over weighted features, learnt from the rule book's words.

Phrases are weighted by inverse document frequency and given length one before they are counted (Rennie et al. 2003,
Tackling the Poor Assumptions of Naive Bayes Text Classifiers, ICML, sections 4.1 to 4.3). Learning is counting, so a
rule file that adds an alias teaches it at once. Knows nothing of what the classes are.
"""

import marshal
import math
import zlib
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Literal, NamedTuple

from bertgpt_cli.wording.features import Features

SMOOTHING = 0.03  # of a feature's count in a class that has not shown it
RARITY = 1.3  # the power of a feature's inverse document frequency
_STEPS = 32  # a posting's weight is kept in steps of 1/32, in one byte: 0 to 8


class Scored(NamedTuple):
    """`scores` are log likelihoods for each class, per unit of `weight`, which is how much of the sentence was known;
    `known` is that as a share of all of it.
    """

    scores: list[float]
    weight: float
    known: float


class Index(NamedTuple):
    """What was learnt, as arrays: feature `keys[i]` (the CRC-32 of its name, ascending) weighs `weights[i]` and has
    the postings `starts[i]` to `starts[i + 1]`: in class `owners[j]` a log ratio of `ratios[j] / 32` over `floors`.
    A feature that no phrase has weighs `unseen`.
    """

    classes: tuple[str, ...]
    floors: tuple[float, ...]
    unseen: float
    keys: Sequence[int]
    weights: Sequence[float]
    starts: Sequence[int]
    owners: Sequence[int]
    ratios: bytes

    def score(self, features: Features) -> Scored:
        keys, starts, owners, ratios = self.keys, self.starts, self.owners, self.ratios
        found = [0.0] * len(self.classes)
        squares = known = total = 0.0
        for name, count in features.items():
            key = zlib.crc32(name.encode())
            at = bisect_left(keys, key)
            if at == len(keys) or keys[at] != key:
                squares += (_damped(count) * self.unseen) ** 2
                continue
            weight = _damped(count) * self.weights[at]
            squares += weight * weight
            known += weight * weight
            total += weight
            step = weight / _STEPS
            start, end = starts[at], starts[at + 1]
            for i, ratio in zip(owners[start:end], ratios[start:end], strict=False):
                found[i] += step * ratio
        if not total:
            return Scored(found, 0.0, 0.0)
        scores = [score / total + floor for score, floor in zip(found, self.floors, strict=True)]
        return Scored(scores, total, known / squares)


def learn(phrases: Iterable[tuple[str, Features]]) -> Index:
    """From (class, features of a phrase that belongs to it)."""
    given = list(phrases)
    spread = Counter(name for _, features in given for name in features)
    rarity = {name: (math.log((1 + len(given)) / (1 + often)) + 1) ** RARITY for name, often in spread.items()}
    classes = tuple(dict.fromkeys(name for name, _ in given))
    number = {name: i for i, name in enumerate(classes)}
    sums = [0.0] * len(classes)
    counts: dict[str, dict[int, float]] = {name: {} for name in spread}
    for owner, features in given:
        weights = {name: _damped(count) * rarity[name] for name, count in features.items()}
        length = math.sqrt(sum(weight * weight for weight in weights.values())) or 1.0
        i = number[owner]
        for name, weight in weights.items():
            row = counts[name]
            row[i] = row.get(i, 0.0) + weight / length
            sums[i] += weight / length
    floors = tuple(-math.log(total / SMOOTHING + len(counts)) for total in sums)
    rows = sorted((zlib.crc32(name.encode()), name) for name in counts)
    keys, weights_, starts, owners, ratios = array("I"), array("f"), array("I", [0]), array("H"), bytearray()
    for key, name in rows:
        if keys and keys[-1] == key:
            continue  # two features of one CRC: the first stands for both
        keys.append(key)
        weights_.append(rarity[name])
        for i, count in counts[name].items():
            owners.append(i)
            ratios.append(min(255, round(math.log1p(count / SMOOTHING) * _STEPS)))
        starts.append(len(owners))
    unseen = (math.log(1 + len(given)) + 1) ** RARITY
    return Index(classes, floors, unseen, keys, weights_, starts, owners, bytes(ratios))


def pack(index: Index, rest: Any) -> bytes:
    """The index and what goes with it, which must be of plain types."""
    keys, weights, starts = array("I", index.keys), array("f", index.weights), array("I", index.starts)
    owners = array(_code(index.classes), index.owners)
    arrays = (keys.tobytes(), weights.tobytes(), starts.tobytes(), owners.tobytes())
    return marshal.dumps((index.classes, index.floors, index.unseen, arrays, index.ratios, rest))


def unpack(data: bytes | memoryview) -> tuple[Index, Any]:
    """As it was packed; the arrays are views, so that nothing is copied at a start."""
    classes, floors, unseen, (keys, weights, starts, owners), ratios, rest = marshal.loads(data)
    index = Index(
        classes,
        floors,
        unseen,
        memoryview(keys).cast("I"),
        memoryview(weights).cast("f"),
        memoryview(starts).cast("I"),
        memoryview(owners).cast(_code(classes)),
        ratios,
    )
    return index, rest


def _code(classes: tuple[str, ...]) -> Literal["B", "H"]:
    """The type of a class's number: as few bytes as will do, since a start waits for each."""
    return "B" if len(classes) <= 256 else "H"


def _damped(count: float) -> float:
    return 1 + math.log(count) if count > 1 else count
