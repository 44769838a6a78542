"""`result.json`, the last object of an attempt, for the child that writes it and the parent that does when the child cannot."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from spotforge_runtime.attempt import AttemptIdentity
from spotforge_runtime.contracts import names
from spotforge_runtime.documents import to_json
from spotforge_runtime.errors import StageError, outcome_of
from spotforge_runtime.storage import ObjectStore

LONGEST_MESSAGE = 2000
LONGEST_WHERE = 500
LONGEST_REMEDY = 1000


def success_document(attempt: AttemptIdentity, manifest_uri: str, summary: dict[str, Any]) -> dict[str, Any]:
    return {**attempt.fields(), "outcome": "succeeded", "manifest": manifest_uri, "summary": summary}


def failure_document(attempt: AttemptIdentity, error: StageError) -> dict[str, Any]:
    """What a StageError leaves behind: name and exit code come from the table of errors."""
    outcome = outcome_of(error)
    return _failure(attempt, outcome.name, outcome.exit_code, error, outcome.outcome)


def death_document(attempt: AttemptIdentity, name: str, exit_code: int, error: StageError) -> dict[str, Any]:
    """For a child that ended without a word: its exit code stays what it was."""
    return _failure(attempt, name, exit_code, error, "failed")


def _failure(attempt: AttemptIdentity, name: str, exit_code: int, error: StageError, outcome: str) -> dict[str, Any]:
    return {
        **attempt.fields(),
        "outcome": outcome,
        "exitCode": exit_code,
        "error": {
            "name": name,
            "message": _short(error.message, LONGEST_MESSAGE),
            "where": _short(error.where, LONGEST_WHERE),
            "remedy": _short(error.remedy, LONGEST_REMEDY),
        },
        "diagnostics": list(error.diagnostics),
    }


def write_result(storage: ObjectStore, bucket: str, attempt: AttemptIdentity, document: dict[str, Any], copy: Path) -> None:
    """Stores the result once, then keeps a local copy as the sign to the parent that it is stored."""
    data = to_json(document)
    storage.put(data, bucket, attempt.prefix + names.DOCUMENT_RESULT)
    copy.write_bytes(data)


def read_local_result(copy: Path, attempt: AttemptIdentity) -> dict[str, Any] | None:
    """The result this attempt stored, if it did."""
    try:
        document = json.loads(copy.read_bytes())
    except (OSError, ValueError):
        return None
    own = isinstance(document, dict) and all(document.get(name) == value for name, value in attempt.fields().items())
    return document if own and "outcome" in document else None


def exit_code_of(document: dict[str, Any]) -> int:
    """0 of a success, otherwise the code that the failure names."""
    return 0 if document["outcome"] == "succeeded" else int(document["exitCode"])


def first_sentences(parts: Sequence[str | None]) -> str:
    return " ".join(part for part in parts if part)


def _short(text: str | None, longest: int) -> Any:
    if text is None or len(text) <= longest:
        return text
    return text[: longest - 1] + "…"
