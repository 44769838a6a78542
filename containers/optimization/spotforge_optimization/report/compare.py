"""Lays several experiments' `report.json` side by side in one page, and prints their figures as one JSON document.

python -m spotforge_optimization.report.compare --out PAGE REPORT REPORT…
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from pydantic import ValidationError
from spotforge_runtime.errors import InvalidInput, StageError, outcome_of

from spotforge_optimization.report.comparison import figures, letter, not_comparable, spec_fields
from spotforge_optimization.report.comparison_page import comparison_page
from spotforge_optimization.report.report_data import ReportData


def main(arguments: Sequence[str], sink: TextIO, errors: TextIO) -> int:
    """Exit code 0, or that of the error."""
    parser = argparse.ArgumentParser(prog="python -m spotforge_optimization.report.compare", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="the page to write")
    parser.add_argument("reports", type=Path, nargs="+", help="report.json of each experiment")
    parsed = parser.parse_args(arguments)
    try:
        reports = [read_report(file) for file in parsed.reports]
    except StageError as error:
        errors.write(" ".join(part for part in (error.message, error.remedy) if part) + "\n")
        return outcome_of(error).exit_code
    parsed.out.write_text(comparison_page(reports), encoding="utf-8")
    sink.write(json.dumps(document(reports), ensure_ascii=False) + "\n")
    return 0


def read_report(file: Path) -> ReportData:
    """InvalidInput when there is none, or not one that this version reads."""
    try:
        return ReportData.model_validate_json(file.read_bytes())
    except OSError as error:
        raise InvalidInput(f"{file} cannot be read: {error.strerror}.", remedy="Name a report.json.") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the document"
        raise InvalidInput(
            f"{file} is no report that this version reads: {where}: {first['msg']}.",
            remedy="Name the report.json that a benchmark wrote.",
        ) from error


def document(reports: Sequence[ReportData]) -> dict[str, object]:
    return {
        "experiments": [
            {"letter": letter(i), "id": r.subject.experiment_id, "name": r.subject.name} for i, r in enumerate(reports)
        ],
        "notComparable": not_comparable(reports),
        "figures": [
            {"name": each.name, "unit": each.unit, "values": each.values, "best": [letter(i) for i in each.best]}
            for each in figures(reports)
        ],
        "differs": [{"path": each.path, "values": each.values} for each in spec_fields(reports) if each.differs],
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], sys.stdout, sys.stderr))
