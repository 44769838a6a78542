"""A self-check finds what is missing, says what to do about it, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
import spotforge_runtime
from containers.stage_rig import BUCKETS, BUS, REPOSITORY, StageRig
from spotforge_runtime.contracts import names
from spotforge_runtime.errors import StageError
from spotforge_runtime.self_check.command import LOCK_BESIDE_PACKAGES, main
from spotforge_runtime.self_check.gpu import check_gpu, judge
from spotforge_runtime.self_check.imports import check_imports, imports_of
from spotforge_runtime.self_check.versions import check_versions, locked_here
from spotforge_runtime.self_check.writing import check_writing

LOCK = REPOSITORY / "requirements/containers.txt"
INGEST = ["/opt/spotforge/spotforge_data/ingest.py", "--self-check", "--lock", str(LOCK)]
CHECKS = [
    "imports",
    "versions",
    "gpu",
    "temporary files",
    "model cache",
    *(f"bucket {variable}" for variable in BUCKETS),
    "own prefix",
    "event bus",
]


def test_the_lock_is_looked_for_where_the_images_have_it() -> None:
    assert Path(spotforge_runtime.__file__).parents[1] / "containers.txt" == LOCK_BESIDE_PACKAGES


@pytest.fixture
def job(rig: StageRig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """The variables of a job; what it returns sets others."""
    folders = {"TMPDIR": str(tmp_path), "HF_HOME": str(tmp_path / "huggingface")}
    for name, value in {**rig.emulator.environment, **BUCKETS, **folders, names.ENV_EVENT_BUS: BUS}.items():
        monkeypatch.setenv(name, value)
    yield monkeypatch


def outcomes(capsys: pytest.CaptureFixture[str]) -> dict[str, dict[str, str]]:
    """What was found, by check."""
    document = json.loads(capsys.readouterr().out)
    return {one["check"]: one for one in document["checks"]}


def failed(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return [name for name, one in outcomes(capsys).items() if one["outcome"] == "failed"]


def test_says_a_line_for_each_check_and_how_many_passed(job: object, capsys: pytest.CaptureFixture[str]) -> None:
    assert main("spotforge_data.ingest_work", INGEST) == 0
    *lines, last = capsys.readouterr().out.splitlines()
    assert [line[8:34].strip() for line in lines] == CHECKS
    assert all(line.startswith("ok      ") for line in lines)
    assert last.startswith(f"ingest: {len(CHECKS)} passed, 0 failed (")


def test_is_a_document_for_whoever_wants_one(job: object, capsys: pytest.CaptureFixture[str]) -> None:
    assert main("spotforge_data.ingest_work", [*INGEST, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["subject"], document["outcome"]) == ("ingest", "passed")
    assert [one["check"] for one in document["checks"]] == CHECKS


def test_leaves_no_object_and_no_upload_behind(rig: StageRig, job: object, tmp_path: Path) -> None:
    def everything() -> list[object]:
        return [
            found.get("Contents", []) or found.get("Uploads", [])
            for bucket in BUCKETS.values()
            for found in (rig.s3.list_objects_v2(Bucket=bucket), rig.s3.list_multipart_uploads(Bucket=bucket))
        ]

    before = everything()
    main("spotforge_data.ingest_work", INGEST)
    assert everything() == before
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_rehearsal_is_not_asked_for_what_only_stages_do(job: object, capsys: pytest.CaptureFixture[str]) -> None:
    argv = ["/opt/spotforge/spotforge_data/rehearse_restore.py", *INGEST[1:], "--json"]
    assert main("spotforge_data.ingest_work", argv) == 0
    assert list(outcomes(capsys)) == CHECKS[:-2]


@pytest.mark.parametrize(
    ("variable", "value", "check", "says"),
    [
        (names.ENV_RELEASES_BUCKET, "there-is-none", "bucket RELEASES_BUCKET", "NoSuchBucket"),
        (names.ENV_RELEASES_BUCKET, "", "bucket RELEASES_BUCKET", "is not set"),
        (names.ENV_EVENT_BUS, "", "event bus", "is not set"),
        ("HF_HOME", "/proc/no-such-folder", "model cache", "Cannot write to /proc/no-such-folder"),
    ],
)
def test_finds_what_is_wrong_with_a_variable_and_goes_on(
    job: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], variable: str, value: str, check: str, says: str
) -> None:
    job.setenv(variable, value)
    assert main("spotforge_data.ingest_work", [*INGEST, "--json"]) == 1
    found = outcomes(capsys)
    assert list(found) == CHECKS
    assert [name for name, one in found.items() if one["outcome"] == "failed"] == [check]
    assert says in found[check]["says"]
    assert found[check]["remedy"]


def test_finds_that_nothing_answers(job: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    job.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    assert main("spotforge_data.ingest_work", [*INGEST, "--json"]) == 1
    assert failed(capsys) == [*(f"bucket {variable}" for variable in BUCKETS), "own prefix", "event bus"]


def test_a_bus_that_is_not_there_is_found(job: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    job.setenv(names.ENV_EVENT_BUS, "arn:aws:events:us-east-1:000000000000:no-bus")
    assert main("spotforge_data.ingest_work", [*INGEST, "--json"]) == 1
    assert failed(capsys) == ["event bus"]


@pytest.mark.parametrize("argument", ["--selfcheck", "--self", "now"])
def test_refuses_any_other_argument(argument: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main("spotforge_data.ingest_work", [INGEST[0], argument])
    assert ended.value.code == 2
    assert "usage: python -m spotforge_data.ingest [-h] --self-check" in capsys.readouterr().err


# Every module that ends in `run_stage(…)`, `run_rehearsal(…)` or `run_unattended(…)`: (image, module).
ENTRY_POINTS = sorted(
    (file.parents[1].name, f"{file.parent.name}.{file.stem}")
    for file in (REPOSITORY / "containers").glob("*/spotforge_*/*.py")
    if file.read_text().splitlines()[-1:]
    and file.read_text().splitlines()[-1].startswith(("    run_stage(", "    run_rehearsal(", "    run_unattended("))
)


def test_every_stage_is_an_entry_point() -> None:
    points = {module.rpartition(".")[2] for _, module in ENTRY_POINTS}
    assert points - set(names.STAGES) == {"rehearse_restore", "rehearse_rollback", "rehearse_upgrade", "spot_check"}
    assert points > set(names.STAGES)


@pytest.mark.parametrize(("image", "module"), ENTRY_POINTS)
def test_every_entry_point_has_a_self_check(image: str, module: str) -> None:
    path = os.pathsep.join(str(REPOSITORY / "containers" / name) for name in ("runtime", image))
    command = [sys.executable, "-m", module, "--help"]
    ended = subprocess.run(command, env={"PYTHONPATH": path}, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith(f"usage: python -m {module} ")
    assert "--self-check" in ended.stdout


@pytest.fixture
def planted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package of ours whose module `work` imports something that is not there, but only when it comes to it."""
    package = tmp_path / "spotforge_planted"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "work.py").write_text("from spotforge_planted import later\n")
    (package / "later.py").write_text(
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    from never_needed import it\n"
        "def work():\n    from json import dumps, no_such_name\n    import not_installed.at_all\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    return package


def test_finds_what_would_be_missing_only_later(planted: Path) -> None:
    with pytest.raises(StageError) as raised:
        check_imports("spotforge_planted.work")
    assert raised.value.message == "Cannot import no_such_name from json, not_installed.at_all."


def test_looks_through_a_stage_down_to_the_runtime_and_at_what_it_imports_late() -> None:
    imported = imports_of("spotforge_data.ingest_work")
    assert ("huggingface_hub", "snapshot_download") in imported  # within a function, and from another of our modules
    assert ("spotforge_runtime.storage", "ObjectStore") in imported


def test_looks_at_what_a_stage_starts_as_a_process_of_its_own() -> None:
    assert ("optimum.exporters.onnx", "") in imports_of("spotforge_optimization.export_run")
    assert ("spotforge_optimization.rehearse_check", "") in imports_of("spotforge_optimization.rehearse_upgrade_run")


def test_a_module_without_source_cannot_be_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "spotforge_stand_in", ModuleType("spotforge_stand_in"))
    monkeypatch.setattr("spotforge_runtime.self_check.imports._file_of", lambda _module: None)
    with pytest.raises(StageError, match="spotforge_stand_in has no source"):
        check_imports("spotforge_stand_in")


