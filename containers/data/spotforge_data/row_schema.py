"""The rows that need no second look, as a schema: whole columns at a time. What it refuses, `row_rules` judges and explains."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from spotforge_data.raw_batch import RawBatch
from spotforge_data.row_rules import LONGEST_TEXT, RefuseContent, class_index, refuse_text

if TYPE_CHECKING:
    import pandera.polars as pa
    import polars as pl

# At least what str.strip() calls blank, so that nothing passes here that the rules would refuse.
NOT_BLANK = r"[^\s\x1c-\x1f]"


def frame_of(batch: RawBatch, values: Sequence[float]) -> pl.DataFrame:
    """Columns `content`, `label` (class index), `group`, `row`; null where a value is not of the ordinary kind."""
    import polars as pl

    return pl.DataFrame(
        {
            "content": _texts(batch.content),
            "label": _class_indexes(batch.label, values),
            "group": _texts(batch.group.cast(pl.String) if batch.group.dtype.is_integer() else batch.group),
            "row": pl.arange(batch.first_row, batch.first_row + len(batch), dtype=pl.Int64, eager=True),
        }
    )


def unusual_rows(frame: pl.DataFrame, refuse_content: RefuseContent) -> list[int]:
    """Places of the rows that break the schema, in order."""
    import pandera.polars as pa

    try:
        _schema(refuse_content).validate(frame, lazy=True)
    except pa.errors.SchemaErrors as error:
        return sorted(set(error.failure_cases["index"]))
    return []


@cache
def _schema(refuse_content: RefuseContent) -> pa.DataFrameSchema:
    import pandera.polars as pa
    import polars as pl

    not_blank = pa.Check.str_contains(NOT_BLANK)
    if refuse_content is refuse_text:
        content = [not_blank, pa.Check.str_length(1, LONGEST_TEXT)]
    else:
        content = [pa.Check(lambda value: refuse_content(value) is None, element_wise=True)]
    return pa.DataFrameSchema(
        {
            "content": pa.Column(pl.String, content),
            "label": pa.Column(pl.Int32),
            "group": pa.Column(pl.String, not_blank),
            "row": pa.Column(pl.Int64),
        },
        strict=True,
    )


def _texts(series: pl.Series) -> pl.Series:
    import polars as pl

    if series.dtype in (pl.Categorical, pl.Enum):
        return series.cast(pl.String)
    return series if series.dtype == pl.String else pl.Series([None] * len(series), dtype=pl.String)


def _class_indexes(series: pl.Series, values: Sequence[float]) -> pl.Series:
    """Each distinct label is looked up once; there are few of them."""
    import polars as pl

    if series.dtype == pl.Object or series.dtype.is_nested():
        return pl.Series([None] * len(series), dtype=pl.Int32)
    distinct: list[Any] = series.drop_nulls().unique().to_list()
    known = {label: index for label in distinct if isinstance(index := class_index(label, values), int)}
    return series.replace_strict(list(known), list(known.values()), default=None, return_dtype=pl.Int32)
