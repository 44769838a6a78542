"""Turns a raw dataset into train, validation, test and calibration rows, and says which rows it refused."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from spotforge_runtime.context import StageContext
from spotforge_runtime.contracts.models import IngestSummary, PrepareSummary
from spotforge_runtime.documents import to_json
from spotforge_runtime.outputs import uri_of_output

from spotforge_data.data_file import choose_data_file
from spotforge_data.dataset_store import store_of
from spotforge_data.findings import Findings, prepare_report
from spotforge_data.local_file import LocalFile
from spotforge_data.preparation import SPLIT_PATHS, Preparation
from spotforge_data.preparation_plan import PreparationPlan, plan_of
from spotforge_data.rejections import FILE_NAME as REJECTED_ROWS
from spotforge_data.rejections import Rejections
from spotforge_data.side_by_side import side_by_side
from spotforge_data.truncation import Truncation
from spotforge_data.versions import StoredVersion, refer_outputs, store_version

DATASET_PREFIX = "dataset/"
REPORT = "report.json"
STEPS = 3
# Nobody knows how many rows there are before they are read: the bar comes near its end and never reaches it.
HALF_READ_ROWS = 100_000


def work(context: StageContext) -> PrepareSummary:
    """Reads, checks, splits, counts what will be truncated, and stores the processed version."""
    spec, progress = context.spec, context.progress
    plan = plan_of(spec.task, spec.dataset.columns, spec.dataset.labels, spec.dataset.split, spec.quantize.calibration_rows)
    raw = context.inputs.summary("ingest", IngestSummary)

    progress.report(step=0, total_steps=STEPS, message="reading rows")
    files = _raw_files(context, plan)
    scratch = context.scratch / "preparation"
    found = Findings(Rejections(scratch / REJECTED_ROWS))
    preparation = Preparation(plan, files, found, scratch, lambda: _diagnosis(context, plan, found))
    preparation.read(lambda rows: progress.report(fraction=rows / (rows + HALF_READ_ROWS) / STEPS))

    progress.report(step=1, message="writing splits, counting tokens" if plan.content == "text" else "writing splits")
    folder = context.scratch / "processed"
    truncation = _truncation(context) if plan.content == "text" else None

    def count(texts: Iterable[str]) -> None:
        if truncation is not None:
            truncation.count(texts)
            progress.report(fraction=(1 + truncation.seen / found.rows_kept) / STEPS)

    preparation.write(folder, count)
    truncated = truncation.truncated if truncation is not None else 0

    progress.report(step=2, message="storing")
    (folder / REPORT).write_bytes(to_json(prepare_report(found, len(plan.values), truncated)))
    names = {**{path: path.rpartition("/")[2] for path in SPLIT_PATHS.values()}, REPORT: REPORT}
    stored = {path: LocalFile.at(folder / path) for path in names}
    version = store_version(store_of(context), "processed", spec.dataset.name, stored, parent=raw.dataset_sha256)
    refer_outputs(context, version, names)
    if found.rejections.count:
        context.outputs.write(REJECTED_ROWS, found.rejections.flush())
    progress.report(step=STEPS, message=_closing_message(found, version))

    parts = {part: int(found.chosen(part).sum()) for part in SPLIT_PATHS}
    return PrepareSummary(
        processed_uri=version.uri,
        processed_version=version.version,
        processed_sha256=version.sha256,
        rows=found.rows_kept,
        rejected_rows=found.rejections.count,
        truncated_rows=truncated,
        groups=found.groups,
        train_rows=parts["train"],
        validation_rows=parts["validation"],
        test_rows=parts["test"],
        calibration_rows=parts["calibration"],
    )


def _raw_files(context: StageContext, plan: PreparationPlan) -> dict[str, Path]:
    """The data file alone, or with everything beside it where rows name pictures."""
    outputs = [output.name for output in context.inputs.manifest("ingest").outputs]
    paths = [output.removeprefix(DATASET_PREFIX) for output in outputs if output.startswith(DATASET_PREFIX)]
    wanted = [choose_data_file(paths)] if plan.content == "text" else paths
    found = side_by_side(wanted, lambda path: context.inputs.download("ingest", DATASET_PREFIX + path))
    return dict(zip(wanted, found, strict=True))


def _truncation(context: StageContext) -> Truncation:
    return Truncation(context.inputs.download("ingest", "base-model/tokenizer.json"), context.spec.train.max_length)


def _diagnosis(context: StageContext, plan: PreparationPlan, found: Findings) -> list[str]:
    """Stores the report of a dataset that is refused in the attempt's own folder: no version will hold it."""
    stored = [context.outputs.write_json(REPORT, prepare_report(found, len(plan.values), 0))]
    if found.rejections.count:
        stored.append(context.outputs.write(REJECTED_ROWS, found.rejections.flush()))
    return [uri_of_output(output) for output in stored]


def _closing_message(found: Findings, version: StoredVersion) -> str:
    parts = [f"version {version.version} {'reused' if version.reused else 'stored'}", *unlisted_files(found.unlisted)]
    return "; ".join(parts)


def unlisted_files(paths: Sequence[str]) -> list[str]:
    """One sentence about files that no row names; nothing when there are none."""
    return [f"{len(paths)} files that no row names, for example {', '.join(paths[:5])}"] if paths else []
