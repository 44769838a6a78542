"""Runs the work of a stage and writes how it ended: manifest.json and, last of all, result.json."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spotforge_runtime import instants
from spotforge_runtime.context import StageContext, build_context
from spotforge_runtime.contracts import names
from spotforge_runtime.documents import to_json
from spotforge_runtime.environment import StageEnvironment
from spotforge_runtime.errors import ContractBroken, Interrupted, StageError, as_stage_error
from spotforge_runtime.interruption import Interruption
from spotforge_runtime.progress import Progress
from spotforge_runtime.results import LAST_WORDS_SECONDS, exit_code_of, failure_document, success_document, write_result
from spotforge_runtime.s3_uri import uri_of
from spotforge_runtime.storage import ObjectStore

if TYPE_CHECKING:
    from pydantic import BaseModel

logger = logging.getLogger(__name__)

# Returns the stage's summary. Where several processes share the work, all but the first return None.
Work = Callable[[StageContext], "BaseModel | None"]

# torchrun looks every 0.1 s, on a machine that may be busy.
ECHO_SECONDS = 5.0


def execute(
    load_work: Callable[[], Work],
    environment: StageEnvironment,
    storage: ObjectStore,
    scratch: Path,
    *,
    progress: Progress,
    interruption: Interruption,
    result_copy: Path,
) -> int:
    """Runs the work to its end and returns the exit code. Never raises a StageError: a failure becomes the result."""
    progress.report(message="starting")
    progress.start()
    try:
        context = build_context(environment, storage, scratch, progress, interruption)
        summary = load_work()(context)
        interruption.defer()  # the work is done: finishing is quicker than doing it again
        if environment.rank > 0:
            return 0
        document = _succeed(context, summary)
    except Exception as caught:
        interruption.defer()
        if environment.processes > 1 and _gives_way(as_stage_error(caught), environment.rank, interruption):
            logger.warning("Ended with the other processes: %s", caught)
            return names.EXIT_INTERRUPTED
        document = _fail(environment, caught, interruption, progress)
    return _store(storage, environment, document, result_copy)


def _gives_way(error: StageError, rank: int, interruption: Interruption) -> bool:
    """Whether it is for another of several processes, or for the parent, to say how the attempt ended.

    When one process ends, what it shared with the others fails there in ways that say nothing, and torchrun tells them to
    end. So the first process speaks at once only of what it knows; otherwise each waits a moment for that word. They are
    interrupted together, and of that the first one tells."""
    if isinstance(error, Interrupted):
        return rank > 0 or interruption.another_ended
    if rank == 0 and type(error) is not StageError:
        return False
    deadline = time.monotonic() + ECHO_SECONDS
    while not interruption.requested and time.monotonic() < deadline:
        time.sleep(0.05)
    return interruption.requested


def _succeed(context: StageContext, summary: BaseModel | None) -> dict[str, Any]:
    from spotforge_runtime.contracts.models import StageManifest

    attempt, environment = context.attempt, context.environment
    plain = _summary(attempt.stage, summary)
    manifest = StageManifest.model_validate(
        {
            **attempt.fields(),
            "gitSha": environment.git_sha,
            "imageDigest": environment.image_digest,
            "createdAt": instants.now(),
            "inputs": [given.model_dump(by_alias=True) for given in context.inputs.read],
            "outputs": [output.model_dump(by_alias=True) for output in context.outputs.written],
        }
    )
    key = attempt.prefix + names.DOCUMENT_MANIFEST
    context.storage.put(to_json(manifest), environment.experiments_bucket, key)
    context.progress.finish(fraction=1.0)  # the last message of the work stays: it may say what it found
    return success_document(attempt, uri_of(environment.experiments_bucket, key), plain)


def _summary(stage: str, summary: BaseModel | None) -> dict[str, Any]:
    """The summary as plain JSON, checked against the contract of its stage."""
    from pydantic import BaseModel, TypeAdapter, ValidationError

    from spotforge_runtime.contracts.models import StageSummaries

    expected: Any = StageSummaries.model_fields[stage].annotation
    if not isinstance(summary, BaseModel):
        raise ContractBroken(f"The work of {stage} returned {type(summary).__name__}; expected its summary model.")
    plain: dict[str, Any] = summary.model_dump(by_alias=True, exclude_unset=True, mode="json")
    try:
        TypeAdapter(expected).validate_python(plain)
        to_json(plain)
    except ValidationError as error:
        raise ContractBroken(f"The summary of {stage} breaks its contract: {error}") from error
    return plain


def _fail(environment: StageEnvironment, caught: Exception, interruption: Interruption, progress: Progress) -> dict[str, Any]:
    error = as_stage_error(caught)
    if interruption.requested and type(error) is StageError:
        # Whatever broke while the host went away broke because of it.
        error = Interrupted(f"{interruption.reason} Then: {error.message}", where=error.where, remedy=error.remedy)
    if type(error) is StageError:
        logger.error("The stage failed.", exc_info=caught)
    else:
        logger.error("%s: %s (where: %s; what to do: %s)", type(error).__name__, error.message, error.where, error.remedy)
    progress.finish(error.message)
    return failure_document(environment.attempt, error)


def _store(storage: ObjectStore, environment: StageEnvironment, document: dict[str, Any], copy: Path) -> int:
    try:
        at_hand = storage if exit_code_of(document) != names.EXIT_INFRASTRUCTURE else storage.with_patience(LAST_WORDS_SECONDS)
        write_result(at_hand, environment.experiments_bucket, environment.attempt, document, copy)
    except Exception as caught:
        error = as_stage_error(caught)
        logger.error("The result could not be stored: %s", error.message)
        if document["outcome"] == "succeeded":
            return exit_code_of(failure_document(environment.attempt, error))
    return exit_code_of(document)
