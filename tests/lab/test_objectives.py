"""The losses against numbers worked by hand, against F.cross_entropy, and against what must be refused."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from bertgpt_cli.lab.objectives import IGNORED, clm_loss, mean_surprisal, mlm_loss, surprisal


@st.composite
def cases(draw: st.DrawFn, min_positions: int = 1) -> tuple[Tensor, Tensor]:
    """logits [B, T, V] in float64 and tokens [B, T]."""
    texts = draw(st.integers(1, 4))
    positions = draw(st.integers(min_positions, 7))
    vocabulary = draw(st.integers(1, 40))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 2**32)))
    scale = draw(st.sampled_from([0.0, 1.0, 30.0]))
    logits = scale * torch.randn(texts, positions, vocabulary, generator=generator, dtype=torch.float64)
    return logits, torch.randint(vocabulary, (texts, positions), generator=generator)


def keep_some(tokens: Tensor, seed: int) -> Tensor:
    """Labels for MLM: at least one token kept, about half of the others IGNORED."""
    generator = torch.Generator().manual_seed(seed)
    kept = torch.rand(tokens.shape, generator=generator) < 0.5
    kept.view(-1)[int(torch.randint(kept.numel(), (1,), generator=generator))] = True
    return torch.where(kept, tokens, IGNORED)


def by_hand(logits: Tensor, labels: Tensor) -> list[float]:
    """-log p of every position that has a label, in plain Python."""
    costs = []
    for scores, label in zip(logits.flatten(0, 1).tolist(), labels.flatten().tolist(), strict=True):
        if label != IGNORED:
            top = max(scores)
            costs.append(math.log(sum(math.exp(score - top) for score in scores)) + top - scores[label])
    return costs


@pytest.mark.parametrize("vocabulary", [2, 100, 30522])
def test_uniform_logits_cost_the_logarithm_of_the_vocabulary(vocabulary: int) -> None:
    logits = torch.full((2, 3, vocabulary), 7.0, dtype=torch.float64)
    tokens = torch.tensor([[0, 1, 0], [1, 1, 0]])
    expected = pytest.approx(math.log(vocabulary), abs=1e-12)
    assert mlm_loss(logits, tokens).item() == expected
    assert clm_loss(logits, tokens).item() == expected
    assert surprisal(logits, tokens).flatten().tolist() == [expected] * 6


# Two positions, two tokens. Position 0 gives p = (3/4, 1/4), position 1 gives p = (1/5, 4/5).
TWO = torch.tensor([[[math.log(3), 0.0], [0.0, math.log(4)]]], dtype=torch.float64)


def test_two_tokens_worked_by_hand() -> None:
    tokens = torch.tensor([[1, 0]])
    assert surprisal(TWO, tokens).tolist() == [[pytest.approx(math.log(4)), pytest.approx(math.log(5))]]
    assert mlm_loss(TWO, tokens).item() == pytest.approx((math.log(4) + math.log(5)) / 2)
    assert mlm_loss(TWO, torch.tensor([[IGNORED, 0]])).item() == pytest.approx(math.log(5))
    # position 0 is scored on token 0, the one that follows; position 1 has no next token
    assert clm_loss(TWO, tokens).item() == pytest.approx(math.log(4 / 3))


@given(cases(), st.integers(0, 2**32))
@settings(deadline=None)
def test_mlm_equals_cross_entropy_over_the_masked_positions(case: tuple[Tensor, Tensor], seed: int) -> None:
    logits, tokens = case
    labels = keep_some(tokens, seed)
    masked = labels != IGNORED
    loss = mlm_loss(logits, labels).item()
    assert loss == pytest.approx(F.cross_entropy(logits[masked], tokens[masked]).item(), rel=1e-12, abs=1e-12)
    costs = by_hand(logits, labels)
    assert loss == pytest.approx(sum(costs) / len(costs), rel=1e-12, abs=1e-12)


@given(cases(min_positions=2))
@settings(deadline=None)
def test_clm_equals_cross_entropy_of_each_next_token(case: tuple[Tensor, Tensor]) -> None:
    logits, tokens = case
    vocabulary = logits.shape[-1]
    expected = F.cross_entropy(logits[:, :-1].reshape(-1, vocabulary), tokens[:, 1:].reshape(-1)).item()
    loss = clm_loss(logits, tokens).item()
    assert loss == pytest.approx(expected, rel=1e-12, abs=1e-12)
    costs = by_hand(logits[:, :-1], tokens[:, 1:])
    assert loss == pytest.approx(sum(costs) / len(costs), rel=1e-12, abs=1e-12)


@given(cases(), st.integers(0, 2**32))
@settings(deadline=None)
def test_surprisal_is_minus_log_p_at_each_position(case: tuple[Tensor, Tensor], seed: int) -> None:
    logits, tokens = case
    labels = keep_some(tokens, seed)
    costs = surprisal(logits, labels)
    assert costs.shape == labels.shape
    assert costs[labels != IGNORED].tolist() == pytest.approx(by_hand(logits, labels), rel=1e-12, abs=1e-12)
    assert not costs[labels == IGNORED].any()


@given(cases(min_positions=3))
@settings(deadline=None)
def test_labels_that_were_shifted_already_are_shifted_twice_by_clm_loss(case: tuple[Tensor, Tensor]) -> None:
    logits, tokens = case
    shifted = tokens[:, 1:]  # [B, T-1]: the label of each position is the token after it
    shorter = logits[:, :-1]
    assert mean_surprisal(shorter, shifted).item() == clm_loss(logits, tokens).item()
    two_ahead = by_hand(logits[:, :-2], tokens[:, 2:])
    twice = pytest.approx(sum(two_ahead) / len(two_ahead), rel=1e-12, abs=1e-12)
    assert clm_loss(shorter, shifted).item() == twice


def test_only_what_is_predicted_has_a_gradient() -> None:
    tokens = torch.tensor([[1, 2, 3, 4]])
    logits = torch.randn(1, 4, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(0), requires_grad=True)

    (of_mlm,) = torch.autograd.grad(mlm_loss(logits, torch.tensor([[IGNORED, IGNORED, 3, IGNORED]])), logits)
    assert of_mlm.any(dim=2).tolist() == [[False, False, True, False]]
    # the textbook gradient, softmax minus one-hot
    expected = logits[0, 2].softmax(0) - F.one_hot(torch.tensor(3), 6)
    assert torch.allclose(of_mlm[0, 2], expected, atol=1e-12)

    (of_clm,) = torch.autograd.grad(clm_loss(logits, tokens), logits)
    assert of_clm.any(dim=2).tolist() == [[True, True, True, False]]


def test_the_loss_does_not_see_a_leak() -> None:
    # Logits that were made by looking at the answer: the best of losses, and no complaint.
    tokens = torch.tensor([[1, 2, 3, 4]])
    assert mlm_loss(50.0 * F.one_hot(tokens, 6), tokens).item() < 1e-6
    assert clm_loss(50.0 * F.one_hot(tokens.roll(-1, 1), 6), tokens).item() < 1e-6


def test_padding_is_not_predicted() -> None:
    logits = torch.randn(1, 4, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    padded = torch.tensor([[1, 2, 3, IGNORED]])
    assert clm_loss(logits, padded).item() == pytest.approx(clm_loss(logits[:, :3], padded[:, :3]).item())


@pytest.mark.parametrize("shape", [(1, 4), (3, 2), (0, 4)])
def test_nothing_masked_is_refused(shape: tuple[int, int]) -> None:
    logits = torch.zeros(*shape, 5)
    with pytest.raises(ValueError, match="nothing to predict"):
        mlm_loss(logits, torch.full(shape, IGNORED))


def test_one_token_has_no_next_token() -> None:
    with pytest.raises(ValueError, match="nothing to predict"):
        clm_loss(torch.zeros(1, 1, 5), torch.tensor([[1]]))


@pytest.mark.parametrize("loss", [surprisal, mlm_loss, clm_loss, mean_surprisal])
def test_shapes_that_do_not_fit_are_refused(loss: object) -> None:
    # As many labels as positions, yet laid out differently: flattened, they would pair without complaint.
    assert callable(loss)
    with pytest.raises(ValueError, match=r"\(1, 4, 5\).*\(2, 2\)"):
        loss(torch.zeros(1, 4, 5), torch.zeros(2, 2, dtype=torch.long))
