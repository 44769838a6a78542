"""`result.json`, the last object of an attempt, for the child that writes it and the parent that does when the child cannot."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

from spotforge_runtime.attempt import AttemptIdentity
from spotforge_runtime.contracts import names
from spotforge_runtime.documents import to_json
from spotforge_runtime.errors import StageError, outcome_of
from spotforge_runtime.s3_uri import uri_of
from spotforge_runtime.storage import ObjectStore

LONGEST_MESSAGE = 2000
LONGEST_WHERE = 500
LONGEST_REMEDY = 1000
# After a failure of the infrastructure, S3 has most likely been refusing for two minutes already. The exit code says enough.
LAST_WORDS_SECONDS = 10.0


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
    """Stores the result once, then keeps a local copy that saves the parent from asking S3 for it."""
    data = to_json(document)
    storage.put(data, bucket, attempt.prefix + names.DOCUMENT_RESULT)
    with contextlib.suppress(OSError):  # a full disk does not undo what is stored
        copy.write_bytes(data)


def read_local_result(copy: Path, attempt: AttemptIdentity) -> dict[str, Any] | None:
    """The result this attempt stored, by its local copy."""
    try:
        return _valid(copy.read_bytes(), attempt)
    except OSError:
        return None


def read_stored_result(storage: ObjectStore, bucket: str, attempt: AttemptIdentity) -> dict[str, Any] | None:
    """The result this attempt stored, by S3's word; None when there is none or S3 does not answer."""
    try:
        return _valid(storage.read_bytes(uri_of(bucket, attempt.prefix + names.DOCUMENT_RESULT)), attempt)
    except StageError:
        return None


def _valid(data: bytes, attempt: AttemptIdentity) -> dict[str, Any] | None:
    try:
        document = json.loads(data)
    except ValueError:
        return None
    own = isinstance(document, dict) and all(document.get(name) == value for name, value in attempt.fields().items())
    return document if own and "outcome" in document else None


def exit_code_of(document: dict[str, Any]) -> int:
    """0 of a success, otherwise the code that the failure names."""
    return 0 if document["outcome"] == "succeeded" else int(document["exitCode"])


def _short(text: str | None, longest: int) -> Any:
    if text is None or len(text) <= longest:
        return text
    return text[: longest - 1] + "…"
