"""The variables a self-check looks at. Beside `environment` and `rehearsal_environment`, the only module that reads them:
a self-check has no attempt, and what is missing is a finding of its own."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from spotforge_runtime.contracts import names

MODEL_CACHE_VARIABLE = "HF_HOME"
# Where Hugging Face's libraries keep models when nothing else is said.
MODEL_CACHE = "~/.cache/huggingface"
BUCKET_VARIABLES = (
    names.ENV_DATASETS_BUCKET,
    names.ENV_EXPERIMENTS_BUCKET,
    names.ENV_CHECKPOINTS_BUCKET,
    names.ENV_RELEASES_BUCKET,
)


@dataclass(frozen=True)
class SelfCheckEnvironment:
    """`buckets` by the variable that names them; None for what is not set."""

    temporary_files: Path
    model_cache: Path
    buckets: Mapping[str, str | None]
    event_bus: str | None


def read_self_check_environment(variables: Mapping[str, str] | None = None) -> SelfCheckEnvironment:
    given = os.environ if variables is None else variables
    return SelfCheckEnvironment(
        temporary_files=Path(given.get("TMPDIR") or tempfile.gettempdir()),
        model_cache=Path(given.get(MODEL_CACHE_VARIABLE) or MODEL_CACHE).expanduser(),
        buckets={variable: given.get(variable) or None for variable in BUCKET_VARIABLES},
        event_bus=given.get(names.ENV_EVENT_BUS) or None,
    )
