"""From the files of a raw dataset to its splits. Rows are read twice and never held: once to find out, once to write."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from spotforge_data.calibration import choose_calibration
from spotforge_data.checked_rows import check_batch
from spotforge_data.data_file import choose_data_file, read_batches
from spotforge_data.findings import Findings
from spotforge_data.kept_rows import KeptRows
from spotforge_data.near_duplicates import NearDuplicates
from spotforge_data.picture_fingerprints import PictureFingerprinter
from spotforge_data.pictures import PictureFolder
from spotforge_data.preparation_plan import PreparationPlan
from spotforge_data.raw_batch import BATCH_ROWS
from spotforge_data.row_facts import RowFacts
from spotforge_data.row_rules import refuse_text
from spotforge_data.split_files import SplitFile
from spotforge_data.split_rules import Diagnose, check_rejected, check_splits
from spotforge_data.splitting import SPLITS, positions_of, splits_of
from spotforge_data.text_fingerprints import TextFingerprinter

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import polars as pl

# Where each part lies within a processed version; calibration apart from what is trained and judged on.
SPLIT_PATHS: Mapping[str, str] = {
    **{split: f"{split}.parquet" for split in SPLITS},
    "calibration": "calibration/calibration.parquet",
}
COPY_OF = ("", "copy-of-validation-row", "copy-of-test-row")
# Pictures are read as whole files: few at a time.
PICTURES_AT_A_TIME = 32


class Preparation:
    """One dataset on its way. `files` maps the paths of the raw dataset to where they lie; what is found out goes into
    `findings`, whose rejections lie in `scratch`, a folder for this alone. `diagnose` stores what is known of a dataset that
    is refused, and returns where."""

    def __init__(
        self, plan: PreparationPlan, files: Mapping[str, Path], findings: Findings, scratch: Path, diagnose: Diagnose
    ) -> None:
        self._plan = plan
        self._data_file = choose_data_file(sorted(files))
        self._files = files
        self._scratch = scratch
        self._diagnose = diagnose
        self._pictures = PictureFolder(files, self._data_file)
        scratch.mkdir(parents=True, exist_ok=True)
        self._kept = KeptRows(scratch / "kept-rows")
        self.findings = findings

    def read(self, on_rows: Callable[[int], None] = lambda _: None) -> None:
        """Reads and checks every row, then decides its split. InvalidInput when too many rows are refused, or a split is too
        small; `on_rows` hears how many rows were read so far."""
        found, plan = self.findings, self._plan
        fingerprinter = TextFingerprinter() if plan.content == "text" else PictureFingerprinter(self._pictures)
        with ExitStack() as stack:
            stack.enter_context(found.rejections)
            duplicates = stack.enter_context(NearDuplicates(fingerprinter, self._scratch / "near-duplicates"))
            with self._kept:
                found.facts = self._read_rows(duplicates, on_rows)
            if plan.content == "image":
                found.unlisted = self._pictures.unlisted()
            check_rejected(found.rejections, found.rows_read, self._diagnose)
            found.split = splits_of(found.facts.position, validation=plan.validation, test=plan.test)
            self._leave_copies_out(duplicates.pairs(found.split), found.split)
        check_splits(found, plan.values, self._diagnose)
        self._choose_calibration()

    def write(self, folder: Path, on_texts: Callable[[pl.Series], None] = lambda _: None) -> dict[str, Path]:
        """Writes the splits and the calibration rows; part → file. `on_texts` is shown what is written, once each."""
        paths = {part: folder / path for part, path in SPLIT_PATHS.items()}
        with ExitStack() as stack:
            files = {part: stack.enter_context(SplitFile(path, self._plan.content)) for part, path in paths.items()}
            for rows in self._batches():
                on_texts(rows["content"])
                for part, file in files.items():
                    self._write(rows.filter(part), file)
        return paths

    def _read_rows(self, duplicates: NearDuplicates, on_rows: Callable[[int], None]) -> RowFacts:
        found, plan = self.findings, self._plan
        refuse = refuse_text if plan.content == "text" else self._pictures.refuse
        parts: list[RowFacts] = []
        for batch in read_batches(self._files[self._data_file], self._data_file, plan.columns):
            kept = check_batch(batch, plan.values, refuse, found.rejections)
            parts.append(self._facts_of(kept))
            self._kept.write(kept)
            duplicates.add(kept["content"])
            found.rows_read += len(batch)
            on_rows(found.rows_read)
        return RowFacts.joined(parts)

    def _facts_of(self, rows: pl.DataFrame) -> RowFacts:
        import numpy as np

        groups = rows["group"].unique()
        position = dict(zip(groups, positions_of(groups, seed=self._plan.seed).tolist(), strict=True))
        length = rows["content"].str.len_chars().to_numpy() if self._plan.content == "text" else np.zeros(len(rows))
        return RowFacts(
            row=rows["row"].to_numpy(),
            label=rows["label"].to_numpy(),
            length=length.astype(np.int32),
            position=np.fromiter((position[group] for group in rows["group"]), np.uint64, len(rows)),
        )

    def _leave_copies_out(self, pairs: npt.NDArray[np.uint32], split: npt.NDArray[np.uint8]) -> None:
        """Of near duplicates in two splits the one in the later split stays: what a model is judged on stays as it is, and so
        does every group's split."""
        import numpy as np

        found, row = self.findings, self.findings.facts.row
        leaks = pairs[split[pairs[:, 0]] > split[pairs[:, 1]]]
        copies, first = np.unique(leaks[:, 1], return_index=True)
        for original, copy in leaks[first]:
            found.rejections.add(int(row[copy]), COPY_OF[split[original]], f"nearly the same as row {row[original]}")
        found.pairs, found.leaks = pairs, leaks
        found.left_out = np.zeros(len(row), bool)
        found.left_out[copies] = True

    def _choose_calibration(self) -> None:
        import numpy as np

        found, plan = self.findings, self._plan
        train = np.flatnonzero(found.chosen("train"))
        chosen = choose_calibration(found.facts.taken(train), plan.calibration_rows, seed=plan.seed)
        found.calibration = np.zeros(len(found.facts), bool)
        found.calibration[train[chosen]] = True

    def _batches(self) -> Iterator[pl.DataFrame]:
        """The kept rows: `content`, `group`, `label`, `row`, and for each part whether they belong to it."""
        import polars as pl

        found, start = self.findings, 0
        parts = {part: found.chosen(part) for part in SPLIT_PATHS}
        for batch in self._kept.batches():
            span = slice(start, start + len(batch))
            start += len(batch)
            belongs = {part: pl.Series(chosen[span]) for part, chosen in parts.items()}
            yield batch.with_columns(
                label=pl.Series(found.facts.label[span]), row=pl.Series(found.facts.row[span]), **belongs
            ).filter(pl.any_horizontal(*belongs))

    def _write(self, rows: pl.DataFrame, file: SplitFile) -> None:
        import polars as pl

        content = self._plan.content
        for some in rows.iter_slices(PICTURES_AT_A_TIME if content == "image" else BATCH_ROWS):
            if content == "image":
                data = [self._pictures.location(path).read_bytes() for path in some["content"]]
                some = some.with_columns(content=pl.Series(data, dtype=pl.Binary))
            file.write(some.select(pl.col("content").alias(content), "label", "group", "row").to_arrow())
