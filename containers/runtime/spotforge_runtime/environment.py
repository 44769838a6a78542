"""The variables a stage is started with. The only module that reads them."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from spotforge_runtime.attempt import AttemptIdentity
from spotforge_runtime.contracts import names
from spotforge_runtime.errors import ContractBroken

METADATA_ENDPOINT_VARIABLE = "AWS_EC2_METADATA_SERVICE_ENDPOINT"
METADATA_ENDPOINT = "http://169.254.169.254"
RANK_VARIABLE = "RANK"  # torchrun's
INFERENCE_SERVER_VARIABLE = "SPOTFORGE_INFERENCE_BINARY"  # an image's: where it carries the server, if it does


@dataclass(frozen=True)
class StageEnvironment:
    """What an attempt was told. The task token is not part of it: nothing here has a use for it.

    `processes` is how many share the work, and `rank` which of them this is: the first, 0, speaks for all. `inference_server` is
    the program that serves models, in an image that carries it."""

    attempt: AttemptIdentity
    inputs: Mapping[str, str]
    micro_batch_divisor: int
    model_version: int | None
    datasets_bucket: str
    experiments_bucket: str
    checkpoints_bucket: str
    releases_bucket: str
    event_bus: str
    git_sha: str
    image_digest: str
    hang_limit_seconds: float | None = None
    retention_days: int | None = None
    processes: int = 1
    rank: int = 0
    inference_server: Path | None = None
    metadata_endpoint: str = field(default=METADATA_ENDPOINT)


def read_environment(variables: Mapping[str, str] | None = None) -> StageEnvironment:
    """Reads and checks the variables; ContractBroken names the one that is missing or malformed."""
    given = os.environ if variables is None else variables
    stage = _text(given, names.ENV_STAGE)
    if stage not in names.STAGES:
        raise _broken(names.ENV_STAGE, f"one of {', '.join(names.STAGES)}", stage)
    hang_limit = given.get(names.ENV_HANG_LIMIT_SECONDS)
    processes = _positive(given, names.ENV_PROCESSES, default=1)
    return StageEnvironment(
        attempt=AttemptIdentity(
            experiment_id=_text(given, names.ENV_EXPERIMENT_ID),
            run=_positive(given, names.ENV_RUN),
            stage=stage,
            attempt=_positive(given, names.ENV_ATTEMPT),
        ),
        inputs=_inputs(given.get(names.ENV_INPUTS) or "{}"),
        micro_batch_divisor=_positive(given, names.ENV_MICRO_BATCH_DIVISOR, default=1),
        model_version=_positive(given, names.ENV_MODEL_VERSION) if given.get(names.ENV_MODEL_VERSION) else None,
        datasets_bucket=_text(given, names.ENV_DATASETS_BUCKET),
        experiments_bucket=_text(given, names.ENV_EXPERIMENTS_BUCKET),
        checkpoints_bucket=_text(given, names.ENV_CHECKPOINTS_BUCKET),
        releases_bucket=_text(given, names.ENV_RELEASES_BUCKET),
        event_bus=_text(given, names.ENV_EVENT_BUS),
        git_sha=given.get(names.ENV_GIT_SHA) or "unknown",
        image_digest=given.get(names.ENV_IMAGE_DIGEST) or "unknown",
        hang_limit_seconds=_seconds(names.ENV_HANG_LIMIT_SECONDS, hang_limit) if hang_limit else None,
        retention_days=_positive(given, names.ENV_RETENTION_DAYS) if given.get(names.ENV_RETENTION_DAYS) else None,
        processes=processes,
        rank=_rank(given, processes),
        inference_server=_program(given.get(INFERENCE_SERVER_VARIABLE)),
        metadata_endpoint=given.get(METADATA_ENDPOINT_VARIABLE) or METADATA_ENDPOINT,
    )


def environment_of_child(variables: Mapping[str, str] | None = None) -> dict[str, str]:
    """The variables a stage's work runs with: all but the task token."""
    given = os.environ if variables is None else variables
    return {name: value for name, value in given.items() if name != names.ENV_TASK_TOKEN}


def _text(given: Mapping[str, str], name: str) -> str:
    value = given.get(name)
    if not value:
        raise _broken(name, "a value", "nothing")
    return value


def _positive(given: Mapping[str, str], name: str, default: int | None = None) -> int:
    value = given.get(name)
    if not value and default is not None:
        return default
    if not value or not value.isdecimal() or int(value) < 1:
        raise _broken(name, "an integer from 1 up", value or "nothing")
    return int(value)


def _program(path: str | None) -> Path | None:
    """None also where the image names one and was built without it."""
    return Path(path) if path and Path(path).is_file() else None


def _rank(given: Mapping[str, str], processes: int) -> int:
    """0 where torchrun has not said anything: alone, or the parent of all."""
    value = given.get(RANK_VARIABLE) or "0"
    if processes == 1:
        return 0
    if not value.isdecimal() or int(value) >= processes:
        raise _broken(RANK_VARIABLE, f"an integer below {processes}", value)
    return int(value)


def _seconds(name: str, value: str) -> float:
    try:
        seconds = float(value)
    except ValueError:
        seconds = 0
    if not 0 < seconds < float("inf"):
        raise _broken(name, "a positive number of seconds", value)
    return seconds


def _inputs(text: str) -> dict[str, str]:
    try:
        inputs = json.loads(text)
    except ValueError:
        inputs = None
    if not isinstance(inputs, dict) or not all(isinstance(uri, str) for uri in inputs.values()):
        raise _broken(names.ENV_INPUTS, "a JSON object from stage to manifest URI", text[:200])
    return inputs


def _broken(name: str, expected: str, found: str) -> ContractBroken:
    return ContractBroken(
        f"The environment variable {name} is {found}; expected {expected}.",
        where=name,
        remedy="Start the stage through its job definition, which sets it.",
    )
