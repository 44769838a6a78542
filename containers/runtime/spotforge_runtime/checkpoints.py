"""Checkpoints that are there entirely or not at all.

A checkpoint is a directory `{experiment}/{step}-r{run}-{attempt}/` of the checkpoints bucket: its files first, `COMMITTED`
(their hashes) last. A directory without a valid COMMITTED, or with a file missing or of another size or hash, does not exist."""

from __future__ import annotations

import logging
import os
import re
import shutil
from collections import defaultdict
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from spotforge_runtime import instants
from spotforge_runtime.context import StageContext
from spotforge_runtime.contracts import names
from spotforge_runtime.documents import to_json
from spotforge_runtime.errors import ContractBroken, StageError
from spotforge_runtime.s3_uri import uri_of

if TYPE_CHECKING:
    from spotforge_runtime.contracts.models import CheckpointFile, CheckpointManifest

logger = logging.getLogger(__name__)

COMMITTED = "COMMITTED"
KEPT = 3
_DIRECTORY = re.compile(r"^(0|[1-9][0-9]*)-r([1-9][0-9]*)-([1-9][0-9]*)$")


@dataclass(frozen=True, order=True)
class CheckpointName:
    """Ordered as they supersede each other: by step, then by run and attempt."""

    step: int
    run: int
    attempt: int

    @property
    def directory(self) -> str:
        return f"{self.step}-r{self.run}-{self.attempt}"

    @staticmethod
    def parse(directory: str) -> CheckpointName | None:
        match = _DIRECTORY.match(directory)
        return CheckpointName(int(match[1]), int(match[2]), int(match[3])) if match else None


@dataclass(frozen=True)
class RestoredCheckpoint:
    folder: Path
    step: int
    run: int
    attempt: int
    epoch: float


@dataclass
class PendingCommit:
    """A commit on its way. `wait` returns when it is committed and raises what made it fail."""

    step: int
    _future: Future[None] = field(repr=False)

    def wait(self) -> None:
        self._future.result()

    @property
    def done(self) -> bool:
        return self._future.done()


