"""The two losses that make a BERT and a GPT: masked (MLM) and causal (CLM) language modelling.

Both are the same number, the mean of -log p(label) over the positions that have a label; they differ in which token
is the label. Everything here is a pure function of logits and labels. It does not know what the logits were computed
from: a model that was able to see its label gets a low loss and no complaint. Hiding the label is the work of [MASK]
in the input (BERT) or of the causal attention mask (GPT), never of the loss.

Shapes: B texts, T positions, V tokens in the vocabulary.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

IGNORED = -100  # the label of a position where nothing is predicted; F.cross_entropy's own default


def surprisal(logits: Tensor, labels: Tensor) -> Tensor:
    """-log p(label) at every position, in nats; 0 where the label is IGNORED.

    logits [B, T, V], labels [B, T] -> [B, T]
    """
    _check_shapes(logits, labels)
    # cross_entropy wants the vocabulary in dimension 1, so positions are laid out in one row: [B*T, V], [B*T]
    flat = F.cross_entropy(
        logits.reshape(-1, logits.shape[-1]), labels.reshape(-1), ignore_index=IGNORED, reduction="none"
    )
    return flat.reshape(labels.shape)


def mean_surprisal(logits: Tensor, labels: Tensor) -> Tensor:
    """The mean of `surprisal` over the positions that have a label; nothing is shifted.

    logits [B, T, V], labels [B, T] -> scalar

    Raises ValueError if no position has a label: that mean is 0/0, and a nan would spread from here into every weight.
    """
    _check_shapes(logits, labels)
    if not bool((labels != IGNORED).any()):
        raise ValueError(f"nothing to predict: all {labels.numel()} labels are {IGNORED}")
    return F.cross_entropy(logits.reshape(-1, logits.shape[-1]), labels.reshape(-1), ignore_index=IGNORED)


def mlm_loss(logits: Tensor, labels: Tensor) -> Tensor:
    r"""Masked language modelling: L_MLM = -Σ_{i∈M} log p(x_i | x_\i), divided by |M|.

    logits [B, T, V]; labels [B, T], the original token where it was masked and IGNORED elsewhere -> scalar

    BERT, arXiv:1810.04805, section 3.1, "Task #1: Masked LM" (cross-entropy in words; the paper numbers no equation).
    Raises ValueError if nothing is masked.
    """
    return mean_surprisal(logits, labels)


def clm_loss(logits: Tensor, tokens: Tensor) -> Tensor:
    """Causal language modelling: L_CLM = -Σ_t log p(x_t | x_<t), divided by the number of terms.

    logits [B, T, V]; tokens [B, T], the text itself (IGNORED where it is padding) -> scalar

    The shift happens here, once: the logits at t are scored on the token at t + 1, so the first token is never
    predicted and the last logits are never used. Hand in the tokens, not labels that were shifted already: those would
    be shifted twice, and `mean_surprisal` is the function for them.

    GPT, Radford et al. 2018, "Improving Language Understanding by Generative Pre-Training", equation 1 (there a
    log-likelihood to be maximised). Raises ValueError if there is no next token to predict.
    """
    _check_shapes(logits, tokens)
    return mean_surprisal(logits[:, :-1], tokens[:, 1:])  # [B, T-1, V], [B, T-1]


def _check_shapes(logits: Tensor, labels: Tensor) -> None:
    # Flattening would accept [1, 4, V] with [2, 2] and pair the wrong positions.
    if logits.shape[:-1] != labels.shape:
        raise ValueError(
            f"logits {tuple(logits.shape)} do not fit labels {tuple(labels.shape)}: want [B, T, V] and [B, T]"
        )
