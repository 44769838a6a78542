"""Reads the one data file of a dataset, exactly as it is: strict UTF-8, no guessing, every row numbered."""

from __future__ import annotations

import codecs
import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spotforge_runtime.errors import InvalidInput
from spotforge_runtime.storage import CHUNK_BYTES

SUFFIXES = (".csv", ".jsonl", ".parquet")
# A field holds one text; beyond this a quote was never closed.
LONGEST_FIELD = 16 * 1024 * 1024


@dataclass(frozen=True)
class Columns:
    """The names of the three columns in the user's file."""

    text: str
    label: str
    group: str

    def missing_from(self, found: Sequence[str]) -> list[str]:
        return [name for name in dict.fromkeys((self.text, self.label, self.group)) if name not in found]


@dataclass(frozen=True)
class RawRow:
    """A row as the file has it. `row` counts data rows from 1; values keep their type (a csv has text only)."""

    row: int
    text: Any
    label: Any
    group: Any


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


def read_rows(path: Path, name: str, columns: Columns) -> Iterator[RawRow]:
    """Every data row of a file. `name` is what messages call it. InvalidInput, with the line where there is one, for
    an empty file, broken UTF-8, a broken line or a missing column."""
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


def _read_csv(path: Path, name: str, columns: Columns) -> Iterator[RawRow]:
    csv.field_size_limit(LONGEST_FIELD)
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, strict=True)
        header: list[str] | None = None
        positions: tuple[int, int, int] = (0, 0, 0)
        row = 0
        while True:
            started = reader.line_num + 1
            try:
                record = next(reader, None)
            except csv.Error as error:
                raise InvalidInput(
                    f"The data file is not valid CSV: the record that starts in line {started} breaks in line "
                    f"{reader.line_num} ({error}).",
                    where=f"{name}, line {started}",
                    remedy='Quote texts with ", and double each " inside.',
                ) from error
            if record is None:
                break
            if not record:  # a blank line
                continue
            if header is None:
                header = record
                positions = _positions(header, name, columns)
                continue
            row += 1
            if len(record) != len(header):
                raise InvalidInput(
                    f"The record in line {started} has {len(record)} fields; the header has {len(header)}.",
                    where=f"{name}, line {started}",
                    remedy='Quote texts that hold commas or line breaks with ".',
                )
            yield RawRow(row, *(record[at] for at in positions))
        if header is None:
            raise InvalidInput("The data file has no header.", where=name, remedy="The first line names the columns.")


def _positions(header: Sequence[str], name: str, columns: Columns) -> tuple[int, int, int]:
    _check_columns(header, name, columns)
    for column in (columns.text, columns.label, columns.group):
        if header.count(column) > 1:
            raise InvalidInput(f"The data file has two columns named '{column}'.", where=name, remedy="Rename one of them.")
    return header.index(columns.text), header.index(columns.label), header.index(columns.group)


def _check_columns(found: Sequence[str], name: str, columns: Columns) -> None:
    missing = columns.missing_from(found)
    if missing:
        shown = ", ".join(repr(column[:64]) for column in found[:20]) or "none"
        raise InvalidInput(
            f"The data file lacks the column{'s' if len(missing) > 1 else ''} {', '.join(map(repr, missing))}; it has {shown}.",
            where=name,
            remedy="Name the file's columns in dataset.columns {text, label, group}, or rename them in the file.",
        )


def _read_jsonl(path: Path, name: str, columns: Columns) -> Iterator[RawRow]:
    row = 0
    with path.open(encoding="utf-8-sig", newline="\n") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                record = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise InvalidInput(
                    f"Line {number} is not JSON: {error}.",
                    where=f"{name}, line {number}",
                    remedy="Write one JSON object a line.",
                ) from error
            if not isinstance(record, dict):
                raise InvalidInput(
                    f"Line {number} is not a JSON object but {type(record).__name__}.",
                    where=f"{name}, line {number}",
                    remedy="Write one JSON object a line.",
                )
            row += 1
            if row == 1:
                _check_columns(list(record), name, columns)
            yield RawRow(row, record.get(columns.text), record.get(columns.label), record.get(columns.group))


def _read_parquet(path: Path, name: str, columns: Columns) -> Iterator[RawRow]:
    import polars as pl

    try:
        _check_columns(list(pl.read_parquet_schema(path)), name, columns)
        wanted = dict.fromkeys((columns.text, columns.label, columns.group))
        frame = pl.read_parquet(path, columns=list(wanted))
    except (pl.exceptions.PolarsError, OSError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InvalidInput(
            f"The data file is not valid Parquet: {reason}.", where=name, remedy="Write it again, or send a csv or jsonl file."
        ) from error
    series = (frame[columns.text], frame[columns.label], frame[columns.group])
    for row, values in enumerate(zip(*series, strict=True), start=1):
        yield RawRow(row, *values)
