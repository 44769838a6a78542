"""Few rows, and yet every class and every length."""

from __future__ import annotations

from collections import Counter
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from spotforge_data.calibration import choose_calibration, length_deciles
from spotforge_data.row_facts import RowFacts


def facts_of(labels: list[int], lengths: list[int]) -> RowFacts:
    count = len(labels)
    return RowFacts(np.arange(1, count + 1), np.array(labels, np.int32), np.array(lengths, np.int32), np.zeros(count, np.uint64))


ROWS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 300)), max_size=200).map(
    lambda pairs: facts_of([label for label, _ in pairs], [length for _, length in pairs])
)


@given(ROWS, st.integers(1, 120), st.integers(0, 9))
def test_every_class_and_every_length_decile_is_there_while_there_is_room(facts: RowFacts, count: int, seed: int) -> None:
    chosen = choose_calibration(facts, count, seed=seed)
    assert len(chosen) == min(count, len(facts)) == len(set(chosen.tolist()))
    assert chosen.tolist() == sorted(chosen.tolist())
    sizes, shares = Counter(facts.label.tolist()), Counter(facts.label[chosen].tolist())
    deciles = length_deciles(facts.length)
    if count >= len(sizes):
        assert set(shares) == set(sizes)
    if count >= len(sizes) + len(set(deciles.tolist())):
        assert set(deciles[chosen].tolist()) == set(deciles.tolist())
    for label, size in sizes.items():
        assert abs(shares[label] - len(chosen) * size / len(facts)) <= len(sizes) + 10


@given(ROWS, st.integers(1, 120), st.integers(0, 9), st.randoms())
def test_the_order_of_the_rows_does_not_matter(facts: RowFacts, count: int, seed: int, random: Random) -> None:
    places = list(range(len(facts)))
    random.shuffle(places)
    shuffled = facts.taken(np.array(places, np.int64))
    again = shuffled.row[choose_calibration(shuffled, count, seed=seed)]
    assert sorted(again.tolist()) == facts.row[choose_calibration(facts, count, seed=seed)].tolist()


def test_classes_keep_their_shares_and_the_seed_matters() -> None:
    facts = facts_of([0] * 900 + [1] * 90 + [2] * 10, list(range(1000)))
    chosen = choose_calibration(facts, 200, seed=1)
    assert np.bincount(facts.label[chosen]).tolist() == [180, 18, 2]
    assert np.bincount(length_deciles(facts.length)[chosen]).tolist() == pytest.approx([20] * 10, abs=12)
    assert set(chosen.tolist()) != set(choose_calibration(facts, 200, seed=2).tolist())
