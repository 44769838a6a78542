"""`report.json`: what the page of an experiment shows, and what a comparison of several reads."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

DATA = "report.json"
PAGE = "report.html"
ModelName = Literal["fp32", "int8"]
Section = Literal["headline", "curves", "confusion", "calibration", "cutpoints", "parity", "tournament", "timings", "lineage"]


class Part(BaseModel):
    """Field names as in every other document; unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, populate_by_name=True)


class Subject(Part):
    """Which experiment this is. `spec` is the frozen one without its ids and pins: what may differ between two experiments."""

    experiment_id: str
    name: str
    created_at: str
    label_values: list[float]
    spec: dict[str, Any]


class Headline(Part):
    """MAEs are those of test, in classes; `rejected` is the gate's sentence, None where nothing was rejected."""

    mae: float
    baseline_mae: float
    rows: int
    steps: int
    device: str
    model_mae: dict[ModelName, float]
    verdict: str
    preferred: ModelName
    reason: str
    rejected: str | None


class Confusion(Part):
    """`matrix[label][predicted]` counts test rows; `by_distance[d]` those with |predicted - label| = d."""

    model: ModelName
    matrix: list[list[int]]
    by_distance: list[int]


class ReliabilityBin(Part):
    """Of all (row, k) whose P(y > k) falls into the bin: the mean of it, and how often y > k was true."""

    predicted: float
    observed: float
    count: int


class ThresholdCalibration(Part):
    """Over all test rows: the mean of P(y > k), and the share of rows with y > k."""

    threshold: int
    predicted: float
    observed: float


class ScoreAtLabel(Part):
    """The expected scores of the test rows of one label: mean, 10th and 90th percentile, in classes."""

    label: int
    rows: int
    mean: float
    low: float
    high: float


class Calibration(Part):
    """`error` is the expected calibration error of P(y > k), all k together: mean |predicted - observed|, bins by their rows."""

    model: ModelName
    error: float
    bins: list[ReliabilityBin]
    thresholds: list[ThresholdCalibration]
    scores: list[ScoreAtLabel]


class CutpointsAt(Part):
    step: float
    cutpoints: list[float]


class Parity(Part):
    """`trend` is by step, rising; what is None was not a finite number."""

    rows: int
    mismatches: int
    max_abs: float | None
    max_ratio: float | None
    absolute: float
    relative: float
    trend: list["ParityAt"]
    notes: list[str]


class ParityAt(Part):
    step: float
    max_abs: float | None


class Candidate(Part):
    """One entry of the tournament, as it was measured on validation; None where the tournament does not say."""

    name: str
    score_delta: float | None
    mae: float | None
    latency_ms: float | None
    size: int | None
    verdict: str | None
    on_front: bool
    chosen: bool


class StageTime(Part):
    """`seconds` since the stage before it ended: its queue's wait and its attempts that failed included."""

    stage: str
    ended_at: str
    seconds: float


class BatchLatency(Part):
    """Milliseconds of one batch; `mad` is the median distance from the median."""

    model: str
    batch: int
    threads: int
    p50: float
    p95: float | None
    p99: float | None
    mad: float | None


class Timings(Part):
    stages: list[StageTime]
    cpu: str
    onnxruntime: str
    conclusive: bool
    latencies: list[BatchLatency]


class StageLineage(Part):
    stage: str
    run: int
    attempt: int
    manifest: str
    sha256: str
    git_sha: str
    image_digest: str
    outputs: int
    size: int


class Lineage(Part):
    """`hashes` by what they are of, for example `dataset`; `stages` are those whose manifests the report read."""

    hashes: dict[str, str]
    stages: list[StageLineage]


class ReportData(Part):
    """A section is None where `missing` says why."""

    schema_version: Literal[1]
    subject: Subject
    headline: Headline | None = None
    curves: list[dict[str, float | None]] | None = None
    confusion: Confusion | None = None
    calibration: list[Calibration] | None = None
    cutpoints: list[CutpointsAt] | None = None
    parity: Parity | None = None
    tournament: list[Candidate] | None = None
    timings: Timings | None = None
    lineage: Lineage | None = None
    missing: dict[Section, str]