class CheckpointStore:
    """Checkpoints of one experiment, seen by one attempt."""

    def __init__(self, context: StageContext) -> None:
        self._context = context
        self._storage = context.storage
        self._bucket = context.environment.checkpoints_bucket
        self._prefix = names.KEY_CHECKPOINTS.format(experiment_id=context.attempt.experiment_id)
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="checkpoint")
        self._pending: PendingCommit | None = None
        self._committed: set[int] = set()
        self._torn: dict[CheckpointName, str] = {}

    @property
    def committed(self) -> int:
        """How many checkpoints this attempt has committed."""
        return len(self._committed)

    @property
    def torn(self) -> list[str]:
        """What `newest` passed over, each as directory and reason, newest first."""
        return [f"{name.directory}: {why}" for name, why in self._torn.items()]

    def commit(self, folder: Path, *, step: int, epoch: float) -> PendingCommit:
        """Takes a snapshot of the folder by hard links and commits it in the background.

        One commit is under way at a time: this waits for the one before and raises what made that one fail. The files may
        be deleted or replaced afterwards, but not rewritten in place. A step that is committed already is not written again."""
        self.wait()
        snapshot = self._context.scratch / "commits" / CheckpointName(step, *self._fence).directory
        if step not in self._committed:
            take_snapshot(folder, snapshot)
        self._pending = PendingCommit(step, self._pool.submit(self._commit, snapshot, step, epoch))
        return self._pending

    def wait(self) -> None:
        """Waits for the commit under way, if there is one, and raises what made it fail."""
        pending, self._pending = self._pending, None
        if pending is not None:
            pending.wait()

    def under_way(self) -> bool:
        """Whether a commit is under way. Raises what made the last one fail, so that nobody works on without checkpoints."""
        if self._pending is not None and self._pending.done:
            self.wait()
        return self._pending is not None

    def newest(self, to: Path) -> RestoredCheckpoint | None:
        """Downloads the newest checkpoint that exists into the folder `to`; None when there is none.

        Torn ones are passed over and named in the progress message. ContractBroken when it was written with another
        thread count or precision than the spec's: going on from it would not give the same weights."""
        self._torn.clear()
        for name, sizes in sorted(self._directories().items(), reverse=True):
            if COMMITTED not in sizes:
                self._torn[name] = f"no {COMMITTED}"
                continue
            shutil.rmtree(to, ignore_errors=True)
            try:
                manifest = self._read_manifest(name, sizes)
                self._download(name, manifest, to)
            except _TornError as why:
                self._torn[name] = str(why)
                continue
            self._report_torn()
            self._check_same_conditions(manifest)
            return RestoredCheckpoint(to, name.step, name.run, name.attempt, manifest.epoch)
        self._report_torn()
        return None

    @property
    def _fence(self) -> tuple[int, int]:
        return self._context.attempt.run, self._context.attempt.attempt

    def _commit(self, snapshot: Path, step: int, epoch: float) -> None:
        if step in self._committed:
            return
        from spotforge_runtime.contracts.models import CheckpointFile, CheckpointManifest

        attempt, train = self._context.attempt, self._context.spec.train
        prefix = self._prefix + snapshot.name + "/"
        files: list[CheckpointFile] = []
        for path in sorted(path for path in snapshot.rglob("*") if path.is_file()):
            relative = path.relative_to(snapshot).as_posix()
            size, sha256 = self._storage.upload(path, self._bucket, prefix + relative, once=False)
            files.append(CheckpointFile(path=relative, bytes=size, sha256=sha256))
        manifest = CheckpointManifest(
            schema_version=names.SCHEMA_VERSION,
            experiment_id=attempt.experiment_id,
            run=attempt.run,
            attempt=attempt.attempt,
            step=step,
            epoch=epoch,
            created_at=instants.now(),
            threads=train.threads,
            precision=train.precision,
            files=files,
        )
        self._storage.put(to_json(manifest), self._bucket, prefix + COMMITTED)
        self._committed.add(step)
        shutil.rmtree(snapshot, ignore_errors=True)
        self._drop_old()

    def _directories(self) -> dict[CheckpointName, dict[str, int]]:
        """Checkpoint → relative path → bytes, of everything that lies below the experiment."""
        found: dict[CheckpointName, dict[str, int]] = defaultdict(dict)
        for item in self._storage.list(self._bucket, self._prefix):
            directory, _, path = item.key.removeprefix(self._prefix).partition("/")
            name = CheckpointName.parse(directory)
            if name is not None and path:
                found[name][path] = item.bytes
        return dict(found)

    def _read_manifest(self, name: CheckpointName, sizes: dict[str, int]) -> CheckpointManifest:
        from pydantic import ValidationError

        from spotforge_runtime.contracts.models import CheckpointManifest
        from spotforge_runtime.storage import ObjectMissing

        try:
            data = self._storage.read_bytes(uri_of(self._bucket, f"{self._prefix}{name.directory}/{COMMITTED}"))
            manifest = CheckpointManifest.model_validate_json(data)
        except ObjectMissing as error:
            raise _TornError("COMMITTED went away") from error
        except ValidationError as error:
            raise _TornError("COMMITTED is not valid") from error
        owner = (manifest.experiment_id, manifest.step, manifest.run, manifest.attempt)
        if owner != (self._context.attempt.experiment_id, name.step, name.run, name.attempt):
            raise _TornError("COMMITTED belongs to another checkpoint")
        for file in manifest.files:
            if sizes.get(file.path) != file.bytes:
                raise _TornError(f"{file.path} has {sizes.get(file.path, 'no')} bytes instead of {file.bytes}")
        return manifest

    def _download(self, name: CheckpointName, manifest: CheckpointManifest, to: Path) -> None:
        from spotforge_runtime.storage import ObjectMissing

        for file in manifest.files:
            key = f"{self._prefix}{name.directory}/{file.path}"
            try:
                self._storage.download(self._bucket, key, to / file.path, sha256=file.sha256, bytes=file.bytes)
            except (ContractBroken, ObjectMissing) as error:
                raise _TornError(f"{file.path} is not what was committed") from error

    def _check_same_conditions(self, manifest: CheckpointManifest) -> None:
        train = self._context.spec.train
        if (manifest.threads, manifest.precision) != (train.threads, train.precision):
            raise ContractBroken(
                f"The newest checkpoint was written with {manifest.threads} threads in {manifest.precision}; "
                f"the spec says {train.threads} threads in {train.precision}.",
                where=f"step {manifest.step}",
                remedy="Submit a new experiment: this one cannot be continued to the same weights.",
            )

    def _drop_old(self) -> None:
        """Keeps the newest three. Best effort: what stays is removed by the bucket's expiry.

        What `newest` found torn is none of the three, or damaged ones of later steps would push out what this attempt writes."""
        try:
            directories = self._directories()
            committed = (name for name, sizes in directories.items() if COMMITTED in sizes)
            whole = sorted((name for name in committed if name not in self._torn), reverse=True)
            if len(whole) < KEPT:
                return
            for name in (name for name in directories if name < whole[KEPT - 1]):
                # COMMITTED goes first: a deletion that stops half-way leaves nothing that looks whole.
                for path in sorted(directories[name], key=lambda path: path != COMMITTED):
                    self._storage.delete(self._bucket, f"{self._prefix}{name.directory}/{path}")
        except StageError as error:
            logger.warning("Old checkpoints were not removed: %s", error.message)

    def _report_torn(self) -> None:
        if self._torn:
            logger.warning("Passed over torn checkpoints: %s", "; ".join(self.torn))
            self._context.progress.report(message=f"passed over {len(self._torn)} torn checkpoints: {'; '.join(self.torn)}")


class _TornError(Exception):
    """Why a checkpoint does not exist."""


def take_snapshot(folder: Path, snapshot: Path) -> None:
    """Hard links of every file (copies where the file system has none): cheap, and safe from later deletion."""
    shutil.rmtree(snapshot, ignore_errors=True)
    snapshot.mkdir(parents=True)
    for path in folder.rglob("*"):
        if path.is_file():
            target = snapshot / path.relative_to(folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.link(path, target)
            except OSError:
                shutil.copy2(path, target)
