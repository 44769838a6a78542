"""Stores the dataset and the base model of a spec under the hash of their content."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from pathlib import Path

from spotforge_runtime.context import StageContext
from spotforge_runtime.contracts.models import IngestSummary
from spotforge_runtime.errors import InvalidInput
from spotforge_runtime.progress import Progress
from spotforge_runtime.tree_hash import tree_hash

from spotforge_data.base_model_rules import check_content, check_has_what_is_needed, is_refused
from spotforge_data.sources import SourceFile, list_source
from spotforge_data.versions import LocalFile, StoredVersion, refer_outputs, store_version

logger = logging.getLogger(__name__)

DATASET_FIELD = "dataset.source"
BASE_FIELD = "model.base"


def work(context: StageContext) -> IngestSummary:
    """Reads both sources once, checks their hashes, stores them or reuses what is stored."""
    spec = context.spec
    dataset_files = list_source(context, spec.dataset.source, DATASET_FIELD)
    base_files = list_source(context, spec.model.base, BASE_FIELD)
    check_has_what_is_needed((file.path for file in base_files if not is_refused(file.path)), BASE_FIELD)

    # Every byte is read once and stored once.
    meter = ByteMeter(context.progress, 2 * sum(file.bytes for file in [*dataset_files, *base_files]))
    dataset = fetch(dataset_files, context.scratch / "dataset", meter, "reading the dataset")
    check_hash("dataset", dataset, [spec.dataset.sha256, spec.pins.dataset_sha256], "dataset.sha256")
    base = fetch(base_files, context.scratch / "base-model", meter, "reading the base model")
    kept = {path: file for path, file in base.items() if not is_refused(path)}
    check_hash("base model", base, [spec.pins.base_model_sha256], BASE_FIELD, also=kept)
    check_content({path: file.location for path, file in kept.items()}, BASE_FIELD)

    meter.message = "storing the dataset"
    stored_dataset = store_version(context, "raw", spec.dataset.name, dataset, on_bytes=meter.add)
    refer_outputs(context, stored_dataset, {path: f"dataset/{path}" for path in dataset})
    meter.message = "storing the base model"
    stored_base = store_version(context, "base-model", spec.model.name, kept, on_bytes=meter.add)
    refer_outputs(context, stored_base, {path: f"base-model/{path}" for path in kept})
    left_behind = sorted(base.keys() - kept.keys())
    meter.message = _closing_message(stored_dataset, stored_base, left_behind)
    meter.add(sum(base[path].bytes for path in left_behind))
    logger.info(meter.message)

    return IngestSummary(
        dataset_uri=stored_dataset.uri,
        dataset_version=stored_dataset.version,
        dataset_sha256=stored_dataset.sha256,
        dataset_bytes=stored_dataset.bytes,
        base_model_uri=stored_base.uri,
        base_model_sha256=stored_base.sha256,
    )


class ByteMeter:
    """Turns bytes into progress."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress = progress
        self._total = total
        self._done = 0
        self.message = ""

    def add(self, count: int) -> None:
        self._done += count
        self._progress.report(step=self._done, total_steps=self._total, message=self.message)


def fetch(files: Sequence[SourceFile], folder: Path, meter: ByteMeter, message: str) -> dict[str, LocalFile]:
    """Streams files into a folder. Relative path → where it lies, its bytes and SHA-256."""
    meter.message = message
    fetched: dict[str, LocalFile] = {}
    for file in files:
        location = folder / file.path
        location.parent.mkdir(parents=True, exist_ok=True)
        digest, size = hashlib.sha256(), 0
        with location.open("wb") as target:
            for data in file.content():
                digest.update(data)
                size += len(data)
                target.write(data)
                meter.add(len(data))
        fetched[file.path] = LocalFile(location, size, digest.hexdigest())
    return fetched


def check_hash(
    what: str,
    files: dict[str, LocalFile],
    expected: Sequence[str | None],
    where: str,
    *,
    also: dict[str, LocalFile] | None = None,
) -> None:
    """InvalidInput, naming expected and found, unless the tree hash of `files` (or of `also`) is each of the expected ones."""
    found = [tree_hash({path: file.sha256 for path, file in group.items()}) for group in (files, also or files)]
    for sha256 in expected:
        if sha256 is not None and sha256 not in found:
            raise InvalidInput(
                f"The {what} is not the one that was named: expected tree hash {sha256}, found {found[0]} "
                f"over {len(files)} files, {sum(file.bytes for file in files.values())} bytes.",
                where=where,
                remedy="Send the right files, or correct the hash. Nothing was stored.",
            )


def _closing_message(dataset: StoredVersion, base: StoredVersion, left_behind: Sequence[str]) -> str:
    parts = [
        f"dataset {dataset.version} {'reused' if dataset.reused else 'stored'}",
        f"base model {base.version} {'reused' if base.reused else 'stored'}",
    ]
    if left_behind:
        parts.append(f"left behind, not safetensors or not data: {', '.join(left_behind)}")
    return "; ".join(parts)
