"""What `demo mlm` and `demo clm` found: every prediction that was scored, and the loss they make."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bertgpt_cli.text import Text

Objective = Literal["mlm", "clm"]
ReadingName = Literal["as-written", "aligned"]


@dataclass(frozen=True)
class DemoStep:
    """One scored prediction. Places in the text count from 0, as they do in the source document's code."""

    position: int  # the place whose logits are read
    seen: tuple[int | None, ...]  # the tokens that may be looked at, from place 0 on; None is a hidden one
    target: int  # the place of the token that is to be predicted
    label: int  # that token
    probability: float
    surprisal: float  # -log p, natural logarithm


@dataclass(frozen=True)
class DemoReading:
    """One way of pairing logits with labels, and what it costs."""

    name: ReadingName
    title: Text
    code: str  # a PyTorch expression, in the source document's names, whose value is `loss`
    steps: tuple[DemoStep, ...]
    loss: float  # the mean of the steps' surprisal


@dataclass(frozen=True)
class DemoReport:
    """The source document's computation for one objective: its own reading first, then any other one."""

    objective: Objective
    seed: int
    vocabulary: int
    formula: str
    title: Text
    tokens: tuple[str, ...]  # the input, [MASK] where a token is hidden
    readings: tuple[DemoReading, ...]
    difference: Text | None  # what separates the readings, where there are two
    notes: tuple[Text, ...]
    lesson: Text
    kind: Literal["demo"] = "demo"
