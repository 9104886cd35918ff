"""What every checkpoint has to beat: the commonest class, and TF-IDF with logistic regression. Neither reads meaning.

Settings were chosen once, on English and Chinese texts at 16 to 800 labels, and are the same for every data set: nothing is tuned on the
user's own. Languages without spaces that are written in other scripts than those below are read as if they had spaces.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from bertgpt_cli.lab.trial.scored import Whole

_READ = 4000  # characters of a text: more than a checkpoint reads of it
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]"
)  # Thai to Khmer, kana, Chinese
_TOKEN = r"\w+|[^\w\s]+"  # words, and what stands between them
_STRENGTH = 30.0  # C, the inverse of the penalty: 10 to 100 do equally well
# How much the intercept weighs against the words. One left free decides alone where labels are few and the classes not drawn equally.
_INTERCEPT = 0.2


def majority(labels: Whole, asked: int) -> Whole:
    """The commonest of `labels` (of equals the first class), `asked` times."""
    return np.full(asked, np.bincount(labels).argmax(), dtype=np.int64)


class TfIdf:
    """Logistic regression on TF-IDF: words alone and in pairs, and their pieces of 2 to 4 characters; pieces of 1 to 3 characters where
    most texts are of a script without spaces. Terms are counted once, for all texts.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        from sklearn.feature_extraction.text import CountVectorizer
        from sklearn.pipeline import make_union

        if 2 * sum(map(_unspaced, texts)) > len(texts):
            self.terms: Any = CountVectorizer(analyzer="char", ngram_range=(1, 3))
        else:
            words = CountVectorizer(token_pattern=_TOKEN, ngram_range=(1, 2))
            self.terms = make_union(words, CountVectorizer(analyzer="char_wb", ngram_range=(2, 4)))
        self.counts = self.terms.fit_transform([text[:_READ] for text in texts]).tocsr()  # (texts, terms), sparse

    def predict(self, train: Whole, labels: Whole, test: Whole) -> Whole:
        """Classes of the texts at the places `test`, learnt from those at `train` with their `labels`.

        A term's weight follows from how many texts have it, of all that are not in `test`: that needs no labels.
        """
        if len(np.unique(labels)) == 1:
            return majority(labels, len(test))
        others = np.delete(np.arange(self.counts.shape[0]), test)
        weigh, learnt = self._learnt(train, labels, others)
        return np.asarray(learnt.predict(weigh.transform(self.counts[test])), dtype=np.int64)

    def answering(self, labels: Whole) -> Callable[[str], object]:
        """What answers one text, learnt from all texts with their `labels`."""
        every = np.arange(self.counts.shape[0])
        weigh, learnt = self._learnt(every, labels, every)
        return lambda text: learnt.predict(weigh.transform(self.terms.transform([text[:_READ]])))

    def _learnt(self, train: Whole, labels: Whole, seen: Whole) -> tuple[Any, Any]:
        from sklearn.feature_extraction.text import TfidfTransformer
        from sklearn.linear_model import LogisticRegression
        from sklearn.multiclass import OneVsRestClassifier

        weigh = TfidfTransformer(sublinear_tf=True).fit(self.counts[seen])
        model = LogisticRegression(
            C=_STRENGTH, solver="liblinear", dual=True, intercept_scaling=_INTERCEPT, max_iter=1000, random_state=0
        )
        return weigh, OneVsRestClassifier(model).fit(weigh.transform(self.counts[train]), labels)


def _unspaced(text: str) -> bool:
    """Whether most letters of the text are of a script that puts no spaces between words."""
    return 2 * len(_UNSPACED.findall(text)) > sum(map(str.isalpha, text))
