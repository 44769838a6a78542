"""Runs one rehearsal and writes what it found out: `rehearsals/{id}/{rehearsal}.json`, passed or failed.

A rehearsal is no stage: it has no attempts, is not resumed, and nobody waits for it. One process suffices; if it dies
without a word, the report says that."""

from __future__ import annotations

import importlib
import logging
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from spotforge_runtime import instants
from spotforge_runtime.attempt import AttemptIdentity
from spotforge_runtime.context import StageContext, build_context
from spotforge_runtime.contracts import names
from spotforge_runtime.documents import to_json
from spotforge_runtime.environment import StageEnvironment
from spotforge_runtime.errors import StageError, as_stage_error, outcome_of
from spotforge_runtime.interruption import Interruption
from spotforge_runtime.progress import Progress
from spotforge_runtime.rehearsal_environment import RehearsalEnvironment, read_rehearsal_environment
from spotforge_runtime.results import LONGEST_MESSAGE, LONGEST_REMEDY, LONGEST_WHERE
from spotforge_runtime.storage import ObjectStore

if TYPE_CHECKING:
    from spotforge_runtime.contracts.models import RehearsalFigures

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class RehearsalContext:
    """Everything that the work of a rehearsal gets."""

    environment: RehearsalEnvironment
    storage: ObjectStore
    scratch: Path

    def as_stage(self, experiment_id: str, stage: names.Stage) -> StageContext:
        """An experiment as a stage sees it, with its spec; reports to nobody. ContractBroken when the spec is not valid."""
        environment = StageEnvironment(
            attempt=AttemptIdentity(experiment_id, run=1, stage=stage, attempt=1),
            inputs={},
            micro_batch_divisor=1,
            model_version=None,
            datasets_bucket=self.environment.datasets_bucket,
            experiments_bucket=self.environment.experiments_bucket,
            checkpoints_bucket=self.environment.checkpoints_bucket,
            releases_bucket=self.environment.releases_bucket,
            event_bus="",
            git_sha=self.environment.git_sha,
            image_digest=self.environment.image_digest,
        )
        progress = Progress(environment.attempt, ())
        return build_context(environment, self.storage, self.scratch, progress, Interruption())


Rehearse = Callable[[RehearsalContext], "RehearsalFigures"]


def run_rehearsal(rehearsal: names.Rehearsal, module: str) -> NoReturn:
    """Runs `work(context)` of a module and exits with 0, or with the code of what went wrong."""
    run_unattended(names.ENV_REHEARSAL_ID, module, lambda context: rehearse(rehearsal, lambda: load_work(module), context))


def run_unattended(id_variable: str, module: str, run: Callable[[RehearsalContext], int] | None = None) -> NoReturn:
    """Runs a job that is no stage, and exits with what it returns: `run`, or `work(context)` of the module that does its work.

    Arguments: see `self_check.command`."""
    from spotforge_runtime.clients import s3_client

    if sys.argv[1:]:
        from spotforge_runtime.self_check.command import main

        sys.exit(main(module, sys.argv))

    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("botocore").setLevel(logging.WARNING)
    with tempfile.TemporaryDirectory(prefix="spotforge-") as home:
        environment = read_rehearsal_environment(id_variable=id_variable)
        context = RehearsalContext(environment, ObjectStore(s3_client()), Path(home))
        code: int = run(context) if run else importlib.import_module(module).work(context)
    sys.exit(code)


def load_work(module: str) -> Rehearse:
    """The function `work` of a module, imported only now, so that an import that fails is a finding too."""
    work: Rehearse = importlib.import_module(module).work
    return work


def rehearse(rehearsal: names.Rehearsal, load: Callable[[], Rehearse], context: RehearsalContext) -> int:
    """Runs the work, stores the finding, and returns the exit code. Raises only when the finding could not be stored."""
    started = instants.now()
    try:
        figures = load()(context)
        found, code = {"outcome": "passed", "figures": figures.model_dump(by_alias=True, exclude_unset=True, mode="json")}, 0
    except Exception as caught:
        error = as_stage_error(caught)
        logger.error("%s (where: %s; what to do: %s)", error.message, error.where, error.remedy, exc_info=caught)
        found, code = {"outcome": "failed", "error": error_document(error)}, outcome_of(error).exit_code
    _store(rehearsal, context, started, found)
    return code


def _store(rehearsal: names.Rehearsal, context: RehearsalContext, started: str, found: dict[str, Any]) -> None:
    from spotforge_runtime.contracts.models import RehearsalFinding

    environment = context.environment
    finding = RehearsalFinding.model_validate(
        {
            "schemaVersion": names.SCHEMA_VERSION,
            "rehearsalId": environment.id,
            "rehearsal": rehearsal,
            "startedAt": started,
            "endedAt": instants.now(),
            "gitSha": environment.git_sha,
            "imageDigest": environment.image_digest,
            "figures": None,
            "error": None,
            **found,
        }
    )
    key = names.KEY_REHEARSAL.format(rehearsal_id=environment.id, rehearsal=rehearsal)
    context.storage.put(to_json(finding), environment.experiments_bucket, key)


def error_document(error: StageError) -> dict[str, str | None]:
    """What happened, where and what to do, no longer than the contract has it."""
    return {
        "message": error.message[:LONGEST_MESSAGE],
        "where": error.where and error.where[:LONGEST_WHERE],
        "remedy": error.remedy and error.remedy[:LONGEST_REMEDY],
    }
