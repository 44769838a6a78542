"""How long an object cannot be deleted once it is written. S3 keeps it with the object: Object Lock, in governance mode."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any


@dataclass(frozen=True)
class Retention:
    """For so many days from the writing on, nobody deletes the object who may not bypass governance; no role of ours may.

    An identical object that is there already keeps the time it got when it was written.
    """

    days: int

    def arguments(self) -> dict[str, Any]:
        """What PutObject and CreateMultipartUpload take. S3 wants a checksum beside them, which every write here carries."""
        until = datetime.now(UTC).replace(microsecond=0) + timedelta(days=self.days)
        return {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": until}
