"""The variables a rehearsal or a spot check is started with. Beside `environment`, the only module that reads them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from spotforge_runtime.contracts import names
from spotforge_runtime.errors import ContractBroken

CREDENTIALS_PREFIX = "AWS_"
PYTHON_PATH_VARIABLE = "PYTHONPATH"


@dataclass(frozen=True)
class RehearsalEnvironment:
    """What a rehearsal was told. Its own variables are each for one or two of the rehearsals: see `given`."""

    id: str
    datasets_bucket: str
    experiments_bucket: str
    checkpoints_bucket: str
    releases_bucket: str
    git_sha: str
    image_digest: str
    variables: Mapping[str, str]

    def given(self, name: str) -> str:
        """A variable that this rehearsal cannot do without. ContractBroken names the one that is missing."""
        return _text(self.variables, name)

    def chosen(self, name: str) -> str | None:
        """A variable that may be left out."""
        return self.variables.get(name) or None


def read_rehearsal_environment(
    variables: Mapping[str, str] | None = None, *, id_variable: str = names.ENV_REHEARSAL_ID
) -> RehearsalEnvironment:
    """Reads and checks the variables; ContractBroken names the one that is missing. A spot check has its id in another one."""
    given = os.environ if variables is None else variables
    return RehearsalEnvironment(
        id=_text(given, id_variable),
        datasets_bucket=_text(given, names.ENV_DATASETS_BUCKET),
        experiments_bucket=_text(given, names.ENV_EXPERIMENTS_BUCKET),
        checkpoints_bucket=_text(given, names.ENV_CHECKPOINTS_BUCKET),
        releases_bucket=_text(given, names.ENV_RELEASES_BUCKET),
        git_sha=given.get(names.ENV_GIT_SHA) or "unknown",
        image_digest=given.get(names.ENV_IMAGE_DIGEST) or "unknown",
        variables=given,
    )


def environment_of_upgrade(overlay: Path | None = None, variables: Mapping[str, str] | None = None) -> dict[str, str]:
    """For a process that runs code which nobody has released yet: without the job's credentials, and with the folder
    `overlay` in front of every installed package."""
    given = os.environ if variables is None else variables
    kept = {name: value for name, value in given.items() if not name.startswith(CREDENTIALS_PREFIX)}
    if overlay is not None:
        kept[PYTHON_PATH_VARIABLE] = os.pathsep.join(filter(None, [str(overlay), given.get(PYTHON_PATH_VARIABLE)]))
    return kept


def _text(given: Mapping[str, str], name: str) -> str:
    value = given.get(name)
    if not value:
        raise ContractBroken(
            f"The environment variable {name} is nothing; expected a value.",
            where=name,
            remedy="Start the job through its state machine, which sets it.",
        )
    return value
