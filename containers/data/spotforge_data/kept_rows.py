"""Rows that passed, kept on disk between the two readings: the first finds out what is there, the second writes it out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl


class KeptRows:
    """Columns `content` and `group`, in batches. Use as a context manager while writing; read as often as needed afterwards."""

    def __init__(self, path: Path) -> None:
        import pyarrow as pa

        self._path = path
        self._schema = pa.schema([("content", pa.large_string()), ("group", pa.large_string())])
        self._writer = pa.ipc.new_stream(path, self._schema)

    def __enter__(self) -> KeptRows:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._writer.close()

    def write(self, rows: pl.DataFrame) -> None:
        self._writer.write_table(rows.select("content", "group").to_arrow().cast(self._schema))

    def batches(self) -> Iterator[pl.DataFrame]:
        """The batches as they were written."""
        import polars as pl
        import pyarrow as pa

        with pa.OSFile(str(self._path)) as file, pa.ipc.open_stream(file) as reader:
            for batch in reader:
                yield pl.DataFrame(pl.from_arrow(batch))
