"""Reads the one data file of a dataset, exactly as it is: strict UTF-8, no guessing, every row numbered."""

from __future__ import annotations

import codecs
import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from spotforge_runtime.errors import InvalidInput
from spotforge_runtime.storage import CHUNK_BYTES

from spotforge_data.raw_batch import BATCH_ROWS, RawBatch, series_of

SUFFIXES = (".csv", ".jsonl", ".parquet")
# A field holds one text; beyond this a quote was never closed.
LONGEST_FIELD = 16 * 1024 * 1024


@dataclass(frozen=True)
class Columns:
    """The names of the three columns in the user's file. `content` is a text, or the path of a picture."""

    content: str
    label: str
    group: str

    @property
    def names(self) -> tuple[str, ...]:
        """Each once: a column may play two parts."""
        return tuple(dict.fromkeys((self.content, self.label, self.group)))


def choose_data_file(paths: Sequence[str]) -> str:
    """The one path that is a data file. InvalidInput when there is none or more than one."""
    found = sorted(path for path in paths if path.lower().endswith(SUFFIXES))
    if len(found) != 1:
        what = f"{len(found)} data files ({', '.join(found[:5])})" if found else f"no data file (found {', '.join(paths[:5])})"
        raise InvalidInput(
            f"The dataset has {what}; expected exactly one .csv, .jsonl or .parquet file.",
            where="dataset.source",
            remedy="Put all rows into one file; other files may lie beside it.",
        )
    return found[0]


def read_batches(path: Path, name: str, columns: Columns) -> Iterator[RawBatch]:
    """Every data row of a file, batch by batch. `name` is what messages call it. InvalidInput, with the line where there is
    one, for an empty file, broken UTF-8, a broken line or a missing column."""
    if path.stat().st_size == 0:
        raise InvalidInput("The data file is empty.", where=name, remedy="Send a file with a header and rows.")
    suffix = name.lower().rpartition(".")[2]
    if suffix == "parquet":
        yield from _read_parquet(path, name, columns)
        return
    check_utf8(path, name)
    yield from (_read_csv if suffix == "csv" else _read_jsonl)(path, name, columns)


def check_utf8(path: Path, name: str) -> None:
    """InvalidInput with the line of the first byte that is not UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    line = 1
    with path.open("rb") as file:
        while True:
            data = file.read(CHUNK_BYTES)
            held_back = decoder.getstate()[0]
            try:
                decoder.decode(data, final=not data)
            except UnicodeDecodeError as error:
                line += (held_back + data)[: error.start].count(b"\n")
                raise InvalidInput(
                    f"The data file is not UTF-8: line {line} has the byte 0x{error.object[error.start]:02x}.",
                    where=f"{name}, line {line}",
                    remedy="Save it as UTF-8 (for example: iconv -f latin1 -t utf-8).",
                ) from error
            if not data:
                return
            line += data.count(b"\n")


def _read_csv(path: Path, name: str, columns: Columns) -> Iterator[RawBatch]:
    """Records in bulk. A file that breaks is read once more, record by record, to find the line."""
    csv.field_size_limit(LONGEST_FIELD)
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, strict=True)
        header = _next_records(reader, 1, path, name)
        if not header:
            raise InvalidInput("The data file has no header.", where=name, remedy="The first line names the columns.")
        positions = _positions(header[0], name, columns)
        row = 1
        while records := _next_records(reader, BATCH_ROWS, path, name):
            if set(map(len, records)) != {len(header[0])}:
                raise _broken_csv(path, name)
            yield RawBatch(row, *(series_of([record[at] for record in records]) for at in positions))
            row += len(records)


def _next_records(reader: Iterator[list[str]], count: int, path: Path, name: str) -> list[list[str]]:
    """The next records that are not blank lines, none at the end of the file."""
    try:
        return list(islice(filter(None, reader), count))
    except csv.Error as error:
        raise _broken_csv(path, name) from error


def _broken_csv(path: Path, name: str) -> InvalidInput:
    """Names the first record that is not like the header, by the line in which it starts."""
    width = 0
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, strict=True)
        while True:
            started = reader.line_num + 1
            try:
                record = next(reader)
            except csv.Error as error:
                return InvalidInput(
                    f"The data file is not valid CSV: the record that starts in line {started} breaks in line "
                    f"{reader.line_num} ({error}).",
                    where=f"{name}, line {started}",
                    remedy='Quote texts with ", and double each " inside.',
                )
            width = width or len(record)
            if record and len(record) != width:
                return InvalidInput(
                    f"The record in line {started} has {len(record)} fields; the header has {width}.",
                    where=f"{name}, line {started}",
                    remedy='Quote texts that hold commas or line breaks with ".',
                )


def _positions(header: Sequence[str], name: str, columns: Columns) -> tuple[int, int, int]:
    _check_columns(header, name, columns)
    for column in columns.names:
        if header.count(column) > 1:
            raise InvalidInput(f"The data file has two columns named '{column}'.", where=name, remedy="Rename one of them.")
    return header.index(columns.content), header.index(columns.label), header.index(columns.group)


def _check_columns(found: Sequence[str], name: str, columns: Columns) -> None:
    missing = [column for column in columns.names if column not in found]
    if missing:
        shown = ", ".join(repr(column[:64]) for column in found[:20]) or "none"
        raise InvalidInput(
            f"The data file lacks the column{'s' if len(missing) > 1 else ''} {', '.join(map(repr, missing))}; it has {shown}.",
            where=name,
            remedy="Name the file's columns in dataset.columns, or rename them in the file.",
        )


def _read_jsonl(path: Path, name: str, columns: Columns) -> Iterator[RawBatch]:
    row, line = 1, 1
    with path.open(encoding="utf-8-sig", newline="\n") as file:
        while lines := list(islice(file, BATCH_ROWS)):
            records = [_object(text, number, name) for number, text in enumerate(lines, start=line) if not text.isspace()]
            if records and row == 1:
                _check_columns(list(records[0]), name, columns)
            if records:
                found = (columns.content, columns.label, columns.group)
                yield RawBatch(row, *(series_of([record.get(column) for record in records]) for column in found))
            row += len(records)
            line += len(lines)


def _object(text: str, line: int, name: str) -> dict[str, Any]:
    try:
        record = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(
            f"Line {line} is not JSON: {error}.", where=f"{name}, line {line}", remedy="Write one JSON object a line."
        ) from error
    if not isinstance(record, dict):
        raise InvalidInput(
            f"Line {line} is not a JSON object but {type(record).__name__}.",
            where=f"{name}, line {line}",
            remedy="Write one JSON object a line.",
        )
    return record


def _read_parquet(path: Path, name: str, columns: Columns) -> Iterator[RawBatch]:
    import polars as pl
    import pyarrow as pa
    import pyarrow.parquet as pq

    row = 1
    try:
        with pq.ParquetFile(path) as file:
            _check_columns(file.schema_arrow.names, name, columns)
            for batch in file.iter_batches(BATCH_ROWS, columns=list(columns.names)):
                frame = pl.DataFrame(pl.from_arrow(batch))
                yield RawBatch(row, frame[columns.content], frame[columns.label], frame[columns.group])
                row += len(frame)
    except (pa.ArrowException, pl.exceptions.PolarsError, OSError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InvalidInput(
            f"The data file is not valid Parquet: {reason}.", where=name, remedy="Write it again, or send a csv or jsonl file."
        ) from error
