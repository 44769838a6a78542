"""Splits as Parquet files, written piece by piece: the same rows always give the same bytes."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import pyarrow as pa

Content = Literal["text", "image"]
# A row group ends at whichever comes first, so that a reader of any of them needs little memory.
ROW_GROUP_ROWS = 50_000
ROW_GROUP_BYTES = 32 * 1024 * 1024


def split_schema(content: Content) -> pa.Schema:
    """Columns `text` str or `image` binary (the file's bytes), `label` int32 (class index), `group` str, `row` int64 (data row
    of the raw file, from 1)."""
    import pyarrow as pa

    first = pa.field("text", pa.string()) if content == "text" else pa.field("image", pa.binary())
    return pa.schema([first, pa.field("label", pa.int32()), pa.field("group", pa.string()), pa.field("row", pa.int64())])


class SplitFile:
    """One file, open for writing. Use as a context manager: the file is whole afterwards, also when it got no row."""

    def __init__(self, path: Path, content: Content) -> None:
        import pyarrow.parquet as pq

        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._schema = split_schema(content)
        # Every choice that shapes the bytes is made here, none left to a default that may change.
        self._writer = pq.ParquetWriter(
            path,
            self._schema,
            version="2.6",
            compression={"text": "zstd", "image": "none", "label": "zstd", "group": "zstd", "row": "zstd"}
            if content == "text"
            else "none",
            compression_level=None,
            use_dictionary=["group"],
            write_statistics=["label", "row"],
            data_page_size=1024 * 1024,
            store_schema=False,
        )
        self._pending: list[pa.Table] = []

    def __enter__(self) -> SplitFile:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if error is None:
            self._flush()
        self._writer.close()

    def write(self, rows: pa.Table) -> None:
        """The next rows; their columns are those of `split_schema`."""
        self._pending.append(rows.cast(self._schema))
        if (
            sum(len(table) for table in self._pending) >= ROW_GROUP_ROWS
            or sum(table.nbytes for table in self._pending) >= ROW_GROUP_BYTES
        ):
            self._flush()

    def _flush(self) -> None:
        import pyarrow as pa

        table = pa.concat_tables(self._pending) if self._pending else self._schema.empty_table()
        self._pending = []
        if len(table):
            self._writer.write_table(table, row_group_size=len(table))
