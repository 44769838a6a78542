"""SIGKILL for the whole container in one phase, DRILL_PHASE, of the checkpoint number DRILL_CHECKPOINT.

They are seen at the Trainer's own save and at the objects that go to the checkpoints bucket."""

import os
import sys
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parent.parent))
import planting

COMMITTED = "/COMMITTED"


class _Phases:
    def __init__(self) -> None:
        self.checkpoint = 0
        self.objects = 0
        self.deleted = 0

    def reached(self, phase: str) -> None:
        if phase == os.environ["DRILL_PHASE"] and self.checkpoint >= planting.setting("CHECKPOINT"):
            planting.kill_container()


phases = _Phases()


def watch_trainer(module: Any) -> None:
    save = module.Trainer._save_checkpoint

    def saving(trainer: Any, *positional: Any, **named: Any) -> Any:
        phases.checkpoint += 1
        phases.objects = 0
        answer = save(trainer, *positional, **named)
        phases.reached("saved")
        return answer

    def saving_state(trainer: Any, *positional: Any, **named: Any) -> Any:
        phases.reached("half-saved")  # the weights are in the folder, the optimiser is not
        return save_state(trainer, *positional, **named)

    save_state = module.Trainer._save_optimizer_and_scheduler
    module.Trainer._save_checkpoint = saving
    module.Trainer._save_optimizer_and_scheduler = saving_state


def watch_storage(module: Any) -> None:
    upload, put, delete = module.ObjectStore.upload, module.ObjectStore.put, module.ObjectStore.delete
    bucket = os.environ["CHECKPOINTS_BUCKET"]

    def uploading(store: Any, path: Any, to: str, key: str, **named: Any) -> Any:
        if to == bucket:
            phases.reached("before-first-object" if phases.objects == 0 else "between-objects")
            phases.objects += 1
        return upload(store, path, to, key, **named)

    def putting(store: Any, data: bytes, to: str, key: str, **named: Any) -> Any:
        commits = to == bucket and key.endswith(COMMITTED)
        if commits:
            phases.reached("before-commit")
        answer = put(store, data, to, key, **named)
        if commits:
            phases.reached("committed")
        return answer

    def deleting(store: Any, of: str, key: str, **named: Any) -> Any:
        answer = delete(store, of, key, **named)
        if of == bucket:
            phases.reached("dropping-old")
        return answer

    module.ObjectStore.upload, module.ObjectStore.put, module.ObjectStore.delete = uploading, putting, deleting


if planting.is_child():
    planting.after_import("transformers.trainer", watch_trainer)
    planting.after_import("spotforge_runtime.storage", watch_storage)
