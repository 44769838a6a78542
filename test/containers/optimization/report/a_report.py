"""The data of a report, as an experiment that learned would leave it."""

from typing import Any

import numpy as np
from spotforge_optimization.report.calibration import calibration
from spotforge_optimization.report.confusion import confusion
from spotforge_optimization.report.report_data import ReportData

CLASSES = 5


def some_logits(rows: int = 400, *, noise: float = 1.0, seed: int = 3) -> tuple[Any, Any]:
    """Cumulative-link logits, shape (rows, K-1), and the labels they were drawn from."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, CLASSES, rows)
    latent = labels - 2 + random.normal(0, noise, rows)
    return 2.0 * (latent[:, None] - np.array([-1.5, -0.5, 0.5, 1.5])), labels


def a_spec(**train: Any) -> dict[str, Any]:
    return {
        "task": "text-ordinal",
        "model": {"name": "sentiment"},
        "dataset": {"name": "reviews", "split": {"seed": 13}},
        "train": {"head": "cumulative-link", "epochs": 2, "learningRate": 5e-5, **train},
    }


def a_report(**changes: Any) -> ReportData:
    """Every section filled; `changes` replace whole fields, by their names in JSON."""
    logits, labels = some_logits()
    rough = logits + np.random.default_rng(5).normal(0, 0.1, logits.shape)
    candidates = [("fp32", 0.0, 41.0, 90.4), ("static-minmax", 0.0021, 25.5, 23.1), ("dynamic", 0.006, 29.0, 22.9)]
    document: dict[str, Any] = {
        "schemaVersion": 1,
        "subject": {
            "experimentId": "exp_01m8jg118xf6e8ktx068qypbw4",
            "name": "reviews",
            "createdAt": "2026-11-22T06:00:00.000Z",
            "labelValues": [-2, -1, 0, 1, 2],
            "spec": a_spec(),
        },
        "headline": {
            "mae": 0.634,
            "baselineMae": 1.21,
            "rows": 3200,
            "steps": 400,
            "device": "cpu",
            "modelMae": {"fp32": 0.634, "int8": 0.636},
            "verdict": "passed",
            "preferred": "int8",
            "reason": "INT8 keeps the MAE within 1 % and is 1.61 times as fast at batch 8.",
            "rejected": None,
        },
        "curves": [
            {
                "step": step,
                "epoch": step / 200,
                "loss": 1.5 * float(np.exp(-step / 150)) + 0.6,
                "learningRate": 5e-5 * (1 - step / 400),
                **({"validationLoss": 1.4 - step / 800, "validationMae": 1.1 - step / 900} if step % 100 == 0 else {}),
            }
            for step in range(20, 401, 20)
        ],
        "confusion": confusion("int8", logits, labels, "cumulative-link", CLASSES).model_dump(by_alias=True),
        "calibration": [
            calibration("fp32", logits, labels, "cumulative-link").model_dump(by_alias=True),
            calibration("int8", rough, labels, "cumulative-link").model_dump(by_alias=True),
        ],
        "cutpoints": [
            {"step": step, "cutpoints": [-1.5 - step / 900, -0.4 - step / 2000, 0.5 + step / 1500, 1.6 + step / 800]}
            for step in (0, 100, 200, 300, 400)
        ],
        "parity": {
            "rows": 640,
            "mismatches": 0,
            "maxAbs": 2.1e-6,
            "maxRatio": 0.08,
            "absolute": 1e-5,
            "relative": 1e-5,
            "trend": [{"step": 0, "maxAbs": 9e-7}, {"step": 200, "maxAbs": 1.4e-6}, {"step": 400, "maxAbs": 2.1e-6}],
            "notes": [],
        },
        "tournament": [
            {
                "name": name,
                "scoreDelta": delta,
                "mae": 0.62 + delta,
                "latencyMs": latency,
                "size": int(size * 1e6),
                "verdict": "passed",
                "onFront": name != "dynamic",
                "chosen": name == "static-minmax",
            }
            for name, delta, latency, size in candidates
        ],
        "timings": {
            "stages": [
                {"stage": "ingest", "endedAt": "2026-11-22T06:00:09.000Z", "seconds": 9.0},
                {"stage": "train", "endedAt": "2026-11-22T06:03:00.000Z", "seconds": 171.0},
            ],
            "cpu": "Intel(R) Xeon(R) Platinum 8375C",
            "onnxruntime": "1.31.1",
            "conclusive": True,
            "latencies": [
                {
                    "model": model,
                    "batch": batch,
                    "threads": 2,
                    "p50": 5.1 * batch,
                    "p95": 5.9 * batch,
                    "p99": 7 * batch,
                    "mad": 0.1,
                }
                for model in ("fp32", "int8")
                for batch in (1, 8, 32)
            ],
        },
        "lineage": {
            "hashes": {"dataset (tree hash)": "a" * 64, "code (git)": "b" * 40},
            "stages": [
                {
                    "stage": "train",
                    "run": 1,
                    "attempt": 1,
                    "manifest": "s3://experiments/experiments/exp_01m8jg118xf6e8ktx068qypbw4/train/r1-1/manifest.json",
                    "sha256": "c" * 64,
                    "gitSha": "b" * 40,
                    "imageDigest": "sha256:" + "d" * 64,
                    "outputs": 9,
                    "size": 91_000_000,
                }
            ],
        },
        "missing": {},
    }
    return ReportData.model_validate(document | changes)
