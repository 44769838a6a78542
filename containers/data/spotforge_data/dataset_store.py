"""Where a tenant's datasets lie, and how they are read and written."""

from __future__ import annotations

from dataclasses import dataclass

from spotforge_runtime.context import StageContext
from spotforge_runtime.retention import Retention
from spotforge_runtime.storage import ObjectStore


@dataclass(frozen=True)
class DatasetStore:
    """`retention` is for raw data; None where the deployment locks nothing."""

    storage: ObjectStore
    bucket: str
    tenant: str
    retention: Retention | None


def store_of(context: StageContext) -> DatasetStore:
    """The store of the tenant whose experiment a stage works for."""
    return DatasetStore(context.storage, context.environment.datasets_bucket, context.spec.tenant, context.retention)
