"""How long a refusal of S3 or of the bus is borne, and which refusals are worth waiting for."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

from spotforge_runtime.errors import Infrastructure, StageError

PATIENCE_SECONDS = 120.0
FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 10.0

# Answers that another try can change. An expired token counts: its renewal may be late.
PASSING_CODES = frozenset(
    {
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "RequestLimitExceeded",
        "RequestTimeout",
        "RequestTimeTooSkewed",
        "InternalError",
        "InternalFailure",
        "InternalException",
        "ServiceUnavailable",
        "ExpiredToken",
        "ExpiredTokenException",
        "OperationAborted",
        "ConditionalRequestConflict",
        "BadDigest",
    }
)

Answer = TypeVar("Answer")


class Patience:
    """Repeats a call while its refusal may pass, for `seconds` from the call on."""

    def __init__(
        self,
        seconds: float = PATIENCE_SECONDS,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.seconds = seconds
        self._clock = clock
        self._sleep = sleep

    def call(self, what: str, where: str, function: Callable[[], Answer]) -> Answer:
        """The function's answer. `what` completes "could not …". Infrastructure after too long; other errors pass through."""
        started = self._clock()
        pause = FIRST_PAUSE_SECONDS
        while True:
            try:
                return function()
            except StageError:
                raise
            except Exception as error:
                if not may_pass(error):
                    raise
                if self._clock() - started + pause > self.seconds:
                    raise Infrastructure(
                        f"Could not {what}: refused for {self.seconds:.0f} s. {type(error).__name__}: {error}",
                        where=where,
                        remedy="It is tried again later; if it lasts, look at the service's health.",
                    ) from error
            self._sleep(pause * random.uniform(0.5, 1))  # noqa: S311 - spreads retries, keeps no secret
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)


def error_code(error: BaseException) -> str:
    """The code of an AWS error answer, for example `NoSuchKey` or `404`; empty for anything else."""
    response = getattr(error, "response", None)
    return str(response.get("Error", {}).get("Code", "")) if isinstance(response, dict) else ""


def http_status(error: BaseException) -> int:
    response = getattr(error, "response", None)
    return int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)) if isinstance(response, dict) else 0


def may_pass(error: BaseException) -> bool:
    """True for a refused or broken connection, throttling, a 5xx answer, or credentials that could not be renewed."""
    from botocore.exceptions import (
        ClientError,
        CredentialRetrievalError,
        HTTPClientError,
        IncompleteReadError,
        MetadataRetrievalError,
        ReadTimeoutError,
        ResponseStreamingError,
    )
    from botocore.exceptions import (
        ConnectionError as NoConnectionError,
    )

    if isinstance(error, ClientError):
        return error_code(error) in PASSING_CODES or http_status(error) >= 500 or http_status(error) == 429
    passing = (
        NoConnectionError,
        HTTPClientError,
        IncompleteReadError,
        ReadTimeoutError,
        ResponseStreamingError,
        CredentialRetrievalError,
        MetadataRetrievalError,
        ConnectionError,
    )
    return isinstance(error, passing)
