"""`states:SendTask*` is granted on the state machine's ARN (the CDK's grantTaskResponse), but stock checks `*` and so denies it:
every token task would hang. The token says which machine it belongs to."""

import json
from typing import Any

from ministack.core import iam_actions

from spotforge_emulator.private_name import replace

CALLBACKS = ("SendTaskSuccess", "SendTaskFailure", "SendTaskHeartbeat")


def apply() -> None:
    def extract(service: str, method: str, path: str, headers: Any, body: bytes, query: Any, region: str, account: str) -> str:
        target = headers.get("x-amz-target", "") if service == "states" else ""
        if target.rsplit(".", 1)[-1] in CALLBACKS:
            from spotforge_emulator.patches.task_tokens import machine_of

            # A token that nobody knows belongs to no machine: whoever may call for any machine hears TaskDoesNotExist.
            return machine_of(token_of(body)) or f"arn:aws:states:{region}:{account}:stateMachine:*"
        arn: str = stock_extract(service, method, path, headers, body, query, region, account)
        return arn

    stock_extract = replace(iam_actions, "extract_resource_arn", extract)


def token_of(body: bytes) -> str:
    """The request's task token."""
    try:
        token = json.loads(body or b"{}").get("taskToken")
    except (ValueError, AttributeError):
        return ""
    return token if isinstance(token, str) else ""
