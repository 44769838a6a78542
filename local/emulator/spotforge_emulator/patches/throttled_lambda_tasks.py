"""A throttled Lambda fails a Step Functions task as `Lambda.Unknown` in stock, so that no Retry for throttles matches it. On AWS
it is `Lambda.TooManyRequestsException`: https://docs.aws.amazon.com/step-functions/latest/dg/sfn-best-practices.html"""

import json
from typing import Any

from ministack.services import stepfunctions

from spotforge_emulator.private_name import private, replace

THROTTLED = "TooManyRequestsException"


def apply() -> None:
    execution_error = private(stepfunctions, "_ExecutionError")

    def call(reference: Any, event: Any) -> Any:
        try:
            return call_lambda(reference, event)
        except execution_error as error:
            if error.error == "Lambda.Unknown" and code_of(error.cause) == THROTTLED:
                cause = "Rate Exceeded. (Service: Lambda, Status Code: 429)"
                raise execution_error(f"Lambda.{THROTTLED}", cause) from error
            raise

    call_lambda = replace(stepfunctions, "_call_lambda", call)


def code_of(cause: Any) -> str | None:
    """The error code in a cause that is the answer of a service."""
    try:
        document = json.loads(cause)
    except (TypeError, ValueError):
        return None
    code = document.get("__type") if isinstance(document, dict) else None
    return code if isinstance(code, str) else None
