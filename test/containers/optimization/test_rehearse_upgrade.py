"""The upgrade with wheels that the tests make: an index would make them depend on what others release."""

from __future__ import annotations

import zipfile
from importlib import metadata
from pathlib import Path

import pytest
import typing_extensions
from containers.rehearsal_rig import Found, run
from containers.stage_rig import Ended, StageRig

PACKAGE = "typing-extensions"
NEWER = "99.1"


@pytest.fixture
def wheels(rig: StageRig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only place that pip finds packages in."""
    monkeypatch.setenv("PYTHONPATH", rig.process_environment()["PYTHONPATH"])  # as a job has it
    folder = tmp_path / "wheels"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def write_wheel(folder: Path, package: str, version: str, modules: dict[str, str]) -> None:
    name = package.replace("-", "_")
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        for path, source in modules.items():
            wheel.writestr(path, source)
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")


def own_source() -> str:
    return Path(str(typing_extensions.__file__)).read_text()


def rehearse(rig: StageRig, bundled: Ended, package: str = PACKAGE, **variables: str) -> Found:
    uri: str = bundled.summary["bundleUri"]
    work = "spotforge_optimization.rehearse_upgrade_run"
    return run(rig, "upgrade", work, NEWEST_BUNDLE=uri, UPGRADE_PACKAGE=package, **variables)


def test_the_released_model_answers_the_same_under_a_newer_version(rig: StageRig, bundled: Ended, wheels: Path) -> None:
    write_wheel(wheels, PACKAGE, "98.0", {"typing_extensions.py": "raise RuntimeError('this is not the newest')"})
    write_wheel(wheels, PACKAGE, NEWER, {"typing_extensions.py": own_source()})
    figures = rehearse(rig, bundled).figures
    assert (figures["package"], figures["from"], figures["to"]) == (PACKAGE, metadata.version(PACKAGE), NEWER)
    assert figures["modulesFromNewVersion"] == 1
    assert figures["fp32MaxAbsDifference"] == figures["int8MaxAbsDifference"] == 0
    assert figures["before"] == figures["after"]
    assert figures["rows"] == 64


def test_a_version_that_breaks_the_check_fails_with_its_error(rig: StageRig, bundled: Ended, wheels: Path) -> None:
    write_wheel(wheels, PACKAGE, NEWER, {"typing_extensions.py": "raise RuntimeError('broken upgrade')"})
    error = rehearse(rig, bundled, UPGRADE_VERSION=NEWER).error
    assert "The check under the moved package failed" in error["message"] and "broken upgrade" in error["message"]


def test_a_version_that_the_index_does_not_have_is_a_clear_failure(rig: StageRig, bundled: Ended, wheels: Path) -> None:
    error = rehearse(rig, bundled, UPGRADE_VERSION="77.7").error
    assert "typing-extensions==77.7 could not be installed" in error["message"]
    assert "package index" in error["remedy"]


def test_a_network_that_refuses_is_a_clear_failure(
    rig: StageRig, bundled: Ended, wheels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    assert "could not be installed" in rehearse(rig, bundled).error["message"]


def test_a_package_that_the_check_does_not_load_proves_nothing(rig: StageRig, bundled: Ended, wheels: Path) -> None:
    write_wheel(wheels, "six", NEWER, {"six.py": ""})
    assert "proves nothing about six 99.1" in rehearse(rig, bundled, "six").error["message"]


def test_a_package_that_is_not_there_cannot_be_upgraded(rig: StageRig, bundled: Ended, wheels: Path) -> None:
    assert "no package of this image" in rehearse(rig, bundled, "no-such-package").error["message"]
