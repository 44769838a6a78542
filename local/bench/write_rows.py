"""Writes a made-up dataset of any number of rows, a piece at a time: `python write_rows.py ROWS FILE` (csv, jsonl or parquet).

Texts of 8 to 40 words, ten rows a document; one row in a hundred copies the row before it, a word changed, into another
document."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow.parquet as pq

PIECE = 10_000
ROWS_PER_DOCUMENT = 10
COPIES_APART = 100
SYLLABLES = ("ba", "ke", "li", "mo", "nu", "pra", "sto", "tri", "wen", "xo")


def pieces(rows: int) -> Iterator[pl.DataFrame]:
    """Columns `text`, `label` (1 to 5), `group`."""
    source = np.random.default_rng(13)
    words = np.array([a + b + c for a in SYLLABLES for b in SYLLABLES for c in SYLLABLES])
    for start in range(0, rows, PIECE):
        count = min(PIECE, rows - start)
        lengths = source.integers(8, 41, count)
        chosen = words[source.integers(0, len(words), lengths.sum())]
        bounds = np.concatenate([[0], np.cumsum(lengths)])
        texts = [" ".join(chosen[low:high]) for low, high in itertools.pairwise(bounds)]
        for at in range(COPIES_APART - 1, count, COPIES_APART):
            texts[at] = texts[at - ROWS_PER_DOCUMENT] + " again"
        groups = [f"document-{row // ROWS_PER_DOCUMENT}" for row in range(start, start + count)]
        yield pl.DataFrame({"text": texts, "label": source.integers(1, 6, count), "group": groups})


def write(rows: int, path: Path) -> None:
    """The file's ending says which format."""
    if path.suffix == ".parquet":
        made = pieces(rows)
        first = next(made).to_arrow()
        with pq.ParquetWriter(path, first.schema) as writer:
            writer.write_table(first)
            for piece in made:
                writer.write_table(piece.to_arrow())
        return
    with path.open("wb") as file:
        for number, piece in enumerate(pieces(rows)):
            if path.suffix == ".csv":
                piece.write_csv(file, include_header=number == 0)
            else:
                piece.write_ndjson(file)


if __name__ == "__main__":
    write(int(sys.argv[1]), Path(sys.argv[2]))
