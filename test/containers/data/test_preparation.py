"""What is learned from, what is judged on, and what was left out because it was in both."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from containers.data.test_pictures import a_picture
from containers.tiny_data import rows as tiny_rows
from containers.tiny_data import write_csv
from spotforge_data import split_files, split_rules
from spotforge_data.data_file import Columns
from spotforge_data.findings import Findings
from spotforge_data.preparation import Preparation
from spotforge_data.preparation_plan import PreparationPlan
from spotforge_data.rejections import Rejections
from spotforge_data.split_files import Content
from spotforge_data.splitting import split_of

COPIED = "a text that is long enough to be somebody's copy and that two documents have in common, word by word"


def a_plan(content: Content = "text") -> PreparationPlan:
    return PreparationPlan(content, Columns(content, "label", "group"), (-2, -1, 0, 1, 2), 0.12, 0.4, 13, 100)


def prepared(files: Mapping[str, Path], folder: Path, content: Content = "text") -> tuple[Findings, dict[str, pl.DataFrame]]:
    scratch = folder / "scratch"
    found = Findings(Rejections(scratch / "rejected-rows.csv"))
    preparation = Preparation(a_plan(content), files, found, scratch, list)
    preparation.read()
    paths = preparation.write(folder / "processed")
    return found, {part: pl.read_parquet(path) for part, path in paths.items()}


def test_a_copy_of_a_test_row_is_left_out_of_train_and_every_group_stays_where_it_was(tmp_path: Path) -> None:
    data = tiny_rows(1600)
    splits = [split_of(row["group"], seed=13, validation=0.12, test=0.4) for row in data]
    in_test, in_train = splits.index("test"), splits.index("train")
    for at in (in_train, in_test):
        data[at]["text"] = COPIED
    found, parts = prepared({"data.csv": write_csv(tmp_path / "data.csv", data)}, tmp_path)

    assert COPIED in parts["test"]["text"] and COPIED not in parts["train"]["text"]
    for part in ("train", "validation", "test"):
        assert set(parts[part]["row"]) == {at + 1 for at, split in enumerate(splits) if split == part} - {in_train + 1}
    assert found.rejections.by_reason["copy-of-test-row"].examples == [(in_train + 1, f"nearly the same as row {in_test + 1}")]
    with (tmp_path / "scratch" / "rejected-rows.csv").open() as file:
        assert list(csv.reader(file))[1:] == [[str(in_train + 1), "copy-of-test-row", f"nearly the same as row {in_test + 1}"]]
    assert (found.rows_read, found.rows_kept, found.rejections.count) == (1600, 1599, 1)


def test_copies_within_a_split_stay(tmp_path: Path) -> None:
    data = tiny_rows(1600)
    train = [at for at, row in enumerate(data) if split_of(row["group"], seed=13, validation=0.12, test=0.4) == "train"]
    for at in train[:2]:
        data[at]["text"] = COPIED
    found, _ = prepared({"data.csv": write_csv(tmp_path / "data.csv", data)}, tmp_path)
    assert found.rows_kept == 1600
    assert found.pairs is not None and found.leaks is not None
    assert (found.pairs.tolist(), found.leaks.tolist()) == ([train[:2]], [])


def test_row_groups_end_at_a_number_of_rows_and_at_a_number_of_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from spotforge_data.split_files import SplitFile

    def written(name: str) -> list[int]:
        import pyarrow.parquet as pq

        with SplitFile(tmp_path / name, "text") as file:
            for start in range(0, 10, 2):
                rows = {"text": ["x" * 100] * 2, "label": [0, 1], "group": ["g", "g"], "row": [start, start + 1]}
                file.write(pl.DataFrame(rows).to_arrow())
        metadata = pq.ParquetFile(tmp_path / name).metadata
        return [metadata.row_group(index).num_rows for index in range(metadata.num_row_groups)]

    assert written("whole") == [10]
    monkeypatch.setattr(split_files, "ROW_GROUP_ROWS", 4)
    assert written("rows") == [4, 4, 2]
    monkeypatch.setattr(split_files, "ROW_GROUP_BYTES", 100)
    assert written("bytes") == [2, 2, 2, 2, 2]


@pytest.fixture
def small_splits(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FEWEST_TEST_ROWS", "FEWEST_VALIDATION_ROWS", "FEWEST_TRAIN_ROWS"):
        monkeypatch.setattr(split_rules, name, 1)


@pytest.mark.usefixtures("small_splits")
def test_pictures_become_bytes_beside_their_label(tmp_path: Path) -> None:
    at = tmp_path / "pictures"
    at.mkdir()
    lines = ["image,label,group"]
    for number in range(60):
        a_picture(number, size=24).save(at / f"{number}.png")
        lines.append(f"pictures/{number}.png,{number % 5 - 2},g{number}")
    (tmp_path / "rows.csv").write_text("\n".join([*lines, "pictures/absent.png,1,h", ""]))
    (at / "spare.png").write_bytes(b"")
    files = {path.relative_to(tmp_path).as_posix(): path for path in (tmp_path / "rows.csv", *at.iterdir())}
    found, parts = prepared(files, tmp_path, "image")

    together = pl.concat([parts[name] for name in ("train", "validation", "test")]).sort("row")
    assert together.schema == {"image": pl.Binary, "label": pl.Int32, "group": pl.String, "row": pl.Int64}
    assert together["row"].to_list() == list(range(1, 61))
    assert together["image"].to_list() == [(at / f"{number}.png").read_bytes() for number in range(60)]
    assert set(parts["calibration"]["row"]) == set(parts["train"]["row"])
    assert found.rejections.by_reason["image-not-found"].examples == [(61, "no file 'pictures/absent.png' was sent")]
    assert found.unlisted == ["pictures/spare.png"]
    assert np.asarray(found.facts.length).tolist() == [0] * 60
