"""Generated from contracts/ by `npm run contracts`. Do not edit."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from pydantic import BaseModel, ConfigDict, Field, StringConstraints


class ModelSpec(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    name: Annotated[str, Field(pattern="^[a-z][a-z0-9-]{1,30}$")]
    base: Annotated[
        str,
        Field(
            max_length=1024,
            pattern="^(upload:upl_[0-9a-z]{26}|s3:\\/\\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\\/.+|hf:[A-Za-z0-9._-]+\\/[A-Za-z0-9._-]+@[0-9a-f]{40})$",
        ),
    ]


class ColumnsSpec(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    text: Annotated[
        str | None,
        Field(
            description="of text-ordinal, where it is `text` unless named",
            max_length=64,
            min_length=1,
        ),
    ] = None
    image: Annotated[
        str | None,
        Field(
            description="of image-ordinal, where it is `image` unless named: the path of a picture beside the data file",
            max_length=64,
            min_length=1,
        ),
    ] = None
    label: Annotated[str, Field(max_length=64, min_length=1)]
    group: Annotated[str, Field(max_length=64, min_length=1)]


class LabelsSpec(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    values: Annotated[
        list[float],
        Field(
            description="the K ordered label values, lowest first",
            max_length=64,
            min_length=2,
        ),
    ]


class SplitSpec(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    validation: Annotated[float, Field(ge=0.01, le=0.6)]
    test: Annotated[float, Field(ge=0.01, le=0.6)]
    seed: Annotated[int, Field(ge=0, le=2147483647)]


class EarlyStopping(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    patience: Annotated[
        int,
        Field(
            description="epochs without a better validation MAE before training stops",
            ge=1,
            le=100,
        ),
    ]


class QuantizeSpec(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    calibration_rows: Annotated[int, Field(alias="calibrationRows", ge=100, le=500)]
    candidates: Annotated[
        list[str],
        Field(
            description="that compete beside FP32, FP32 optimised and static INT8 by MinMax; fewer take less time"
        ),
    ]


class ParityGate(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    absolute: Annotated[
        float,
        Field(
            description="a of |a - b| <= absolute + relative * |b|, on logits",
            ge=0.0,
            le=1.0,
        ),
    ]
    relative: Annotated[float, Field(ge=0.0, le=1.0)]


class Int8Gate(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    max_mean_score_delta: Annotated[
        float,
        Field(
            alias="maxMeanScoreDelta",
            description="of mean |expected score INT8 - FP32| / (K - 1)",
            ge=0.0,
            le=1.0,
        ),
    ]
    max_mae_increase: Annotated[
        float,
        Field(
            alias="maxMaeIncrease",
            description="of the expected score, relative to FP32; the upper bound of the one-sided 95 % interval must lie below it",
            ge=0.0,
            le=10.0,
        ),
    ]
    required: Annotated[
        bool,
        Field(
            description="true: INT8 that fails its gate rejects the experiment; false: FP32 ships, and the report says so"
        ),
    ]


class ComputeSpec(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    profile: Annotated[str, Field(pattern="^[a-z][a-z0-9-]{1,30}$")]
    max_attempts: Annotated[int, Field(alias="maxAttempts", ge=1, le=10)]


class JobDefinitions(BaseModel):
    """
    each with its revision
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    ingest: Annotated[str, Field(pattern="^arn:aws[a-z-]*:")]
    prepare: Annotated[str, Field(pattern="^arn:aws[a-z-]*:")]
    train: Annotated[str, Field(pattern="^arn:aws[a-z-]*:")]
    export: Annotated[str, Field(pattern="^arn:aws[a-z-]*:")]
    parity: Annotated[str, Field(pattern="^arn:aws[a-z-]*:")]
    quantize: Annotated[str, Field(pattern="^arn:aws[a-z-]*:")]
    benchmark: Annotated[str, Field(pattern="^arn:aws[a-z-]*:")]
    bundle: Annotated[str, Field(pattern="^arn:aws[a-z-]*:")]


