"""Groups stay together, and splits stay where they are."""

from __future__ import annotations

import hashlib
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spotforge_data.splitting import SPLITS, positions_of, split_of, splits_of

GROUPS = st.lists(st.text("abcé", min_size=1, max_size=3), max_size=60)
SHARES = st.floats(0.01, 0.49)


@given(GROUPS, st.integers(0, 2**31 - 1), SHARES, SHARES)
def test_a_group_alone_decides_its_split(groups: list[str], seed: int, validation: float, test: float) -> None:
    placed = splits_of(positions_of(groups, seed=seed), validation=validation, test=test)
    for group, split in zip(groups, placed, strict=True):
        assert SPLITS[split] == split_of(group, seed=seed, validation=validation, test=test)
        position = int.from_bytes(hashlib.sha256(f"{seed}\n{group}".encode()).digest()[:8], "big") / 2**64
        in_test, in_validation = position < test, test <= position < test + validation
        assert SPLITS[split] == ("test" if in_test else "validation" if in_validation else "train")


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
