"""Makes a version of a stored dataset: the files as they came, and the splits that are made of them."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from spotforge_runtime.contracts import names
from spotforge_runtime.documents import to_json
from spotforge_runtime.errors import ContractBroken, InvalidInput
from spotforge_runtime.s3_uri import uri_of
from spotforge_runtime.storage import AccessRefused, ObjectMissing, ObjectStore

from spotforge_data.dataset_report import dataset_report
from spotforge_data.dataset_store import DatasetStore
from spotforge_data.dataset_version_environment import DatasetVersionEnvironment
from spotforge_data.fetching import ByteMeter, check_hash, fetch
from spotforge_data.findings import Findings
from spotforge_data.local_file import LocalFile
from spotforge_data.preparation import SPLIT_PATHS, Preparation
from spotforge_data.preparation_plan import plan_of
from spotforge_data.rejections import FILE_NAME as REJECTED_ROWS
from spotforge_data.rejections import Rejections
from spotforge_data.sources import list_source
from spotforge_data.versions import StoredVersion, store_version

if TYPE_CHECKING:
    from spotforge_runtime.contracts.models import DatasetPreparationRequest, DatasetReport

logger = logging.getLogger(__name__)

SOURCE_FIELD = "source"


def work(environment: DatasetVersionEnvironment, storage: ObjectStore, scratch: Path) -> DatasetReport:
    """Reads the request and does what it says; what became of it is stored last of all, and returned. A request that an
    earlier attempt has answered is not done again."""
    request = _read_request(environment, storage)
    return _read_report(environment, storage, request) or _Version(environment, storage, scratch, request).make()


class _Version:
    def __init__(
        self, environment: DatasetVersionEnvironment, storage: ObjectStore, scratch: Path, request: DatasetPreparationRequest
    ) -> None:
        self._environment = environment
        self._request = request
        self._scratch = scratch
        self._store = DatasetStore(storage, environment.datasets_bucket, request.tenant, environment.retention)
        self._files: dict[str, LocalFile] = {}
        self._found = Findings(Rejections(scratch / "preparation" / REJECTED_ROWS))

    def make(self) -> DatasetReport:
        try:
            ended: tuple[StoredVersion, StoredVersion] | InvalidInput = self._prepare_and_store()
        except InvalidInput as error:
            ended = error
        report = dataset_report(
            self._environment,
            self._request,
            bytes_read=sum(file.bytes for file in self._files.values()),
            found=self._found,
            rejected_rows_uri=self._store_rejected_rows(),
            ended=ended,
        )
        self._store.storage.put(to_json(report), self._store.bucket, _key(names.KEY_DATASET_PREPARATION_REPORT, self._request))
        return report

    def _prepare_and_store(self) -> tuple[StoredVersion, StoredVersion]:
        """The raw version is stored once its rows have passed: of what is refused nothing stays but the report."""
        request, told = self._request, self._request.schema_
        plan = plan_of(told.task, told.columns, told.labels, told.split, told.calibration_rows)
        sources = list_source(self._store, request.source, SOURCE_FIELD)
        meter = ByteMeter(_tell_nobody, sum(file.bytes for file in sources))
        self._files = fetch(sources, self._scratch / "raw", meter, "reading the dataset")
        check_hash("dataset", self._files, [request.sha256], "sha256")

        locations = {path: file.location for path, file in self._files.items()}
        preparation = Preparation(plan, locations, self._found, self._scratch / "preparation", list)
        preparation.read()
        parts = preparation.write(self._scratch / "processed")
        splits = {SPLIT_PATHS[part]: LocalFile.at(location) for part, location in parts.items()}

        raw = store_version(self._store, "raw", request.dataset, self._files)
        return raw, store_version(self._store, "processed", request.dataset, splits, parent=raw.sha256)

    def _store_rejected_rows(self) -> str | None:
        if not self._found.rejections.count:
            return None
        key = _key(names.KEY_DATASET_PREPARATION_REJECTED_ROWS, self._request)
        self._store.storage.upload(self._found.rejections.flush(), self._store.bucket, key)
        return uri_of(self._store.bucket, key)


def _read_request(environment: DatasetVersionEnvironment, storage: ObjectStore) -> DatasetPreparationRequest:
    from pydantic import ValidationError
    from spotforge_runtime.contracts.models import DatasetPreparationRequest

    try:
        return DatasetPreparationRequest.model_validate_json(storage.read_bytes(environment.request))
    except ValidationError as error:
        raise ContractBroken(f"The request is not valid: {error}", where=environment.request) from error


def _read_report(
    environment: DatasetVersionEnvironment, storage: ObjectStore, request: DatasetPreparationRequest
) -> DatasetReport | None:
    from spotforge_runtime.contracts.models import DatasetReport

    uri = uri_of(environment.datasets_bucket, _key(names.KEY_DATASET_PREPARATION_REPORT, request))
    try:
        return DatasetReport.model_validate_json(storage.read_bytes(uri))
    except (ObjectMissing, AccessRefused):
        return None


def _key(template: str, request: DatasetPreparationRequest) -> str:
    return template.format(tenant=request.tenant, preparation_id=request.preparation_id)


def _tell_nobody(*, step: int, total_steps: int, message: str) -> None:
    logger.debug("%s: %d of %d bytes", message, step, total_steps)
