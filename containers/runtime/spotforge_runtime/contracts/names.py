"""Generated from functions/shared/contracts by `npm run contracts`. Do not edit."""

# ruff: noqa: S105 - names of variables, not secrets

from typing import Final, Literal

SCHEMA_VERSION: Final = 1

Stage = Literal["ingest", "prepare", "train", "export", "parity", "quantize", "benchmark", "bundle"]
STAGES: Final[tuple[Stage, ...]] = (
    "ingest",
    "prepare",
    "train",
    "export",
    "parity",
    "quantize",
    "benchmark",
    "bundle",
)
STAGE_ERRORS: Final = (
    "Stage.Cancelled",
    "Stage.Interrupted",
    "Stage.CapacityUnavailable",
    "Stage.Hung",
    "Stage.Misconfigured",
    "Stage.TimedOut",
    "Stage.OutOfMemory",
    "Stage.Infrastructure",
    "Stage.InvalidInput",
    "Stage.Diverged",
    "Stage.GateRejected",
    "Stage.ContractBroken",
    "Stage.Failed",
    "Stage.Superseded",
)

Rehearsal = Literal["restore", "rollback", "upgrade"]

Task = Literal["text-ordinal", "image-ordinal"]
Head = Literal["cumulative-link", "coral", "corn", "cross-entropy"]
DECODE_LOGITS: Final[dict[Head, str]] = {
    "cumulative-link": "sigmoid(logit[k]) = P(y > k), k = 0 … K-2",
    "coral": "sigmoid(logit[k]) = P(y > k), k = 0 … K-2",
    "corn": "sigmoid(logit[k]) = P(y > k | y > k-1), k = 0 … K-2",
    "cross-entropy": "softmax(logits)[c] = P(y = c), c = 0 … K-1",
}

ENV_EXPERIMENT_ID: Final = "EXPERIMENT_ID"
ENV_RUN: Final = "RUN"
ENV_STAGE: Final = "STAGE"
ENV_ATTEMPT: Final = "ATTEMPT"
ENV_TASK_TOKEN: Final = "TASK_TOKEN"
ENV_INPUTS: Final = "INPUTS"
ENV_MICRO_BATCH_DIVISOR: Final = "MICRO_BATCH_DIVISOR"
ENV_MODEL_VERSION: Final = "MODEL_VERSION"
ENV_DATASETS_BUCKET: Final = "DATASETS_BUCKET"
ENV_EXPERIMENTS_BUCKET: Final = "EXPERIMENTS_BUCKET"
ENV_CHECKPOINTS_BUCKET: Final = "CHECKPOINTS_BUCKET"
ENV_RELEASES_BUCKET: Final = "RELEASES_BUCKET"
ENV_EVENT_BUS: Final = "EVENT_BUS"
ENV_GIT_SHA: Final = "GIT_SHA"
ENV_IMAGE_DIGEST: Final = "IMAGE_DIGEST"
ENV_HANG_LIMIT_SECONDS: Final = "HANG_LIMIT_SECONDS"
ENV_RETENTION_DAYS: Final = "RETENTION_DAYS"
ENV_PROCESSES: Final = "PROCESSES"
ENV_REHEARSAL_ID: Final = "REHEARSAL_ID"
ENV_NEWEST_BUNDLE: Final = "NEWEST_BUNDLE"
ENV_PREVIOUS_BUNDLE: Final = "PREVIOUS_BUNDLE"
ENV_UPGRADE_PACKAGE: Final = "UPGRADE_PACKAGE"
ENV_UPGRADE_VERSION: Final = "UPGRADE_VERSION"
ENV_SPOT_CHECK_ID: Final = "SPOT_CHECK_ID"
ENV_BUNDLES: Final = "BUNDLES"
ENV_DATASET_REQUEST: Final = "DATASET_REQUEST"

EXIT_INVALID_INPUT: Final = 64
EXIT_DIVERGED: Final = 65
EXIT_GATE_REJECTED: Final = 66
EXIT_OUT_OF_MEMORY: Final = 67
EXIT_INFRASTRUCTURE: Final = 74
EXIT_INTERRUPTED: Final = 75

EVENT_STAGE_PROGRESS_SOURCE: Final = "spotforge.stage"
EVENT_STAGE_PROGRESS_DETAIL_TYPE: Final = "Stage Progress"
EVENT_EXPERIMENT_STATUS_CHANGED_SOURCE: Final = "spotforge.experiments"
EVENT_EXPERIMENT_STATUS_CHANGED_DETAIL_TYPE: Final = "Experiment Status Changed"
EVENT_REHEARSAL_COMPLETED_SOURCE: Final = "spotforge.rehearsals"
EVENT_REHEARSAL_COMPLETED_DETAIL_TYPE: Final = "Rehearsal Completed"
EVENT_SPOT_CHECK_COMPLETED_SOURCE: Final = "spotforge.spot-checks"
EVENT_SPOT_CHECK_COMPLETED_DETAIL_TYPE: Final = "Spot Check Completed"
EVENT_CONSUMPTION_RECORDED_SOURCE: Final = "spotforge.inference"
EVENT_CONSUMPTION_RECORDED_DETAIL_TYPE: Final = "Consumption Recorded"

DOCUMENT_MANIFEST: Final = "manifest.json"
DOCUMENT_RESULT: Final = "result.json"
DOCUMENT_PROGRESS: Final = "progress.json"
DOCUMENT_STACKS: Final = "stacks.txt"

KEY_SPEC: Final = "experiments/{experiment_id}/spec.json"
KEY_ATTEMPT: Final = "experiments/{experiment_id}/{stage}/r{run}-{attempt}/"
KEY_UPLOAD: Final = "uploads/{tenant}/{upload_id}/"
KEY_BUNDLE: Final = "bundles/{tenant}/{model}/{version}/"
KEY_CHECKPOINTS: Final = "{experiment_id}/"
KEY_REHEARSAL: Final = "rehearsals/{rehearsal_id}/{rehearsal}.json"
KEY_SPOT_CHECK_FINDING: Final = "spot-checks/{spot_check_id}/finding.json"
KEY_DATASET_PREPARATION_REPORT: Final = "dataset-preparations/{tenant}/{preparation_id}/report.json"
KEY_DATASET_PREPARATION_REJECTED_ROWS: Final = "dataset-preparations/{tenant}/{preparation_id}/rejected-rows.csv"
KEY_WEIGHT_SNAPSHOTS: Final = "{experiment_id}/weight-snapshots/"
