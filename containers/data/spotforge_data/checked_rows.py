"""Sorts the rows of a batch into those to learn from and those that are refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from spotforge_data.raw_batch import RawBatch
from spotforge_data.rejections import Rejections
from spotforge_data.row_rules import RefuseContent, Row, check_row
from spotforge_data.row_schema import frame_of, unusual_rows

if TYPE_CHECKING:
    import polars as pl


def check_batch(batch: RawBatch, values: Sequence[float], refuse_content: RefuseContent, rejections: Rejections) -> pl.DataFrame:
    """The rows to learn from, in their order: `content` str, `label` int32, `group` str, `row` int64. The others are noted.

    Ordinary rows pass by the schema, a column at a time; only what it stops at is looked at row by row, to be told why, or
    to be let through in an unusual dress (a number as a group, labels of mixed types)."""
    import polars as pl

    frame = frame_of(batch, values)
    unusual = unusual_rows(frame, refuse_content)
    if not unusual:
        return frame
    let_through: list[Row] = []
    for index in unusual:
        row = check_row(batch.row(index), values, refuse_content)
        if isinstance(row, Row):
            let_through.append(row)
        else:
            rejections.add(batch.first_row + index, row.reason, row.detail)
    ordinary = frame.with_row_index("at").filter(~pl.col("at").is_in(unusual)).drop("at")
    if not let_through:
        return ordinary
    more = pl.DataFrame(
        {
            "content": [row.content for row in let_through],
            "label": [row.label for row in let_through],
            "group": [row.group for row in let_through],
            "row": [row.row for row in let_through],
        },
        schema=frame.schema,
    )
    return pl.concat([ordinary, more]).sort("row")
