"""Which texts are asked, which train, and in which order work grows. Knows labels, no texts and no models.

There is one shuffled order of the texts, and every beginning of it has about the class shares of the whole; so a trial can begin
with a few hundred texts and go on where that does not decide. Folds are dealt out along the order, class by class.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from bertgpt_cli.lab.trial.scored import Whole

FOLDS = 5
FIRST = 256  # texts of the first rung
_LEAST = 8  # labels of the first point of a curve
ROUNDS = 2  # draws for each fold, of fewer labels than all


class Arrangement(NamedTuple):
    """`order` holds the places of all texts, `fold` the fold of the text at each place."""

    order: Whole
    fold: Whole


class Draw(NamedTuple):
    """Places of the texts that train, in an order whose every beginning is a draw of fewer labels, and of those that are asked."""

    train: Whole
    asked: Whole


def arrange(labels: Whole, seed: int) -> Arrangement:
    """The same for the same labels and seed."""
    rng = np.random.default_rng([seed, 0])
    order = np.arange(len(labels))[_interleaved(labels, rng)]
    fold = np.empty(len(labels), dtype=np.int64)
    dealt = 0
    for one in np.unique(labels):
        members = order[labels[order] == one]
        fold[members] = (np.arange(len(members)) + dealt) % FOLDS
        dealt += len(members)  # the next class goes on where this one ended, so that folds are of one size
    return Arrangement(order, fold)


def _interleaved(labels: Whole, rng: np.random.Generator) -> Whole:
    """A shuffle in which the members of each class are spread evenly."""
    place = np.empty(len(labels))
    for one in np.unique(labels):
        members = rng.permutation(np.flatnonzero(labels == one))
        place[members] = (np.arange(len(members)) + rng.random(len(members))) / len(members)
    return np.argsort(place, kind="stable")


def rungs(texts: int) -> list[int]:
    """How many texts are measured at each step: 256, 512 ... all."""
    steps = [FIRST << doubling for doubling in range(40) if FIRST << doubling < texts * 3 // 4]
    return [*steps, texts]


def draws(
    arrangement: Arrangement, labels: Whole, texts: int, seed: int, rounds: int = ROUNDS
) -> Iterator[tuple[Draw, list[int]]]:
    """Draws from the first `texts` of the order, `rounds` for each fold, and the numbers of labels at which each is measured: 8, 16, 32 ...
    and, of the first one of a fold, all.
    """
    beginning = arrangement.order[:texts]
    fold = arrangement.fold[beginning]
    whole = texts - int(np.bincount(fold).max())  # the same for all folds, though one may hold a text more
    steps = [_LEAST << doubling for doubling in range(40) if _LEAST << doubling < whole * 3 // 4]
    for again in range(rounds):
        for held_out in range(FOLDS):
            rng = np.random.default_rng([seed, 1, held_out, again])
            train = beginning[fold != held_out]
            train = train[_interleaved(labels[train], rng)][:whole]
            yield Draw(train, beginning[fold == held_out]), steps if again else [*steps, whole]
