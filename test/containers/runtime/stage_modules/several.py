"""Several processes that share a stage's work, and how one of them ends: `python -m containers.runtime.stage_modules.several`."""

import os
import signal
import time
from pathlib import Path

from spotforge_runtime import parent
from spotforge_runtime.context import StageContext
from spotforge_runtime.contracts.models import ExportSummary


def work(context: StageContext) -> ExportSummary | None:
    rank = context.environment.rank
    # As the work of train: from here on there is something to save.
    context.interruption.defer()
    context.storage.put(b"", context.environment.experiments_bucket, f"{context.attempt.prefix}ready-{rank}")
    globals()[os.environ["TEST_BEHAVIOUR"]](context)
    return None if rank else ExportSummary(opset=17, bytes=1, sha256="0" * 64, inputs=["ids"], outputs=["logits"])


def share_the_work(context: StageContext) -> None:
    context.progress.report(step=1, total_steps=2, message=f"process {context.environment.rank}")


def lose_the_second(context: StageContext) -> None:
    if context.environment.rank == 1:
        if events := os.environ.get("TEST_MEMORY_EVENTS"):
            Path(events).write_text("oom_kill 1\n")
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.05)
    raise RuntimeError("Connection closed by peer.")


def the_second_runs_out_of_memory(context: StageContext) -> None:
    if context.environment.rank == 1:
        raise MemoryError("4 GiB")
    wait_for_the_end(context)


def the_first_has_a_defect(context: StageContext) -> None:
    if context.environment.rank == 0:
        raise KeyError("defect")
    wait_for_the_end(context)


def wait_for_the_end(context: StageContext) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        context.interruption.check()
        time.sleep(0.05)


def ignore_everything(context: StageContext) -> None:
    time.sleep(60)
    time.sleep(60)


if __name__ == "__main__":
    parent.GRACE_SECONDS = float(os.environ.get("TEST_GRACE_SECONDS", parent.GRACE_SECONDS))
    parent.OUT_OF_MEMORY_EVENTS = Path(os.environ.get("TEST_MEMORY_EVENTS", "/nonexistent"))
    parent.run_stage("containers.runtime.stage_modules.several")
