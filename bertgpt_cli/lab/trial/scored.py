"""What is known of a candidate: the answers of models that were trained on some texts and asked about others."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Whole = NDArray[np.int64]


class Scored(NamedTuple):
    """One model, trained on or shown `labels` labelled texts, none of them among `texts`: the places of the texts that it was asked about
    (each once), and the class that it answered for each, as its place among the data set's classes.
    """

    labels: int
    texts: Whole
    predicted: Whole
