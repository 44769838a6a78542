"""Stages as their own processes, by the argv of their job, against an S3 and a bus that last as long as the program.

No API, no state machine and no Batch: what is measured here is what a stage makes, not who started it.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spotforge_emulator.process import Emulator, start_emulator
from spotforge_runtime import instants
from spotforge_runtime.attempt import AttemptIdentity
from spotforge_runtime.contracts import names
from spotforge_runtime.contracts.models import ResolvedSpec
from spotforge_runtime.documents import to_json
from spotforge_runtime.s3_uri import parse_uri
from spotforge_runtime.storage import ObjectMissing, ObjectStore

BUCKETS = {
    names.ENV_DATASETS_BUCKET: "datasets",
    names.ENV_EXPERIMENTS_BUCKET: "experiments",
    names.ENV_CHECKPOINTS_BUCKET: "checkpoints",
    names.ENV_RELEASES_BUCKET: "releases",
}
EXPERIMENTS = BUCKETS[names.ENV_EXPERIMENTS_BUCKET]
BUS = "spotforge"
TENANT = "laptop"
ID_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
MODULES = {
    "ingest": "spotforge_data.ingest",
    "prepare": "spotforge_data.prepare",
    "train": "spotforge_training.train",
    "export": "spotforge_optimization.export",
}
PROGRESS_EVERY_SECONDS = 3.0
LOG_LINES_OF_A_FAILURE = 20
# Nothing here is pinned: the stages read neither queues nor prices.
PINS = {
    "gitSha": "unknown",
    "jobDefinitions": dict.fromkeys(names.STAGES, "arn:aws:batch:us-east-1:000000000000:job-definition/stage:1"),
    "ladders": {stage: ["arn:aws:batch:us-east-1:000000000000:job-queue/cpu"] for stage in names.STAGES},
    "prices": {
        "instanceType": "none",
        "currency": "USD",
        "onDemandPerHour": 0,
        "spotPerHour": 0,
        "region": "us-east-1",
        "asOf": "2026-01-01",
    },
}

Spec = dict[str, Any]
Report = Callable[[str], None]


class StageFailedError(Exception):
    """A stage did not succeed; the message is what it said."""


@dataclass(frozen=True)
class Finished:
    """A stage that succeeded: its summary, and where its manifest lies."""

    summary: dict[str, Any]
    manifest: dict[str, Any]
    uri: str

    def output(self, name: str) -> dict[str, Any]:
        outputs: dict[str, dict[str, Any]] = {output["name"]: output for output in self.manifest["outputs"]}
        if name not in outputs:
            raise StageFailedError(f"{self.manifest['stage']} wrote no output {name}; it wrote {', '.join(outputs)}.")
        return outputs[name]


def new_id(prefix: str) -> str:
    return f"{prefix}_" + "".join(secrets.choice(ID_ALPHABET) for _ in range(26))


def resolve(request: Mapping[str, Any], *, source: str, base: str) -> Spec:
    """The spec of a new experiment from a request with its defaults. A spec that breaks the contract is refused."""
    spec = {
        **request,
        "schemaVersion": 1,
        "experimentId": new_id("exp"),
        "tenant": TENANT,
        "createdAt": instants.now(),
        "model": {**request["model"], "base": base},
        "dataset": {**request["dataset"], "source": source},
        "pins": PINS,
    }
    ResolvedSpec.model_validate(spec)
    return spec


class LaptopStages:
    """`folder` is for what stages leave on their way. Several may run at once."""

    def __init__(self, emulator: Emulator, folder: Path) -> None:
        self._emulator = emulator
        self.folder = folder
        self.storage = ObjectStore(emulator.client("s3"))
        self._running: set[subprocess.Popen[bytes]] = set()

    def upload(self, folder: Path, files: Sequence[Path]) -> str:
        """Files below a folder as a user's upload; answers its `upload:…` source."""
        upload_id = new_id("upl")
        prefix = names.KEY_UPLOAD.format(tenant=TENANT, upload_id=upload_id)
        for path in files:
            self.storage.upload(path, BUCKETS[names.ENV_DATASETS_BUCKET], prefix + path.relative_to(folder).as_posix())
        return f"upload:{upload_id}"

    def run(self, stage: names.Stage, spec: Spec, inputs: Mapping[str, str], report: Report = lambda _says: None) -> Finished:
        """Runs a stage to its end. `inputs` maps earlier stages to their manifests. StageFailedError says why it failed."""
        experiment_id = spec["experimentId"]
        self.storage.put(to_json(spec), EXPERIMENTS, names.KEY_SPEC.format(experiment_id=experiment_id), once=False)
        attempt = AttemptIdentity(experiment_id=experiment_id, run=1, stage=stage, attempt=1)
        at = f"s3://{EXPERIMENTS}/{attempt.prefix}"
        with tempfile.TemporaryDirectory(dir=self.folder, prefix=f"{stage}-") as scratch:
            log = Path(scratch) / "stage.log"
            with log.open("wb") as output:
                process = subprocess.Popen(
                    [sys.executable, "-m", MODULES[stage]],
                    env=self._environment(attempt, inputs, Path(scratch)),
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,  # Ctrl-C is for this program, which ends its stages as Batch does
                )
                self._running.add(process)
                try:
                    self._follow(process, at, report)
                finally:
                    self._running.discard(process)
                    _end(process)
            last_words = "\n".join(log.read_text().splitlines()[-LOG_LINES_OF_A_FAILURE:])
        result = self._document(at + names.DOCUMENT_RESULT)
        if result is None or result["outcome"] != "succeeded":
            raise StageFailedError(f"{stage} failed: {result['error']['message'] if result else last_words}")
        manifest = self._document(at + names.DOCUMENT_MANIFEST)
        assert manifest is not None, f"{stage} succeeded without a manifest"
        return Finished(result["summary"], manifest, at + names.DOCUMENT_MANIFEST)

    def told_to(self, experiment_id: str, finished: Finished, replaced: Mapping[str, Path] | None = None) -> str:
        """A stage that another experiment ran, as if this one had: its manifest under this id, and in it other files for the
        outputs that are replaced. Answers the manifest's address."""
        outputs = []
        for output in finished.manifest["outputs"]:
            file = (replaced or {}).get(output["name"])
            if file is not None:
                key = f"replaced/{experiment_id}/{output['name']}"
                size, sha256 = self.storage.upload(file, EXPERIMENTS, key)
                output = {**output, "bucket": EXPERIMENTS, "key": key, "bytes": size, "sha256": sha256}
            outputs.append(output)
        manifest = {**finished.manifest, "experimentId": experiment_id, "outputs": outputs}
        key = f"told/{experiment_id}/{manifest['stage']}.json"
        self.storage.put(to_json(manifest), EXPERIMENTS, key)
        return f"s3://{EXPERIMENTS}/{key}"

    def fetch(self, finished: Finished, name: str, to: Path) -> Path:
        """One output of a stage as a file."""
        output = finished.output(name)
        self.storage.download(output["bucket"], output["key"], to, sha256=output["sha256"], bytes=output["bytes"])
        return to

    def fetch_folder(self, finished: Finished, prefix: str, to: Path) -> Path:
        """Every output below a prefix, in a folder."""
        for output in finished.manifest["outputs"]:
            if output["name"].startswith(prefix):
                self.fetch(finished, output["name"], to / output["name"].removeprefix(prefix))
        return to

    def forget(self, experiment_id: str) -> None:
        """Deletes what an experiment stored: forty trained models would fill the disk."""
        checkpoints = BUCKETS[names.ENV_CHECKPOINTS_BUCKET]
        kept = [(EXPERIMENTS, "experiments/"), (EXPERIMENTS, "models/onnx/"), (EXPERIMENTS, "replaced/"), (checkpoints, "")]
        for bucket, prefix in kept:
            for item in self.storage.list(bucket, f"{prefix}{experiment_id}/"):
                self.storage.delete(bucket, item.key)

    def end_all(self) -> None:
        """Ends what other threads are still running."""
        for process in list(self._running):
            _end(process)

    def _follow(self, process: subprocess.Popen[bytes], at: str, report: Report) -> None:
        while True:
            try:
                process.wait(PROGRESS_EVERY_SECONDS)
                return
            except subprocess.TimeoutExpired:
                progress = self._document(at + names.DOCUMENT_PROGRESS)
                if progress:
                    report(f"{progress['fraction']:.0%}, {progress['message']}")

    def _document(self, uri: str) -> dict[str, Any] | None:
        parse_uri(uri)
        try:
            document: dict[str, Any] = json.loads(self.storage.read_bytes(uri))
        except ObjectMissing:
            return None
        return document

    def _environment(self, attempt: AttemptIdentity, inputs: Mapping[str, str], scratch: Path) -> dict[str, str]:
        return {
            **{name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "PYTHONPATH")},
            **self._emulator.environment,
            **BUCKETS,
            "TMPDIR": str(scratch),
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://127.0.0.1:9",
            names.ENV_EXPERIMENT_ID: attempt.experiment_id,
            names.ENV_RUN: str(attempt.run),
            names.ENV_STAGE: attempt.stage,
            names.ENV_ATTEMPT: str(attempt.attempt),
            names.ENV_TASK_TOKEN: "none",
            names.ENV_INPUTS: json.dumps(dict(inputs)),
            names.ENV_MICRO_BATCH_DIVISOR: "1",
            names.ENV_EVENT_BUS: BUS,
            names.ENV_GIT_SHA: "unknown",
            names.ENV_IMAGE_DIGEST: "unknown",
            names.ENV_HANG_LIMIT_SECONDS: "900",
        }


@contextmanager
def laptop_stages(folder: Path) -> Iterator[LaptopStages]:
    """Starts the S3 and the bus, without IAM; stops them and drops what they kept at the end."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix="aws-") as state, start_emulator(Path(state), auth=False) as emulator:
        for bucket in BUCKETS.values():
            emulator.client("s3").create_bucket(Bucket=bucket)
        emulator.client("events").create_event_bus(Name=BUS)
        stages = LaptopStages(emulator, folder)
        try:
            yield stages
        finally:
            stages.end_all()


def _end(process: subprocess.Popen[bytes]) -> None:
    """By SIGTERM, as Batch would; a stage then writes a checkpoint and ends its own child."""
    if process.poll() is None:
        process.terminate()
        process.wait()
