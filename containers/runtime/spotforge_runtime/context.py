"""Everything the work of a stage gets."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from spotforge_runtime.attempt import AttemptIdentity
from spotforge_runtime.contracts import names
from spotforge_runtime.environment import StageEnvironment
from spotforge_runtime.errors import ContractBroken
from spotforge_runtime.inputs import StageInputs
from spotforge_runtime.interruption import Interruption
from spotforge_runtime.outputs import StageOutputs
from spotforge_runtime.progress import Progress
from spotforge_runtime.retention import Retention
from spotforge_runtime.s3_uri import uri_of
from spotforge_runtime.storage import ObjectStore

if TYPE_CHECKING:
    from spotforge_runtime.contracts.models import ResolvedSpec


@dataclass(frozen=True)
class StageContext:
    """One attempt at one stage: who it is, what it was told, and where it reads and writes."""

    environment: StageEnvironment
    spec: ResolvedSpec
    storage: ObjectStore
    inputs: StageInputs
    outputs: StageOutputs
    progress: Progress
    interruption: Interruption
    scratch: Path

    @property
    def attempt(self) -> AttemptIdentity:
        return self.environment.attempt

    @property
    def micro_batch_divisor(self) -> int:
        return self.environment.micro_batch_divisor

    @property
    def model_version(self) -> int | None:
        return self.environment.model_version

    @property
    def retention(self) -> Retention | None:
        """For raw data and releases, in the stages that write them; None where the deployment locks nothing."""
        return Retention(days) if (days := self.environment.retention_days) else None


def build_context(
    environment: StageEnvironment, storage: ObjectStore, scratch: Path, progress: Progress, interruption: Interruption
) -> StageContext:
    """Reads the spec and puts the parts together. ContractBroken when the spec is not this experiment's or not valid."""
    attempt = environment.attempt
    return StageContext(
        environment=environment,
        spec=read_spec(environment, storage),
        storage=storage,
        inputs=StageInputs(storage, environment.inputs, attempt.experiment_id, scratch),
        outputs=StageOutputs(storage, environment.experiments_bucket, attempt),
        progress=progress,
        interruption=interruption,
        scratch=scratch,
    )


def read_spec(environment: StageEnvironment, storage: ObjectStore) -> ResolvedSpec:
    from pydantic import ValidationError

    from spotforge_runtime.contracts.models import ResolvedSpec

    experiment_id = environment.attempt.experiment_id
    uri = uri_of(environment.experiments_bucket, names.KEY_SPEC.format(experiment_id=experiment_id))
    try:
        spec = ResolvedSpec.model_validate_json(storage.read_bytes(uri))
    except ValidationError as error:
        raise ContractBroken(f"The spec is not valid: {error}", where=uri) from error
    if spec.experiment_id != experiment_id:
        raise ContractBroken(f"The spec belongs to {spec.experiment_id}, not to {experiment_id}.", where=uri)
    return spec
