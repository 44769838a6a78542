"""The other end of `killed_runs`."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from typing import Any

from containers.stage_rig import Attempt, StageRig
from containers.training.killed_runs import Kill, request_line

LONGEST_RUN_SECONDS = 120


class Runs:
    """Runs attempts, one at a time, in forks of a process of its own."""

    def __init__(self, rig: StageRig) -> None:
        # Threads that wait sleep instead of spinning: on a busy machine a spinning one keeps the other from working.
        environment = rig.process_environment() | {"OMP_WAIT_POLICY": "PASSIVE"}
        command = [sys.executable, "-m", "containers.training.killed_runs"]
        self._process = subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )

    def run(self, work: str, attempt: Attempt, kill: Kill | None = None) -> dict[str, Any]:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(request_line(work, attempt.variables, attempt.scratch, kill) + "\n")
        watch = threading.Timer(LONGEST_RUN_SECONDS, self._process.kill)
        watch.start()
        answer = self._process.stdout.readline()
        watch.cancel()
        ended: dict[str, Any] = json.loads(answer)
        return ended

    def finish(self, work: str, attempt: Attempt) -> dict[str, Any]:
        ended = self.run(work, attempt)
        assert "modelSha256" in ended, ended.get("error", ended)
        return ended

    def close(self) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(LONGEST_RUN_SECONDS)
        self._process.stdout.close()
