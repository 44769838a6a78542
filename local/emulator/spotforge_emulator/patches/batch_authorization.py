"""Stock asks IAM about `*` for every Batch call, so a policy that names queues and definitions denies everything. Here the
request names its resources as the service authorization reference of AWS Batch has them; SubmitJob needs both, queue and
definition."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from ministack import app
from ministack.core import iam_actions, iam_evaluator

from spotforge_emulator.private_name import private, replace

Handler = Callable[..., Awaitable[tuple[int, dict[str, str], bytes]]]

# path → (member of the body, type in the ARN)
RESOURCE_OF = {
    "/v1/submitjob": ("jobQueue", "job-queue"),
    "/v1/getjobqueuesnapshot": ("jobQueue", "job-queue"),
    "/v1/terminatejob": ("jobId", "job"),
    "/v1/canceljob": ("jobId", "job"),
    "/v1/registerjobdefinition": ("jobDefinitionName", "job-definition"),
    "/v1/deregisterjobdefinition": ("jobDefinition", "job-definition"),
    "/v1/createjobqueue": ("jobQueueName", "job-queue"),
    "/v1/updatejobqueue": ("jobQueue", "job-queue"),
    "/v1/deletejobqueue": ("jobQueue", "job-queue"),
    "/v1/createcomputeenvironment": ("computeEnvironmentName", "compute-environment"),
    "/v1/updatecomputeenvironment": ("computeEnvironment", "compute-environment"),
    "/v1/deletecomputeenvironment": ("computeEnvironment", "compute-environment"),
    "/v1/createschedulingpolicy": ("name", "scheduling-policy"),
    "/v1/updateschedulingpolicy": ("arn", "scheduling-policy"),
    "/v1/deleteschedulingpolicy": ("arn", "scheduling-policy"),
}


def resource_arn(path: str, body: bytes, region: str, account: str) -> str:
    """The resource that a Batch request is about; `*` for those that AWS does not scope (Describe, List)."""
    if path.startswith("/v1/tags/"):
        return path.removeprefix("/v1/tags/")
    member, kind = RESOURCE_OF.get(path, ("", ""))
    return named_arn(_member(body, member), kind, region, account) if member else "*"


def job_definition_arn(body: bytes, region: str, account: str) -> str:
    """The definition that a SubmitJob names."""
    return named_arn(_member(body, "jobDefinition"), "job-definition", region, account)


def named_arn(value: str, kind: str, region: str, account: str) -> str:
    """An ARN stays, a name becomes one."""
    return value if value.startswith("arn:") or not value else f"arn:aws:batch:{region}:{account}:{kind}/{value}"


def _member(body: bytes, name: str) -> str:
    try:
        document = json.loads(body or b"{}")
    except ValueError:
        return ""
    value = document.get(name) if isinstance(document, dict) else None
    return value if isinstance(value, str) else ""


def apply() -> None:
    from ministack.core.responses import get_account_id
    from ministack.core.router import extract_access_key_id, extract_region

    def extract(service: str, method: str, path: str, headers: Any, body: bytes, query: Any, region: str, account: str) -> str:
        if service == "batch":
            return resource_arn(path, body, region, account) or "*"
        arn: str = stock_extract(service, method, path, headers, body, query, region, account)
        return arn

    stock_extract = replace(iam_actions, "extract_resource_arn", extract)

    handlers = private(app, "SERVICE_HANDLERS")
    forward: Handler = handlers["batch"]
    enforce = private(iam_evaluator, "enforce")

    async def authorize_definition(method: str, path: str, headers: dict[str, str], body: bytes, query: Any) -> Any:
        if path == "/v1/submitjob" and private(app, "AUTH"):
            arn = job_definition_arn(body, extract_region(headers), get_account_id())
            key = extract_access_key_id(headers, query)
            denied = enforce(key, "batch:SubmitJob", "batch", extract_region(headers), resource_arn=arn)
            if denied:
                message = (
                    f"User: {denied.principal_arn} is not authorized to perform: batch:SubmitJob on resource: {arn} because no "
                    "identity-based policy allows the batch:SubmitJob action"
                )
                answer = {"Content-Type": "application/json", "x-amzn-errortype": "AccessDeniedException"}
                return 403, answer, json.dumps({"message": message}).encode()
        return await forward(method, path, headers, body, query)

    handlers["batch"] = authorize_definition
