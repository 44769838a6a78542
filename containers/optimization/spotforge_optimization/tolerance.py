"""The parity criterion: |a - b| <= absolute + relative * |b| for every element; b is the PyTorch reference.

The same asymmetric form as numpy.testing.assert_allclose, except that nothing that is not finite ever passes.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Tolerance:
    absolute: float
    relative: float


@dataclass(frozen=True)
class Comparison:
    """Element by element, in float64; all arrays have the shape of the inputs."""

    delta: npt.NDArray[np.float64]
    allowed: npt.NDArray[np.float64]
    ratio: npt.NDArray[np.float64]
    mismatch: npt.NDArray[np.bool_]

    @property
    def mismatches(self) -> int:
        return int(self.mismatch.sum())

    @property
    def worst(self) -> tuple[int, ...] | None:
        """Index of the element furthest beyond, or nearest to, its tolerance; not finite counts as the furthest."""
        if self.ratio.size == 0:
            return None
        return tuple(int(i) for i in np.unravel_index(int(np.argmax(self.ratio)), self.ratio.shape))


def compare(measured: Floats, reference: Floats, tolerance: Tolerance) -> Comparison:
    """Shapes must be equal (checked before by whoever reports it). A ratio above 1, or not finite, is a mismatch."""
    a, b = np.asarray(measured, dtype=np.float64), np.asarray(reference, dtype=np.float64)
    if a.shape != b.shape:
        raise ValueError(f"expected equal shapes, got {a.shape} and {b.shape}")
    finite = np.isfinite(a) & np.isfinite(b)
    with np.errstate(invalid="ignore", over="ignore"):
        delta = np.where(finite, np.abs(a - b), np.inf)
        allowed = np.where(finite, tolerance.absolute + tolerance.relative * np.abs(b), 0.0)
        mismatch = ~(finite & (delta <= allowed))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        # 0 / 0 is a perfect element under a tolerance of zero.
        ratio = np.where(delta == 0, 0.0, delta / allowed)
    return Comparison(delta=delta, allowed=allowed, ratio=ratio, mismatch=mismatch)
