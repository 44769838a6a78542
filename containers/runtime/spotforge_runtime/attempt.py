"""Which attempt this process is: the fence of everything it writes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from spotforge_runtime.contracts import names


@dataclass(frozen=True, order=True)
class AttemptIdentity:
    """`run` counts executions of an experiment, `attempt` counts within a run and stage; both start at 1."""

    experiment_id: str
    run: int
    stage: names.Stage
    attempt: int

    @property
    def prefix(self) -> str:
        """The attempt's folder in the experiments bucket; ends with `/`."""
        return names.KEY_ATTEMPT.format(experiment_id=self.experiment_id, stage=self.stage, run=self.run, attempt=self.attempt)

    @property
    def label(self) -> str:
        """`r{run}-{attempt}`, the part of a key that tells attempts apart."""
        return f"r{self.run}-{self.attempt}"

    def fields(self) -> dict[str, Any]:
        """The fields with which every document of an attempt begins."""
        return {
            "schemaVersion": names.SCHEMA_VERSION,
            "experimentId": self.experiment_id,
            "run": self.run,
            "stage": self.stage,
            "attempt": self.attempt,
        }
