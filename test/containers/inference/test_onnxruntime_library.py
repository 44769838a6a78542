"""The library comes out of a pinned wheel, stays when it is right, and nothing else gets in."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import onnxruntime_library
import pytest
from onnxruntime_library import VERSION, LibraryError, check, extract, fetch_library, known_architecture, library_file, main

CONTENT = b"not really a library"


@pytest.fixture
def pinned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(onnxruntime_library.SHA256, "x86_64", hashlib.sha256(CONTENT).hexdigest())


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the package index would answer."""
    file = tmp_path / "onnxruntime.whl"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(onnxruntime_library.MEMBER, CONTENT)
    monkeypatch.setattr(onnxruntime_library, "download", lambda architecture, to: file)
    return file


def test_the_library_lies_below_its_version_and_architecture(pinned: None, wheel: Path, tmp_path: Path) -> None:
    file = fetch_library("x86_64", tmp_path / "to")
    assert file == tmp_path / f"to/{VERSION}/x86_64/libonnxruntime.so.{VERSION}"
    assert file.read_bytes() == CONTENT


def test_what_is_right_stays_and_what_is_not_is_replaced(
    pinned: None, wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = library_file(tmp_path, "x86_64")
    file.parent.mkdir(parents=True)
    file.write_bytes(b"half of it")
    assert fetch_library("x86_64", tmp_path).read_bytes() == CONTENT
    monkeypatch.setattr(onnxruntime_library, "download", lambda architecture, to: pytest.fail("downloaded again"))
    assert fetch_library("x86_64", tmp_path) == file


def test_another_library_than_the_pinned_is_refused_and_leaves_nothing(wheel: Path, tmp_path: Path) -> None:
    with pytest.raises(LibraryError, match=r"has SHA-256 [0-9a-f]{64} and fc44112f[0-9a-f]+ is pinned"):
        fetch_library("x86_64", tmp_path / "to")
    assert not (tmp_path / "to").exists()


def test_a_wheel_without_the_library_is_refused(tmp_path: Path) -> None:
    empty = tmp_path / "onnxruntime.whl"
    with zipfile.ZipFile(empty, "w"):
        pass
    with pytest.raises(LibraryError, match=rf"carries no onnxruntime/capi/libonnxruntime\.so\.{re.escape(VERSION)}"):
        extract(empty)


@pytest.mark.parametrize(
    ("given", "known"), [("x86_64", "x86_64"), ("amd64", "x86_64"), ("aarch64", "aarch64"), ("arm64", "aarch64")]
)
def test_an_architecture_has_also_dockers_name(given: str, known: str) -> None:
    assert known_architecture(given) == known


def test_an_architecture_that_is_not_pinned_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--architecture", "riscv64"]) == 1
    assert capsys.readouterr().err == (
        "spotforge: There is no pinned onnxruntime library for riscv64: build the server for x86_64 or aarch64.\n"
    )


def test_an_index_that_does_not_answer_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnxruntime_library, "REQUIREMENTS", tmp_path / "missing.txt")
    with pytest.raises(
        LibraryError, match=rf"onnxruntime {re.escape(VERSION)} for x86_64 could not be downloaded: look at the package index: "
    ):
        fetch_library("x86_64", tmp_path)


def test_the_pinned_hash_is_that_of_the_library_that_the_stages_run() -> None:
    import onnxruntime

    capi = Path(onnxruntime.__file__).parent / "capi" / onnxruntime_library.NAME
    check(capi.read_bytes(), onnxruntime_library.SHA256[known_architecture(subprocess.getoutput("uname -m"))], "this machine's")


def test_both_wheels_are_those_that_the_stages_lock() -> None:
    def hashes(lock: str) -> set[str]:
        text = (onnxruntime_library.ROOT / "requirements" / lock).read_text()
        entry = re.search(rf"^onnxruntime=={re.escape(VERSION)} (\\\n    --hash=sha256:\w+ ?)+", text, re.MULTILINE)
        assert entry is not None
        return set(re.findall(r"sha256:(\w+)", entry[0]))

    pinned = hashes("onnxruntime-library.txt")
    assert len(pinned) == len(onnxruntime_library.SHA256)
    assert pinned <= hashes("containers.txt")


def test_it_runs_by_any_python_without_packages() -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-S", onnxruntime_library.__file__, "--help"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
