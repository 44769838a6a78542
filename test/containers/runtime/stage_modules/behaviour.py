"""What stages do that end in other ways than well."""

import atexit
import contextlib
import errno
import json
import os
import shutil
import signal
import time
from pathlib import Path

from spotforge_runtime import errors
from spotforge_runtime.checkpoints import CheckpointStore
from spotforge_runtime.context import StageContext
from spotforge_runtime.contracts.models import ExportSummary
from spotforge_runtime.storage import ObjectMissing


def work(context: StageContext) -> ExportSummary:
    behaviour = globals()[os.environ["TEST_BEHAVIOUR"]]
    behaviour(context)
    return ExportSummary(opset=17, bytes=1, sha256="0" * 64, inputs=["ids"], outputs=["logits"])


def shows_its_environment(context: StageContext) -> None:
    context.outputs.write_json("environment.json", dict(os.environ))


def finds_its_input_invalid(context: StageContext) -> None:
    raise errors.InvalidInput("The label is missing.", where="row 3", remedy="Add it.", diagnostics=["s3://bucket/report.json"])


def is_rejected(context: StageContext) -> None:
    raise errors.GateRejected("Too far from FP32.", where="gates.int8")


def runs_out_of_memory(context: StageContext) -> None:
    raise MemoryError("4 GiB")


def has_a_defect(context: StageContext) -> None:
    raise KeyError("defect")


def leaves_without_a_word(context: StageContext) -> None:
    os._exit(0)


def is_killed(context: StageContext) -> None:
    events = os.environ.get("TEST_MEMORY_EVENTS")
    if events:
        Path(events).write_text("low 0\noom_kill 1\n")
    os.kill(os.getpid(), signal.SIGKILL)


def dies_after_its_result_is_stored(context: StageContext) -> None:
    """The disk is full for the local copy, and the process crashes on its way out."""
    (context.scratch.parent / "result.json").mkdir()
    atexit.register(os._exit, 3)


def crashes(context: StageContext) -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def waits(context: StageContext) -> None:
    say_ready(context)
    time.sleep(60)


def hangs_and_is_looked_at(context: StageContext) -> None:
    """Stands still until somebody has collected its stacks."""
    context.progress.report(step=1, total_steps=2)  # the dump of a slow start is not the one that is waited for
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        stacks = f"s3://{context.environment.experiments_bucket}/{context.attempt.prefix}stacks.txt"
        with contextlib.suppress(ObjectMissing):
            if b"hangs_and_is_looked_at" in context.storage.read_bytes(stacks):
                return
        time.sleep(0.2)


def ignores_everything(context: StageContext) -> None:
    context.interruption.defer()
    say_ready(context)
    time.sleep(60)
    time.sleep(60)


def saves_a_checkpoint_when_interrupted(context: StageContext) -> None:
    store = CheckpointStore(context)
    context.interruption.defer()
    say_ready(context)
    step = 0
    while not context.interruption.requested:
        step += 1
        time.sleep(0.02)
    folder = context.scratch / "checkpoint"
    folder.mkdir()
    (folder / "step.json").write_text(json.dumps(step))
    store.commit(folder, step=step, epoch=0.5)
    store.wait()
    raise context.interruption.error()


def fills_the_disk(context: StageContext) -> None:
    (context.scratch / "output").symlink_to("/dev/full")
    (context.scratch / "output").write_bytes(b"x")


def fills_the_disk_with_a_checkpoint(context: StageContext) -> None:
    """The file system takes no link either."""

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    folder = context.scratch / "checkpoint"
    folder.mkdir()
    (folder / "state").write_bytes(b"x")
    setattr(os, "link", full)  # noqa: B010
    setattr(shutil, "copy2", full)  # noqa: B010
    CheckpointStore(context).commit(folder, step=1, epoch=0)


def say_ready(context: StageContext) -> None:
    context.storage.put(b"ready", context.environment.experiments_bucket, context.attempt.prefix + "ready")
