"""What tells several experiments apart: their figures, the best of each marked, and where their specs differ."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from spotforge_optimization.report.report_data import ReportData

RANKING_BATCH = 8


@dataclass(frozen=True)
class Figure:
    """A column of the comparison: `values` by experiment, None where a report has none; `best` by number. Less is better."""

    name: str
    unit: str
    values: tuple[float | None, ...]
    best: tuple[int, ...]


@dataclass(frozen=True)
class SpecField:
    """A field of the spec by its path, with each experiment's value, None where it has none."""

    path: str
    values: tuple[Any, ...]

    @property
    def differs(self) -> bool:
        return any(value != self.values[0] for value in self.values)


def letter(number: int) -> str:
    """What a comparison calls its experiments: A … Z, then A2 and so on.

    >>> letter(0), letter(27)
    ('A', 'B2')
    """
    rounds, place = divmod(number, 26)
    return chr(ord("A") + place) + (str(rounds + 1) if rounds else "")


def figures(reports: Sequence[ReportData]) -> list[Figure]:
    """Only those that at least one report has."""
    columns: list[tuple[str, str, Callable[[ReportData], float | None]]] = [
        ("MAE on test", "classes", lambda data: data.headline.mae if data.headline else None),
        ("MAE against the median class", "share", _relative_mae),
        ("FP32 MAE", "classes", lambda data: data.headline.model_mae["fp32"] if data.headline else None),
        ("INT8 MAE", "classes", lambda data: data.headline.model_mae["int8"] if data.headline else None),
        ("calibration error", "share", _calibration_error),
        ("preferred model, p50 at batch 8", "ms", _latency),
    ]
    found = [_figure(name, unit, [read(data) for data in reports]) for name, unit, read in columns]
    return [each for each in found if any(value is not None for value in each.values)]


def spec_fields(reports: Sequence[ReportData]) -> list[SpecField]:
    """Those that differ first, otherwise in the order of the specs."""
    flat = [dict(_flatten(data.subject.spec)) for data in reports]
    paths = list(dict.fromkeys(path for each in flat for path in each))
    fields = [SpecField(path, tuple(each.get(path) for each in flat)) for path in paths]
    return sorted(fields, key=lambda field: not field.differs)


def not_comparable(reports: Sequence[ReportData]) -> list[str]:
    """Why their MAEs say nothing about each other; empty where they were measured on the same test rows."""
    reasons = []
    if len({tuple(data.subject.label_values) for data in reports}) > 1:
        reasons.append("their labels have different values")
    hashes = {data.lineage.hashes.get("dataset (tree hash)") if data.lineage else None for data in reports}
    if len(hashes) > 1 or None in hashes:
        reasons.append("their datasets are not known to be the same")
    if len({str(data.subject.spec.get("dataset", {}).get("split")) for data in reports}) > 1:
        reasons.append("their datasets are split differently")
    return reasons


def _figure(name: str, unit: str, values: Sequence[float | None]) -> Figure:
    known = [value for value in values if value is not None]
    best = tuple(i for i, value in enumerate(values) if value is not None and value == min(known)) if len(known) > 1 else ()
    return Figure(name, unit, tuple(values), best if len(best) < len(known) else ())


def _relative_mae(data: ReportData) -> float | None:
    return data.headline.mae / data.headline.baseline_mae if data.headline and data.headline.baseline_mae else None


def _calibration_error(data: ReportData) -> float | None:
    preferred = data.headline.preferred if data.headline else "fp32"
    return next((each.error for each in data.calibration or () if each.model == preferred), None)


def _latency(data: ReportData) -> float | None:
    preferred = data.headline.preferred if data.headline else "fp32"
    latencies = data.timings.latencies if data.timings else ()
    own = [each for each in latencies if each.model == preferred and each.batch == RANKING_BATCH]
    return max(own, key=lambda each: each.threads).p50 if own else None


def _flatten(value: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    flat: list[tuple[str, Any]] = []
    for key, below in value.items():
        path = f"{prefix}{key}"
        flat.extend(_flatten(below, f"{path}.") if isinstance(below, Mapping) else [(path, below)])
    return flat
