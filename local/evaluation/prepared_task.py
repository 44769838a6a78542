"""A task's data and base model, through the stages that come before training."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from laptop_stages import Finished, LaptopStages, Report, Spec, resolve


@dataclass(frozen=True)
class TaskFolder:
    """A dataset's files, and below `base-model/` a Hugging Face directory."""

    folder: Path

    @property
    def base_model(self) -> Path:
        return self.folder / "base-model"

    @property
    def dataset_files(self) -> list[Path]:
        files = (path for path in self.folder.rglob("*") if path.is_file())
        return sorted(path for path in files if self.base_model not in path.parents)


@dataclass(frozen=True)
class PreparedTask:
    """Ingested and prepared once; every experiment on it is told so."""

    stages: LaptopStages
    source: str
    base: str
    ingest: Finished
    prepare: Finished

    @property
    def hashes(self) -> dict[str, str]:
        """What the data and the base model are, by content."""
        return {"processed": self.prepare.summary["processedSha256"], "baseModel": self.ingest.summary["baseModelSha256"]}

    def experiment(self, request: Mapping[str, Any]) -> Spec:
        return resolve(request, source=self.source, base=self.base)

    def inputs(self, spec: Spec, replaced: Mapping[str, Path] | None = None) -> dict[str, str]:
        """The manifests that an experiment of this task takes; `replaced` are files in the place of prepared ones."""
        told = self.stages.told_to
        return {
            "ingest": told(spec["experimentId"], self.ingest),
            "prepare": told(spec["experimentId"], self.prepare, replaced),
        }


def prepare_task(
    stages: LaptopStages, files: TaskFolder, request: Mapping[str, Any], report: Callable[[str], None] = lambda _says: None
) -> PreparedTask:
    """Uploads both and runs ingest and prepare. Their outputs depend on the request's dataset alone, not on `train`."""
    report("uploading")
    source = stages.upload(files.folder, files.dataset_files)
    base = stages.upload(files.base_model, sorted(files.base_model.iterdir()))
    spec = resolve(request, source=source, base=base)
    ingest = stages.run("ingest", spec, {}, _named("ingest", report))
    prepare = stages.run("prepare", spec, {"ingest": ingest.uri}, _named("prepare", report))
    return PreparedTask(stages, source, base, ingest, prepare)


def _named(stage: str, report: Report) -> Report:
    return lambda says: report(f"{stage}: {says}")
