from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from spotforge_training.cumulative_link_head import CumulativeLinkHead
from spotforge_training.ordered_cutpoints import OrderedCutpoints, quantile_cutpoints

parameters = st.lists(st.floats(-60, 60), min_size=1, max_size=30)
counts = st.lists(st.integers(0, 10_000), min_size=2, max_size=20).filter(any)


@given(st.floats(-50, 50), parameters)
def test_cutpoints_cannot_cross_whatever_the_optimiser_makes_of_their_parameters(first: float, gaps: list[float]) -> None:
    cutpoints = OrderedCutpoints(len(gaps) + 1)
    with torch.no_grad():
        cutpoints.first.fill_(first)
        cutpoints.gaps.copy_(torch.tensor(gaps))
    theta = cutpoints()
    assert (theta[1:] > theta[:-1]).all()


@given(counts)
def test_quantile_cutpoints_predict_the_class_frequencies_when_the_text_says_nothing(class_counts: list[int]) -> None:
    theta = OrderedCutpoints.at(quantile_cutpoints(class_counts))().double()
    below = torch.cat([torch.zeros(1), torch.sigmoid(theta), torch.ones(1)])
    smoothed = torch.tensor(class_counts, dtype=torch.double) + 0.5
    # A gap of less than the smallest one is widened, so a class of almost no share among thousands may get a little more.
    assert torch.allclose(below.diff(), smoothed / smoothed.sum(), atol=6e-3)


def test_cutpoints_start_where_they_are_put() -> None:
    assert OrderedCutpoints.at([-2.0, 0.25, 3.0])().tolist() == pytest.approx([-2.0, 0.25, 3.0], abs=1e-5)


def test_two_classes_need_one_cutpoint() -> None:
    head = CumulativeLinkHead.for_classes(4, [3, 1])
    assert head(torch.zeros(2, 4)).shape == (2, 1)
    assert head.folded().bias.tolist() == pytest.approx([-0.8473], abs=1e-4)


def test_every_cutpoint_gets_a_gradient() -> None:
    cutpoints = OrderedCutpoints.at([-1.0, 0.0, 1.0])
    cutpoints().square().sum().backward()
    assert cutpoints.first.grad is not None and cutpoints.gaps.grad is not None
    assert cutpoints.gaps.grad.abs().min() > 0
