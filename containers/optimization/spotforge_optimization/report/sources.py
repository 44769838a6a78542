"""Documents of earlier stages, as far as they are there: a report says what is missing instead of failing for it."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spotforge_runtime.contracts import names

if TYPE_CHECKING:
    from spotforge_runtime.context import StageContext
    from spotforge_runtime.contracts.models import StageManifest


def manifests(context: "StageContext") -> "dict[names.Stage, StageManifest]":
    """Of every stage that the attempt was given, in the order of the stages."""
    return {stage: context.inputs.manifest(stage) for stage in names.STAGES if stage in context.environment.inputs}


def output(context: "StageContext", stage: names.Stage, name: str) -> Path | None:
    """The downloaded output; None when the stage wrote none of that name, or was not given."""
    manifest = manifests(context).get(stage)
    if manifest is None or all(each.name != name for each in manifest.outputs):
        return None
    return context.inputs.download(stage, name)


def document(context: "StageContext", stage: names.Stage, name: str) -> dict[str, Any] | None:
    """The same, read as a JSON object."""
    file = output(context, stage, name)
    if file is None:
        return None
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


def lines(context: "StageContext", stage: names.Stage, name: str) -> list[dict[str, Any]] | None:
    """The same, read as one JSON object a line."""
    file = output(context, stage, name)
    return None if file is None else [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line]
