"""The process that Batch starts. It is small and outlives trouble: it starts the work as its child, passes signals on,
watches progress and the spot notice, collects stacks, and writes the result when the child could not."""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

from spotforge_runtime.contracts import names
from spotforge_runtime.death import explain_death
from spotforge_runtime.environment import StageEnvironment, read_environment
from spotforge_runtime.errors import StageError, as_stage_error, outcome_of
from spotforge_runtime.work_processes import WorkProcesses, read_stacks

if TYPE_CHECKING:
    from spotforge_runtime.storage import ObjectStore

STACKS_SIGNAL = signal.SIGUSR1
SPOT_NOTICE_SIGNAL = signal.SIGUSR2
WATCH_SECONDS = 0.5
SPOT_NOTICE_SECONDS = 5.0
STACKS_WRITTEN_SECONDS = 0.3  # faulthandler needs milliseconds
STACKS_UPLOADED_SECONDS = 3.0
HANG_SHARE = 0.8
# Batch kills 30 s after SIGTERM; the last seconds are for stacks and result.
GRACE_SECONDS = 25.0
# faulthandler restarts the system call it interrupts: a SIGTERM that comes meanwhile would not wake a sleeping child.
STACKS_FIRST_SECONDS = 0.1
OUT_OF_MEMORY_EVENTS = Path("/sys/fs/cgroup/memory.events")


def run_stage(module: str) -> NoReturn:
    """Runs `work(context)` of a module in a child process and exits with its code. Arguments: see `self_check.command`."""
    if sys.argv[1:]:
        from spotforge_runtime.self_check.command import main

        sys.exit(main(module, sys.argv))
    try:
        environment = read_environment()
        home = Path(tempfile.mkdtemp(prefix="spotforge-"))
    except (StageError, OSError) as caught:
        error = as_stage_error(caught)
        print(f"{type(error).__name__}: {error.message} {error.remedy or ''}", file=sys.stderr, flush=True)  # noqa: T201
        sys.exit(outcome_of(error).exit_code)
    try:
        code = _Guardian(environment, home).run(module)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    sys.exit(code)


