"""The data file is read as it is, or refused with the line that is wrong."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from spotforge_data import data_file
from spotforge_data.data_file import Columns, check_utf8, choose_data_file, read_batches
from spotforge_data.raw_batch import RawRow
from spotforge_runtime.errors import InvalidInput

COLUMNS = Columns("text", "label", "group")


def read(folder: Path, name: str, content: bytes) -> list[RawRow]:
    path = folder / name
    path.write_bytes(content)
    return [batch.row(index) for batch in read_batches(path, name, COLUMNS) for index in range(len(batch))]


def refused(folder: Path, name: str, content: bytes) -> InvalidInput:
    with pytest.raises(InvalidInput) as caught:
        read(folder, name, content)
    return caught.value


def test_one_data_file_is_found_among_others() -> None:
    assert choose_data_file(["README.md", "a/Data.CSV", "LICENSE"]) == "a/Data.CSV"
    with pytest.raises(InvalidInput, match=r"2 data files \(a.csv, b.jsonl\)"):
        choose_data_file(["b.jsonl", "a.csv"])
    with pytest.raises(InvalidInput, match=r"no data file \(found a.txt\)"):
        choose_data_file(["a.txt"])


def test_csv_keeps_commas_quotes_line_breaks_and_other_columns(tmp_path: Path) -> None:
    content = '\ufeffgroup,other,label,text\r\ng,1,2,"a, ""b""\nc"\r\n\r\nh,2,-1,ä\n'.encode()
    assert read(tmp_path, "d.csv", content) == [RawRow(1, 'a, "b"\nc', "2", "g"), RawRow(2, "ä", "-1", "h")]


def test_jsonl_keeps_types(tmp_path: Path) -> None:
    rows = [{"text": "a", "label": 1, "group": 2}, {"label": 1.5, "text": None}]
    content = "\n".join(json.dumps(row) for row in rows).encode() + b"\n\n"
    assert read(tmp_path, "d.jsonl", content) == [RawRow(1, "a", 1, 2), RawRow(2, None, 1.5, None)]


def test_parquet_keeps_types(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    pl.DataFrame({"x": [0, 0], "text": ["a", None], "label": [1, 2], "group": ["g", "h"]}).write_parquet(buffer)
    assert read(tmp_path, "d.parquet", buffer.getvalue()) == [RawRow(1, "a", 1, "g"), RawRow(2, None, 2, "h")]


@pytest.fixture
def batches_of_two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_file, "BATCH_ROWS", 2)


@pytest.mark.usefixtures("batches_of_two")
@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
def test_rows_are_numbered_on_from_batch_to_batch(tmp_path: Path, suffix: str) -> None:
    frame = pl.DataFrame({"text": list("abcde"), "label": ["1"] * 5, "group": list("vwxyz")})
    buffer = io.BytesIO()
    {"csv": frame.write_csv, "jsonl": frame.write_ndjson, "parquet": frame.write_parquet}[suffix](buffer)
    rows = read(tmp_path, f"d.{suffix}", buffer.getvalue())
    assert [(row.row, row.content, row.group) for row in rows] == [
        (1, "a", "v"),
        (2, "b", "w"),
        (3, "c", "x"),
        (4, "d", "y"),
        (5, "e", "z"),
    ]


@pytest.mark.usefixtures("batches_of_two")
def test_a_line_is_named_in_a_later_batch_too(tmp_path: Path) -> None:
    good = "a,1,g\n" * 5
    assert refused(tmp_path, "d.csv", f"text,label,group\n{good}b,1\n".encode()).where == "d.csv, line 7"
    assert refused(tmp_path, "d.csv", f'text,label,group\n{good}"b'.encode()).where == "d.csv, line 7"
    line = json.dumps({"text": "a", "label": 1, "group": "g"}) + "\n"
    assert refused(tmp_path, "d.jsonl", (line * 3 + "\n" + line + "{").encode()).where == "d.jsonl, line 6"


def test_values_that_no_column_type_holds_stay_what_they_are(tmp_path: Path) -> None:
    rows = [{"text": "half \ud83d", "label": 10**30, "group": True}, {"text": 1, "label": 1, "group": "g"}]
    content = "\n".join(json.dumps(row) for row in rows).encode()
    assert read(tmp_path, "d.jsonl", content) == [RawRow(1, "half \ud83d", 10**30, True), RawRow(2, 1, 1, "g")]


@pytest.mark.parametrize(
    ("name", "content", "says", "where"),
    [
        ("d.csv", b"", "is empty", "d.csv"),
        ("d.csv", b"\n\n", "no header", "d.csv"),
        ("d.csv", b"text,label\na,1\n", "lacks the column 'group'; it has 'text', 'label'", "d.csv"),
        ("d.csv", b"text;label;group\na;1;g\n", "it has 'text;label;group'", "d.csv"),
        ("d.csv", b"text,label,group,text\n", "two columns named 'text'", "d.csv"),
        ("d.csv", b"text,label,group\na,1,g\nb,1\n", "line 3 has 2 fields; the header has 3", "d.csv, line 3"),
        ("d.csv", b'text,label,group\na,1,g\n"b,1,g\nc,1,g\n', "starts in line 3", "d.csv, line 3"),
        ("d.csv", b'text,label,group\n"a"b,1,g\n', "line 2", "d.csv, line 2"),
        ("d.csv", "text,label,group\na,1,g\nb,1,g\n\u00e9,1,g\n".encode("latin-1"), "line 4 has the byte 0xe9", "d.csv, line 4"),
        ("d.csv", b"text,label,group\na\xc3", "line 2 has the byte 0xc3", "d.csv, line 2"),
        ("d.jsonl", b'{"text": "a", "label": 1, "group": "g"}\n{"text": \n', "Line 2 is not JSON", "d.jsonl, line 2"),
        ("d.jsonl", b"[1]\n", "Line 1 is not a JSON object but list", "d.jsonl, line 1"),
        ("d.jsonl", b'{"text": "a"}\n', "lacks the columns 'label', 'group'; it has 'text'", "d.jsonl"),
        ("d.jsonl", b"[" * 100_000, "Line 1 is not JSON", "d.jsonl, line 1"),
        ("d.parquet", b"not parquet at all", "not valid Parquet", "d.parquet"),
    ],
)
def test_a_broken_file_is_refused_with_the_place(tmp_path: Path, name: str, content: bytes, says: str, where: str) -> None:
    error = refused(tmp_path, name, content)
    assert says in error.message
    assert error.where == where
    assert error.remedy


def test_a_parquet_file_without_a_column_is_refused(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    pl.DataFrame({"text": ["a"]}).write_parquet(buffer)
    assert "lacks the columns 'label', 'group'" in refused(tmp_path, "d.parquet", buffer.getvalue()).message


def test_utf8_is_checked_across_pieces(tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    path.write_bytes(b"a\n" * (1024 * 1024 // 2 - 1) + b"b" + "é\n".encode())
    check_utf8(path, "d.csv")
    path.write_bytes(b"a\n" * (1024 * 1024 // 2 - 1) + b"b\xc3(\n")
    with pytest.raises(InvalidInput, match=f"line {1024 * 1024 // 2} has the byte 0xc3"):
        check_utf8(path, "d.csv")


CELL = st.text(st.characters(codec="utf-8", exclude_characters="\0\ufeff"), max_size=10)


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(CELL, CELL, CELL), max_size=10))
def test_whatever_csv_and_jsonl_hold_comes_back(rows: list[tuple[str, str, str]], tmp_path: Path) -> None:
    folder = tmp_path
    expected = [RawRow(number, *row) for number, row in enumerate(rows, start=1)]
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerows([("text", "label", "group"), *rows])
    assert read(folder, "d.csv", text.getvalue().encode()) == expected
    lines = [json.dumps(dict(zip(("text", "label", "group"), row, strict=True)), ensure_ascii=False) for row in rows]
    if lines:
        assert read(folder, "d.jsonl", "\n".join(lines).encode()) == expected
