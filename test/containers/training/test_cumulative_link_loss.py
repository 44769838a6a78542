from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from spotforge_training.batch_loss import batch_loss
from spotforge_training.cumulative_link_loss import cumulative_link_losses

# A latent score and ascending cutpoints.
latents = st.floats(-8, 8)
gaps = st.lists(st.floats(0.05, 4), min_size=1, max_size=8)


def logits_of(latent: float, first: float, rises: list[float]) -> torch.Tensor:
    theta = torch.tensor([first, *rises], dtype=torch.double).cumsum(0)
    return (latent - theta).unsqueeze(0)


@given(latents, st.floats(-4, 4), gaps)
def test_the_loss_is_the_logarithm_of_the_probability_between_two_cutpoints(
    latent: float, first: float, rises: list[float]
) -> None:
    logits = logits_of(latent, first, rises)
    above = torch.cat([torch.ones(1, dtype=torch.double), torch.sigmoid(logits[0]), torch.zeros(1, dtype=torch.double)])
    expected = -(above[:-1] - above[1:]).log()
    classes = len(expected)
    losses = cumulative_link_losses(logits.expand(classes, -1), torch.arange(classes))
    assert torch.allclose(losses.double(), expected, rtol=2e-3, atol=1e-4)


@given(latents, st.floats(-4, 4), gaps)
def test_the_probabilities_of_all_classes_add_up_to_one(latent: float, first: float, rises: list[float]) -> None:
    logits = logits_of(latent, first, rises)
    classes = logits.shape[1] + 1
    losses = cumulative_link_losses(logits.expand(classes, -1), torch.arange(classes))
    assert torch.exp(-losses).sum().item() == pytest.approx(1.0, abs=1e-4)


@pytest.mark.parametrize("latent", [-1e6, -200.0, 0.0, 200.0, 1e6])
def test_loss_and_gradient_stay_finite_far_out_in_the_tails(latent: float) -> None:
    for label in range(4):
        logits = (latent - torch.tensor([[-1.0, 0.0, 1.0]])).requires_grad_()
        loss = cumulative_link_losses(logits, torch.tensor([label])).sum()
        loss.backward()
        assert torch.isfinite(loss)
        assert logits.grad is not None and torch.isfinite(logits.grad).all()


def test_micro_batches_of_any_size_add_up_to_the_loss_of_the_batch() -> None:
    torch.manual_seed(0)
    logits = torch.randn(7, 1) - torch.tensor([-1.0, 0.5, 2.0])
    labels = torch.tensor([0, 1, 2, 3, 3, 0, 1])
    losses = cumulative_link_losses(logits, labels)
    whole = batch_loss(losses, labels)
    parts = sum(batch_loss(losses[a:b], labels[a:b], examples=7) for a, b in ((0, 3), (3, 4), (4, 7)))
    assert torch.allclose(whole, torch.as_tensor(parts))
