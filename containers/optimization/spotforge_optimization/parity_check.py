"""PyTorch against ONNX: names, then shapes, then values, and a report that shows every kind of mismatch."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from spotforge_optimization.encoding import EncodedTexts
from spotforge_optimization.tolerance import Comparison, Floats, Tolerance, compare

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
    names: tuple[Sequence[str], Sequence[str]],
    reference: Floats,
    measured: Floats,
    texts: EncodedTexts,
    rows: npt.NDArray[np.int64],
    tolerance: Tolerance,
) -> ParityOutcome:
    """`names` are the outputs of PyTorch and of ONNX; logits have shape (rows, K-1); `rows` are the raw file's row numbers."""
    head: dict[str, Any] = {
        "schemaVersion": 1,
        "tolerance": {"absolute": tolerance.absolute, "relative": tolerance.relative},
        "rows": len(rows),
        "names": {"pytorch": list(names[0]), "onnx": list(names[1])},
        "shapes": {"pytorch": list(reference.shape), "onnx": list(measured.shape)},
    }
    if list(names[0]) != list(names[1]):
        return _refused(head, "names", f"PyTorch gives the outputs {', '.join(names[0])}, ONNX {', '.join(names[1])}")
    if reference.shape != measured.shape:
        return _refused(head, "shapes", f"PyTorch gives logits of shape {reference.shape}, ONNX of {measured.shape}")
    found = compare(measured, reference, tolerance)
    report = {**head, "checked": "values", "passed": found.mismatches == 0, **_values(found, reference, measured, texts, rows)}
    if found.mismatches == 0:
        return ParityOutcome(True, f"all {found.delta.size} logits of {len(rows)} rows agree", report)
    worst = report["largest"]
    says = (
        f"{found.mismatches} of {found.delta.size} logits differ beyond |a - b| <= {tolerance.absolute:g}"
        f" + {tolerance.relative:g} * |b|; the furthest is logit {worst['logit']} of row {worst['row']}:"
        f" ONNX {worst['onnx']}, PyTorch {worst['pytorch']}"
    )
    return ParityOutcome(False, says, report)


def _refused(head: dict[str, Any], checked: str, says: str) -> ParityOutcome:
    return ParityOutcome(False, says, {**head, "checked": checked, "passed": False, "problem": says})


def _values(
    found: Comparison, reference: Floats, measured: Floats, texts: EncodedTexts, rows: npt.NDArray[np.int64]
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
        "byLength": _by_length(found, texts),
        "maxAbsByLogit": [number(value) for value in found.delta.max(axis=0, initial=0.0)],
        "largest": None if worst is None else {**element(worst), "tokenIds": [int(i) for i in texts.ids[worst[0]]]},
        "listed": [element(tuple(int(i) for i in index)) for index in furthest_first],
    }


def _percentiles(values: npt.NDArray[np.float64]) -> list[float]:
    # Of the values themselves: interpolation between a number and infinity would give NaN.
    return (
        [float(value) for value in np.percentile(values, PERCENTILES, method="higher")]
        if values.size
        else [0.0] * len(PERCENTILES)
    )


def _by_length(found: Comparison, texts: EncodedTexts) -> list[dict[str, Any]]:
    """The largest difference in bands of text length with about as many rows each: a wrong mask shows here."""
    order = np.argsort(texts.lengths, kind="stable")
    return [
        {
            "tokens": [int(texts.lengths[band[0]]), int(texts.lengths[band[-1]])],
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
