"""Copies are found wherever they are, what is merely alike by chance is not, and nothing needs much memory."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spotforge_data.near_duplicates import NearDuplicates
from spotforge_data.splitting import TEST, TRAIN
from spotforge_data.text_fingerprints import SHINGLE_BYTES, TextFingerprinter

WORDS = [
    f"{first}{last}"
    for first in ("ba", "ke", "li", "mo", "nu", "pra", "sto", "tri")
    for last in ("n", "rt", "sse", "lking", "m", "dy")
]
Pairs = set[tuple[int, int]]


def a_text(source: random.Random, words: int = 40) -> str:
    return " ".join(source.choice(WORDS) + str(source.randrange(50)) for _ in range(words))


def changed(text: str, source: random.Random, words: int) -> str:
    """The text with some of its words replaced."""
    parts = text.split(" ")
    for at in source.sample(range(len(parts)), words):
        parts[at] = f"other{source.randrange(1000)}"
    return " ".join(parts)


def pairs_of(batches: list[list[str]], folder: Path, rank: list[int] | None = None) -> Pairs:
    count = sum(map(len, batches))
    with NearDuplicates(TextFingerprinter(), folder / "fingerprints") as search:
        for batch in batches:
            search.add(pl.Series(batch, dtype=pl.String))
        found = search.pairs(np.array(rank or [TRAIN] * count, np.uint8))
    assert list((folder / "fingerprints").iterdir()) == []
    return {(int(one), int(other)) for one, other in found}


def test_copies_are_found_across_batches_and_under_a_changed_dress(tmp_path: Path) -> None:
    source = random.Random(1)
    texts = [a_text(source) for _ in range(30)]
    texts[7] = texts[2].upper().replace(" ", " --\n ")
    texts[25] = changed(texts[11], source, 1)
    assert pairs_of([texts[:10], [], texts[10:]], tmp_path) == {(2, 7), (11, 25)}


def test_texts_that_share_half_are_no_copies(tmp_path: Path) -> None:
    source = random.Random(2)
    texts = [a_text(source) for _ in range(30)]
    assert pairs_of([texts + [changed(text, source, 15) for text in texts]], tmp_path) == set()


def test_short_texts_and_texts_without_letters_are_nobodys_copy(tmp_path: Path) -> None:
    assert pairs_of([["a good film with a good story"] * 3 + ["!" * 200] * 3], tmp_path) == set()


def test_no_text_at_all(tmp_path: Path) -> None:
    assert pairs_of([[]], tmp_path) == set()


def test_of_a_pair_the_one_that_ranks_higher_comes_first(tmp_path: Path) -> None:
    text = a_text(random.Random(3))
    assert pairs_of([[text, text]], tmp_path / "a", [TRAIN, TEST]) == {(1, 0)}
    assert pairs_of([[text, text]], tmp_path / "b", [TEST, TRAIN]) == {(0, 1)}


def test_a_thousand_copies_are_each_paired_with_the_highest_and_not_all_with_all(tmp_path: Path) -> None:
    text = a_text(random.Random(4))
    rank = [TRAIN] * 1000
    rank[613] = TEST
    found = pairs_of([[text] * 1000], tmp_path, rank)
    assert {(613, row) for row in range(1000) if row != 613} <= found
    assert len(found) < 10_000


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10_000), st.integers(0, 60))
def test_a_signature_estimates_the_share_of_common_shingles(seed: int, words: int) -> None:
    source = random.Random(seed)
    one = a_text(source, words=120)
    other = changed(one, source, words)

    def shingles(text: str) -> set[str]:
        return {text[at : at + SHINGLE_BYTES] for at in range(len(text) - SHINGLE_BYTES + 1)}

    exact = len(shingles(one) & shingles(other)) / len(shingles(one) | shingles(other))
    marks: npt.NDArray[np.uint32] = TextFingerprinter().take(pl.Series([one, other]), 0).marks
    assert (marks[0] == marks[1]).mean() == pytest.approx(exact, abs=0.25)
