"""Training runs that are killed at an exact moment, each in a process, or several, forked from one that has imported torch
already.

`python -m containers.training.killed_runs` reads requests from stdin, one JSON line each, and answers each with a line."""

from __future__ import annotations

import importlib
import json
import os
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from spotforge_runtime import clients
from spotforge_runtime.context import StageContext, build_context
from spotforge_runtime.environment import read_environment
from spotforge_runtime.interruption import Interruption
from spotforge_runtime.progress import Progress
from spotforge_runtime.storage import ObjectStore
from spotforge_training import training_run
from spotforge_training.checkpointing import Checkpointing
from spotforge_training.ordinal_regression_trainer import OrdinalRegressionTrainer
from spotforge_training.training_progress import TrainingProgress

SAVES_EVERY = 3


@dataclass(frozen=True)
class Kill:
    """SIGKILL at one moment of a run.

    - `step`: at the end of step `at`;
    - `serialise`: the Trainer has written the model of checkpoint `at` to the disk, but not the optimiser;
    - `hand-over`: the first file of checkpoint `at` is in the snapshot;
    - `evaluate`: after the first batch of the split `at`;
    - `put_object`, `delete_object`: the call of S3 for a key that contains `at`; with `after`, once it took effect.
    """

    where: str
    at: int | str
    after: bool = False


def kill_myself() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(60)


class SteppedCheckpointing(Checkpointing):
    """By steps and not by the clock, so that a kill comes at a known distance from a checkpoint."""

    kill_at_step: int | str | None = None
    current: SteppedCheckpointing

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        SteppedCheckpointing.current = self

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if state.global_step == self.kill_at_step:
            self._store.wait()
            self._ranks.wait()
            kill_myself()
        control.should_log = control.should_save = state.global_step % SAVES_EVERY == 0

    def kill_between_uploads(self) -> None:
        self._store.wait()
        kill_myself()


class KillingClient:
    """An S3 client in whose calls the process is killed."""

    def __init__(self, client: Any, kill: Kill) -> None:
        self._client = client
        self._kill = kill

    def __getattr__(self, name: str) -> Any:
        function = getattr(self._client, name)
        if name != self._kill.where:
            return function

        def call(**arguments: Any) -> Any:
            meant = str(self._kill.at) in arguments["Key"]
            if meant and not self._kill.after:
                kill_myself()
            answer = function(**arguments)
            if meant:
                kill_myself()
            return answer

        return call


def plant(kill: Kill) -> None:
    """Changes this process so that it is killed. There is no way back, and none is needed."""
    if kill.where == "step":
        SteppedCheckpointing.kill_at_step = kill.at
    elif kill.where == "serialise":
        kill_before(OrdinalRegressionTrainer, "_save_optimizer_and_scheduler", lambda folder: folder.endswith(f"-{kill.at}"))
    elif kill.where == "evaluate":
        kill_before(TrainingProgress, "evaluated_rows", lambda split, *_: split == kill.at)
    elif kill.where == "hand-over":
        link = os.link

        def link_one(source: Path, target: Path) -> None:
            link(source, target)
            if f"{os.sep}{kill.at}-r" in str(target):
                kill_myself()

        os.link = link_one  # type: ignore[assignment]


def kill_before(owner: type, name: str, meant: Callable[..., bool]) -> None:
    original = getattr(owner, name)

    def replaced(self: Any, *arguments: Any) -> Any:
        if meant(*arguments):
            SteppedCheckpointing.current.kill_between_uploads()
        return original(self, *arguments)

    setattr(owner, name, replaced)


def a_text_run(context: StageContext) -> dict[str, Any]:
    setattr(training_run, "Checkpointing", SteppedCheckpointing)  # noqa: B010
    summary = training_run.work(context)
    return summary.model_dump(by_alias=True, mode="json") if summary else {}


def run(request: Mapping[str, Any], rank: int, client: Any) -> dict[str, Any]:
    environment = read_environment({**request["variables"], "RANK": str(rank)})
    if request["kill"]:
        kill = Kill(**request["kill"])
        client = KillingClient(client, kill)
        plant(kill)
    context = build_context(
        environment, ObjectStore(client), Path(request["scratch"]), Progress(environment.attempt), Interruption()
    )
    module, _, function = request["work"].rpartition(".")
    outcome: dict[str, Any] = getattr(importlib.import_module(module), function)(context)
    return outcome


def in_forks(request: Mapping[str, Any], client: Any) -> dict[str, Any]:
    """How the run ended: `signal` when it was killed, else what its first process returned, or `error`."""
    processes = read_environment(request["variables"]).processes
    port = free_port()
    children = [fork(request, rank, processes, port, client) for rank in range(processes)]
    statuses = [os.waitpid(child, 0)[1] for child in children]
    signals = [os.WTERMSIG(status) for status in statuses if os.WIFSIGNALED(status)]
    if signals:
        return {"signal": signals[0]}
    ended: dict[str, Any] = json.loads(outcome_file(request, 0).read_text())
    return ended


def fork(request: Mapping[str, Any], rank: int, processes: int, port: int, client: Any) -> int:
    child = os.fork()
    if child == 0:
        if processes > 1:  # what torchrun tells its processes
            told = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": processes, "LOCAL_WORLD_SIZE": processes}
            os.environ.update({name: str(value) for name, value in told.items()})
            os.environ.update({"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)})
        outcome = outcome_file(request, rank)
        try:
            outcome.write_text(json.dumps(run(request, rank, client)))
        except BaseException:
            outcome.write_text(json.dumps({"error": traceback.format_exc()}))
        os._exit(0)
    return child


def outcome_file(request: Mapping[str, Any], rank: int) -> Path:
    return Path(request["scratch"]) / f"outcome-{rank}.json"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def request_line(work: str, variables: Mapping[str, str], scratch: Path, kill: Kill | None) -> str:
    return json.dumps(
        {"work": work, "variables": dict(variables), "scratch": str(scratch), "kill": asdict(kill) if kill else None}
    )


if __name__ == "__main__":
    # What a fork needs is imported here, and nothing is computed: threads of a computation do not survive a fork.
    for module in (
        "containers.training.image_run",
        "spotforge_runtime.contracts.models",
        "transformers.models.bert.modeling_bert",
        "transformers.models.bert.tokenization_bert_fast",
    ):
        importlib.import_module(module)
    runs = importlib.import_module("containers.training.killed_runs")
    unused_so_far = clients.s3_client()
    for line in sys.stdin:
        sys.stdout.write(json.dumps(runs.in_forks(json.loads(line), unused_so_far)) + "\n")
        sys.stdout.flush()
