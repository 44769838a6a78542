"""Turns a raw dataset into train, validation, test and calibration rows, and says which rows it refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from spotforge_runtime.context import StageContext
from spotforge_runtime.contracts import names
from spotforge_runtime.contracts.models import IngestSummary, PrepareReport, PrepareSummary
from spotforge_runtime.documents import to_json
from spotforge_runtime.hashing import sha256_of_file
from spotforge_runtime.outputs import uri_of_output

from spotforge_data.data_file import Columns, choose_data_file, read_rows
from spotforge_data.parquet import write_rows
from spotforge_data.row_rules import CheckedRows, Row, check_rows
from spotforge_data.split_rules import check_rejected, check_shares, check_splits, class_counts
from spotforge_data.splitting import Splits, choose_calibration, split_rows
from spotforge_data.truncation import count_truncated
from spotforge_data.versions import LocalFile, refer_outputs, store_version

DATASET_PREFIX = "dataset/"
REPORT = "report.json"
# Where each output lies within the version; calibration apart from what is trained and judged on.
PATHS = {
    "train.parquet": "train.parquet",
    "validation.parquet": "validation.parquet",
    "test.parquet": "test.parquet",
    "calibration.parquet": "calibration/calibration.parquet",
    REPORT: REPORT,
}
STEPS = 4


def work(context: StageContext) -> PrepareSummary:
    """Reads, checks, splits, counts what will be truncated, and stores the processed version."""
    spec, classes = context.spec, len(context.spec.dataset.labels.values)
    check_shares(spec.dataset.split.validation, spec.dataset.split.test)
    raw = context.inputs.summary("ingest", IngestSummary)

    context.progress.report(step=0, total_steps=STEPS, message="reading rows")
    checked = _read(context)
    check_rejected(checked, lambda: _diagnosis(context, _report(checked, 0, Splits([], [], []), [], classes)))

    context.progress.report(step=1, message="splitting")
    split = spec.dataset.split
    splits = split_rows(checked.kept, seed=split.seed, validation=split.validation, test=split.test)
    check_splits(
        splits,
        spec.dataset.labels.values,
        lambda: _diagnosis(context, _report(checked, 0, splits, [], classes)),
    )
    calibration = choose_calibration(splits.train, spec.quantize.calibration_rows, seed=split.seed)

    context.progress.report(step=2, message="counting tokens")
    truncated = _count_truncated(context, checked.kept)

    context.progress.report(step=3, message="storing")
    report = _report(checked, truncated, splits, calibration, classes)
    files = _write_files(context.scratch / "processed", splits, calibration, report)
    version = store_version(context, "processed", spec.dataset.name, files, parent=raw.dataset_sha256)
    refer_outputs(context, version, {path: name for name, path in PATHS.items()})
    context.progress.report(step=4, message=f"version {version.version} {'reused' if version.reused else 'stored'}")

    return PrepareSummary(
        processed_uri=version.uri,
        processed_version=version.version,
        processed_sha256=version.sha256,
        rows=len(checked.kept),
        rejected_rows=checked.rejected_count,
        truncated_rows=truncated,
        groups=report.groups,
        train_rows=len(splits.train),
        validation_rows=len(splits.validation),
        test_rows=len(splits.test),
        calibration_rows=len(calibration),
    )


def _read(context: StageContext) -> CheckedRows:
    spec, inputs = context.spec.dataset, context.inputs
    outputs = [output.name for output in inputs.manifest("ingest").outputs]
    name = choose_data_file([output.removeprefix(DATASET_PREFIX) for output in outputs if output.startswith(DATASET_PREFIX)])
    path = inputs.download("ingest", DATASET_PREFIX + name)
    columns = Columns(spec.columns.text, spec.columns.label, spec.columns.group)
    return check_rows(read_rows(path, name, columns), spec.labels.values)


def _count_truncated(context: StageContext, rows: Sequence[Row]) -> int:
    tokenizer = context.inputs.download("ingest", "base-model/tokenizer.json")
    done = 0

    def count(texts: int) -> None:
        nonlocal done
        done += texts
        context.progress.report(fraction=(2 + done / len(rows)) / STEPS)

    return count_truncated([row.text for row in rows], tokenizer, context.spec.train.max_length, count)


def _diagnosis(context: StageContext, report: PrepareReport) -> list[str]:
    """Stores the report of a dataset that is refused in the attempt's own folder: no version will hold it."""
    return [uri_of_output(context.outputs.write_json(REPORT, report))]


def _report(checked: CheckedRows, truncated: int, splits: Splits, calibration: Sequence[Row], classes: int) -> PrepareReport:
    parts = {"train": splits.train, "validation": splits.validation, "test": splits.test, "calibration": calibration}
    return PrepareReport.model_validate(
        {
            "schemaVersion": names.SCHEMA_VERSION,
            "rowsRead": checked.read_count,
            "rowsKept": len(checked.kept),
            "rejected": [
                {
                    "reason": reason,
                    "count": rejected.count,
                    "examples": [{"row": row, "detail": detail} for row, detail in rejected.examples],
                }
                for reason, rejected in sorted(checked.rejected.items())
            ],
            "truncatedRows": truncated,
            "groups": len({row.group for row in checked.kept}),
            "splits": [
                {"split": name, "rows": len(rows), "classCounts": class_counts(rows, classes)} for name, rows in parts.items()
            ],
        }
    )


def _write_files(folder: Path, splits: Splits, calibration: Sequence[Row], report: PrepareReport) -> Mapping[str, LocalFile]:
    folder.mkdir(parents=True, exist_ok=True)
    parts: dict[str, Sequence[Row]] = {
        "train.parquet": splits.train,
        "validation.parquet": splits.validation,
        "test.parquet": splits.test,
        "calibration.parquet": calibration,
    }
    for name, rows in parts.items():
        write_rows(rows, folder / PATHS[name])
    (folder / REPORT).write_bytes(to_json(report))
    return {
        path: LocalFile(folder / path, (folder / path).stat().st_size, sha256_of_file(folder / path)) for path in PATHS.values()
    }
