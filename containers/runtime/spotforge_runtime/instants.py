"""Points in time as documents write them."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> str:
    """UTC with milliseconds, for example 2026-11-22T06:05:48.120Z."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
