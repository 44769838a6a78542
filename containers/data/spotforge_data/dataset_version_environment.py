"""The variables the job that makes a dataset's version is started with. The only module here that reads them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from spotforge_runtime.contracts import names
from spotforge_runtime.errors import ContractBroken
from spotforge_runtime.retention import Retention


@dataclass(frozen=True)
class DatasetVersionEnvironment:
    """`request` is the URI of the request's document; `retention` is None where the deployment locks nothing."""

    request: str
    datasets_bucket: str
    git_sha: str
    image_digest: str
    retention: Retention | None


def read_dataset_version_environment(variables: Mapping[str, str] | None = None) -> DatasetVersionEnvironment:
    """Reads and checks the variables; ContractBroken names the one that is missing or malformed."""
    given = os.environ if variables is None else variables
    days = given.get(names.ENV_RETENTION_DAYS) or "0"
    if not days.isdecimal():
        raise _broken(names.ENV_RETENTION_DAYS, "a number of days", days)
    return DatasetVersionEnvironment(
        request=_text(given, names.ENV_DATASET_REQUEST),
        datasets_bucket=_text(given, names.ENV_DATASETS_BUCKET),
        git_sha=given.get(names.ENV_GIT_SHA) or "unknown",
        image_digest=given.get(names.ENV_IMAGE_DIGEST) or "unknown",
        retention=Retention(int(days)) if int(days) else None,
    )


def _text(given: Mapping[str, str], name: str) -> str:
    if value := given.get(name):
        return value
    raise _broken(name, "a value", "nothing")


def _broken(name: str, expected: str, found: str) -> ContractBroken:
    return ContractBroken(
        f"The environment variable {name} is {found}; expected {expected}.",
        where=name,
        remedy="Start the job through its state machine, which sets it.",
    )
