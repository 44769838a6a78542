"""`report.json` of a preparation: what became of it, for a version that is ready and for one that is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spotforge_runtime import instants
from spotforge_runtime.contracts import names
from spotforge_runtime.errors import InvalidInput

from spotforge_data.dataset_version_environment import DatasetVersionEnvironment
from spotforge_data.findings import Findings
from spotforge_data.splitting import SPLITS
from spotforge_data.versions import StoredVersion

if TYPE_CHECKING:
    from spotforge_runtime.contracts.models import DatasetPreparationRequest, DatasetReport

EXAMPLES = 100


def dataset_report(
    environment: DatasetVersionEnvironment,
    request: DatasetPreparationRequest,
    *,
    bytes_read: int,
    found: Findings,
    rejected_rows_uri: str | None,
    ended: tuple[StoredVersion, StoredVersion] | InvalidInput,
) -> DatasetReport:
    """`ended` is the raw and the processed version, or why there are none."""
    from spotforge_runtime.contracts.models import DatasetReport

    return DatasetReport.model_validate(
        {
            "schemaVersion": names.SCHEMA_VERSION,
            "preparationId": request.preparation_id,
            "tenant": request.tenant,
            "dataset": request.dataset,
            "endedAt": instants.now(),
            "gitSha": environment.git_sha,
            "imageDigest": environment.image_digest,
            **(_refused(ended) if isinstance(ended, InvalidInput) else _ready(*ended)),
            "bytes": bytes_read,
            "rejectedRowsUri": rejected_rows_uri,
            **_figures(found, request),
        }
    )


def _ready(raw: StoredVersion, processed: StoredVersion) -> dict[str, Any]:
    return {
        "status": "ready",
        "refusal": None,
        "version": raw.version,
        "rawUri": raw.uri,
        "rawSha256": raw.sha256,
        "processedUri": processed.uri,
        "processedSha256": processed.sha256,
    }


def _refused(error: InvalidInput) -> dict[str, Any]:
    unknown = ("version", "rawUri", "rawSha256", "processedUri", "processedSha256")
    refusal = {"message": error.message, "where": error.where, "remedy": error.remedy}
    return {"status": "refused", "refusal": refusal, **dict.fromkeys(unknown)}


def _figures(found: Findings, request: DatasetPreparationRequest) -> dict[str, Any]:
    values = request.schema_.labels.values
    return {
        "rowsRead": found.rows_read,
        "rowsKept": found.rows_kept,
        "groups": found.groups,
        "rejected": [
            {
                "reason": reason,
                "count": rejected.count,
                "examples": [{"row": row, "detail": detail} for row, detail in rejected.examples[:EXAMPLES]],
            }
            for reason, rejected in found.rejections.sorted()
        ],
        "labels": [
            {"value": value, "rows": rows}
            for value, rows in zip(values, found.class_counts(found.kept(), len(values)), strict=True)
        ],
        "splits": found.split_counts(len(values)),
        "nearDuplicates": _near_duplicates(found),
        "unlistedFiles": {"count": len(found.unlisted), "examples": list(found.unlisted[:EXAMPLES])},
    }


def _near_duplicates(found: Findings) -> dict[str, Any] | None:
    if found.pairs is None or found.leaks is None or found.left_out is None or found.split is None:
        return None
    row, split = found.facts.row, found.split
    return {
        "pairs": len(found.pairs),
        "leaks": len(found.leaks),
        "rowsLeftOut": int(found.left_out.sum()),
        "examples": [
            {
                "row": int(row[copy]),
                "split": SPLITS[split[copy]],
                "otherRow": int(row[original]),
                "otherSplit": SPLITS[split[original]],
            }
            for original, copy in found.leaks[:EXAMPLES]
        ],
    }
