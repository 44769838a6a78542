"""The processes in which a stage's work runs: one, or, on several GPUs, one for each under torchrun."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

from spotforge_runtime.contracts import names
from spotforge_runtime.environment import environment_of_child

_ID_SUFFIX = ".pid"


class WorkProcesses:
    """What the parent starts, tells and waits for, however many processes that are."""

    def __init__(self, module: str, home: Path, count: int) -> None:
        self._home = home
        self._alone = count == 1
        work = [module, "--home", str(home)]
        child = ["spotforge_runtime.child", *work] if self._alone else ["spotforge_runtime.torchrun", str(count), *work]
        # torchrun would set it to 1 as well, with a warning; the threads of training come from the spec.
        variables = ({} if self._alone else {"OMP_NUM_THREADS": "1"}) | environment_of_child()
        self._process = subprocess.Popen([sys.executable, "-m", *child], env=variables)

    def tell(self, number: signal.Signals) -> None:
        """Sends a signal to every process that does work; to torchrun's own only SIGKILL, or while there is no other yet."""
        # Not by way of torchrun, which passes a signal on once, and dies of the second one with its processes still there.
        workers = [] if self._alone else _announced(self._home)
        for pid in workers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGINT if number == signal.SIGTERM else number)  # SIGTERM is torchrun's: see Interruption
        if not workers or number == signal.SIGKILL:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(number)

    def wait(self) -> int:
        """The exit code, 128 + n for a death by signal n; of several processes that of the one that ended the others."""
        code = self._process.wait()
        return code if code >= 0 else 128 - code


def announce(home: Path, rank: int) -> None:
    """One of several processes says that it listens to signals from now on."""
    (home / f"{rank}{_ID_SUFFIX}").write_text(str(os.getpid()))


def _announced(home: Path) -> list[int]:
    texts = [file.read_text() for file in sorted(home.glob(f"*{_ID_SUFFIX}"))]
    return [int(text) for text in texts if text]  # a file without text is being written


def stacks_file(home: Path, rank: int) -> Path:
    """Where the faulthandler of a process writes: one file for each, or their lines would mix."""
    return home / (f"{rank}-{names.DOCUMENT_STACKS}" if rank else names.DOCUMENT_STACKS)


def read_stacks(home: Path) -> bytes:
    """What all faulthandlers have written, the first process's first."""
    others = sorted(home.glob(f"*-{names.DOCUMENT_STACKS}"))
    parts = [stacks_file(home, 0).read_bytes()]
    parts += [f"\n== process {file.name.partition('-')[0]} ==\n".encode() + file.read_bytes() for file in others]
    return b"".join(parts)
