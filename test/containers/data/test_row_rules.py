"""Which rows are kept, and which reason the others get."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spotforge_data.data_file import RawRow
from spotforge_data.row_rules import Refusal, Row, check_row, check_rows, class_index

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
    refused = check_row(RawRow(1, text, label, group), VALUES)
    assert isinstance(refused, Refusal)
    assert refused.reason == reason


@pytest.mark.parametrize(
    ("label", "index"),
    [("-2", 0), ("-2.0", 0), (" +2 ", 4), (".5", 3), ("5e-1", 3), (0, 2), (-0.0, 2), (0.5000000001, 3), (2.0000001, 4)],
)
def test_a_label_is_the_index_of_its_value_however_it_is_written(label: Any, index: int) -> None:
    assert class_index(label, VALUES) == index


def test_a_good_row_is_kept_as_it_is() -> None:
    assert check_row(RawRow(9, " text ", "2", 5), VALUES) == Row(9, " text ", 4, "5")
    assert check_row(RawRow(9, "x" * 20_000, "2", "g"), VALUES) == Row(9, "x" * 20_000, 4, "g")


@given(st.lists(st.tuples(ANYTHING, ANYTHING, ANYTHING), max_size=40))
def test_kept_and_rejected_are_what_was_read_in_order(rows: list[tuple[Any, Any, Any]]) -> None:
    raw = [RawRow(number, *values) for number, values in enumerate(rows, start=1)]
    checked = check_rows(raw, VALUES)
    assert checked.read_count == len(raw) == len(checked.kept) + checked.rejected_count
    numbers = [row.row for row in checked.kept]
    assert numbers == sorted(numbers)
    for rejected in checked.rejected.values():
        assert len(rejected.examples) == min(5, rejected.count)
        assert all(len(detail) <= 80 for _, detail in rejected.examples)
    for row in checked.kept:
        row.text.encode()
        row.group.encode()
        assert 0 <= row.label < len(VALUES)


@given(st.text("secret", min_size=6, max_size=30), ANYTHING)
def test_no_detail_quotes_a_text(text: str, label: Any) -> None:
    for raw in (
        RawRow(1, text, label, None),
        RawRow(1, text * 4000, 1, "g"),
        RawRow(1, "x", text, "g"),
        RawRow(1, "x", 2, [text]),
    ):
        checked = check_rows([raw], VALUES)
        assert all(text not in detail for rejected in checked.rejected.values() for _, detail in rejected.examples)
