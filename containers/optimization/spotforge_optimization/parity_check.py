"""PyTorch against ONNX as one report: every kind of mismatch, and where the differences lie even when there is none."""

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from spotforge_optimization.onnx_session import LOGITS
from spotforge_optimization.parity_outputs import Arrays, ComparedOutputs, Mismatch, compare_outputs
from spotforge_optimization.tolerance import Comparison, Floats, Tolerance

LISTED_MISMATCHES = 200  # the count is always complete
PERCENTILES = (50.0, 90.0, 99.0, 99.9, 100.0)
LENGTH_BANDS = 4


@dataclass(frozen=True)
class ParityOutcome:
    passed: bool
    says: str
    report: dict[str, Any]


def check_parity(
    *,
    reference: Arrays,
    measured: Arrays,
    lengths: npt.NDArray[np.int64],
    rows: npt.NDArray[np.int64],
    tolerance: Tolerance,
    describe_row: Callable[[int], dict[str, Any]] = lambda _row: {},
) -> ParityOutcome:
    """`reference` are PyTorch's outputs by name, `measured` ONNX's; `rows` are the raw file's row numbers, `lengths` how much
    there is in each row; `describe_row` says more of the row of the largest difference. Logits have shape (rows, logits)."""
    found = compare_outputs(reference, measured, tolerance, rows)
    kinds = {mismatch.kind for mismatch in found.mismatches}
    checked = "names" if kinds & {"missing", "unexpected"} else "shapes" if kinds & {"dtype", "shape"} else "values"
    report: dict[str, Any] = {
        "schemaVersion": 1,
        "tolerance": {"absolute": tolerance.absolute, "relative": tolerance.relative},
        "rows": len(rows),
        "names": {"pytorch": list(reference), "onnx": list(measured)},
        "shapes": {
            runtime: list(outputs[LOGITS].shape) if LOGITS in outputs else None
            for runtime, outputs in (("pytorch", reference), ("onnx", measured))
        },
        "checked": checked,
        "passed": found.passed,
        "problem": None if found.passed else found.says,
        "outputs": _by_output(found),
        "problems": [_problem(mismatch) for mismatch in found.mismatches],
    }
    if LOGITS in found.compared:
        report |= _values(found.compared[LOGITS], reference[LOGITS], measured[LOGITS], lengths, rows, describe_row)
    if found.passed:
        return ParityOutcome(True, f"{found.says} in {len(rows)} rows", report)
    allowed = f"allowed is {tolerance.absolute:g} + {tolerance.relative:g} * |PyTorch's value|"
    return ParityOutcome(False, f"{found.says} ({allowed})", report)


def _by_output(found: ComparedOutputs) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "elements": int(comparison.delta.size),
            "mismatches": comparison.mismatches,
            "maxAbs": number(comparison.delta.max(initial=0.0)),
            "maxRatio": number(comparison.ratio.max(initial=0.0)),
        }
        for name, comparison in found.compared.items()
    ]


def _problem(mismatch: Mismatch) -> dict[str, Any]:
    return {
        "kind": mismatch.kind,
        "output": mismatch.output,
        "says": mismatch.says,
        "count": mismatch.count,
        "maxAbs": None if mismatch.max_abs is None else number(mismatch.max_abs),
        "worstRows": [
            {name: number(value) if isinstance(value, float) else value for name, value in asdict(worst).items()}
            for worst in mismatch.worst_rows
        ],
    }


def _values(
    found: Comparison,
    reference: Floats,
    measured: Floats,
    lengths: npt.NDArray[np.int64],
    rows: npt.NDArray[np.int64],
    describe_row: Callable[[int], dict[str, Any]],
) -> dict[str, Any]:
    def element(index: tuple[int, ...]) -> dict[str, Any]:
        row, logit = index
        return {
            "row": int(rows[row]),
            "logit": int(logit),
            "pytorch": number(reference[index]),
            "onnx": number(measured[index]),
            "delta": number(found.delta[index]),
            "allowed": number(found.allowed[index]),
            "ratio": number(found.ratio[index]),
        }

    worst = found.worst
    mismatches = np.argwhere(found.mismatch)
    furthest_first = mismatches[np.argsort(-found.ratio[found.mismatch], kind="stable")][:LISTED_MISMATCHES]
    return {
        "elements": int(found.delta.size),
        "mismatches": found.mismatches,
        "maxAbs": number(found.delta.max(initial=0.0)),
        "maxRatio": number(found.ratio.max(initial=0.0)),
        "percentiles": [
            {"percentile": p, "delta": number(d), "ratio": number(r)}
            for p, d, r in zip(PERCENTILES, _percentiles(found.delta), _percentiles(found.ratio), strict=True)
        ],
        "byLength": _by_length(found, lengths),
        "maxAbsByLogit": [number(value) for value in found.delta.max(axis=0, initial=0.0)],
        "largest": None if worst is None else {**element(worst), **describe_row(worst[0])},
        "listed": [element(tuple(int(i) for i in index)) for index in furthest_first],
    }


def _percentiles(values: npt.NDArray[np.float64]) -> list[float]:
    # Of the values themselves: interpolation between a number and infinity would give NaN.
    return (
        [float(value) for value in np.percentile(values, PERCENTILES, method="higher")]
        if values.size
        else [0.0] * len(PERCENTILES)
    )


def _by_length(found: Comparison, lengths: npt.NDArray[np.int64]) -> list[dict[str, Any]]:
    """The largest difference in bands of length with about as many rows each: a wrong mask shows here."""
    order = np.argsort(lengths, kind="stable")
    return [
        {
            "tokens": [int(lengths[band[0]]), int(lengths[band[-1]])],
            "rows": len(band),
            "maxAbs": number(found.delta[band].max(initial=0.0)),
            "maxRatio": number(found.ratio[band].max(initial=0.0)),
        }
        for band in np.array_split(order, LENGTH_BANDS)
        if len(band)
    ]


def number(value: float | np.floating[Any]) -> float | None:
    """JSON has neither NaN nor infinity: null says that a number is neither of the finite ones."""
    plain = float(value)
    return plain if math.isfinite(plain) else None
