"""Splits as Parquet files: the same rows always give the same bytes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from spotforge_data.row_rules import Row

ROW_GROUP = 50_000


def write_rows(rows: Sequence[Row], path: Path) -> Path:
    """Columns `text` str, `label` int32 (class index), `group` str, `row` int64 (data row of the raw file, from 1)."""
    import polars as pl

    schema = {"text": pl.String, "label": pl.Int32, "group": pl.String, "row": pl.Int64}
    columns = {
        "text": [row.text for row in rows],
        "label": [row.label for row in rows],
        "group": [row.group for row in rows],
        "row": [row.row for row in rows],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    frame = pl.DataFrame(columns, schema=schema, strict=True)
    # Every choice that shapes the bytes is made here, none left to a default that may change.
    frame.write_parquet(path, compression="zstd", compression_level=3, statistics=True, row_group_size=ROW_GROUP)
    return path
