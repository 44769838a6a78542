"""Which rows are kept, and which reason the others get."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spotforge_data.checked_rows import check_batch
from spotforge_data.raw_batch import RawBatch, RawRow, series_of
from spotforge_data.rejections import Rejections
from spotforge_data.row_rules import Refusal, Row, check_row, class_index, refuse_text

VALUES = [-2.0, -1.0, 0.0, 0.5, 2.0]
ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=12),
    st.lists(st.integers(), max_size=2),
    st.binary(max_size=3),
)


@pytest.mark.parametrize(
    ("text", "label", "group", "reason"),
    [
        (None, 1, "g", "text-empty"),
        ("", 1, "g", "text-empty"),
        (" \t\n", 1, "g", "text-empty"),
        ("x" * 20_001, 1, "g", "text-too-long"),
        (7, 1, "g", "text-not-a-string"),
        ("half \ud83d", 2, "g", "text-not-a-string"),
        ("x", None, "g", "label-missing"),
        ("x", " ", "g", "label-missing"),
        ("x", "good", "g", "label-not-a-number"),
        ("x", "1_0", "g", "label-not-a-number"),
        ("x", "NaN", "g", "label-not-a-number"),
        ("x", float("nan"), "g", "label-not-a-number"),
        ("x", float("inf"), "g", "label-not-a-number"),
        ("x", "1e999", "g", "label-not-a-number"),
        ("x", 10**400, "g", "label-not-a-number"),
        ("x", True, "g", "label-not-a-number"),
        ("x", [1], "g", "label-not-a-number"),
        ("x", "1", "g", "label-not-in-values"),
        ("x", 3, "g", "label-not-in-values"),
        ("x", -9.5, "g", "label-not-in-values"),
        ("x", 2, None, "group-missing"),
        ("x", 2, "  ", "group-missing"),
        ("x", 2, float("nan"), "group-missing"),
        ("x", 2, "\udc00", "group-missing"),
        ("x", 2, {"a": 1}, "group-missing"),
    ],
)
def test_each_bad_row_gets_its_reason(text: Any, label: Any, group: Any, reason: str) -> None:
    refused = check_row(RawRow(1, text, label, group), VALUES, refuse_text)
    assert isinstance(refused, Refusal)
    assert refused.reason == reason


@pytest.mark.parametrize(
    ("label", "index"),
    [("-2", 0), ("-2.0", 0), (" +2 ", 4), (".5", 3), ("5e-1", 3), (0, 2), (-0.0, 2), (0.5000000001, 3), (2.0000001, 4)],
)
def test_a_label_is_the_index_of_its_value_however_it_is_written(label: Any, index: int) -> None:
    assert class_index(label, VALUES) == index


def test_a_good_row_is_kept_as_it_is() -> None:
    assert check_row(RawRow(9, " text ", "2", 5), VALUES, refuse_text) == Row(9, " text ", 4, "5")
    assert check_row(RawRow(9, "x" * 20_000, "2", "g"), VALUES, refuse_text) == Row(9, "x" * 20_000, 4, "g")


def checked(rows: list[tuple[Any, Any, Any]], rejections: Rejections) -> list[Row]:
    """What is kept of a batch of (text, label, group)."""
    columns = zip(*rows, strict=True) if rows else ((), (), ())
    frame = check_batch(RawBatch(1, *(series_of(list(column)) for column in columns)), VALUES, refuse_text, rejections)
    assert frame.schema == {"content": pl.String, "label": pl.Int32, "group": pl.String, "row": pl.Int64}
    return [Row(row["row"], row["content"], row["label"], row["group"]) for row in frame.to_dicts()]


ORDINARY = st.tuples(st.text(min_size=1, max_size=8), st.sampled_from(["-2", "0.5", "2"]), st.text("ab ", max_size=3))
ODD = st.tuples(ANYTHING, ANYTHING, ANYTHING)
NUMBERS = st.tuples(st.just("text"), st.integers(-3, 3), st.one_of(st.integers(0, 3), st.none()))


@settings(deadline=None, max_examples=60)
@given(
    st.one_of(st.lists(ORDINARY, max_size=12), st.lists(NUMBERS, max_size=12), st.lists(st.one_of(ORDINARY, ODD), max_size=12))
)
def test_whole_columns_are_judged_as_row_by_row(rows: list[tuple[Any, Any, Any]]) -> None:
    with TemporaryDirectory() as folder, Rejections(Path(folder) / "rejected.csv") as rejections:
        kept = checked(rows, rejections)
        judged = [check_row(RawRow(number, *row), VALUES, refuse_text) for number, row in enumerate(rows, start=1)]
        assert kept == [row for row in judged if isinstance(row, Row)]
        assert {reason: rejected.count for reason, rejected in rejections.by_reason.items()} == Counter(
            row.reason for row in judged if isinstance(row, Refusal)
        )
        refused = [row for row in judged if isinstance(row, Refusal)]
        lines = rejections.flush().read_text(encoding="utf-8").splitlines()
        assert len(lines) == 1 + len(refused)


def test_all_refused_rows_are_in_the_file_and_the_first_hundred_at_hand(tmp_path: Path) -> None:
    with Rejections(tmp_path / "rejected.csv") as rejections:
        assert checked([("a", 1, "g")] * 130, rejections) == []
    assert rejections.count == 130
    assert rejections.by_reason["label-not-in-values"].examples == [(row, "the label is 1") for row in range(1, 101)]
    lines = (tmp_path / "rejected.csv").read_text().splitlines()
    assert (lines[0], lines[1], lines[-1]) == (
        "row,reason,detail",
        "1,label-not-in-values,the label is 1",
        "130,label-not-in-values,the label is 1",
    )


@settings(deadline=None, max_examples=50)
@given(st.text("secret", min_size=6, max_size=30), ANYTHING)
def test_no_detail_quotes_a_text(text: str, label: Any) -> None:
    for raw in (
        RawRow(1, text, label, None),
        RawRow(1, text * 4000, 1, "g"),
        RawRow(1, "x", text, "g"),
        RawRow(1, "x", 2, [text]),
    ):
        refusal = check_row(raw, VALUES, refuse_text)
        assert isinstance(refusal, Refusal)
        assert text not in refusal.detail