def test_versions_that_are_as_locked_are_counted() -> None:
    assert " packages as locked, on Python 3." in check_versions(LOCK)


@pytest.mark.parametrize(
    ("lock", "says"),
    [
        ("numpy==0.0.1 \\\n    --hash=sha256:00\n", "numpy is 2.4.6, locked is 0.0.1."),
        ("no-such-package==1.0\n", "no-such-package is not installed, locked is 1.0."),
        ("".join(f"no-such-package-{n}==1\n" for n in range(7)), ", and 2 more."),
        ("# nothing\n", "names no package."),
    ],
)
def test_versions_that_differ_from_the_lock_are_named(tmp_path: Path, lock: str, says: str) -> None:
    (tmp_path / "lock.txt").write_text(lock)
    with pytest.raises(StageError) as raised:
        check_versions(tmp_path / "lock.txt")
    assert raised.value.message.endswith(says)


def test_a_lock_that_is_not_there_has_to_be_named(tmp_path: Path) -> None:
    with pytest.raises(StageError) as raised:
        check_versions(tmp_path / "containers.txt")
    assert raised.value.remedy is not None and "--lock" in raised.value.remedy


def test_what_is_locked_for_another_platform_does_not_count() -> None:
    lock = "colorama==0.4.6 ; sys_platform == 'win32' \\\n    --hash=sha256:00\nnumpy==2.4.6 ; python_version >= '3' \\\n"
    assert list(locked_here(lock)) == [("numpy", "2.4.6")]


