"""Sections that are read off the documents of parity and quantize, and off the manifests of all stages."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from spotforge_optimization.report.report_data import Candidate, Parity, ParityAt, StageLineage, StageTime

if TYPE_CHECKING:
    from spotforge_runtime.contracts.models import StageInput, StageManifest

TOURNAMENT_BATCH = "8"  # by which the tournament ranks


def parity(report: Mapping[str, Any]) -> Parity:
    return Parity(
        rows=report["rows"],
        mismatches=report.get("mismatches", 0),
        max_abs=report.get("maxAbs"),
        max_ratio=report.get("maxRatio"),
        absolute=report["tolerance"]["absolute"],
        relative=report["tolerance"]["relative"],
        trend=[ParityAt(step=each["step"], max_abs=each.get("maxAbs")) for each in report.get("trend", [])],
        notes=list(report.get("trendNotes", [])),
    )


def candidates(tournament: Mapping[str, Any]) -> list[Candidate]:
    """In the order of the document."""
    return [_candidate(each, tournament.get("chosen")) for each in tournament["candidates"]]


def _candidate(entry: Mapping[str, Any], chosen: object) -> Candidate:
    latency = entry.get("latency", {}).get(TOURNAMENT_BATCH, {})
    return Candidate(
        name=entry["name"],
        score_delta=entry.get("meanScoreDelta"),
        mae=entry.get("scoreMae"),
        latency_ms=latency.get("p50"),
        size=entry.get("bytes"),
        verdict=entry.get("verdict"),
        on_front=bool(entry.get("pareto")),
        chosen=entry["name"] == chosen,
    )


def stage_times(submitted: str, manifests: "Sequence[StageManifest]") -> list[StageTime]:
    """From each stage's manifest to the next one's, the first from the submission on."""
    found, before = [], datetime.fromisoformat(submitted)
    for manifest in manifests:
        ended = datetime.fromisoformat(manifest.created_at)
        seconds = max(0.0, (ended - before).total_seconds())
        found.append(StageTime(stage=manifest.stage, ended_at=manifest.created_at, seconds=round(seconds, 1)))
        before = max(before, ended)
    return found


def stage_lineage(read: "Sequence[StageInput]", manifests: "Mapping[Any, StageManifest]") -> list[StageLineage]:
    """Of every manifest that was read, with the hash by which it was read."""
    return [
        StageLineage(
            stage=each.stage,
            run=(manifest := manifests[each.stage]).run,
            attempt=manifest.attempt,
            manifest=each.manifest,
            sha256=each.sha256,
            git_sha=manifest.git_sha,
            image_digest=manifest.image_digest,
            outputs=len(manifest.outputs),
            size=sum(output.bytes for output in manifest.outputs),
        )
        for each in read
    ]
