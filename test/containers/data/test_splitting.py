"""Groups stay together, splits stay where they are, calibration mirrors the classes."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from spotforge_data.row_rules import Row
from spotforge_data.splitting import choose_calibration, split_of, split_rows

ROWS = st.lists(st.tuples(st.integers(0, 4), st.text("abcé", min_size=1, max_size=3)), max_size=120).map(
    lambda pairs: [Row(number, "text", label, group) for number, (label, group) in enumerate(pairs, start=1)]
)
SHARES = st.floats(0.01, 0.49)


@given(ROWS, st.integers(0, 2**31 - 1), SHARES, SHARES)
def test_no_group_straddles_and_no_row_is_lost(rows: list[Row], seed: int, validation: float, test: float) -> None:
    splits = split_rows(rows, seed=seed, validation=validation, test=test)
    parts = (splits.train, splits.validation, splits.test)
    assert sorted((row for part in parts for row in part), key=lambda row: row.row) == rows
    groups = [{row.group for row in part} for part in parts]
    assert not (groups[0] & groups[1] or groups[0] & groups[2] or groups[1] & groups[2])


@given(ROWS, ROWS, st.integers(0, 9))
def test_a_group_stays_where_it_is_when_rows_come_and_go(rows: list[Row], others: list[Row], seed: int) -> None:
    alone = split_rows(rows, seed=seed, validation=0.2, test=0.3)
    together = split_rows([*others, *rows], seed=seed, validation=0.2, test=0.3)
    for one, both in ((alone.train, together.train), (alone.validation, together.validation), (alone.test, together.test)):
        assert {row.group for row in one} <= {row.group for row in both}


def test_the_hash_of_a_group_is_fixed_for_ever() -> None:
    placed = [split_of(group, seed=13, validation=0.2, test=0.3) for group in ("a", "b", "c", "d", "e", "f", "g", "h")]
    assert placed == ["train", "validation", "validation", "test", "validation", "test", "test", "validation"]


def test_shares_are_kept_over_many_groups_and_the_seed_matters() -> None:
    groups = [f"document-{number}" for number in range(5000)]
    found = Counter(split_of(group, seed=1, validation=0.1, test=0.25) for group in groups)
    assert found["test"] == pytest.approx(1250, abs=120)
    assert found["validation"] == pytest.approx(500, abs=90)
    again = [split_of(group, seed=2, validation=0.1, test=0.25) for group in groups]
    assert again != [split_of(group, seed=1, validation=0.1, test=0.25) for group in groups]


RARE = [Row(number, "text", label, "a") for number, label in enumerate([0, 0, 0, 0, 1, 2], start=1)]


@given(ROWS, st.integers(1, 60), st.integers(0, 9))
@example(RARE, 3, 0)
def test_calibration_is_a_seeded_sample_of_train_with_every_class(rows: list[Row], count: int, seed: int) -> None:
    chosen = choose_calibration(rows, count, seed=seed)
    assert chosen == choose_calibration(list(reversed(rows)), count, seed=seed)
    assert len(chosen) == min(count, len(rows)) == len(set(chosen))
    assert set(chosen) <= set(rows)
    sizes, shares = Counter(row.label for row in rows), Counter(row.label for row in chosen)
    if count >= len(sizes):
        assert set(shares) == set(sizes)
    for label, size in sizes.items():
        assert abs(shares[label] - len(chosen) * size / max(1, len(rows))) <= len(sizes)