@pytest.mark.parametrize(
    ("driver", "built_for", "says"),
    [
        ((13, 2), (13, 2), "the driver knows CUDA 13.2, torch is built for CUDA 13.2"),
        ((13, 0), (13, 2), "the driver knows CUDA 13.0, torch is built for CUDA 13.2"),  # the same major version
        ((14, 1), (13, 2), "the driver knows CUDA 14.1, torch is built for CUDA 13.2"),
        (None, (13, 2), "no driver (libcuda.so.1) here, and torch is built for CUDA 13.2"),
        (None, None, "no driver (libcuda.so.1) here, and torch is built for no CUDA"),
    ],
)
def test_says_which_driver_and_which_cuda_fit(
    driver: tuple[int, int] | None, built_for: tuple[int, int] | None, says: str
) -> None:
    assert judge(driver, built_for) == says


@pytest.mark.parametrize(
    ("driver", "built_for", "says"),
    [
        ((12, 8), (13, 2), "The driver knows CUDA 12.8 at most; torch is built for CUDA 13.2."),
        ((13, 2), None, "The driver knows CUDA 13.2, but torch is built without CUDA."),
    ],
)
def test_refuses_a_driver_that_cannot_run_what_torch_was_built_for(
    driver: tuple[int, int], built_for: tuple[int, int] | None, says: str
) -> None:
    with pytest.raises(StageError, match=says):
        judge(driver, built_for)


def test_without_torch_there_is_no_gpu_to_look_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    assert check_gpu(required=False) == "not used: this imports no torch"
    with pytest.raises(StageError, match="imports no torch"):
        check_gpu(required=True)


def test_no_gpu_is_a_fact_and_a_failure_only_where_one_is_required(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spotforge_runtime.self_check.gpu.DRIVER_LIBRARY", "libno-such-driver.so.1")
    torch = ModuleType("torch")
    torch.__dict__["version"] = ModuleType("version")
    torch.__dict__["version"].__dict__["cuda"] = "13.2"
    monkeypatch.setitem(sys.modules, "torch", torch)
    assert check_gpu(required=False).endswith("torch is built for CUDA 13.2; the CPU is used")
    with pytest.raises(StageError, match=r"There is no GPU: no driver"):
        check_gpu(required=True)


class Driver:
    """libcuda as far as it is asked: it answers 13020 for CUDA 13.2, or that it does not work."""

    def __init__(self, code: int = 0) -> None:
        self._code = code

    def cuDriverGetVersion(self, number: object) -> int:  # noqa: N802 - the driver's own name
        number._obj.value = 13020  # type: ignore[attr-defined]
        return self._code


def a_torch(*devices: float) -> SimpleNamespace:
    """torch for CUDA 13.2 with GPUs on which 1,024 ones add up to these sums."""
    cuda = SimpleNamespace(
        is_available=lambda: bool(devices), device_count=lambda: len(devices), get_device_name=lambda device: f"GPU {device}"
    )

    def ones(_count: int, device: str) -> SimpleNamespace:
        return SimpleNamespace(sum=lambda: devices[int(device.removeprefix("cuda:"))])

    return SimpleNamespace(version=SimpleNamespace(cuda="13.2"), cuda=cuda, ones=ones)


def with_gpu(monkeypatch: pytest.MonkeyPatch, torch: SimpleNamespace, driver: Driver) -> None:
    monkeypatch.setattr("spotforge_runtime.self_check.gpu.ctypes.CDLL", lambda _name: driver)
    monkeypatch.setitem(sys.modules, "torch", torch)


def test_computes_on_every_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    with_gpu(monkeypatch, a_torch(1024, 1024), Driver())
    assert check_gpu(required=True) == "the driver knows CUDA 13.2, torch is built for CUDA 13.2; GPU 0, GPU 1"


@pytest.mark.parametrize(
    ("torch", "says"),
    [
        (a_torch(), "There is a driver, but torch finds no GPU."),
        (a_torch(1024, 1023), r"cuda:1 computed 1023\.0 instead of 1024\."),
    ],
)
def test_a_gpu_that_torch_cannot_use_is_a_failure(monkeypatch: pytest.MonkeyPatch, torch: SimpleNamespace, says: str) -> None:
    with_gpu(monkeypatch, torch, Driver())
    with pytest.raises(StageError, match=says):
        check_gpu(required=False)


def test_a_driver_that_does_not_work_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    with_gpu(monkeypatch, a_torch(), Driver(code=999))
    assert check_gpu(required=False).startswith("none: no driver")


def test_a_folder_below_a_file_cannot_be_written_to(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StageError, match=r"Cannot write to .*: Not a directory"):
        check_writing(tmp_path / "file/folder")
