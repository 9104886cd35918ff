"""What `trial` answers: candidates measured on the user's own texts, where they cross, and which is ahead.

Shares (accuracy, F1) run from 0 to 1, times are seconds, sizes are bytes.
(No `from __future__ import annotations` in modules of named tuples; see `report.recommendation`.)
"""

from typing import Literal, NamedTuple

from bertgpt_cli.errors import Complaint
from bertgpt_cli.text import Text

Way = Literal["majority", "tfidf", "head", "prompt", "few-shot", "cloze", "fine-tune"]
Status = Literal["measured", "dropped", "unfinished", "failed", "control"]


class Score(NamedTuple):
    """A share, and the ends of its 95 % interval."""

    value: float
    low: float
    high: float


class Point(NamedTuple):
    """A place on a learning curve: models that were given `labels` labels (0: none), each asked about texts that it had not seen.

    The interval is where the score of one such model on new texts lies: it holds the chance of which labels were drawn and
    of which texts were asked. `draws` is how many models, `texts` how many different texts.
    """

    labels: int
    accuracy: Score
    f1: Score
    draws: int
    texts: int


class Cost(NamedTuple):
    """What one text costs when it comes alone, and how many a second there are in batches. `memory` is the peak over what the
    process held before the model was loaded; `memory_from` says whether it was `measured` or is an `estimated` one.
    """

    p50: float
    p95: float
    texts_a_second: float
    memory: int
    memory_from: str
    disk: int
    precision: str


class Candidate(NamedTuple):
    """One way of using one checkpoint. `id` is unique: `NAME head`, `NAME prompt` ..., or `majority`, `tf-idf`.

    `checkpoint` is the name that the user gave, empty for the baselines, which have no family either. `approach` is what rules call this
    way, empty where they have no word. `setting` is what was chosen on the way (`layer 4 of 6, mean of tokens`). `rank` counts from 1
    (0: not ranked). `reason` says why it was dropped, failed or is not ranked. `blocked` holds the constraints that it breaks.
    `transfer` holds transferability scores by name, where they were asked for.
    """

    id: str
    checkpoint: str
    family: str
    way: Way
    approach: str
    status: Status
    rank: int
    points: tuple[Point, ...]
    setting: Text
    reason: Text
    cost: Cost | None
    blocked: tuple[Text, ...]
    transfer: tuple[tuple[str, float], ...]


class Pair(NamedTuple):
    """Two candidates on the same texts: `difference` is how far the first is ahead (shares of texts), `p` the chance of such a
    difference between equals. `more_labels` is about how many labelled texts in all would tell them apart if the difference is what it
    seems (0: they are apart already, or no number would do).
    """

    first: str
    second: str
    difference: Score
    p: float
    texts: int
    more_labels: int


class Crossing(NamedTuple):
    """`below` is ahead up to about `labels` labels, `above` beyond; the interval is of that number."""

    below: str
    above: str
    labels: int
    low: int
    high: int


class Verdict(NamedTuple):
    """`kind`: `winner` (ahead of every other one), `level` (cannot be told from those in `level_with`), `nothing` (nothing was measured,
    or nothing keeps the constraints). `pairs` are the winner against each other one that is ranked.
    """

    kind: Literal["winner", "level", "nothing"]
    winner: str
    level_with: tuple[str, ...]
    pairs: tuple[Pair, ...]


class Advised(NamedTuple):
    """What the rules had advised for the same task and facts. `measured` are the candidates of that approach; `agrees` is None where it
    was not among them or where the verdict cannot tell.
    """

    task: str
    approach: str
    title: Text
    family: str
    situation: tuple[tuple[str, object], ...]
    measured: tuple[str, ...]
    agrees: bool | None


class Trial(NamedTuple):
    """`classes` with how many texts each; `tokens` is the median length, in tokens of the first checkpoint (in words if there is none),
    `cut` how many texts were longer than what a checkpoint reads, by checkpoint. `stopped` is empty, `budget` or `interrupted`.
    `front` are the candidates that no other one beats in both accuracy and latency.
    """

    file: str
    text_column: str
    label_column: str
    texts: int
    classes: tuple[tuple[str, int], ...]
    repeated: int
    left_out: tuple[Complaint, ...]
    remarks: tuple[Text, ...]
    tokens: int
    cut: tuple[tuple[str, int], ...]
    folds: int
    candidates: tuple[Candidate, ...]
    crossings: tuple[Crossing, ...]
    verdict: Verdict
    front: tuple[str, ...]
    advised: Advised | None
    stopped: str
    seconds: float
    seed: int
    versions: tuple[tuple[str, str], ...]
    kind: Literal["trial"] = "trial"
