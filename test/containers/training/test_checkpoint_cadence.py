"""Checkpoints as often as 1 % of the training time pays for, and never further apart than they may be."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spotforge_training.checkpoint_cadence import (
    FIRST_AFTER_SECONDS,
    LARGEST_BLOCKED_SHARE,
    LONGEST_INTERVAL_SECONDS,
    SHORTEST_INTERVAL_SECONDS,
    CheckpointCadence,
)


@dataclass(frozen=True)
class Written:
    at: float
    cost: float
    blocked_before: float
    expected_cost: float


def train(
    costs: list[float], *, step: float = 0.5, longest: float = LONGEST_INTERVAL_SECONDS, upload: float = 0.0
) -> tuple[CheckpointCadence, list[Written], float]:
    """Trains until every cost has been paid. Returns the cadence, the checkpoints and the end."""
    cadence, now, uploaded_at, written = CheckpointCadence(longest), 0.0, 0.0, []
    for cost in costs:
        while True:
            now += step
            if cadence.due(now, next_chance=now + step, under_way=now < uploaded_at):
                break
        written.append(Written(now, cost, cadence.blocked, max(cadence.recent_costs, default=0.0)))
        cadence = cadence.after(now, cost)
        now += cost
        uploaded_at = now + upload
    return cadence, written, now


cost_lists = st.lists(st.floats(0, 20), min_size=1, max_size=12)
steps = st.sampled_from([0.25, 1.0, 7.0, 40.0])


@settings(deadline=None, derandomize=True, max_examples=200)
@given(costs=cost_lists, step=steps, upload=st.floats(0, 400))
def test_after_the_first_one_is_begun_only_if_the_share_allows_it_or_the_longest_interval_is_over(
    costs: list[float], step: float, upload: float
) -> None:
    cadence, written, _ = train(costs, step=step, upload=upload)
    forced = 0
    for before, this in pairwise(written):
        affordable = this.blocked_before + this.expected_cost <= LARGEST_BLOCKED_SHARE * this.at * (1 + 1e-9)
        at_the_limit = this.at + step > before.at + LONGEST_INTERVAL_SECONDS
        assert affordable or at_the_limit
        forced += not affordable
    assert cadence.forced == forced


@settings(deadline=None, derandomize=True, max_examples=200)
@given(costs=cost_lists, step=steps, upload=st.floats(0, 400), longest=st.sampled_from([1.0, 20.0, 120.0, 300.0]))
def test_the_longest_interval_holds_whatever_checkpoints_cost(
    costs: list[float], step: float, upload: float, longest: float
) -> None:
    cadence, written, end = train(costs, step=step, longest=longest, upload=upload)
    gaps = [later.at - earlier.at for earlier, later in pairwise(written)]
    costly_step = step + max(costs)
    assert all(gap <= max(longest, costly_step) + 1e-6 for gap in gaps)
    assert cadence.longest == pytest.approx(max([written[0].at, *gaps]))
    assert cadence.longest_until(end + 1000) == pytest.approx(max(cadence.longest, end + 1000 - written[-1].at))


@settings(deadline=None, derandomize=True, max_examples=100)
@given(st.floats(0.1, 1.5), st.lists(st.floats(0, 1), min_size=25, max_size=25))
def test_the_share_holds_after_each_one_that_costs_no_more_than_the_three_before(first: float, shares: list[float]) -> None:
    costs = [first]
    for share in shares:
        costs.append(share * max(costs[-3:]))
    cadence, written, end = train(costs)
    assert cadence.forced == 0
    assert end >= 600
    for this in written[1:]:
        assert (this.blocked_before + this.cost) / (this.at + this.cost) <= LARGEST_BLOCKED_SHARE + 1e-9


def test_the_first_comes_early_enough_to_be_committed_within_thirty_seconds() -> None:
    _, written, _ = train([0.3] * 4)
    assert written[0].at == FIRST_AFTER_SECONDS < 20
    assert [later.at - earlier.at for earlier, later in pairwise(written)][1:] == pytest.approx([30.5, 30.5], abs=1.1)


def test_cheap_ones_are_not_written_all_the_time() -> None:
    _, written, _ = train([0.0] * 5)
    assert {later.at - earlier.at for earlier, later in pairwise(written)} == {SHORTEST_INTERVAL_SECONDS}


def test_an_interval_that_was_asked_for_wins_over_the_share() -> None:
    cadence, written, _ = train([0.5] * 10, step=0.25, longest=1.0)
    assert all(later.at - earlier.at <= 1.0 for earlier, later in pairwise(written))
    assert cadence.forced == 9


def test_one_too_expensive_for_the_share_is_written_every_five_minutes_and_counted() -> None:
    cadence, written, _ = train([6.0] * 8)
    assert all(later.at - earlier.at <= 300 for earlier, later in pairwise(written))
    assert cadence.forced == 7


def test_one_slow_write_is_paid_for_and_then_forgotten() -> None:
    cadence, written, _ = train([0.1, 2.0, *[0.1] * 20])
    gaps = [later.at - earlier.at for earlier, later in pairwise(written)]
    assert max(gaps) > 200
    assert gaps[-1] == pytest.approx(SHORTEST_INTERVAL_SECONDS, abs=1.0)
    assert cadence.blocked / written[-1].at < LARGEST_BLOCKED_SHARE


def test_while_one_is_uploaded_the_next_waits_unless_its_time_is_over() -> None:
    cadence = CheckpointCadence().after(15, 0.1)
    assert not cadence.due(100, next_chance=101, under_way=True)
    assert cadence.due(100, next_chance=101, under_way=False)
    assert cadence.due(315, next_chance=316, under_way=True)