class _Guardian:
    def __init__(self, environment: StageEnvironment, home: Path) -> None:
        self._environment = environment
        self._home = home
        self._ended = threading.Event()
        self._asked_to_end_at: float | None = None
        self._end_signal = signal.SIGTERM
        self._stacks = _Stacks(environment, home)
        self._watched: tuple[object, float] = (None, time.monotonic())
        self._dumped_for: object = ()

    def run(self, module: str) -> int:
        # A child that has not set up its handlers yet must not die of a signal meant for them: it inherits "ignored".
        signal.signal(STACKS_SIGNAL, signal.SIG_IGN)
        signal.signal(SPOT_NOTICE_SIGNAL, signal.SIG_IGN)
        out_of_memory_kills = _out_of_memory_kills()
        self._child = WorkProcesses(module, self._home, self._environment.processes)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._pass_on)
        # Threads of their own: metadata service and S3 may be slow, and the end of the child must not wait for them.
        for task in (self._watch, self._watch_spot_notice, self._stacks.run):
            threading.Thread(target=task, daemon=True).start()
        code = self._child.wait()
        self._ended.set()
        self._stacks.wait()
        return self._conclude(code, _out_of_memory_kills() > out_of_memory_kills)

    def _pass_on(self, number: int, _frame: FrameType | None) -> None:
        if self._ended.is_set():
            return
        if self._asked_to_end_at is None:
            self._asked_to_end_at = time.monotonic()
            self._end_signal = signal.Signals(number)
            self._dump_stacks()
            time.sleep(STACKS_FIRST_SECONDS)
        self._child.tell(signal.Signals(number))

    def _dump_stacks(self) -> None:
        self._child.tell(STACKS_SIGNAL)
        self._stacks.keep()

    def _watch(self) -> None:
        while not self._ended.wait(WATCH_SECONDS):
            now = time.monotonic()
            if self._asked_to_end_at is not None:
                # Said again for the case that it was lost as above; a child that knows already does not mind.
                late = now - self._asked_to_end_at > GRACE_SECONDS
                self._child.tell(signal.SIGKILL if late else self._end_signal)
            if self._hangs(now):
                self._dump_stacks()

    def _watch_spot_notice(self) -> None:
        from spotforge_runtime.spot_notice import SpotNotice

        notice = SpotNotice(self._environment.metadata_endpoint)
        while not notice.given():
            if self._ended.wait(SPOT_NOTICE_SECONDS):
                return
        while not self._ended.is_set():
            # Again and again: a child that is just starting does not listen yet.
            self._child.tell(SPOT_NOTICE_SIGNAL)
            self._ended.wait(WATCH_SECONDS)

    def _hangs(self, now: float) -> bool:
        """True once for each time that step and fraction stand still for 80 % of the hang limit."""
        limit = self._environment.hang_limit_seconds
        at = _position(self._home / names.DOCUMENT_PROGRESS)
        if at != self._watched[0]:
            self._watched = (at, now)
        if limit is None or now - self._watched[1] < HANG_SHARE * limit or self._dumped_for == at:
            return False
        self._dumped_for = at
        return True

    def _conclude(self, returned: int, out_of_memory: bool) -> int:
        """The exit code of the stage. Writes the result that a dead child owes."""
        from spotforge_runtime.results import (
            LAST_WORDS_SECONDS,
            death_document,
            exit_code_of,
            read_local_result,
            read_stored_result,
            write_result,
        )

        attempt, copy = self._environment.attempt, self._home / names.DOCUMENT_RESULT
        bucket, storage = self._environment.experiments_bucket, _storage()
        if returned == names.EXIT_INFRASTRUCTURE:
            storage = storage.with_patience(LAST_WORDS_SECONDS)
        written = read_local_result(copy, attempt) or read_stored_result(storage, bucket, attempt)
        if written is not None:
            # The result is stored, so this is how the attempt ended, even if the process died on its way out.
            return exit_code_of(written)
        death = explain_death(returned, out_of_memory=out_of_memory, asked_to_end=self._asked_to_end_at is not None)
        document = death_document(attempt, death.name, death.exit_code, death.error)
        try:
            write_result(storage, bucket, attempt, document, copy)
        except Exception as error:
            print(f"The result could not be stored: {error}", file=sys.stderr, flush=True)  # noqa: T201
        print(f"{death.name}: {death.error.message}", file=sys.stderr, flush=True)  # noqa: T201
        return death.exit_code


class _Stacks:
    """Takes what the child's faulthandler wrote to the attempt's folder, in a thread of its own."""

    def __init__(self, environment: StageEnvironment, home: Path) -> None:
        self._environment = environment
        self._home = home
        self._wanted = threading.Event()
        self._kept = threading.Event()
        self._kept.set()

    def keep(self) -> None:
        """Asks for the file to be uploaded once the dump of this moment is in it. Returns at once; fit for a signal handler."""
        self._kept.clear()
        self._wanted.set()

    def wait(self) -> None:
        """Until what was asked for is stored, 3 s at most."""
        self._kept.wait(STACKS_UPLOADED_SECONDS)

    def run(self) -> None:
        while self._wanted.wait():
            self._wanted.clear()
            time.sleep(STACKS_WRITTEN_SECONDS)
            with contextlib.suppress(Exception):  # a diagnosis that gets lost must not change the outcome
                stacks = read_stacks(self._home)
                if stacks:
                    key = self._environment.attempt.prefix + names.DOCUMENT_STACKS
                    _storage().put(stacks, self._environment.experiments_bucket, key, once=False)
            if not self._wanted.is_set():
                self._kept.set()


def _storage() -> ObjectStore:
    from spotforge_runtime.clients import s3_client
    from spotforge_runtime.storage import ObjectStore

    return ObjectStore(s3_client())


def _position(progress: Path) -> object:
    """Step and fraction of the last report; None before the first."""
    try:
        document = json.loads(progress.read_bytes())
        return document["step"], document["fraction"]
    except (OSError, ValueError, KeyError):
        return None


def _out_of_memory_kills() -> int:
    """How many processes of this container the kernel has killed for memory; 0 where the kernel does not tell."""
    try:
        lines = OUT_OF_MEMORY_EVENTS.read_text().splitlines()
        return sum(int(line.split()[1]) for line in lines if line.startswith("oom_kill "))
    except (OSError, ValueError, IndexError):
        return 0
