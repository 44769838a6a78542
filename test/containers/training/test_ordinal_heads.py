"""What holds for every head."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from spotforge_runtime.ordinal_decoding import Head, class_probabilities, logits_of, predicted_class
from spotforge_training.ordinal_head import HEADS
from torch import Tensor

FEATURES = 6
heads = st.sampled_from(sorted(HEADS))
class_counts = st.lists(st.integers(0, 500), min_size=2, max_size=9).filter(any)


@given(heads, class_counts, st.integers(0, 2**16))
def test_a_folded_head_is_a_stock_layer_with_the_same_logits(head: Head, counts: list[int], seed: int) -> None:
    torch.manual_seed(seed)
    layer = HEADS[head].layer(FEATURES, counts)
    for parameter in layer.parameters():  # as if trained
        parameter.data += torch.randn_like(parameter)
    features = torch.randn(3, FEATURES)
    expected = layer(features)
    assert expected.shape == (3, logits_of(len(counts), head))
    assert torch.allclose(layer.folded()(features), expected, atol=1e-5)


@pytest.mark.parametrize("head", sorted(HEADS))
def test_folding_draws_nothing_from_the_random_state_of_a_training_that_goes_on(head: Head) -> None:
    layer = HEADS[head].layer(FEATURES, [1, 2, 3])
    before = torch.random.get_rng_state()
    layer.folded()
    assert torch.equal(before, torch.random.get_rng_state())


@given(heads, class_counts)
def test_a_fresh_head_predicts_the_class_frequencies(head: Head, counts: list[int]) -> None:
    logits = HEADS[head].layer(FEATURES, counts)(torch.zeros(1, FEATURES)).detach().numpy()
    smoothed = torch.tensor(counts, dtype=torch.double) + 0.5
    assert torch.allclose(torch.from_numpy(class_probabilities(logits, head)[0]), smoothed / smoothed.sum(), atol=6e-3)


@given(heads, st.integers(2, 8), st.integers(0, 2**16))
def test_the_loss_of_a_likelihood_head_is_the_logarithm_of_the_decoded_probability(head: Head, classes: int, seed: int) -> None:
    """Loss and decoding agree on what a logit means. CORAL's is a sum of binary losses, no likelihood of the label."""
    if head == "coral":
        return
    layer = HEADS[head].layer(FEATURES, [3] * classes)
    features = torch.randn(1, FEATURES, generator=torch.Generator().manual_seed(seed))
    logits = layer(features).detach()
    losses = HEADS[head].losses(logits.expand(classes, -1), torch.arange(classes))
    probabilities = torch.from_numpy(class_probabilities(logits.numpy(), head)[0])
    assert torch.allclose(torch.exp(-losses).double(), probabilities, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("head", sorted(HEADS))
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("size", [1.0, 60.0, 6e4])
def test_losses_and_gradients_are_finite_and_in_float32_whatever_comes_in(head: Head, dtype: torch.dtype, size: float) -> None:
    for label in range(4):
        width = logits_of(4, head)
        for direction in (1, -1):
            logits = (direction * size * torch.linspace(1, -1, width)).to(dtype).unsqueeze(0).requires_grad_()
            loss = HEADS[head].losses(logits, torch.tensor([label]))
            loss.sum().backward()
            assert loss.dtype == torch.float32 and torch.isfinite(loss).all() and (loss >= 0).all()
            assert logits.grad is not None and torch.isfinite(logits.grad).all()


@pytest.mark.parametrize("head", sorted(HEADS))
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_a_head_answers_in_float32_to_features_of_half_the_precision(head: Head, dtype: torch.dtype) -> None:
    layer = HEADS[head].layer(FEATURES, [5, 5, 5])
    logits = layer(torch.randn(2, FEATURES).to(dtype))
    assert logits.dtype == torch.float32 and torch.isfinite(logits).all()


@pytest.mark.parametrize("head", sorted(HEADS))
@pytest.mark.parametrize("labels", [[0, 0, 0, 0], [2, 2, 2, 2], [3, 3, 3, 3]])
def test_training_on_one_label_alone_ends_with_that_label(head: Head, labels: list[int]) -> None:
    torch.manual_seed(0)
    layer = HEADS[head].layer(FEATURES, [1, 1, 1, 1])
    features, wanted = torch.randn(4, FEATURES), torch.tensor(labels)
    optimizer = torch.optim.Adam(layer.parameters(), lr=0.1)
    for _ in range(150):
        optimizer.zero_grad()
        HEADS[head].losses(layer(features), wanted).sum().backward()
        optimizer.step()
    assert predicted_class(layer(features).detach().numpy(), head).tolist() == labels


@pytest.mark.parametrize("head", sorted(HEADS))
def test_a_right_answer_costs_less_than_a_near_one_and_that_less_than_a_far_one(head: Head) -> None:
    def loss_of(true: int) -> float:
        counts = [0, 0, 0, 0, 0]
        counts[true] = 100_000
        logits: Tensor = HEADS[head].layer(FEATURES, counts)(torch.zeros(1, FEATURES)).detach()
        return float(HEADS[head].losses(logits, torch.tensor([0])))

    right, near, far = loss_of(0), loss_of(1), loss_of(4)
    assert right < near
    # What cross-entropy does not know: to be wrong by four is worse than to be wrong by one.
    assert near <= far + 1e-6 if head in ("cross-entropy", "corn", "cumulative-link") else near < far
