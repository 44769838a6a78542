"""Runs stages against a real local S3 and event bus, in this process or as the job's own argv."""

from __future__ import annotations

import copy
import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from spotforge_emulator.process import Emulator
from spotforge_runtime import instants
from spotforge_runtime.attempt import AttemptIdentity
from spotforge_runtime.context import StageContext, build_context
from spotforge_runtime.contracts import names
from spotforge_runtime.contracts.models import ResolvedSpec
from spotforge_runtime.documents import to_json
from spotforge_runtime.environment import StageEnvironment, read_environment
from spotforge_runtime.execution import Work, execute
from spotforge_runtime.interruption import Interruption
from spotforge_runtime.patience import Patience
from spotforge_runtime.progress import Progress
from spotforge_runtime.results import success_document
from spotforge_runtime.storage import ObjectStore

REPOSITORY = Path(__file__).resolve().parents[2]
PACKAGES = ("runtime", "data", "training", "optimization")
BUCKETS = {
    names.ENV_DATASETS_BUCKET: "rig-datasets",
    names.ENV_EXPERIMENTS_BUCKET: "rig-experiments",
    names.ENV_CHECKPOINTS_BUCKET: "rig-checkpoints",
    names.ENV_RELEASES_BUCKET: "rig-releases",
}
BUS = "rig"
TENANT = "acme"
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
QUEUE = "arn:aws:batch:us-east-1:000000000000:job-queue/cpu"
DEFINITION = "arn:aws:batch:us-east-1:000000000000:job-definition/stage:1"


def an_id(prefix: str = "exp") -> str:
    """A new id of that kind."""
    return f"{prefix}_" + "".join(secrets.choice(ALPHABET) for _ in range(26))


def a_spec(overrides: Mapping[str, Any] | None = None, *, experiment_id: str | None = None) -> dict[str, Any]:
    """A valid resolved spec for the tiny dataset and base model; `overrides` are merged into it, level by level."""
    spec: dict[str, Any] = {
        "schemaVersion": 1,
        "experimentId": experiment_id or an_id(),
        "tenant": TENANT,
        "createdAt": instants.now(),
        "name": "tiny",
        "task": "text-ordinal",
        "model": {"name": "tiny-model", "base": f"upload:{an_id('upl')}"},
        "dataset": {
            "name": "tiny-ratings",
            "source": f"upload:{an_id('upl')}",
            "columns": {"text": "text", "label": "label", "group": "group"},
            "labels": {"values": [-2, -1, 0, 1, 2]},
            "split": {"validation": 0.12, "test": 0.4, "seed": 13},
        },
        "train": {
            "head": "cumulative-link",
            "epochs": 1,
            "batchSize": 16,
            "learningRate": 0.002,
            "layerwiseDecay": 1,
            "classWeights": "none",
            "maxLength": 32,
            "seed": 13,
            "threads": 1,
            "precision": "float32",
            "checkpointEverySeconds": 300,
        },
        "quantize": {"calibrationRows": 100, "candidates": ["dynamic"]},
        "gates": {
            "parity": {"absolute": 1e-5, "relative": 1e-5},
            "int8": {"maxMeanScoreDelta": 0.02, "maxMaeIncrease": 0.01, "required": False},
        },
        "compute": {"profile": "default", "maxAttempts": 3},
        "pins": {
            "gitSha": "unknown",
            "jobDefinitions": dict.fromkeys(names.STAGES, DEFINITION),
            "ladders": {stage: [QUEUE] for stage in names.STAGES},
            "prices": {
                "instanceType": "g6.xlarge",
                "currency": "USD",
                "onDemandPerHour": 0.8,
                "spotPerHour": 0.3,
                "region": "us-east-1",
                "asOf": "2026-11-01",
            },
        },
    }
    merged = merge(spec, overrides or {})
    ResolvedSpec.model_validate(merged)
    return merged


