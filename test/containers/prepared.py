"""An experiment whose data stages are done, for tests of the stages after them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from containers.stage_rig import StageRig, a_spec, merge

VALUES = [-2.0, -1.0, 0.0, 1.0, 2.0]


@dataclass(frozen=True)
class Prepared:
    spec: dict[str, Any]
    inputs: dict[str, str]

    def with_spec(self, overrides: Mapping[str, Any]) -> dict[str, Any]:
        """The same experiment's spec with something changed."""
        return merge(self.spec, overrides)


def prepare_tiny_experiment(rig: StageRig, dataset: Path, base_model: Path) -> Prepared:
    """Stores splits and base model as ingest and prepare would: test 560 rows, validation 160, the rest train."""
    frame = pl.read_csv(dataset / "data.csv").with_row_index("row", offset=1)
    data = frame.select(
        "text",
        (pl.col("label") + 2).cast(pl.Int32).alias("label"),
        "group",
        pl.col("row").cast(pl.Int64),
    )
    parts = {"test": data[:560], "validation": data[560:720], "train": data[720:], "calibration": data[720:820]}
    return prepare_parts(rig, a_spec(), parts, {"dataset/data.csv": dataset / "data.csv"}, base_model)


def prepare_tiny_pictures(rig: StageRig, rows: list[dict[str, Any]], base_model: Path) -> Prepared:
    """The same of pictures: test 500 rows, validation 80, the rest train."""
    schema = {"image": pl.Binary, "label": pl.Int32, "group": pl.String}
    data = pl.DataFrame(rows, schema=schema).with_row_index("row", offset=1).with_columns(pl.col("row").cast(pl.Int64))
    parts = {"test": data[:500], "validation": data[500:580], "train": data[580:], "calibration": data[580:680]}
    spec = a_spec({"task": "image-ordinal"})
    spec["dataset"]["columns"] = {"image": "image", "label": "label", "group": "group"}
    return prepare_parts(rig, spec, parts, {"dataset/manifest.csv": b"image,label,group\n"}, base_model)


def prepare_parts(
    rig: StageRig,
    spec: dict[str, Any],
    parts: Mapping[str, pl.DataFrame],
    dataset: Mapping[str, Path | bytes],
    base_model: Path,
) -> Prepared:
    folder = rig.folder / "prepared" / spec["task"]
    folder.mkdir(parents=True, exist_ok=True)
    for name, part in parts.items():
        part.write_parquet(folder / f"{name}.parquet")
    zero = "0" * 64
    ingest = rig.earlier_stage(
        "ingest",
        spec=spec,
        outputs={**dataset, **{f"base-model/{path.name}": path for path in sorted(base_model.iterdir())}},
        summary={
            "datasetUri": "s3://rig-datasets/raw/",
            "datasetVersion": zero[:16],
            "datasetSha256": zero,
            "datasetBytes": 1,
            "baseModelUri": "s3://rig-datasets/base-models/",
            "baseModelSha256": zero,
        },
    )
    prepare = rig.earlier_stage(
        "prepare",
        spec=spec,
        outputs={f"{name}.parquet": folder / f"{name}.parquet" for name in parts},
        summary={
            "processedUri": "s3://rig-datasets/processed/",
            "processedVersion": zero[:16],
            "processedSha256": zero,
            "rows": sum(part.height for name, part in parts.items() if name != "calibration"),
            "rejectedRows": 0,
            "truncatedRows": 0,
            "groups": 400,
            **{f"{name}Rows": part.height for name, part in parts.items()},
        },
    )
    return Prepared(spec, {"ingest": ingest, "prepare": prepare})
