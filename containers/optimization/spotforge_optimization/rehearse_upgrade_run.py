"""Upgrade: does the released model still answer rightly when one pinned package moves?

The package goes into a folder in front of the image's own environment, which stays as it is."""

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import numpy as np
from spotforge_runtime.contracts import names
from spotforge_runtime.contracts.models import RehearsalFigures, UpgradeFigures
from spotforge_runtime.errors import Infrastructure, InvalidInput, StageError
from spotforge_runtime.rehearsal import RehearsalContext
from spotforge_runtime.rehearsal_environment import environment_of_upgrade

from spotforge_optimization.rehearse_bundle import Answers, ReleasedBundle, hold_against_record, take_bundle

INSTALL_TIMEOUT_SECONDS = 600
CHECK_TIMEOUT_SECONDS = 600
SHOWN_OUTPUT = 1200


def work(context: RehearsalContext) -> RehearsalFigures:
    """Checks before, moves the package, checks after. The first check tells a broken release from a broken upgrade."""
    environment = context.environment
    package, version = environment.given(names.ENV_UPGRADE_PACKAGE), environment.chosen(names.ENV_UPGRADE_VERSION)
    installed = installed_version(package)
    bundle = take_bundle(context, environment.given(names.ENV_NEWEST_BUNDLE), context.scratch / "bundle")
    before = check(bundle, context.scratch / "before.npz")
    held_before = hold_against_record(bundle, before.answers)

    overlay = context.scratch / "overlay"
    started = time.monotonic()
    to = install(package, version, overlay)
    installed_after = time.monotonic()
    after = check(bundle, context.scratch / "after.npz", overlay)
    checked = time.monotonic()
    held_after = hold_against_record(bundle, after.answers)
    if after.modules_from_overlay == 0:
        raise InvalidInput(
            f"The check answers rightly, but loads nothing of {package}: it proves nothing about {package} {to}.",
            where=names.ENV_UPGRADE_PACKAGE,
            remedy="Choose a package that serving a model needs, for example onnxruntime (rehearsals.upgrade).",
        )
    return RehearsalFigures(
        upgrade=UpgradeFigures.model_validate(
            {
                "package": package,
                "from": installed,
                "to": to,
                "bundleUri": bundle.uri,
                "rows": len(after.answers.fp32),
                "before": held_before,
                "after": held_after,
                "fp32MaxAbsDifference": largest_difference(after.answers.fp32, before.answers.fp32),
                "int8MaxAbsDifference": largest_difference(after.answers.int8, before.answers.int8),
                "modulesFromNewVersion": after.modules_from_overlay,
                "installSeconds": round(installed_after - started, 3),
                "checkSeconds": round(checked - installed_after, 3),
            }
        )
    )


def installed_version(package: str) -> str:
    """Of the image's own environment. InvalidInput when it is not part of it."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError as error:
        raise InvalidInput(
            f"{package} is no package of this image, so there is nothing to upgrade.",
            where=names.ENV_UPGRADE_PACKAGE,
            remedy="Choose one of requirements/containers.txt (rehearsals.upgrade).",
        ) from error


def install(package: str, version: str | None, overlay: Path) -> str:
    """Puts the one package, without what it depends on, into the folder; answers its version. Wheels only: nothing of
    it runs while it is installed. Infrastructure when the index refuses or does not have it."""
    wanted = package if version is None else f"{package}=={version}"
    command = [sys.executable, "-m", "pip", "install", "--target", str(overlay), "--no-deps", "--only-binary", ":all:"]
    command += ["--no-input", "--disable-pip-version-check", "--quiet", wanted]
    try:
        done = subprocess.run(
            command, env=environment_of_upgrade(), capture_output=True, text=True, timeout=INSTALL_TIMEOUT_SECONDS, check=False
        )
        refused = done.stderr.strip()[-SHOWN_OUTPUT:] if done.returncode else None
    except subprocess.TimeoutExpired:
        refused = f"no answer within {INSTALL_TIMEOUT_SECONDS} s"
    if refused is not None:
        raise Infrastructure(
            f"{wanted} could not be installed: {refused}",
            where=wanted,
            remedy="Check that the version exists and that jobs can reach the package index.",
        )
    [moved] = metadata.distributions(path=[str(overlay)])
    return moved.version


@dataclass(frozen=True)
class Checked:
    answers: Answers
    modules_from_overlay: int


def check(bundle: ReleasedBundle, answers: Path, overlay: Path | None = None) -> Checked:
    """Asks the bundle's models in a process of its own. StageError with the end of its output when it fails."""
    command = [sys.executable, "-m", "spotforge_optimization.rehearse_check", "--bundle", str(bundle.folder)]
    command += ["--threads", str(bundle.threads), "--answers", str(answers)]
    command += [] if overlay is None else ["--overlay", str(overlay)]
    under = "the packages of the image" if overlay is None else "the moved package"
    try:
        done = subprocess.run(
            command,
            env=environment_of_upgrade(overlay),
            capture_output=True,
            text=True,
            timeout=CHECK_TIMEOUT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise StageError(f"The check under {under} did not end within {CHECK_TIMEOUT_SECONDS} s.") from error
    if done.returncode:
        raise StageError(f"The check under {under} failed: {done.stderr.strip()[-SHOWN_OUTPUT:]}", where=bundle.uri)
    with np.load(answers, allow_pickle=False) as arrays:
        asked = Answers(fp32=arrays["fp32"], int8=dict(arrays).get("int8"))
    return Checked(asked, json.loads(done.stdout.splitlines()[-1])["modulesFromOverlay"])


def largest_difference(a: np.ndarray | None, b: np.ndarray | None) -> float | None:
    """Of two arrays of logits of one shape, in float64; None of what the bundle does not carry."""
    if a is None or b is None:
        return None
    return float(np.abs(a.astype(np.float64) - b.astype(np.float64)).max(initial=0.0))
