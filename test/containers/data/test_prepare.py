"""Prepare: splits that can be trusted, or a refusal that says what to do."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from containers.data.test_pictures import a_picture
from containers.stage_rig import TENANT, Attempt, Ended, StageRig, a_spec
from containers.tiny_data import rows as tiny_rows
from containers.tiny_data import write_csv
from pydantic import ValidationError
from spotforge_data import prepare_work, split_rules
from spotforge_data.truncation import Truncation
from spotforge_runtime.contracts.models import DatasetVersion, PrepareReport
from spotforge_runtime.errors import InvalidInput
from spotforge_runtime.tree_hash import tree_hash_of_folder

PARTS = ("train", "validation", "test", "calibration")
Data = list[dict[str, str]]


def an_attempt(
    rig: StageRig,
    base_model: Path,
    dataset: Mapping[str, Path | bytes],
    overrides: Mapping[str, Any] | None = None,
    *,
    attempt: int = 1,
) -> Attempt:
    spec = a_spec(overrides)
    outputs: dict[str, Path | bytes] = {f"dataset/{name}": content for name, content in dataset.items()}
    tokenizer = base_model / "tokenizer.json"
    summary = {
        "datasetUri": "s3://rig-datasets/raw/",
        "datasetVersion": "f" * 16,
        "datasetSha256": "f" * 64,
        "datasetBytes": 1,
        "baseModelUri": "s3://rig-datasets/base-models/",
        "baseModelSha256": "0" * 64,
    }
    uri = rig.earlier_stage("ingest", spec=spec, outputs={**outputs, "base-model/tokenizer.json": tokenizer}, summary=summary)
    return rig.a_stage("prepare", spec=spec, inputs={"ingest": uri}, attempt=attempt)


def prepare(
    rig: StageRig, base_model: Path, folder: Path, data: Data, overrides: Mapping[str, Any] | None = None
) -> tuple[Attempt, Ended]:
    attempt = an_attempt(rig, base_model, {"data.csv": write_csv(folder / "data.csv", data)}, overrides)
    return attempt, attempt.work(prepare_work.work)


def frames(rig: StageRig, ended: Ended, folder: Path) -> dict[str, pl.DataFrame]:
    made = {}
    for name in PARTS:
        output = ended.output(f"{name}.parquet")
        rig.storage.download(output["bucket"], output["key"], folder / f"{name}.parquet", sha256=output["sha256"])
        made[name] = pl.read_parquet(folder / f"{name}.parquet")
    return made


def test_the_job_writes_a_processed_version(rig: StageRig, tiny_base_model: Path, tmp_path: Path) -> None:
    data = tiny_rows()
    attempt = an_attempt(rig, tiny_base_model, {"data.csv": write_csv(tmp_path / "data.csv", data), "README.md": b"about"})
    ended = attempt.process("spotforge_data.prepare")

    assert ended.exit_code == 0, ended.log
    summary = ended.summary
    assert summary["processedUri"] == f"s3://rig-datasets/processed/{TENANT}/tiny-ratings/{summary['processedVersion']}/"
    parts = frames(rig, ended, tmp_path)
    for frame in parts.values():
        assert frame.schema == {"text": pl.String, "label": pl.Int32, "group": pl.String, "row": pl.Int64}
    together = pl.concat([parts[name] for name in PARTS[:3]]).sort("row")
    assert together["row"].to_list() == list(range(1, 1601))
    assert together["text"].to_list() == [row["text"] for row in data]
    assert (together["label"] - 2).to_list() == [int(row["label"]) for row in data]
    assert parts["calibration"].height == 100 == summary["calibrationRows"]
    assert set(parts["calibration"]["row"]) <= set(parts["train"]["row"])
    assert {f"{name}Rows": parts[name].height for name in PARTS}.items() <= summary.items()
    assert ended.output("calibration.parquet")["key"].endswith("/calibration/calibration.parquet")

    report = PrepareReport.model_validate_json(rig.read(summary["processedUri"] + "report.json") or b"")
    assert (report.rows_read, report.rows_kept, report.groups, report.truncated_rows) == (1600, 1600, 400, 0)
    assert [split.split for split in report.splits] == list(PARTS)
    assert all(sum(split.class_counts) == split.rows for split in report.splits)
    document = DatasetVersion.model_validate_json(rig.read(summary["processedUri"] + "dataset.json") or b"")
    assert (document.kind, document.parent, document.sha256) == ("processed", "f" * 64, summary["processedSha256"])


def test_the_same_rows_give_the_same_bytes_and_the_version_is_reused(
    rig: StageRig, tiny_base_model: Path, tmp_path: Path
) -> None:
    data = tiny_rows(seed=8)
    first_attempt, first = prepare(rig, tiny_base_model, tmp_path / "a", data)
    second_attempt, second = prepare(rig, tiny_base_model, tmp_path / "b", data)
    assert first.summary == second.summary
    folders = [at.scratch / "processed" for at in (first_attempt, second_attempt)]
    assert tree_hash_of_folder(folders[0]) == tree_hash_of_folder(folders[1]) == first.summary["processedSha256"]
    _, other = prepare(rig, tiny_base_model, tmp_path / "c", data, {"dataset": {"split": {"seed": 14}}})
    assert other.summary["processedSha256"] != first.summary["processedSha256"]


def test_bad_rows_are_counted_with_reasons_and_left_out(rig: StageRig, tiny_base_model: Path, tmp_path: Path) -> None:
    data = tiny_rows(seed=9)
    data[0]["text"] = " "
    data[1]["label"] = "NaN"
    data[2]["label"] = "7"
    data[3]["group"] = ""
    for row in data[10:17]:
        row["label"] = ""
    _, ended = prepare(rig, tiny_base_model, tmp_path, data)

    assert (ended.summary["rows"], ended.summary["rejectedRows"]) == (1589, 11)
    report = PrepareReport.model_validate_json(rig.read(ended.summary["processedUri"] + "report.json") or b"")
    assert {rejected.reason: rejected.count for rejected in report.rejected} == {
        "group-missing": 1,
        "label-missing": 7,
        "label-not-a-number": 1,
        "label-not-in-values": 1,
        "text-empty": 1,
    }
    missing = next(rejected for rejected in report.rejected if rejected.reason == "label-missing")
    assert [example.row for example in missing.examples] == [11, 12, 13, 14, 15]
    listed = ended.output("rejected-rows.csv")
    rows = (rig.read(f"s3://{listed['bucket']}/{listed['key']}") or b"").decode().splitlines()
    assert len(rows) == 12 and rows[1].startswith("1,text-empty,")


def test_more_than_one_row_in_twenty_rejected_fails_the_stage_with_its_report(
    rig: StageRig, tiny_base_model: Path, tmp_path: Path
) -> None:
    data = tiny_rows(seed=10)
    for row in data[:80]:
        row["label"] = "many"
    _, ended = prepare(rig, tiny_base_model, tmp_path, data)
    assert ended.exit_code == 0  # exactly 5 %

    data[90]["text"] = ""
    _, ended = prepare(rig, tiny_base_model, tmp_path, data)
    assert (ended.exit_code, ended.error["where"]) == (64, "dataset, row 1")
    message = ended.error["message"]
    assert message.startswith("81 of 1600 rows (5.1%) cannot be used; at most 5% may: 80 label-not-a-number, 1 text-empty.")
    assert ended.result is not None
    report = PrepareReport.model_validate_json(rig.read(ended.result["diagnostics"][0]) or b"")
    assert report.rows_kept == 1519


def test_long_texts_are_counted_with_special_tokens(rig: StageRig, tiny_base_model: Path, tmp_path: Path) -> None:
    data = tiny_rows(seed=12)
    for number, words in enumerate((6, 7, 8)):  # with [CLS] and [SEP] 8, 9 and 10 tokens
        data[number]["text"] = " ".join(["film"] * words)
    for row in data[3:]:
        row["text"] = " ".join(row["text"].split()[:4])
    _, ended = prepare(rig, tiny_base_model, tmp_path, data, {"train": {"maxLength": 8}})
    assert ended.summary["truncatedRows"] == 2


@pytest.mark.parametrize(
    ("rows", "split", "where", "says"),
    [
        (600, {"test": 0.4}, "dataset.split.test", "at least 500 are needed (train "),
        (1600, {"test": 0.6, "validation": 0.01}, "dataset.split.validation", "at least 50 are needed"),
        (1300, {"test": 0.55, "validation": 0.43}, "dataset.split.train", "at least 100 are needed"),
        (1600, {"test": 0.6, "validation": 0.4}, "dataset.split", "leaves nothing to train on"),
    ],
)
def test_splits_that_are_too_small_are_refused_with_the_numbers(
    rig: StageRig, tiny_base_model: Path, tmp_path: Path, rows: int, split: dict[str, float], where: str, says: str
) -> None:
    _, ended = prepare(rig, tiny_base_model, tmp_path, tiny_rows(rows), {"dataset": {"split": split}})
    assert (ended.error["name"], ended.error["where"]) == ("Stage.InvalidInput", where)
    assert says in ended.error["message"]
    assert ended.error["remedy"]


def test_one_class_to_train_on_is_refused(rig: StageRig, tiny_base_model: Path, tmp_path: Path) -> None:
    data = [{**row, "label": "1"} for row in tiny_rows()]
    _, ended = prepare(rig, tiny_base_model, tmp_path, data)
    assert "have the label 1; there is nothing to learn" in ended.error["message"]
    assert ended.error["where"] == "dataset.labels"


def test_a_file_with_a_header_alone_is_refused(rig: StageRig, tiny_base_model: Path, tmp_path: Path) -> None:
    _, ended = prepare(rig, tiny_base_model, tmp_path, [])
    assert ended.error["message"] == "The data file has no rows."


def test_two_data_files_and_a_broken_one_are_refused(rig: StageRig, tiny_base_model: Path) -> None:
    two = an_attempt(rig, tiny_base_model, {"a.csv": b"x", "b.csv": b"y"}).work(prepare_work.work)
    assert "2 data files (a.csv, b.csv)" in two.error["message"]
    broken = an_attempt(rig, tiny_base_model, {"a.jsonl": b"{"}).work(prepare_work.work)
    assert broken.error["where"] == "a.jsonl, line 1"


def test_a_tokenizer_that_cannot_be_read_is_the_base_models_fault(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(InvalidInput, match=r"tokenizer\.json cannot be read"):
        Truncation(tmp_path / "tokenizer.json", 8)


def test_pictures_are_prepared_without_a_tokenizer(
    rig: StageRig, tiny_base_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("FEWEST_TEST_ROWS", "FEWEST_VALIDATION_ROWS", "FEWEST_TRAIN_ROWS"):
        monkeypatch.setattr(split_rules, name, 1)
    lines = ["image,label,group"]
    dataset: dict[str, Path | bytes] = {"images/spare.png": b""}
    for number in range(30):
        a_picture(number, size=16).save(tmp_path / f"{number}.png")
        dataset[f"images/{number}.png"] = tmp_path / f"{number}.png"
        lines.append(f"images/{number}.png,{number % 5 - 2},{number}")
    dataset["manifest.csv"] = "\n".join(lines).encode()
    ended = an_attempt(rig, tiny_base_model, dataset, {"task": "image-ordinal"}).work(prepare_work.work)

    assert (ended.summary["rows"], ended.summary["truncatedRows"]) == (30, 0)
    parts = frames(rig, ended, tmp_path)
    assert parts["train"].schema == {"image": pl.Binary, "label": pl.Int32, "group": pl.String, "row": pl.Int64}
    assert parts["train"]["image"][0] == (tmp_path / f"{parts['train']['row'][0] - 1}.png").read_bytes()
    assert ended.progress[-1]["message"].endswith("1 files that no row names, for example images/spare.png")


def test_a_report_is_checked_against_the_contract() -> None:
    with pytest.raises(ValidationError):
        PrepareReport.model_validate(json.loads('{"schemaVersion": 2}'))
