"""Base models that were built into the image, so that a stage need not fetch them: see containers/Dockerfile."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from spotforge_runtime.hashing import sha256_of_file

BAKED_BASE_MODELS = Path("/opt/spotforge/base-models")
# base-models/{tree hash}/{path}: where ingest stores a base model, and below BAKED_BASE_MODELS the same without the first folder.
BASE_MODEL_KEY = re.compile(r"base-models/([0-9a-f]{64}/.+)")


def take_baked(key: str, to: Path, *, sha256: str, bytes: int, baked: Path = BAKED_BASE_MODELS) -> bool:
    """Copies the file of a base model from the image to `to`; False when the image has none of that content.

    `key` is where the file lies in the datasets bucket. What was built in is held against the recorded hash like a download."""
    match = BASE_MODEL_KEY.fullmatch(key)
    if match is None:
        return False
    file = baked / match[1]
    if not file.is_file() or file.stat().st_size != bytes or sha256_of_file(file) != sha256:
        return False
    to.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(file, to)
    return True