def merge(base: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """`base` with `overrides` laid over it, level by level."""
    merged = copy.deepcopy(dict(base))
    for key, value in overrides.items():
        both_are_maps = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = merge(merged[key], value) if both_are_maps else copy.deepcopy(value)
    return merged


@dataclass
class Ended:
    """How an attempt ended. `manifest_uri` is what a later stage takes as its input."""

    exit_code: int
    result: dict[str, Any] | None
    manifest: dict[str, Any] | None
    manifest_uri: str
    progress: list[dict[str, Any]] = field(default_factory=list)
    log: str = ""

    @property
    def summary(self) -> dict[str, Any]:
        assert self.result is not None and self.result["outcome"] == "succeeded", f"{self.result}\n{self.log}"
        summary: dict[str, Any] = self.result["summary"]
        return summary

    @property
    def error(self) -> dict[str, Any]:
        assert self.result is not None and self.result["outcome"] != "succeeded", self.result
        error: dict[str, Any] = self.result["error"]
        return error

    def output(self, name: str) -> dict[str, Any]:
        """The manifest's entry of that name."""
        assert self.manifest is not None, f"{self.result}\n{self.log}"
        found: dict[str, Any] = next(output for output in self.manifest["outputs"] if output["name"] == name)
        return found


class Attempt:
    """One attempt at one stage, ready to run."""

    def __init__(self, rig: StageRig, variables: dict[str, str], spec: dict[str, Any], scratch: Path) -> None:
        self.rig = rig
        self.variables = variables
        self.spec = spec
        self.scratch = scratch
        self.environment: StageEnvironment = read_environment(variables)
        self.identity: AttemptIdentity = self.environment.attempt
        self.progress_documents: list[dict[str, Any]] = []
        self.interruption = Interruption()

    def context(self) -> StageContext:
        """A context for calling the parts of a stage directly. Nothing is written at the end."""
        progress = Progress(self.identity, (self.progress_documents.append,))
        return build_context(self.environment, self.rig.storage, self.scratch, progress, self.interruption)

    def work(self, work: Work | str) -> Ended:
        """Runs the work in this process; `work` is the function or the module that has it."""
        from spotforge_runtime.child import load_work

        code = execute(
            (lambda: load_work(work)) if isinstance(work, str) else (lambda: work),
            self.environment,
            self.rig.storage,
            self.scratch,
            progress=Progress(self.identity, (self.progress_documents.append,)),
            interruption=self.interruption,
            result_copy=self.scratch / "result-copy.json",
        )
        return self.ended(code)

    def start(self, module: str, variables: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        """Starts the job's argv, `python -m {module}`, with exactly the variables a job gets."""
        environment = self.rig.process_environment() | self.variables | dict(variables or {})
        command = [sys.executable, "-m", module]
        return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def process(self, module: str, *, timeout: float = 120, variables: Mapping[str, str] | None = None) -> Ended:
        """Runs the job's argv to its end."""
        return self.finish(self.start(module, variables), timeout=timeout)

    def finish(self, process: subprocess.Popen[str], *, timeout: float = 120) -> Ended:
        """Waits for a started attempt and reads what it left."""
        try:
            log, _ = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            log, _ = process.communicate()
            raise AssertionError(f"{self.identity} did not end within {timeout} s:\n{log}") from None
        return self.ended(process.returncode, log)

    def ended(self, code: int, log: str = "") -> Ended:
        return Ended(
            exit_code=code,
            result=self.document(names.DOCUMENT_RESULT),
            manifest=self.document(names.DOCUMENT_MANIFEST),
            manifest_uri=self.uri(names.DOCUMENT_MANIFEST),
            progress=self.progress_documents,
            log=log,
        )

    def uri(self, name: str) -> str:
        return f"s3://{self.environment.experiments_bucket}/{self.identity.prefix}{name}"

    def document(self, name: str) -> dict[str, Any] | None:
        """A JSON document of the attempt's folder; None when it is not there."""
        data = self.rig.read(self.uri(name))
        return None if data is None else json.loads(data)


class StageRig:
    """Buckets, bus and credentials of an emulator, and builders for what stages need."""

    def __init__(self, emulator: Emulator, folder: Path) -> None:
        self.emulator = emulator
        self.folder = folder
        self.s3 = emulator.client("s3")
        self.events = emulator.client("events")
        self.storage = ObjectStore(self.s3, patience=Patience(2))

    def create_buckets_and_bus(self) -> None:
        for bucket in BUCKETS.values():
            self.s3.create_bucket(Bucket=bucket)
        self.events.create_event_bus(Name=BUS)

    def a_stage(
        self,
        stage: str,
        *,
        spec: Mapping[str, Any] | None = None,
        inputs: Mapping[str, str | Ended] | None = None,
        run: int = 1,
        attempt: int = 1,
        variables: Mapping[str, str] | None = None,
    ) -> Attempt:
        """An attempt whose spec is stored. `spec` is a whole one (has experimentId) or overrides of `a_spec`; `inputs` maps
        stages to manifest URIs or to how they ended."""
        whole = dict(spec) if spec and "experimentId" in spec else a_spec(spec)
        experiment_id = whole["experimentId"]
        self.s3.put_object(
            Bucket=BUCKETS[names.ENV_EXPERIMENTS_BUCKET],
            Key=names.KEY_SPEC.format(experiment_id=experiment_id),
            Body=to_json(whole),
        )
        uris = {name: given if isinstance(given, str) else given.manifest_uri for name, given in (inputs or {}).items()}
        given_variables = {
            names.ENV_EXPERIMENT_ID: experiment_id,
            names.ENV_RUN: str(run),
            names.ENV_STAGE: stage,
            names.ENV_ATTEMPT: str(attempt),
            names.ENV_TASK_TOKEN: "a-task-token-nobody-may-see",
            names.ENV_INPUTS: json.dumps(uris),
            names.ENV_MICRO_BATCH_DIVISOR: "1",
            names.ENV_EVENT_BUS: BUS,
            names.ENV_GIT_SHA: "0" * 40,
            names.ENV_IMAGE_DIGEST: "sha256:" + "0" * 64,
            names.ENV_HANG_LIMIT_SECONDS: "120",
            **({names.ENV_MODEL_VERSION: "1"} if stage == "bundle" else {}),
            **BUCKETS,
            **(variables or {}),
        }
        scratch = Path(tempfile.mkdtemp(prefix=f"{stage}-", dir=self.folder))
        return Attempt(self, given_variables, whole, scratch)

    def earlier_stage(
        self,
        stage: str,
        *,
        spec: Mapping[str, Any],
        outputs: Mapping[str, Path | bytes],
        summary: Mapping[str, Any],
        run: int = 1,
        attempt: int = 1,
    ) -> str:
        """Stores what a stage would have left (outputs in its attempt's folder, manifest, result); returns the manifest's URI."""
        at = self.a_stage(stage, spec=spec, run=run, attempt=attempt)
        context = at.context()
        for name, content in outputs.items():
            if isinstance(content, Path):
                context.outputs.write(name, content)
            else:
                context.outputs.write_bytes(name, content)
        bucket, uri = at.environment.experiments_bucket, self.manifest_of(at, context)
        result = success_document(at.identity, uri, dict(summary))
        self.storage.put(to_json(result), bucket, at.identity.prefix + names.DOCUMENT_RESULT)
        return uri

    def manifest_of(self, at: Attempt, context: StageContext) -> str:
        """Stores the manifest of what the context's outputs wrote; returns its URI."""
        manifest = {
            **at.identity.fields(),
            "gitSha": "unknown",
            "imageDigest": "unknown",
            "createdAt": instants.now(),
            "inputs": [],
            "outputs": [output.model_dump(by_alias=True) for output in context.outputs.written],
        }
        self.storage.put(to_json(manifest), at.environment.experiments_bucket, at.identity.prefix + names.DOCUMENT_MANIFEST)
        return at.uri(names.DOCUMENT_MANIFEST)

    def an_upload(self, folder: Path, *, only: Callable[[Path], bool] = lambda path: True) -> str:
        """Stores a folder's files as a user's upload; returns its `upload:…` source."""
        upload_id = an_id("upl")
        prefix = names.KEY_UPLOAD.format(tenant=TENANT, upload_id=upload_id)
        for path in sorted(path for path in folder.rglob("*") if path.is_file() and only(path)):
            key = prefix + path.relative_to(folder).as_posix()
            self.storage.upload(path, BUCKETS[names.ENV_DATASETS_BUCKET], key)
        return f"upload:{upload_id}"

    def read(self, uri: str) -> bytes | None:
        """An object's content; None when it is not there."""
        from spotforge_runtime.storage import ObjectMissing

        try:
            return self.storage.read_bytes(uri)
        except ObjectMissing:
            return None

    def process_environment(self) -> dict[str, str]:
        """What a job's process inherits from its host: where to find Python's packages and AWS, and nothing else."""
        kept = {name: value for name, value in os.environ.items() if name.startswith(("COVERAGE_", "LANG", "LC_", "TMPDIR"))}
        folders = [str(REPOSITORY / "containers" / package) for package in PACKAGES]
        return {
            **kept,
            **self.emulator.environment,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
            "HOME": str(self.folder),
            "PYTHONPATH": os.pathsep.join([*folders, str(REPOSITORY / "test")]),
            "OMP_NUM_THREADS": "1",
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://127.0.0.1:9",
        }
