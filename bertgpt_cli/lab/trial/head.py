"""A linear head on frozen features: ridge regression onto the classes, with layer, pooling and strength chosen by leaving one out.

Choosing looks at the training texts alone. Leaving one out costs no refitting: the residual of a text that a ridge regression has not
seen is its residual over one minus its leverage (Allen 1974; Hastie, Tibshirani, Friedman 2009, eq. 7.64).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from bertgpt_cli.lab.trial.arrangement import ROUNDS, Arrangement, draws
from bertgpt_cli.lab.trial.scored import Scored, Whole

_STRENGTHS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
_HALVING = 64  # from so many labels on, the worse half of the views is not looked at again


class Head(NamedTuple):
    """`view` is the place of the chosen layer and pooling among those that were offered; the rest is what answers."""

    view: int
    weight: Tensor  # (width, classes)
    bias: Tensor  # (classes,)


def measure(
    features: Tensor,
    labels: Whole,
    classes: int,
    arrangement: Arrangement,
    texts: int,
    seed: int,
    rounds: int = ROUNDS,
) -> tuple[list[Scored], list[int]]:
    """The answers of heads at every number of labels, and the views that those with all labels chose.

    `features` is (texts, views, width), its rows in the arrangement's order: at least the first `texts` of it are there.
    """
    row = np.empty(len(labels), dtype=np.int64)
    row[arrangement.order] = np.arange(len(labels))
    targets = torch.nn.functional.one_hot(torch.from_numpy(labels), classes).float()
    scored: list[Scored] = []
    chosen: list[int] = []
    for draw, sizes in draws(arrangement, labels, texts, seed, rounds):
        train, asked = torch.from_numpy(row[draw.train]), torch.from_numpy(row[draw.asked])
        mean, scale = _spread(features[train])
        known = (features[train] - mean) * scale
        views = list(range(features.shape[1]))
        for size in sizes:
            some, wanted = known[:size], targets[draw.train[:size]]
            views = best_first(some, wanted, views)
            view = views[0]
            if size >= _HALVING:
                views = views[: (len(views) + 1) // 2]
            head = Head(view, *fit(some[:, view], wanted))
            new = (features[asked, view] - mean[view]) * scale[view]
            predicted = (new @ head.weight + head.bias).argmax(1).numpy()
            scored.append(Scored(size, draw.asked, predicted))
            if size == len(train):
                chosen.append(view)
    return scored, chosen


def _spread(seen: Tensor) -> tuple[Tensor, Tensor]:
    """Mean, and the scale that gives each view variance 1 over its width, of training texts whose labels this does not look at.

    Features that hardly vary are not blown up: they are noise.
    """
    deviation, mean = torch.std_mean(seen, dim=0, correction=0)
    deviation = torch.maximum(deviation, 1e-3 * deviation.amax(-1, keepdim=True)) + 1e-12
    return mean, 1 / (deviation * seen.shape[-1] ** 0.5)


def best_first(features: Tensor, targets: Tensor, views: list[int]) -> list[int]:
    """The views of (texts, views, width) features that are asked about, the one with the least left-out squared error first."""
    if len(views) == 1:
        return views
    inputs = features[:, views].transpose(0, 1)
    inputs = inputs - inputs.mean(1, keepdim=True)
    squares, left = torch.linalg.eigh(inputs @ inputs.mT)
    errors = _left_out(squares.clamp_min(0), left, targets - targets.mean(0)).amin(-1)
    return [views[place] for place in errors.argsort(stable=True).tolist()]


def fit(features: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """Weight and bias for (texts, width) features at the strength whose left-out squared error is least."""
    texts, width = features.shape
    mean, share = features.mean(0), targets.mean(0)
    inputs, wanted = features - mean, targets - share
    if texts <= width:  # the smaller of the two products
        squares, left = torch.linalg.eigh(inputs @ inputs.T)
        right = None
    else:
        squares, right = torch.linalg.eigh(inputs.T @ inputs)
        left = inputs @ right / squares.clamp_min(1e-12).sqrt()
    squares = squares.clamp_min(0)
    strength = _STRENGTHS[int(_left_out(squares, left, wanted).argmin())]
    dual = left.T @ wanted / (squares + strength)[:, None]
    weight = inputs.T @ (left @ dual) if right is None else right @ (squares.sqrt()[:, None] * dual)
    return weight, share - mean @ weight


def _left_out(squares: Tensor, left: Tensor, wanted: Tensor) -> Tensor:
    """The left-out squared error at each strength: (..., strengths), for left singular vectors (..., texts, rank)."""
    texts = left.shape[-2]
    shrunk = squares[..., None, :] / (
        squares[..., None, :] + torch.tensor(_STRENGTHS)[:, None]
    )  # (..., strengths, rank)
    leverage = shrunk @ (left * left).mT + 1 / texts  # (..., strengths, texts)
    rotated = left.mT @ wanted  # (..., rank, classes)
    fitted = left[..., None, :, :] @ (shrunk[..., None] * rotated[..., None, :, :])
    residual = (wanted - fitted) / (1 - leverage).clamp_min(1e-6)[..., None]
    return residual.square().sum(dim=(-1, -2)) / texts


def settled(chosen: Sequence[int]) -> int:
    """The view that was chosen most often."""
    return int(np.bincount(np.asarray(chosen)).argmax()) if chosen else 0
