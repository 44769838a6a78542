"""What earlier stages wrote, found by the manifests that the attempt was given."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from spotforge_runtime.baked_base_models import BAKED_BASE_MODELS, take_baked
from spotforge_runtime.contracts import names
from spotforge_runtime.errors import ContractBroken
from spotforge_runtime.hashing import sha256_of_bytes
from spotforge_runtime.storage import ObjectStore

if TYPE_CHECKING:
    from pydantic import BaseModel

    from spotforge_runtime.contracts.models import StageInput, StageManifest, StoredObject

Summary = TypeVar("Summary", bound="BaseModel")


class StageInputs:
    """Reads manifests once, verifies every byte it downloads, and remembers what was read for the own manifest. Once a manifest
    is read, several threads may download."""

    def __init__(
        self,
        storage: ObjectStore,
        manifests: Mapping[str, str],
        experiment_id: str,
        scratch: Path,
        *,
        baked: Path = BAKED_BASE_MODELS,
    ) -> None:
        self._storage = storage
        self._uris = manifests
        self._experiment_id = experiment_id
        self._scratch = scratch
        self._baked = baked
        self._manifests: dict[str, StageManifest] = {}
        self._outputs: dict[str, dict[str, StoredObject]] = {}  # by stage and name: there may be a hundred thousand pictures
        self._read: dict[str, StageInput] = {}

    def manifest(self, stage: str) -> StageManifest:
        """The manifest of a stage's winning attempt. ContractBroken when none was given or it is another experiment's."""
        from pydantic import ValidationError

        from spotforge_runtime.contracts.models import StageInput, StageManifest

        if stage in self._manifests:
            return self._manifests[stage]
        uri = self._uri(stage)
        data = self._storage.read_bytes(uri)
        try:
            manifest = StageManifest.model_validate_json(data)
        except ValidationError as error:
            raise ContractBroken(f"The manifest of {stage} is not valid: {error}", where=uri) from error
        if (manifest.experiment_id, manifest.stage) != (self._experiment_id, stage):
            raise ContractBroken(
                f"The manifest given for {stage} belongs to {manifest.experiment_id}, stage {manifest.stage}.", where=uri
            )
        self._manifests[stage] = manifest
        self._outputs[stage] = {output.name: output for output in manifest.outputs}
        self._read[stage] = StageInput.model_validate({"stage": stage, "manifest": uri, "sha256": sha256_of_bytes(data)})
        return manifest

    def summary(self, stage: str, model: type[Summary]) -> Summary:
        """The summary in the result beside a stage's manifest. ContractBroken when that stage did not succeed."""
        from pydantic import TypeAdapter, ValidationError

        from spotforge_runtime.contracts.models import StageFailed, StageSucceeded

        self.manifest(stage)
        uri = self._uri(stage).rpartition("/")[0] + "/" + names.DOCUMENT_RESULT
        try:
            adapter: TypeAdapter[StageSucceeded | StageFailed] = TypeAdapter(StageSucceeded | StageFailed)
            result = adapter.validate_json(self._storage.read_bytes(uri))
            if not isinstance(result, StageSucceeded):
                raise ContractBroken(f"The attempt of {stage} that was given did not succeed.", where=uri)
            return model.model_validate(result.summary)
        except ValidationError as error:
            raise ContractBroken(f"The result of {stage} is not valid: {error}", where=uri) from error

    def find(self, stage: str, name: str) -> StoredObject:
        """The output of that name. ContractBroken, naming what there is, when there is none."""
        self.manifest(stage)
        outputs = self._outputs[stage]
        if name in outputs:
            return outputs[name]
        there = ", ".join(outputs) or "nothing"
        raise ContractBroken(f"{stage} wrote no output '{name}'; it wrote {there}.", where=self._uri(stage))

    def download(self, stage: str, name: str, to: Path | None = None) -> Path:
        """Downloads one output into the file `to` (default: below scratch), verifying bytes and SHA-256."""
        output = self.find(stage, name)
        target = to or self._scratch / "inputs" / stage / name
        self._fetch(output, target)
        return target

    def download_folder(self, stage: str, prefix: str, to: Path | None = None) -> Path:
        """Downloads every output whose name starts with `prefix` (for example `base-model/`) into the folder `to`,
        under its name without the prefix. ContractBroken when there is none."""
        outputs = [output for output in self.manifest(stage).outputs if output.name.startswith(prefix)]
        if not outputs:
            raise ContractBroken(f"{stage} wrote no output below '{prefix}'.", where=self._uri(stage))
        folder = to or self._scratch / "inputs" / stage / prefix.rstrip("/")
        for output in outputs:
            target = folder / output.name.removeprefix(prefix)
            self._fetch(output, target)
        return folder

    def _fetch(self, output: StoredObject, target: Path) -> None:
        if not take_baked(output.key, target, sha256=output.sha256, bytes=output.bytes, baked=self._baked):
            self._storage.download(output.bucket, output.key, target, sha256=output.sha256, bytes=output.bytes)

    @property
    def read(self) -> list[StageInput]:
        """The manifests that were read, in the order of the stages."""
        return [self._read[stage] for stage in names.STAGES if stage in self._read]

    def _uri(self, stage: str) -> str:
        uri = self._uris.get(stage)
        if uri is None:
            there = ", ".join(self._uris) or "none"
            raise ContractBroken(
                f"The attempt was given no manifest of {stage} (given: {there}).",
                where=names.ENV_INPUTS,
                remedy="The state machine passes the manifests of all earlier stages.",
            )
        return uri
