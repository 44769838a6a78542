"""What a cell of the evaluation found, kept under the hash of everything that decides it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from pydantic import BaseModel, ConfigDict


class CellResult(BaseModel):
    """One training run on one task. `rows` to `scores` are parallel: the test rows, by their numbers in the raw file."""

    model_config = ConfigDict(extra="forbid")

    key: str
    group: str
    head: str
    seed: int
    train_rows: int
    mae: float
    baseline_mae: float
    seconds: float
    samples_per_second: float
    epochs: int
    code: str  # tree hash of the training code: results of different code are told apart in the report
    rows: list[int]
    labels: list[int]
    predicted: list[int]
    scores: list[float]


@dataclass(frozen=True)
class CellStore:
    """`{hash}.json` each; a file is there whole or not at all."""

    folder: Path

    def read(self, hash_of_cell: str) -> CellResult | None:
        file = self._file(hash_of_cell)
        return CellResult.model_validate_json(file.read_text()) if file.exists() else None

    def write(self, hash_of_cell: str, result: CellResult) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        whole = self._file(hash_of_cell)
        part = whole.with_suffix(".part")
        part.write_text(result.model_dump_json())
        part.replace(whole)

    def _file(self, hash_of_cell: str) -> Path:
        return self.folder / f"{hash_of_cell}.json"


def cell_hash(request: Mapping[str, Any], hashes: Mapping[str, str]) -> str:
    """Of the request with its defaults, and of the content of data and base model. Where they were uploaded does not count."""
    dataset = {name: value for name, value in request["dataset"].items() if name != "source"}
    model = {name: value for name, value in request["model"].items() if name != "base"}
    decisive = {"task": request["task"], "train": request["train"], "dataset": dataset, "model": model, **hashes}
    return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()[:24]


def read_predictions(file: Path) -> dict[str, list[Any]]:
    """The columns of a train stage's predictions.parquet as a result keeps them."""
    table = pl.read_parquet(file)
    return {
        "rows": table["row"].to_list(),
        "labels": table["label"].to_list(),
        "predicted": table["predicted"].to_list(),
        "scores": [round(score, 5) for score in table["expected_score"].to_list()],
    }
