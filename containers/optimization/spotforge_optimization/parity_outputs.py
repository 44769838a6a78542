"""Two runtimes' answers to the same inputs: names, then shapes, then values, and every mismatch with its largest difference.

A pure function over arrays by output name: whose answers they are does not matter (see `parity_runtimes`). A mismatch hides no
other: what can still be compared is compared.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from spotforge_optimization.tolerance import Comparison, Tolerance, compare

Array = npt.NDArray[Any]
Arrays = Mapping[str, Array]
Kind = Literal["missing", "unexpected", "dtype", "shape", "values"]
WORST_ROWS = 10


@dataclass(frozen=True)
class WorstRow:
    """The element of a row that is furthest beyond its tolerance. `row` is the caller's own number."""

    row: int
    element: tuple[int, ...]
    reference: float
    candidate: float
    delta: float
    ratio: float


@dataclass(frozen=True)
class Mismatch:
    """One way in which an output is not the reference's. Counts and differences only where values could be compared."""

    kind: Kind
    output: str
    says: str
    count: int | None = None
    max_abs: float | None = None
    worst_rows: tuple[WorstRow, ...] = ()


@dataclass(frozen=True)
class ComparedOutputs:
    """Mismatches by kind in the order missing, unexpected, dtype, shape, values; comparisons of what could be compared."""

    mismatches: tuple[Mismatch, ...]
    compared: Mapping[str, Comparison]

    @property
    def passed(self) -> bool:
        return not self.mismatches

    @property
    def says(self) -> str:
        """All mismatches in one sentence; what agrees when there are none."""
        if self.mismatches:
            return "; ".join(mismatch.says for mismatch in self.mismatches)
        elements = sum(found.delta.size for found in self.compared.values())
        return f"all {elements} values of {', '.join(self.compared)} agree"


def compare_outputs(
    reference: Arrays, candidate: Arrays, tolerance: Tolerance, row_numbers: Sequence[int] | npt.NDArray[np.int64] | None = None
) -> ComparedOutputs:
    """The first axis of every output is the rows; `row_numbers` says how the caller counts them (default: from 0).

    >>> one = np.zeros((2, 3), dtype=np.float32)
    >>> two = one.copy(); two[1, 2] = 0.5
    >>> found = compare_outputs({"logits": one, "cache": one}, {"logits": two, "pooled": one}, Tolerance(1e-5, 1e-5), [7, 8])
    >>> [(mismatch.kind, mismatch.output) for mismatch in found.mismatches]
    [('missing', 'cache'), ('unexpected', 'pooled'), ('values', 'logits')]
    >>> [(worst.row, worst.element, worst.delta) for worst in found.mismatches[-1].worst_rows]
    [(8, (2,), 0.5)]
    """
    shared = [name for name in reference if name in candidate]
    compared: dict[str, Comparison] = {}
    found = [Mismatch("missing", name, f"the output {name} is missing") for name in reference if name not in candidate]
    found += [
        Mismatch("unexpected", name, f"there is an output {name} that nobody expects")
        for name in candidate
        if name not in reference
    ]
    found += [
        Mismatch("dtype", name, f"{name} is {candidate[name].dtype} instead of {reference[name].dtype}")
        for name in shared
        if candidate[name].dtype != reference[name].dtype
    ]
    for name in shared:
        if candidate[name].shape != reference[name].shape:
            says = f"{name} has the shape {candidate[name].shape} instead of {reference[name].shape}"
            found.append(Mismatch("shape", name, says))
        else:
            compared[name] = compare(candidate[name], reference[name], tolerance)
    found += [
        _of_values(name, comparison, reference[name], candidate[name], row_numbers)
        for name, comparison in compared.items()
        if comparison.mismatches
    ]
    return ComparedOutputs(tuple(found), compared)


def _of_values(
    name: str,
    found: Comparison,
    reference: Array,
    candidate: Array,
    row_numbers: Sequence[int] | npt.NDArray[np.int64] | None,
) -> Mismatch:
    rows = len(found.delta) if found.delta.ndim else 1
    ratio = found.ratio.reshape(rows, -1)
    beyond = np.flatnonzero(found.mismatch.reshape(rows, -1).any(axis=1))
    furthest_first = beyond[np.argsort(-ratio[beyond].max(axis=1), kind="stable")]

    def worst(row: int) -> WorstRow:
        element = tuple(int(i) for i in np.unravel_index(int(np.argmax(ratio[row])), found.delta.shape[1:]))
        at = (row, *element) if found.delta.ndim else ()
        return WorstRow(
            row=row if row_numbers is None else int(row_numbers[row]),
            element=element,
            reference=float(reference[at]),
            candidate=float(candidate[at]),
            delta=float(found.delta[at]),
            ratio=float(found.ratio[at]),
        )

    listed = tuple(worst(int(row)) for row in furthest_first[:WORST_ROWS])
    largest = float(found.delta.max(initial=0.0))
    first = listed[0]
    says = (
        f"{name}: {found.mismatches} of {found.delta.size} values in {len(beyond)} of {rows} rows differ,"
        f" by {largest:.3g} at most; the furthest beyond its tolerance is {list(first.element)} of row {first.row}: "
        f"{first.candidate:.7g} instead of {first.reference:.7g}"
    )
    return Mismatch("values", name, says, count=found.mismatches, max_abs=largest, worst_rows=listed)
