"""Runs the job that makes a version of a stored dataset, and exits with a code that says how it ended.

Like a rehearsal it is no stage: nothing waits for its progress, and it is begun anew when its host goes away."""

from __future__ import annotations

import importlib
import logging
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from spotforge_runtime.contracts import names
from spotforge_runtime.errors import as_stage_error, outcome_of
from spotforge_runtime.storage import ObjectStore

from spotforge_data.dataset_version_environment import DatasetVersionEnvironment, read_dataset_version_environment

if TYPE_CHECKING:
    from spotforge_runtime.contracts.models import DatasetReport

logger = logging.getLogger(__name__)

MakeVersion = Callable[[DatasetVersionEnvironment, ObjectStore, Path], "DatasetReport"]


def run_dataset_version(module: str) -> NoReturn:
    """Runs `work` of a module and exits. Arguments: see `self_check.command`."""
    from spotforge_runtime.clients import s3_client

    if sys.argv[1:]:
        from spotforge_runtime.self_check.command import main

        sys.exit(main(module, sys.argv))

    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("botocore").setLevel(logging.WARNING)
    with tempfile.TemporaryDirectory(prefix="spotforge-") as home:
        code = exit_code_of(
            lambda: importlib.import_module(module).work(read_dataset_version_environment(), ObjectStore(s3_client()), Path(home))
        )
    sys.exit(code)


def exit_code_of(work: Callable[[], DatasetReport]) -> int:
    """0 for a version that is ready, 64 for a refused one, and the table's code for everything that went wrong."""
    try:
        report = work()
    except Exception as caught:
        error = as_stage_error(caught)
        logger.error("%s (where: %s; what to do: %s)", error.message, error.where, error.remedy, exc_info=caught)
        return outcome_of(error).exit_code
    if report.refusal is None:
        logger.info("Version %s of %s is ready: %s rows.", report.version, report.dataset, report.rows_kept)
        return 0
    refusal = report.refusal
    logger.error("Refused. %s (where: %s; what to do: %s)", refusal.message, refusal.where, refusal.remedy)
    return names.EXIT_INVALID_INPUT
