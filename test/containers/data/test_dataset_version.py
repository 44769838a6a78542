"""A version of a stored dataset: ready with everything it says of itself, or refused with every row and reason."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from containers.data.test_pictures import a_picture
from containers.stage_rig import BUCKETS, TENANT, StageRig, an_id, merge
from containers.tiny_data import rows as tiny_rows
from containers.tiny_data import write_csv
from spotforge_data import split_rules
from spotforge_data.dataset_version_environment import read_dataset_version_environment
from spotforge_data.dataset_version_job import exit_code_of
from spotforge_data.dataset_version_work import work
from spotforge_runtime import instants
from spotforge_runtime.contracts import names
from spotforge_runtime.contracts.models import DatasetReport, DatasetVersion
from spotforge_runtime.documents import to_json
from spotforge_runtime.errors import ContractBroken
from spotforge_runtime.tree_hash import tree_hash_of_folder

BUCKET = BUCKETS[names.ENV_DATASETS_BUCKET]


def a_request(rig: StageRig, source: str, overrides: Mapping[str, Any] | None = None) -> dict[str, str]:
    """Stores a request; returns the variables of the job that answers it."""
    preparation_id = an_id("dsv")
    request = merge(
        {
            "schemaVersion": 1,
            "preparationId": preparation_id,
            "tenant": TENANT,
            "dataset": "ratings",
            "createdAt": instants.now(),
            "source": source,
            "schema": {
                "task": "text-ordinal",
                "columns": {"label": "label", "group": "group"},
                "labels": {"values": [-2, -1, 0, 1, 2]},
                "split": {"validation": 0.12, "test": 0.4, "seed": 13},
                "calibrationRows": 100,
            },
        },
        overrides or {},
    )
    key = f"dataset-preparations/{TENANT}/{preparation_id}/request.json"
    rig.storage.put(to_json(request), BUCKET, key)
    return {
        names.ENV_DATASET_REQUEST: f"s3://{BUCKET}/{key}",
        names.ENV_DATASETS_BUCKET: BUCKET,
        names.ENV_GIT_SHA: "0" * 40,
        names.ENV_IMAGE_DIGEST: "sha256:" + "0" * 64,
    }


def make(rig: StageRig, variables: Mapping[str, str]) -> DatasetReport:
    """Does the job in this process; the report that it returns is the one that is stored."""
    scratch = Path(tempfile.mkdtemp(prefix="version-", dir=rig.folder))
    report = work(read_dataset_version_environment(variables), rig.storage, scratch)
    assert stored_report(rig, variables) == report
    return report


def stored_report(rig: StageRig, variables: Mapping[str, str]) -> DatasetReport:
    data = rig.read(variables[names.ENV_DATASET_REQUEST].replace("request.json", "report.json"))
    assert data is not None
    return DatasetReport.model_validate_json(data)


def an_upload(rig: StageRig, folder: Path, data: list[dict[str, str]]) -> str:
    write_csv(folder / "upload" / "data.csv", data)
    return rig.an_upload(folder / "upload")


def test_a_version_that_is_ready_says_all_that_is_known_of_it(rig: StageRig, tmp_path: Path) -> None:
    data = tiny_rows(1600, seed=21)
    data[4]["label"] = "7"
    data[9]["text"] = ""
    variables = a_request(rig, an_upload(rig, tmp_path, data))
    report = make(rig, variables)

    assert (report.status, report.refusal) == ("ready", None)
    assert report.raw_sha256 == tree_hash_of_folder(tmp_path / "upload")
    assert report.version == report.raw_sha256[:16]
    assert report.raw_uri == f"s3://{BUCKET}/raw/{TENANT}/ratings/{report.version}/"
    assert rig.read(report.raw_uri + "data.csv") == (tmp_path / "upload" / "data.csv").read_bytes()
    assert (report.rows_read, report.rows_kept, report.groups) == (1600, 1598, 400)
    assert [(rejected.reason, rejected.count) for rejected in report.rejected] == [
        ("label-not-in-values", 1),
        ("text-empty", 1),
    ]
    assert report.rejected_rows_uri is not None
    rejected = (rig.read(report.rejected_rows_uri) or b"").decode().splitlines()
    assert rejected == [
        "row,reason,detail",
        "5,label-not-in-values,the label is 7",
        '10,text-empty,"the text has 0 characters, all of them blank"',
    ]
    assert sum(label.rows for label in report.labels) == 1598
    assert [label.value for label in report.labels] == [-2, -1, 0, 1, 2]
    assert [(split.split, split.rows) for split in report.splits][3] == ("calibration", 100)
    assert report.near_duplicates is not None and report.near_duplicates.rows_left_out == 0
    for split in report.splits:
        folder = "calibration/" if split.split == "calibration" else ""
        stored = rig.read(f"{report.processed_uri}{folder}{split.split}.parquet")
        assert stored is not None and pl.read_parquet(io.BytesIO(stored)).height == split.rows
    document = DatasetVersion.model_validate_json(rig.read(f"{report.processed_uri}dataset.json") or b"")
    assert (document.kind, document.parent, document.sha256) == ("processed", report.raw_sha256, report.processed_sha256)


def test_a_request_that_was_answered_is_not_done_again_and_the_same_files_are_the_same_version(
    rig: StageRig, tmp_path: Path
) -> None:
    source = an_upload(rig, tmp_path, tiny_rows(1600, seed=22))
    variables = a_request(rig, source)
    first = make(rig, variables)
    assert make(rig, variables) == first
    again = make(rig, a_request(rig, source, {"sha256": first.raw_sha256}))
    assert (again.version, again.processed_sha256) == (first.version, first.processed_sha256)
    assert again.preparation_id != first.preparation_id


def test_a_refused_upload_says_which_rows_and_why_and_leaves_nothing_else(rig: StageRig, tmp_path: Path) -> None:
    data = tiny_rows(1600, seed=23)
    for row in data[100:400]:
        row["label"] = "many"
    report = make(rig, a_request(rig, an_upload(rig, tmp_path, data)))

    assert report.status == "refused" and report.refusal is not None
    assert report.refusal.message.startswith("300 of 1600 rows (18.8%) cannot be used; at most 5% may: 300 label-not-a-number.")
    assert report.refusal.where == "dataset, row 101"
    assert (report.version, report.raw_uri, report.processed_uri, report.near_duplicates) == (None, None, None, None)
    assert [example.row for example in report.rejected[0].examples] == list(range(101, 201))
    assert report.rejected_rows_uri is not None
    rows = list(csv.DictReader(io.StringIO((rig.read(report.rejected_rows_uri) or b"").decode())))
    assert [int(row["row"]) for row in rows] == list(range(101, 401))
    version = tree_hash_of_folder(tmp_path / "upload")[:16]
    assert rig.storage.list(BUCKET, f"raw/{TENANT}/ratings/{version}/") == []


@pytest.mark.parametrize(
    ("overrides", "where", "says"),
    [
        ({"sha256": "a" * 64}, "sha256", "expected tree hash"),
        ({"source": f"upload:upl_{'0' * 26}"}, "source", "holds no files"),
        ({"schema": {"split": {"validation": 0.6, "test": 0.6}}}, "dataset.split", "leaves nothing to train on"),
        ({"schema": {"columns": {"text": "review"}}}, "data.csv", "lacks the column 'review'"),
    ],
)
def test_what_is_refused_before_a_row_is_read_is_told_too(
    rig: StageRig, tmp_path: Path, overrides: dict[str, Any], where: str, says: str
) -> None:
    source = an_upload(rig, tmp_path, tiny_rows(10))
    report = make(rig, a_request(rig, source, overrides))
    assert report.refusal is not None and report.refusal.where == where
    assert says in report.refusal.message
    assert (report.rows_read, report.rejected, report.rejected_rows_uri) == (0, [], None)


def test_copies_across_splits_are_told_and_left_out(rig: StageRig, tmp_path: Path) -> None:
    data = tiny_rows(1600, seed=24)
    for row in data[::40]:
        row["text"] = "a text that is long enough to be somebody's copy, found in forty documents all alike"
    report = make(rig, a_request(rig, an_upload(rig, tmp_path, data)))
    near = report.near_duplicates
    assert near is not None and near.pairs > near.leaks >= near.rows_left_out > 0
    assert near.rows_left_out == sum(rejected.count for rejected in report.rejected) == 1600 - report.rows_kept
    ranks = {"train": 0, "validation": 1, "test": 2}
    assert all(ranks[pair.split] < ranks[pair.other_split] for pair in near.examples)
    assert {pair.row % 40 for pair in near.examples} == {pair.other_row % 40 for pair in near.examples} == {1}


def test_pictures_with_their_manifest_are_a_version(rig: StageRig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FEWEST_TEST_ROWS", "FEWEST_VALIDATION_ROWS", "FEWEST_TRAIN_ROWS"):
        monkeypatch.setattr(split_rules, name, 1)
    folder = tmp_path / "upload"
    (folder / "images").mkdir(parents=True)
    lines = []
    for number in range(30):
        a_picture(number, size=16).save(folder / "images" / f"{number}.png")
        lines.append(json.dumps({"image": f"images/{number}.png", "label": number % 5 - 2, "group": str(number)}))
    (folder / "manifest.jsonl").write_text("\n".join(lines))
    (folder / "images" / "notes.txt").write_text("about")
    report = make(rig, a_request(rig, rig.an_upload(folder), {"schema": {"task": "image-ordinal"}}))
    assert (report.status, report.rows_kept) == ("ready", 30)
    assert (report.unlisted_files.count, report.unlisted_files.examples) == (1, ["images/notes.txt"])


def test_a_request_that_is_not_valid_is_a_defect(rig: StageRig) -> None:
    variables = a_request(rig, f"upload:{an_id('upl')}", {"more": 1})
    with pytest.raises(ContractBroken, match="The request is not valid"):
        make(rig, variables)


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({names.ENV_DATASET_REQUEST: ""}, names.ENV_DATASET_REQUEST),
        ({names.ENV_DATASETS_BUCKET: ""}, names.ENV_DATASETS_BUCKET),
        ({names.ENV_RETENTION_DAYS: "-1"}, names.ENV_RETENTION_DAYS),
    ],
)
def test_a_variable_that_is_missing_or_malformed_is_named(changes: dict[str, str], where: str) -> None:
    variables = {names.ENV_DATASET_REQUEST: "s3://b/r", names.ENV_DATASETS_BUCKET: "b", names.ENV_RETENTION_DAYS: "30"}
    environment = read_dataset_version_environment(variables)
    assert environment.retention is not None and environment.retention.days == 30
    with pytest.raises(ContractBroken) as caught:
        read_dataset_version_environment({**variables, **changes})
    assert caught.value.where == where


def test_the_exit_code_says_how_it_ended(rig: StageRig, tmp_path: Path) -> None:
    ready = make(rig, a_request(rig, an_upload(rig, tmp_path / "a", tiny_rows(1600, seed=25))))
    refused = make(rig, a_request(rig, an_upload(rig, tmp_path / "b", tiny_rows(10))))

    def break_down() -> DatasetReport:
        raise OSError(28, "No space left on device")

    assert exit_code_of(lambda: ready) == 0
    assert exit_code_of(lambda: refused) == names.EXIT_INVALID_INPUT
    assert exit_code_of(break_down) == names.EXIT_INFRASTRUCTURE


def test_the_jobs_own_argv_ends_with_its_code_and_a_sentence(rig: StageRig, tmp_path: Path) -> None:
    variables = a_request(rig, an_upload(rig, tmp_path, tiny_rows(10)))
    ended = subprocess.run(
        [sys.executable, "-m", "spotforge_data.dataset_version"],
        env=rig.process_environment() | variables,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == names.EXIT_INVALID_INPUT, ended.stderr
    assert "Refused. The test split has" in ended.stderr
    assert stored_report(rig, variables).status == "refused"