class Ladders(BaseModel):
    """
    queue ARNs, first rung first
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    ingest: Annotated[list[str], Field(min_length=1)]
    prepare: Annotated[list[str], Field(min_length=1)]
    train: Annotated[list[str], Field(min_length=1)]
    export: Annotated[list[str], Field(min_length=1)]
    parity: Annotated[list[str], Field(min_length=1)]
    quantize: Annotated[list[str], Field(min_length=1)]
    benchmark: Annotated[list[str], Field(min_length=1)]
    bundle: Annotated[list[str], Field(min_length=1)]


class Prices(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    instance_type: Annotated[str, Field(alias="instanceType")]
    currency: Literal["USD"]
    on_demand_per_hour: Annotated[float, Field(alias="onDemandPerHour", ge=0.0)]
    spot_per_hour: Annotated[float, Field(alias="spotPerHour", ge=0.0)]
    region: str
    as_of: Annotated[
        str,
        Field(
            alias="asOf",
            pattern="^(?:(?:\\d\\d[2468][048]|\\d\\d[13579][26]|\\d\\d0[48]|[02468][048]00|[13579][26]00)-02-29|\\d{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\\d|30)|(?:02)-(?:0[1-9]|1\\d|2[0-8])))$",
        ),
    ]


class StageInput(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    stage: Literal[
        "ingest",
        "prepare",
        "train",
        "export",
        "parity",
        "quantize",
        "benchmark",
        "bundle",
    ]
    manifest: Annotated[
        str, Field(pattern="^s3:\\/\\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\\/.+$")
    ]
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class StoredObject(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    name: Annotated[
        str,
        Field(
            description="what the stage calls it, for example model.onnx",
            max_length=512,
            min_length=1,
        ),
    ]
    bucket: Annotated[str, Field(min_length=3)]
    key: Annotated[str, Field(min_length=1)]
    bytes: Annotated[int, Field(ge=0)]
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class StageSucceeded(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    schema_version: Annotated[Literal[1], Field(alias="schemaVersion")]
    experiment_id: Annotated[
        str, Field(alias="experimentId", pattern="^exp_[0-9a-hjkmnp-tv-z]{26}$")
    ]
    run: Annotated[int, Field(ge=1)]
    stage: Literal[
        "ingest",
        "prepare",
        "train",
        "export",
        "parity",
        "quantize",
        "benchmark",
        "bundle",
    ]
    attempt: Annotated[int, Field(ge=1)]
    outcome: Literal["succeeded"]
    manifest: Annotated[
        str, Field(pattern="^s3:\\/\\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\\/.+$")
    ]
    summary: Annotated[
        dict[str, Any], Field(description="by stage, see StageSummaries")
    ]


class StageErrorReport(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    name: Literal[
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
    ]
    message: Annotated[str, Field(description="what happened", max_length=2000)]
    where: Annotated[
        str | None, Field(description="file, column, row, field or metric")
    ]
    remedy: Annotated[str | None, Field(description="what to do")]


class IngestSummary(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    dataset_uri: Annotated[
        str,
        Field(
            alias="datasetUri",
            pattern="^s3:\\/\\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\\/.+$",
        ),
    ]
    dataset_version: Annotated[str, Field(alias="datasetVersion")]
    dataset_sha256: Annotated[
        str, Field(alias="datasetSha256", pattern="^[0-9a-f]{64}$")
    ]
    dataset_bytes: Annotated[int, Field(alias="datasetBytes", ge=0)]
    base_model_uri: Annotated[
        str,
        Field(
            alias="baseModelUri",
            pattern="^s3:\\/\\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\\/.+$",
        ),
    ]
    base_model_sha256: Annotated[
        str, Field(alias="baseModelSha256", pattern="^[0-9a-f]{64}$")
    ]


class PrepareSummary(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    processed_uri: Annotated[
        str,
        Field(
            alias="processedUri",
            pattern="^s3:\\/\\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\\/.+$",
        ),
    ]
    processed_version: Annotated[str, Field(alias="processedVersion")]
    processed_sha256: Annotated[
        str, Field(alias="processedSha256", pattern="^[0-9a-f]{64}$")
    ]
    rows: Annotated[int, Field(ge=0)]
    rejected_rows: Annotated[int, Field(alias="rejectedRows", ge=0)]
    truncated_rows: Annotated[int, Field(alias="truncatedRows", ge=0)]
    groups: Annotated[int, Field(ge=0)]
    train_rows: Annotated[int, Field(alias="trainRows", ge=0)]
    validation_rows: Annotated[int, Field(alias="validationRows", ge=0)]
    test_rows: Annotated[int, Field(alias="testRows", ge=0)]
    calibration_rows: Annotated[int, Field(alias="calibrationRows", ge=0)]


class TrainSummary(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    mae: Annotated[float, Field(description="on test, in classes, median decoding")]
    baseline_mae: Annotated[
        float,
        Field(
            alias="baselineMae",
            description="of always answering the median class of train, on test, in classes",
        ),
    ]
    validation_mae: Annotated[float, Field(alias="validationMae")]
    validation_loss: Annotated[float, Field(alias="validationLoss")]
    train_loss: Annotated[float, Field(alias="trainLoss")]
    rows: Annotated[int, Field(ge=0)]
    steps: Annotated[int, Field(ge=0)]
    epochs: Annotated[int, Field(ge=0)]
    samples_per_second: Annotated[float, Field(alias="samplesPerSecond")]
    parameters: Annotated[int, Field(ge=0)]
    device: str
    stopped_early: Annotated[
        bool,
        Field(
            alias="stoppedEarly",
            description="training ended before its last epoch, because validation MAE no longer fell",
        ),
    ]
    best_step: Annotated[
        int,
        Field(
            alias="bestStep",
            description="whose weights are kept: the last one, unless training may stop early",
            ge=0,
        ),
    ]
    peak_memory_bytes: Annotated[
        int,
        Field(
            alias="peakMemoryBytes",
            description="largest resident set of the process",
            ge=0,
        ),
    ]
    peak_gpu_memory_bytes: Annotated[
        int | None, Field(alias="peakGpuMemoryBytes", description="null without a GPU")
    ]
    gpu_utilization: Annotated[
        float | None,
        Field(
            alias="gpuUtilization",
            description="mean over the run; null where nothing measures it",
        ),
    ]
    training_seconds: Annotated[
        float,
        Field(
            alias="trainingSeconds",
            description="of this attempt, evaluations between epochs included, as the following ones",
            ge=0.0,
        ),
    ]
    checkpoints: Annotated[int, Field(ge=0)]
    checkpoint_blocked_seconds: Annotated[
        float,
        Field(
            alias="checkpointBlockedSeconds",
            description="that the training thread waited for checkpoints",
            ge=0.0,
        ),
    ]
    checkpoint_blocked_share: Annotated[
        float,
        Field(alias="checkpointBlockedShare", description="of trainingSeconds", ge=0.0),
    ]
    checkpoint_interval_seconds: Annotated[
        float,
        Field(
            alias="checkpointIntervalSeconds",
            description="longest stretch of training without a checkpoint",
            ge=0.0,
        ),
    ]
    checkpoints_forced: Annotated[
        int,
        Field(
            alias="checkpointsForced",
            description="begun because the longest interval was over, although they raised the blocked share above 1 %",
            ge=0,
        ),
    ]
    torn_checkpoints: Annotated[
        list[str],
        Field(
            alias="tornCheckpoints",
            description="that were passed over when this attempt began: directory and reason",
        ),
    ]
    resumed_from_step: Annotated[int | None, Field(alias="resumedFromStep")]
    model_sha256: Annotated[
        str,
        Field(
            alias="modelSha256",
            description="of model.safetensors",
            pattern="^[0-9a-f]{64}$",
        ),
    ]


class ExportSummary(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    opset: Annotated[int, Field(ge=1)]
    bytes: Annotated[int, Field(ge=0)]
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    inputs: list[str]
    outputs: list[str]


class ParitySummary(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    rows: Annotated[int, Field(ge=0)]
    elements: Annotated[int, Field(ge=0)]
    mismatches: Annotated[int, Field(ge=0)]
    max_abs: Annotated[float, Field(alias="maxAbs")]
    max_ratio: Annotated[
        float,
        Field(
            alias="maxRatio",
            description="largest |a - b| / (absolute + relative * |b|)",
        ),
    ]


class QuantizeSummary(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    chosen: Annotated[
        str,
        Field(
            description="INT8 candidate that goes on to be judged on test; chosen on validation"
        ),
    ]
    candidates: Annotated[
        int, Field(description="that competed, FP32 among them", ge=0)
    ]
    seconds: Annotated[float, Field(description="that the tournament took", ge=0.0)]
    calibration_rows: Annotated[int, Field(alias="calibrationRows", ge=0)]
    quantized_operators: Annotated[int, Field(alias="quantizedOperators", ge=0)]
    bytes: Annotated[int, Field(ge=0)]
    fp32_bytes: Annotated[int, Field(alias="fp32Bytes", ge=0)]
    validation_mean_abs_score_delta: Annotated[
        float,
        Field(
            alias="validationMeanAbsScoreDelta",
            description="over K - 1, INT8 against FP32 on validation",
        ),
    ]


class BenchmarkSummary(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    cpu_model: Annotated[str, Field(alias="cpuModel")]
    instruction_sets: Annotated[list[str], Field(alias="instructionSets")]
    threads: Annotated[int, Field(ge=1)]
    rows: Annotated[int, Field(ge=0)]
    speedup_batch1: Annotated[
        float,
        Field(
            alias="speedupBatch1",
            description="FP32 time over INT8 time, medians of interleaved runs",
        ),
    ]
    speedup_batch8: Annotated[float, Field(alias="speedupBatch8")]
    fp32_latency_ms_batch1: Annotated[float, Field(alias="fp32LatencyMsBatch1")]
    int8_latency_ms_batch1: Annotated[float, Field(alias="int8LatencyMsBatch1")]
    fp32_latency_ms_batch8: Annotated[float, Field(alias="fp32LatencyMsBatch8")]
    int8_latency_ms_batch8: Annotated[float, Field(alias="int8LatencyMsBatch8")]
    conclusive: Annotated[
        bool,
        Field(description="false: the timings were too noisy to rank FP32 and INT8"),
    ]
    candidate: Annotated[str, Field(description="INT8 candidate that was judged")]
    fp32_mae: Annotated[
        float, Field(alias="fp32Mae", description="of the median class")
    ]
    int8_mae: Annotated[
        float, Field(alias="int8Mae", description="of the median class")
    ]
    fp32_score_mae: Annotated[
        float,
        Field(
            alias="fp32ScoreMae",
            description="of the expected score, as the two following",
        ),
    ]
    int8_score_mae: Annotated[float, Field(alias="int8ScoreMae")]
    mae_change: Annotated[
        float,
        Field(
            alias="maeChange", description="(INT8 - FP32) / FP32 of the expected score"
        ),
    ]
    mae_change_low: Annotated[
        float,
        Field(
            alias="maeChangeLow",
            description="lower end of the two-sided 95 % paired-bootstrap interval",
        ),
    ]
    mae_change_high: Annotated[float, Field(alias="maeChangeHigh")]
    mae_change_upper_bound: Annotated[
        float,
        Field(
            alias="maeChangeUpperBound",
            description="of the one-sided 95 % interval: what the gate judges",
        ),
    ]
    rows_to_settle: Annotated[
        int,
        Field(
            alias="rowsToSettle",
            description="test rows at which the interval would be as narrow as 1 % to either side",
            ge=0,
        ),
    ]
    mean_abs_score_delta: Annotated[
        float,
        Field(
            alias="meanAbsScoreDelta",
            description="mean |expected score INT8 - FP32| / (K - 1)",
        ),
    ]
    int8_verdict: Annotated[
        Literal["passed", "inconclusive", "failed"],
        Field(
            alias="int8Verdict",
            description="inconclusive: too few rows to tell 1 % of MAE, and fidelity decided",
        ),
    ]
    int8_ships: Annotated[bool, Field(alias="int8Ships")]
    preferred: Literal["fp32", "int8"]
    reason: Annotated[
        str, Field(description="one sentence: why that model is preferred")
    ]
    onnxruntime: str


class BundleSummary(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    bundle_uri: Annotated[
        str,
        Field(
            alias="bundleUri",
            pattern="^s3:\\/\\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\\/.+$",
        ),
    ]
    bundle_sha256: Annotated[str, Field(alias="bundleSha256", pattern="^[0-9a-f]{64}$")]
    version: Annotated[int, Field(ge=1)]
    bytes: Annotated[int, Field(ge=0)]
    preferred: Literal["fp32", "int8"]


class StageProgress(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    schema_version: Annotated[Literal[1], Field(alias="schemaVersion")]
    experiment_id: Annotated[
        str, Field(alias="experimentId", pattern="^exp_[0-9a-hjkmnp-tv-z]{26}$")
    ]
    run: Annotated[int, Field(ge=1)]
    stage: Literal[
        "ingest",
        "prepare",
        "train",
        "export",
        "parity",
        "quantize",
        "benchmark",
        "bundle",
    ]
    attempt: Annotated[int, Field(ge=1)]
    sequence: Annotated[
        int,
        Field(
            description="rises with each report of an attempt; order is by (run, stage, attempt, sequence), never by clock",
            ge=0,
        ),
    ]
    at: Annotated[
        str,
        Field(
            description="UTC with milliseconds",
            pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z$",
        ),
    ]
    fraction: Annotated[float, Field(ge=0.0, le=1.0)]
    step: Annotated[int, Field(ge=0)]
    total_steps: Annotated[int, Field(alias="totalSteps", ge=0)]
    message: Annotated[str, Field(max_length=500)]
    metrics: dict[Annotated[str, StringConstraints(max_length=64)], float]


class CheckpointFile(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    path: Annotated[str, Field(max_length=512, min_length=1)]
    bytes: Annotated[int, Field(ge=0)]
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class DatasetFile(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    path: Annotated[str, Field(max_length=512, min_length=1)]
    bytes: Annotated[int, Field(ge=0)]
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class RejectedRow(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    row: Annotated[int, Field(description="1 is the first data row", ge=0)]
    detail: Annotated[str, Field(max_length=200)]


class SplitCounts(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    split: Literal["train", "validation", "test", "calibration"]
    rows: Annotated[int, Field(ge=0)]
    class_counts: Annotated[list[int], Field(alias="classCounts")]


class DatasetSchema(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    task: Literal["text-ordinal", "image-ordinal"]
    columns: ColumnsSpec
    labels: LabelsSpec
    split: SplitSpec
    calibration_rows: Annotated[
        int,
        Field(
            alias="calibrationRows",
            description="rows that the calibration set takes from train",
            ge=100,
            le=500,
        ),
    ]


class DatasetRefusal(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    message: Annotated[str, Field(description="what is wrong")]
    where: str | None
    remedy: str | None


class RefusedRow(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    row: Annotated[int, Field(description="1 is the first data row", ge=0)]
    detail: Annotated[str, Field(max_length=200)]


class LabelCount(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    value: float
    rows: Annotated[int, Field(ge=0)]


class NearDuplicatePair(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    row: Annotated[int, Field(ge=0)]
    split: Literal["train", "validation", "test"]
    other_row: Annotated[int, Field(alias="otherRow", ge=0)]
    other_split: Annotated[
        Literal["train", "validation", "test"], Field(alias="otherSplit")
    ]


class UnlistedFiles(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    count: Annotated[int, Field(ge=0)]
    examples: Annotated[list[str], Field(max_length=100)]


class BundledLabel(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    index: Annotated[int, Field(ge=0)]
    value: float
    name: str


class BundledDecode(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    logits: Literal[
        "sigmoid(logit[k]) = P(y > k), k = 0 … K-2",
        "sigmoid(logit[k]) = P(y > k | y > k-1), k = 0 … K-2",
        "softmax(logits)[c] = P(y = c), c = 0 … K-1",
    ]
    class_index: Annotated[
        Literal["count of k with P(y > k) > 0.5"], Field(alias="classIndex")
    ]
    expected_score: Annotated[
        Literal["sum over k of P(y > k), in classes from 0 to K-1"],
        Field(alias="expectedScore"),
    ]


class BundledTensor(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    name: str
    dtype: str
    axes: list[str]


class BundledTokenizer(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    file: Annotated[str, Field(max_length=512, min_length=1)]
    max_length: Annotated[int, Field(alias="maxLength", ge=1)]
    truncation: Literal["longest_first"]
    padding: Literal["right"]
    pad_id: Annotated[int, Field(alias="padId", ge=0)]


class BundledImage(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    width: Annotated[int, Field(ge=1)]
    height: Annotated[int, Field(ge=1)]
    resample: Literal["nearest", "bilinear", "bicubic", "lanczos"]
    rescale: Annotated[
        float, Field(description="factor of the bytes 0 … 255, before mean and std")
    ]
    mean: Annotated[list[float], Field(max_length=3, min_length=3)]
    std: Annotated[list[float], Field(max_length=3, min_length=3)]
    layout: Literal["NCHW, RGB"]


class BundledGate(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    passed: bool
    measured: dict[str, float]


class BundledDataset(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    raw_sha256: Annotated[str, Field(alias="rawSha256", pattern="^[0-9a-f]{64}$")]
    processed_sha256: Annotated[
        str, Field(alias="processedSha256", pattern="^[0-9a-f]{64}$")
    ]


class BundledParity(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    inputs: Annotated[str, Field(max_length=512, min_length=1)]
    expected: Annotated[str, Field(max_length=512, min_length=1)]
    rows: Annotated[int, Field(ge=1)]


class BundledFile(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    path: Annotated[str, Field(max_length=512, min_length=1)]
    bytes: Annotated[int, Field(ge=1)]
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class RestoreFigures(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    experiment_id: Annotated[
        str, Field(alias="experimentId", pattern="^exp_[0-9a-hjkmnp-tv-z]{26}$")
    ]
    checkpoint: Annotated[
        str, Field(description="directory of the checkpoint that was restored")
    ]
    step: Annotated[int, Field(ge=0)]
    files: Annotated[int, Field(ge=1)]
    bytes: Annotated[int, Field(ge=1)]
    tensors: Annotated[
        int, Field(description="parameters of which the optimiser has its state", ge=1)
    ]
    learning_rate: Annotated[
        float,
        Field(alias="learningRate", description="of the schedule's next step", ge=0.0),
    ]
    loss: Annotated[
        float,
        Field(
            description="of one step on made-up rows: finite, and no measure of anything"
        ),
    ]
    torn_checkpoints: Annotated[
        list[str],
        Field(
            alias="tornCheckpoints",
            description="what was passed over on the way, with the reason",
        ),
    ]
    differences: Annotated[
        list[str],
        Field(
            description="conditions that changed since the checkpoint was written, and may"
        ),
    ]
    download_seconds: Annotated[
        float,
        Field(alias="downloadSeconds", description="verification included", ge=0.0),
    ]
    restore_seconds: Annotated[float, Field(alias="restoreSeconds", ge=0.0)]
    step_seconds: Annotated[float, Field(alias="stepSeconds", ge=0.0)]


class BundleAnswers(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    bundle_uri: Annotated[
        str,
        Field(
            alias="bundleUri",
            pattern="^s3:\\/\\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\\/.+$",
        ),
    ]
    bundle_sha256: Annotated[str, Field(alias="bundleSha256", pattern="^[0-9a-f]{64}$")]
    tenant: Annotated[str, Field(pattern="^[a-z][a-z0-9]{1,30}$")]
    name: Annotated[str, Field(pattern="^[a-z][a-z0-9-]{1,30}$")]
    version: Annotated[int, Field(ge=1)]
    bytes: Annotated[int, Field(ge=1)]
    rows: Annotated[int, Field(ge=1)]
    fp32_max_abs: Annotated[
        float,
        Field(
            alias="fp32MaxAbs",
            description="largest |logit - recorded logit|; within the parity gate of the experiment",
            ge=0.0,
        ),
    ]
    int8_mean_abs_score_delta: Annotated[
        float | None,
        Field(
            alias="int8MeanAbsScoreDelta",
            description="mean |expected score INT8 - recorded| / (K - 1); null of a bundle that ships FP32 alone",
        ),
    ]
    download_seconds: Annotated[float, Field(alias="downloadSeconds", ge=0.0)]
    verify_seconds: Annotated[float, Field(alias="verifySeconds", ge=0.0)]
    score_seconds: Annotated[float, Field(alias="scoreSeconds", ge=0.0)]


class ModelAnswers(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    fp32_max_abs: Annotated[
        float,
        Field(
            alias="fp32MaxAbs",
            description="largest |logit - recorded logit|; within the parity gate of the experiment",
            ge=0.0,
        ),
    ]
    int8_mean_abs_score_delta: Annotated[
        float | None,
        Field(
            alias="int8MeanAbsScoreDelta",
            description="mean |expected score INT8 - recorded| / (K - 1); null of a bundle that ships FP32 alone",
        ),
    ]


class RehearsalError(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    message: Annotated[str, Field(description="what happened", max_length=2000)]
    where: str | None
    remedy: Annotated[str | None, Field(description="what to do")]


class CheckedBundle(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    bundle_uri: Annotated[
        str,
        Field(
            alias="bundleUri",
            pattern="^s3:\\/\\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\\/.+$",
        ),
    ]
    outcome: Annotated[
        Literal["held", "drifted", "altered", "unchecked"],
        Field(
            description="held: answers as recorded; drifted: answers otherwise than recorded; altered: its bytes are not those that were released; unchecked: could not be looked at"
        ),
    ]
    answers: Annotated[
        BundleAnswers | None, Field(description="null when it did not hold")
    ]
    recorded: Annotated[
        dict[str, float],
        Field(
            description="what its gates measured when it was released, as `fp32.maxAbs` and `int8.meanAbsScoreDelta`"
        ),
    ]
    mismatches: Annotated[
        list[str],
        Field(
            description="of FP32 against the recorded logits, furthest first, each as a sentence",
            max_length=100,
        ),
    ]
    released_with: Annotated[
        dict[str, str],
        Field(
            alias="releasedWith",
            description="library → version, as far as the bundle records it",
        ),
    ]
    error: Annotated[RehearsalError | None, Field(description="null when it held")]


class WeightSnapshot(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    step: Annotated[int, Field(ge=0)]
    bucket: Annotated[str, Field(min_length=3)]
    key: Annotated[str, Field(min_length=1)]
    bytes: Annotated[int, Field(ge=0)]
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class DatasetSpec(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    name: Annotated[str, Field(pattern="^[a-z][a-z0-9-]{1,30}$")]
    source: Annotated[
        str,
        Field(
            max_length=1024,
            pattern="^(upload:upl_[0-9a-z]{26}|s3:\\/\\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\\/.+)$",
        ),
    ]
    sha256: Annotated[str | None, Field(pattern="^[0-9a-f]{64}$")] = None
    version: Annotated[
        str | None,
        Field(
            description="of the stored dataset; absent when the experiment brought its source",
            pattern="^[0-9a-f]{16}$",
        ),
    ] = None
    columns: ColumnsSpec
    labels: LabelsSpec
    split: SplitSpec


class TrainSpec(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    head: Literal["cumulative-link", "coral", "corn", "cross-entropy"]
    epochs: Annotated[int, Field(ge=1, le=100)]
    max_rows: Annotated[int | None, Field(alias="maxRows", ge=100, le=10000000)] = None
    batch_size: Annotated[int, Field(alias="batchSize", ge=1, le=1024)]
    learning_rate: Annotated[float, Field(alias="learningRate", gt=0.0, le=10000.0)]
    layerwise_decay: Annotated[
        float,
        Field(
            alias="layerwiseDecay",
            description="each layer of the encoder learns at this fraction of the rate of the layer above it; 1: all at one rate",
            ge=0.5,
            le=1.0,
        ),
    ]
    class_weights: Annotated[
        Literal["none", "balanced"],
        Field(
            alias="classWeights",
            description="balanced: the loss counts each class by the inverse of its frequency, at the price of MAE over all rows",
        ),
    ]
    early_stopping: Annotated[
        EarlyStopping | None,
        Field(
            alias="earlyStopping",
            description="the weights of the best epoch are kept; absent: all epochs, and the last weights",
        ),
    ] = None
    max_length: Annotated[
        int,
        Field(
            alias="maxLength",
            description="tokens; a longer text is truncated and counted; of text-ordinal alone",
            ge=8,
            le=8192,
        ),
    ]
    frozen_layers: Annotated[
        int | None,
        Field(
            alias="frozenLayers",
            description="lower layers of the encoder, embeddings included, that stay as they are; 0 or absent trains everything",
            ge=0,
            le=200,
        ),
    ] = None
    seed: Annotated[int, Field(ge=0, le=2147483647)]
    threads: Annotated[int, Field(ge=1, le=64)]
    precision: Literal["float32", "bfloat16", "float16"]
    checkpoint_every_seconds: Annotated[
        int | None,
        Field(
            alias="checkpointEverySeconds",
            description="at most so many seconds of training between two checkpoints, whatever they cost; absent: as often as 1 % of the training time pays for, and at least every 300 s",
            ge=1,
            le=300,
        ),
    ] = None


class GatesSpec(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    parity: ParityGate
    int8: Int8Gate


class Pins(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    git_sha: Annotated[str, Field(alias="gitSha", pattern="^([0-9a-f]{40}|unknown)$")]
    job_definitions: Annotated[
        JobDefinitions,
        Field(alias="jobDefinitions", description="each with its revision"),
    ]
    ladders: Annotated[Ladders, Field(description="queue ARNs, first rung first")]
    base_model_sha256: Annotated[
        str | None,
        Field(
            alias="baseModelSha256",
            description="tree hash of the base model; absent when only ingest can know it",
            pattern="^[0-9a-f]{64}$",
        ),
    ] = None
    dataset_sha256: Annotated[
        str | None,
        Field(
            alias="datasetSha256",
            description="tree hash of the source; absent when only ingest can know it",
            pattern="^[0-9a-f]{64}$",
        ),
    ] = None
    prices: Prices


class StageManifest(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    schema_version: Annotated[Literal[1], Field(alias="schemaVersion")]
    experiment_id: Annotated[
        str, Field(alias="experimentId", pattern="^exp_[0-9a-hjkmnp-tv-z]{26}$")
    ]
    run: Annotated[int, Field(ge=1)]
    stage: Literal[
        "ingest",
        "prepare",
        "train",
        "export",
        "parity",
        "quantize",
        "benchmark",
        "bundle",
    ]
    attempt: Annotated[int, Field(ge=1)]
    git_sha: Annotated[str, Field(alias="gitSha", pattern="^([0-9a-f]{40}|unknown)$")]
    image_digest: Annotated[str, Field(alias="imageDigest")]
    created_at: Annotated[
        str,
        Field(
            alias="createdAt",
            description="UTC with milliseconds",
            pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z$",
        ),
    ]
    inputs: list[StageInput]
    outputs: list[StoredObject]


class StageFailed(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    schema_version: Annotated[Literal[1], Field(alias="schemaVersion")]
    experiment_id: Annotated[
        str, Field(alias="experimentId", pattern="^exp_[0-9a-hjkmnp-tv-z]{26}$")
    ]
    run: Annotated[int, Field(ge=1)]
    stage: Literal[
        "ingest",
        "prepare",
        "train",
        "export",
        "parity",
        "quantize",
        "benchmark",
        "bundle",
    ]
    attempt: Annotated[int, Field(ge=1)]
    outcome: Literal["failed", "rejected"]
    exit_code: Annotated[int, Field(alias="exitCode", ge=1, le=255)]
    error: StageErrorReport
    diagnostics: list[str]


class StageSummaries(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    ingest: IngestSummary | None = None
    prepare: PrepareSummary | None = None
    train: TrainSummary | None = None
    export: ExportSummary | None = None
    parity: ParitySummary | None = None
    quantize: QuantizeSummary | None = None
    benchmark: BenchmarkSummary | None = None
    bundle: BundleSummary | None = None


class CheckpointManifest(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    schema_version: Annotated[Literal[1], Field(alias="schemaVersion")]
    experiment_id: Annotated[
        str, Field(alias="experimentId", pattern="^exp_[0-9a-hjkmnp-tv-z]{26}$")
    ]
    run: Annotated[int, Field(ge=1)]
    attempt: Annotated[int, Field(ge=1)]
    step: Annotated[int, Field(ge=0)]
    epoch: Annotated[float, Field(ge=0.0)]
    created_at: Annotated[
        str,
        Field(
            alias="createdAt",
            description="UTC with milliseconds",
            pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z$",
        ),
    ]
    threads: Annotated[int, Field(ge=1)]
    precision: str
    files: Annotated[list[CheckpointFile], Field(min_length=1)]


class DatasetVersion(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    schema_version: Annotated[Literal[1], Field(alias="schemaVersion")]
    kind: Literal["raw", "processed", "base-model"]
    tenant: Annotated[str, Field(pattern="^[a-z][a-z0-9]{1,30}$")]
    name: Annotated[str, Field(pattern="^[a-z][a-z0-9-]{1,30}$")]
    version: Annotated[
        str, Field(description="first 16 hexadecimal characters of the tree hash")
    ]
    sha256: Annotated[
        str,
        Field(
            description="tree hash of the files, without this document",
            pattern="^[0-9a-f]{64}$",
        ),
    ]
    created_at: Annotated[
        str,
        Field(
            alias="createdAt",
            description="UTC with milliseconds",
            pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z$",
        ),
    ]
    parent: Annotated[
        str | None,
        Field(description="of a processed version: tree hash of the raw one"),
    ]
    files: Annotated[list[DatasetFile], Field(min_length=1)]


class RejectedRows(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    reason: Annotated[
        str, Field(description="for example text-empty, label-not-a-number")
    ]
    count: Annotated[int, Field(ge=0)]
    examples: Annotated[list[RejectedRow], Field(max_length=5)]


class DatasetPreparationRequest(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    schema_version: Annotated[Literal[1], Field(alias="schemaVersion")]
    preparation_id: Annotated[
        str, Field(alias="preparationId", pattern="^dsv_[0-9a-hjkmnp-tv-z]{26}$")
    ]
    tenant: Annotated[str, Field(pattern="^[a-z][a-z0-9]{1,30}$")]
    dataset: Annotated[str, Field(pattern="^[a-z][a-z0-9-]{1,30}$")]
    created_at: Annotated[
        str,
        Field(
            alias="createdAt",
            description="UTC with milliseconds",
            pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z$",
        ),
    ]
    source: Annotated[
        str,
        Field(
            max_length=1024,
            pattern="^(upload:upl_[0-9a-z]{26}|s3:\\/\\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\\/.+)$",
        ),
    ]
    sha256: Annotated[
        str | None,
        Field(
            description="tree hash of the source; refused when the content differs",
            pattern="^[0-9a-f]{64}$",
        ),
    ] = None
    schema_: Annotated[DatasetSchema, Field(alias="schema")]


class RefusedRows(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    reason: Annotated[
        str,
        Field(
            description="for example text-empty, label-not-a-number, copy-of-test-row"
        ),
    ]
    count: Annotated[int, Field(ge=0)]
    examples: Annotated[
        list[RefusedRow], Field(description="the first of them", max_length=100)
    ]


class NearDuplicates(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    pairs: Annotated[
        int,
        Field(
            description="all that were found, within a split and across splits", ge=0
        ),
    ]
    leaks: Annotated[int, Field(description="pairs across splits", ge=0)]
    rows_left_out: Annotated[
        int,
        Field(alias="rowsLeftOut", description="rows left out because of them", ge=0),
    ]
    examples: Annotated[
        list[NearDuplicatePair],
        Field(description="the first of the leaks", max_length=100),
    ]


class BundledModel(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    file: Annotated[str, Field(max_length=512, min_length=1)]
    bytes: Annotated[int, Field(ge=1)]
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    gate: BundledGate


class RollbackFigures(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    newest: BundleAnswers
    previous: BundleAnswers
    seconds_to_first_right_answer: Annotated[
        float,
        Field(
            alias="secondsToFirstRightAnswer",
            description="from the decision to roll back: download, verify, open, score, compare",
            ge=0.0,
        ),
    ]


class UpgradeFigures(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    package: Annotated[
        str, Field(max_length=100, pattern="^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$")
    ]
    from_: Annotated[str, Field(alias="from")]
    to: str
    bundle_uri: Annotated[
        str,
        Field(
            alias="bundleUri",
            pattern="^s3:\\/\\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\\/.+$",
        ),
    ]
    rows: Annotated[int, Field(ge=1)]
    before: ModelAnswers
    after: ModelAnswers
    fp32_max_abs_difference: Annotated[
        float,
        Field(
            alias="fp32MaxAbsDifference",
            description="largest |logit after - logit before|",
            ge=0.0,
        ),
    ]
    int8_max_abs_difference: Annotated[
        float | None, Field(alias="int8MaxAbsDifference")
    ]
    modules_from_new_version: Annotated[
        int,
        Field(
            alias="modulesFromNewVersion",
            description="modules of the moved package that the check loaded",
            ge=1,
        ),
    ]
    install_seconds: Annotated[float, Field(alias="installSeconds", ge=0.0)]
    check_seconds: Annotated[float, Field(alias="checkSeconds", ge=0.0)]


class SpotCheckFinding(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    schema_version: Annotated[Literal[1], Field(alias="schemaVersion")]
    spot_check_id: Annotated[
        str, Field(alias="spotCheckId", pattern="^[A-Za-z0-9_-]{1,80}$")
    ]
    started_at: Annotated[
        str,
        Field(
            alias="startedAt",
            description="UTC with milliseconds",
            pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z$",
        ),
    ]
    ended_at: Annotated[
        str,
        Field(
            alias="endedAt",
            description="UTC with milliseconds",
            pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z$",
        ),
    ]
    git_sha: Annotated[str, Field(alias="gitSha", pattern="^([0-9a-f]{40}|unknown)$")]
    image_digest: Annotated[str, Field(alias="imageDigest")]
    versions: Annotated[
        dict[str, str], Field(description="library → version that answered")
    ]
    cpu_model: Annotated[str, Field(alias="cpuModel")]
    instruction_sets: Annotated[list[str], Field(alias="instructionSets")]
    bundles: list[CheckedBundle]


class WeightSnapshots(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    schema_version: Annotated[Literal[1], Field(alias="schemaVersion")]
    last_step: Annotated[
        int, Field(alias="lastStep", description="of the model itself", ge=0)
    ]
    snapshots: Annotated[
        list[WeightSnapshot],
        Field(description="rising by step, all before the last one"),
    ]
    notes: Annotated[list[str], Field(description="what was not kept, and why")]


class ResolvedSpec(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    schema_version: Annotated[Literal[1], Field(alias="schemaVersion")]
    experiment_id: Annotated[
        str, Field(alias="experimentId", pattern="^exp_[0-9a-hjkmnp-tv-z]{26}$")
    ]
    tenant: Annotated[str, Field(pattern="^[a-z][a-z0-9]{1,30}$")]
    created_at: Annotated[
        str,
        Field(
            alias="createdAt",
            description="UTC with milliseconds",
            pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z$",
        ),
    ]
    name: Annotated[str, Field(pattern="^[a-z][a-z0-9-]{1,30}$")]
    task: Literal["text-ordinal", "image-ordinal"]
    model: ModelSpec
    dataset: DatasetSpec
    train: TrainSpec
    quantize: QuantizeSpec
    gates: GatesSpec
    compute: ComputeSpec
    pins: Pins


class PrepareReport(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    schema_version: Annotated[Literal[1], Field(alias="schemaVersion")]
    rows_read: Annotated[int, Field(alias="rowsRead", ge=0)]
    rows_kept: Annotated[int, Field(alias="rowsKept", ge=0)]
    rejected: list[RejectedRows]
    truncated_rows: Annotated[int, Field(alias="truncatedRows", ge=0)]
    groups: Annotated[int, Field(ge=0)]
    splits: list[SplitCounts]


class DatasetReport(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    schema_version: Annotated[Literal[1], Field(alias="schemaVersion")]
    preparation_id: Annotated[
        str, Field(alias="preparationId", pattern="^dsv_[0-9a-hjkmnp-tv-z]{26}$")
    ]
    tenant: Annotated[str, Field(pattern="^[a-z][a-z0-9]{1,30}$")]
    dataset: Annotated[str, Field(pattern="^[a-z][a-z0-9-]{1,30}$")]
    ended_at: Annotated[
        str,
        Field(
            alias="endedAt",
            description="UTC with milliseconds",
            pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z$",
        ),
    ]
    git_sha: Annotated[str, Field(alias="gitSha", pattern="^([0-9a-f]{40}|unknown)$")]
    image_digest: Annotated[str, Field(alias="imageDigest")]
    status: Literal["ready", "refused"]
    refusal: Annotated[
        DatasetRefusal | None, Field(description="null when it is ready")
    ]
    version: str | None
    raw_uri: Annotated[
        str | None,
        Field(alias="rawUri", description="folder of the files as they came"),
    ]
    raw_sha256: Annotated[str | None, Field(alias="rawSha256", description="tree hash")]
    processed_uri: Annotated[
        str | None, Field(alias="processedUri", description="folder of the splits")
    ]
    processed_sha256: Annotated[
        str | None, Field(alias="processedSha256", description="tree hash")
    ]
    bytes: Annotated[
        int,
        Field(description="of the files as they came; 0 when they were not read", ge=0),
    ]
    rows_read: Annotated[int, Field(alias="rowsRead", ge=0)]
    rows_kept: Annotated[int, Field(alias="rowsKept", ge=0)]
    groups: Annotated[int, Field(ge=0)]
    rejected: Annotated[list[RefusedRows], Field(description="by reason")]
    rejected_rows_uri: Annotated[
        str | None,
        Field(
            alias="rejectedRowsUri",
            description="csv of all rejected rows: row, reason, detail; null when there are none",
        ),
    ]
    labels: Annotated[
        list[LabelCount],
        Field(description="rows kept of each label value, lowest first"),
    ]
    splits: list[SplitCounts]
    near_duplicates: Annotated[
        NearDuplicates | None,
        Field(
            alias="nearDuplicates", description="null when the rows were not compared"
        ),
    ]
    unlisted_files: Annotated[
        UnlistedFiles,
        Field(alias="unlistedFiles", description="files that no row names"),
    ]


class BundledModels(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    fp32: BundledModel
    int8: Annotated[
        BundledModel | None, Field(description="absent when it failed its gate")
    ] = None


class RehearsalFigures(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    restore: RestoreFigures | None = None
    rollback: RollbackFigures | None = None
    upgrade: UpgradeFigures | None = None


class Bundle(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    schema_version: Annotated[Literal[1], Field(alias="schemaVersion")]
    experiment_id: Annotated[
        str, Field(alias="experimentId", pattern="^exp_[0-9a-hjkmnp-tv-z]{26}$")
    ]
    tenant: Annotated[str, Field(pattern="^[a-z][a-z0-9]{1,30}$")]
    name: Annotated[str, Field(pattern="^[a-z][a-z0-9-]{1,30}$")]
    version: Annotated[int, Field(ge=1)]
    created_at: Annotated[
        str,
        Field(
            alias="createdAt",
            description="UTC with milliseconds",
            pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z$",
        ),
    ]
    task: Literal["text-ordinal", "image-ordinal"]
    labels: Annotated[list[BundledLabel], Field(min_length=2)]
    head: Literal["cumulative-link", "coral", "corn", "cross-entropy"]
    decode: BundledDecode
    cutpoints: Annotated[
        list[float],
        Field(
            description="logit[k] = f(x) - theta[k], with `cumulative-link` ascending; empty for heads that have none"
        ),
    ]
    inputs: Annotated[list[BundledTensor], Field(min_length=1)]
    outputs: Annotated[list[BundledTensor], Field(min_length=1)]
    tokenizer: Annotated[
        BundledTokenizer | None, Field(description="of text-ordinal")
    ] = None
    image: Annotated[BundledImage | None, Field(description="of image-ordinal")] = None
    models: BundledModels
    preferred: Literal["fp32", "int8"]
    metrics: dict[str, float]
    dataset: BundledDataset
    base_model_sha256: Annotated[
        str, Field(alias="baseModelSha256", pattern="^[0-9a-f]{64}$")
    ]
    git_sha: Annotated[str, Field(alias="gitSha", pattern="^([0-9a-f]{40}|unknown)$")]
    opset: Annotated[int, Field(ge=1)]
    onnxruntime: str
    parity: BundledParity
    files: Annotated[list[BundledFile], Field(min_length=1)]
    bundle_sha256: Annotated[
        str,
        Field(
            alias="bundleSha256",
            description="tree hash of the bundle without bundle.json",
            pattern="^[0-9a-f]{64}$",
        ),
    ]


class RehearsalFinding(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    schema_version: Annotated[Literal[1], Field(alias="schemaVersion")]
    rehearsal_id: Annotated[
        str, Field(alias="rehearsalId", pattern="^[A-Za-z0-9_-]{1,80}$")
    ]
    rehearsal: Literal["restore", "rollback", "upgrade"]
    outcome: Literal["passed", "failed"]
    started_at: Annotated[
        str,
        Field(
            alias="startedAt",
            description="UTC with milliseconds",
            pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z$",
        ),
    ]
    ended_at: Annotated[
        str,
        Field(
            alias="endedAt",
            description="UTC with milliseconds",
            pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z$",
        ),
    ]
    git_sha: Annotated[str, Field(alias="gitSha", pattern="^([0-9a-f]{40}|unknown)$")]
    image_digest: Annotated[str, Field(alias="imageDigest")]
    figures: Annotated[
        RehearsalFigures | None, Field(description="null when it failed")
    ]
    error: Annotated[RehearsalError | None, Field(description="null when it passed")]


class Documents(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    resolved_spec: Annotated[ResolvedSpec | None, Field(alias="resolved-spec")] = None
    stage_manifest: Annotated[StageManifest | None, Field(alias="stage-manifest")] = (
        None
    )
    stage_result: Annotated[
        StageSucceeded | StageFailed | None, Field(alias="stage-result")
    ] = None
    stage_summaries: Annotated[
        StageSummaries | None, Field(alias="stage-summaries")
    ] = None
    stage_progress: Annotated[StageProgress | None, Field(alias="stage-progress")] = (
        None
    )
    checkpoint_manifest: Annotated[
        CheckpointManifest | None, Field(alias="checkpoint-manifest")
    ] = None
    dataset_version: Annotated[
        DatasetVersion | None, Field(alias="dataset-version")
    ] = None
    prepare_report: Annotated[PrepareReport | None, Field(alias="prepare-report")] = (
        None
    )
    dataset_preparation_request: Annotated[
        DatasetPreparationRequest | None, Field(alias="dataset-preparation-request")
    ] = None
    dataset_report: Annotated[DatasetReport | None, Field(alias="dataset-report")] = (
        None
    )
    bundle: Bundle | None = None
    rehearsal_finding: Annotated[
        RehearsalFinding | None, Field(alias="rehearsal-finding")
    ] = None
    spot_check_finding: Annotated[
        SpotCheckFinding | None, Field(alias="spot-check-finding")
    ] = None
    weight_snapshots: Annotated[
        WeightSnapshots | None, Field(alias="weight-snapshots")
    ] = None
