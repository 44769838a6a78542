"""Stores the dataset and the base model of a spec under the hash of their content."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from spotforge_runtime.context import StageContext
from spotforge_runtime.contracts.models import IngestSummary

from spotforge_data.base_model_rules import check_content, check_has_what_is_needed, is_refused
from spotforge_data.dataset_store import store_of
from spotforge_data.fetching import ByteMeter, check_hash, fetch
from spotforge_data.sources import list_source
from spotforge_data.versions import StoredVersion, refer_outputs, store_version

logger = logging.getLogger(__name__)

DATASET_FIELD = "dataset.source"
BASE_FIELD = "model.base"


def work(context: StageContext) -> IngestSummary:
    """Reads both sources once, checks their hashes, stores them or reuses what is stored."""
    spec, store = context.spec, store_of(context)
    dataset_files = list_source(store, spec.dataset.source, DATASET_FIELD)
    base_files = list_source(store, spec.model.base, BASE_FIELD, context.scratch / "hub")
    check_has_what_is_needed((file.path for file in base_files if not is_refused(file.path)), BASE_FIELD, spec.task)

    # Every byte is read once and stored once.
    meter = ByteMeter(context.progress.report, 2 * sum(file.bytes for file in [*dataset_files, *base_files]))
    dataset = fetch(dataset_files, context.scratch / "dataset", meter, "reading the dataset")
    check_hash("dataset", dataset, [spec.dataset.sha256, spec.pins.dataset_sha256], "dataset.sha256")
    base = fetch(base_files, context.scratch / "base-model", meter, "reading the base model")
    kept = {path: file for path, file in base.items() if not is_refused(path)}
    check_hash("base model", base, [spec.pins.base_model_sha256], BASE_FIELD, also=kept)
    check_content({path: file.location for path, file in kept.items()}, BASE_FIELD, spec.task)

    meter.message = "storing the dataset"
    stored_dataset = store_version(store, "raw", spec.dataset.name, dataset, on_bytes=meter.add)
    refer_outputs(context, stored_dataset, {path: f"dataset/{path}" for path in dataset})
    meter.message = "storing the base model"
    stored_base = store_version(store, "base-model", spec.model.name, kept, on_bytes=meter.add)
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


def _closing_message(dataset: StoredVersion, base: StoredVersion, left_behind: Sequence[str]) -> str:
    parts = [
        f"dataset {dataset.version} {'reused' if dataset.reused else 'stored'}",
        f"base model {base.version} {'reused' if base.reused else 'stored'}",
    ]
    if left_behind:
        parts.append(f"left behind, not safetensors or not data: {', '.join(left_behind)}")
    return "; ".join(parts)
