"""Prepares one data file as the stage does, without S3, and says what it took: `python prepare_rows.py FILE FOLDER`."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from spotforge_data.data_file import Columns
from spotforge_data.findings import Findings
from spotforge_data.preparation import Preparation
from spotforge_data.preparation_plan import PreparationPlan
from spotforge_data.rejections import Rejections


def peak_bytes() -> int:
    """The largest resident set of this process since its program began; `ru_maxrss` would count what it was forked from."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))


def prepare(file: Path, folder: Path) -> dict[str, float]:
    """Seconds, peak memory, and what was found."""
    plan = PreparationPlan("text", Columns("text", "label", "group"), (1, 2, 3, 4, 5), 0.1, 0.1, 13, 200)
    found = Findings(Rejections(folder / "rejected-rows.csv"))
    preparation = Preparation(plan, {file.name: file}, found, folder, list)
    started = time.perf_counter()
    preparation.read()
    preparation.write(folder / "processed")
    assert found.pairs is not None and found.left_out is not None
    return {
        "seconds": time.perf_counter() - started,
        "peakBytes": peak_bytes(),
        "rowsRead": found.rows_read,
        "pairs": len(found.pairs),
        "leftOut": int(found.left_out.sum()),
    }


if __name__ == "__main__":
    print(json.dumps(prepare(Path(sys.argv[1]), Path(sys.argv[2]))))  # noqa: T201 - the answer to the command
