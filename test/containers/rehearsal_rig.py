"""Runs rehearsals against the rig's S3, in this process."""

from __future__ import annotations

import json
import tempfile
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from containers.stage_rig import BUCKETS, StageRig
from spotforge_runtime.contracts import names
from spotforge_runtime.contracts.models import RehearsalFinding
from spotforge_runtime.rehearsal import RehearsalContext, Rehearse, load_work, rehearse
from spotforge_runtime.rehearsal_environment import read_rehearsal_environment


@dataclass(frozen=True)
class Found:
    """The exit code and the stored finding, which is valid by its contract."""

    exit_code: int
    finding: dict[str, Any]

    @property
    def figures(self) -> dict[str, Any]:
        """Of a rehearsal that passed."""
        assert (self.exit_code, self.finding["outcome"]) == (0, "passed"), self.finding
        figures: dict[str, Any] = self.finding["figures"][self.finding["rehearsal"]]
        return figures

    @property
    def error(self) -> dict[str, Any]:
        """Of a rehearsal that failed."""
        assert self.exit_code != 0 and self.finding["outcome"] == "failed", self.finding
        error: dict[str, Any] = self.finding["error"]
        return error


def rehearsal_variables(**variables: str) -> dict[str, str]:
    """What a job is told, under a new id."""
    return {**BUCKETS, names.ENV_REHEARSAL_ID: str(uuid.uuid4()), names.ENV_GIT_SHA: "0" * 40, **variables}


def a_context(rig: StageRig, **variables: str) -> RehearsalContext:
    scratch = Path(tempfile.mkdtemp(prefix="rehearsal-", dir=rig.folder))
    return RehearsalContext(read_rehearsal_environment(rehearsal_variables(**variables)), rig.storage, scratch)


def run(rig: StageRig, rehearsal: names.Rehearsal, work: Rehearse | str, **variables: str) -> Found:
    """`work` is the function or the module that has it."""
    context = a_context(rig, **variables)
    code = rehearse(rehearsal, (lambda: load_work(work)) if isinstance(work, str) else (lambda: work), context)
    return Found(code, read_finding(rig, rehearsal, context.environment.id))


def read_finding(rig: StageRig, rehearsal: names.Rehearsal, rehearsal_id: str) -> dict[str, Any]:
    key = names.KEY_REHEARSAL.format(rehearsal_id=rehearsal_id, rehearsal=rehearsal)
    data = rig.read(f"s3://{BUCKETS[names.ENV_EXPERIMENTS_BUCKET]}/{key}")
    assert data is not None, f"no finding at {key}"
    RehearsalFinding.model_validate_json(data)
    finding: dict[str, Any] = json.loads(data)
    return finding
