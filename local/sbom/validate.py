"""`validate.py FILE…`: holds SBOMs against the schema of the CycloneDX version that they name. Exit code 1: one does not fit."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator


def problem_of(file: Path) -> str | None:
    """What is wrong first; None for a valid document."""
    text = file.read_text()
    version = SchemaVersion.from_version(json.loads(text)["specVersion"])
    error = JsonStrictValidator(version).validate_str(text)
    return None if error is None else str(error)


def main(files: list[str]) -> int:
    problems = [(file, problem) for file in files if (problem := problem_of(Path(file))) is not None]
    for file, problem in problems:
        print(f"{file}: {problem[:2000]}", file=sys.stderr)  # noqa: T201
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
