"""The process in which a stage's work runs: `python -m spotforge_runtime.child {module} --home {folder}`.

On several GPUs it is one of several, of which the first reports. Its parent owns the folder `--home`: scratch space, the
local copies of progress.json and result.json, and stacks.txt."""

from __future__ import annotations

import argparse
import contextlib
import faulthandler
import importlib
import logging
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from spotforge_runtime.contracts import names
from spotforge_runtime.environment import StageEnvironment, read_environment
from spotforge_runtime.errors import StageError, as_stage_error, outcome_of
from spotforge_runtime.interruption import Interruption
from spotforge_runtime.work_processes import announce, stacks_file

if TYPE_CHECKING:
    from spotforge_runtime.execution import Work

STACKS_SIGNAL = signal.SIGUSR1
SCRATCH_FOLDER = "scratch"
PARENT_CHECK_SECONDS = 0.5


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="spotforge_runtime.child", description=__doc__)
    parser.add_argument("module", help="has the function work(context)")
    parser.add_argument("--home", type=Path, required=True)
    parsed = parser.parse_args(arguments)
    home: Path = parsed.home

    try:
        return _start(parsed.module, home)
    except (StageError, OSError) as caught:  # a notice while this is still importing, a disk without room: nothing has begun
        error = as_stage_error(caught)
        print(f"{type(error).__name__}: {error.message} {error.remedy or ''}", file=sys.stderr, flush=True)  # noqa: T201
        return outcome_of(error).exit_code


def _start(module: str, home: Path) -> int:
    environment = read_environment()
    interruption = Interruption(several=environment.processes > 1)
    stacks = stacks_file(home, environment.rank).open("ab")
    faulthandler.enable(stacks)
    faulthandler.register(STACKS_SIGNAL, stacks, all_threads=True)
    interruption.listen()
    if environment.processes > 1:
        announce(home, environment.rank)
    end_with_parent()
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("botocore").setLevel(logging.WARNING)
    return _run(module, home, environment, interruption)


def _run(module: str, home: Path, environment: StageEnvironment, interruption: Interruption) -> int:
    from spotforge_runtime.clients import events_client, s3_client
    from spotforge_runtime.execution import execute
    from spotforge_runtime.progress import Progress, bus_sink, file_sink, object_sink
    from spotforge_runtime.storage import ObjectStore

    storage = ObjectStore(s3_client())
    scratch = home / SCRATCH_FOLDER
    scratch.mkdir(exist_ok=True)
    sinks = (
        file_sink(home / names.DOCUMENT_PROGRESS),
        bus_sink(events_client, environment.event_bus),
        # Progress tries again by itself, with what is newest by then.
        object_sink(storage.with_patience(0), environment.experiments_bucket, environment.attempt),
    )
    return execute(
        lambda: load_work(module),
        environment,
        storage,
        scratch,
        progress=Progress(environment.attempt, sinks if environment.rank == 0 else ()),
        interruption=interruption,
        result_copy=home / names.DOCUMENT_RESULT,
    )


def load_work(module: str) -> Work:
    """The function `work` of a module, imported only now: torch alone takes seconds."""
    work: Work = importlib.import_module(module).work
    return work


def end_with_parent() -> None:
    """Ends this process when its parent is killed: an orphan would go on writing for an attempt that is over."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(PARENT_CHECK_SECONDS)
        with contextlib.suppress(OSError):
            faulthandler.disable()
        os._exit(128 + signal.SIGKILL)

    threading.Thread(target=watch, name="parent", daemon=True).start()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
