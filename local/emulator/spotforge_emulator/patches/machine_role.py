"""Stock performs a state machine's tasks as if they were root's. Here every call is authorised under the machine's role: it goes
through the same dispatcher as a call from outside, with a session of that role as the caller."""

import hashlib
import json
import uuid
from typing import Any

from ministack import app
from ministack.core import iam_evaluator
from ministack.services import stepfunctions, sts

from spotforge_emulator.execution_context import CurrentExecution, current_execution
from spotforge_emulator.private_name import private, replace

# Optimised integrations that MiniStack performs by a direct call: (prefix, action, how to find the ARN in the input).
DYNAMODB_ACTIONS = {name: f"dynamodb:{name[0].upper()}{name[1:]}" for name in ("putItem", "getItem", "deleteItem", "updateItem")}


def session_key(execution: CurrentExecution) -> str:
    """The access key of the role's session in this execution; registers the session."""
    name = execution.role_arn.rsplit("/", 1)[-1]
    account = execution.role_arn.split(":")[4]
    digest = hashlib.sha256(f"states:{execution.role_arn}:{execution.arn}:{_salt}".encode()).hexdigest()
    key = f"ASIA{digest[:16].upper()}"
    session_name = hashlib.sha256(execution.arn.encode()).hexdigest()[:32]
    sts.register_session(
        key,
        {
            "Arn": f"arn:aws:sts::{account}:assumed-role/{name}/{session_name}",
            "UserId": f"{name}:{session_name}",
            # Never given to anybody: nothing outside can sign with it.
            "SecretAccessKey": hashlib.sha256(f"secret:{digest}".encode()).hexdigest(),
            "SessionToken": hashlib.sha256(f"token:{digest}".encode()).hexdigest(),
        },
    )
    return key


_salt = uuid.uuid4().hex


def apply() -> None:
    if not private(app, "AUTH"):
        return
    execution_error = private(stepfunctions, "_ExecutionError")
    enforce = private(iam_evaluator, "enforce")
    dispatch = private(app, "_dispatch_service_request")

    def call(handler: Any, method: str, path: str, headers: Any, body: Any, query: Any, timeout: float | None = None) -> Any:
        execution = current_execution()
        if execution is None or not execution.role_arn:
            return call_handler(handler, method, path, headers, body, query, timeout)
        signed = {
            **headers,
            "authorization": headers["authorization"].replace("Credential=test/", f"Credential={session_key(execution)}/"),
        }
        data = body.encode() if isinstance(body, str) else body

        async def dispatched(*_: Any) -> Any:
            return await dispatch(method, path, signed, data, query, str(uuid.uuid4()))

        return call_handler(dispatched, method, path, signed, data, query, timeout)

    call_handler = replace(app, "call_service_handler_sync", call)

    def require(action: str, service: str, arn: str, error: str) -> None:
        execution = current_execution()
        if execution is None or not execution.role_arn:
            return
        denied = enforce(session_key(execution), action, service, arn.split(":")[3] or "us-east-1", resource_arn=arn)
        if denied:
            raise execution_error(
                error,
                f"User: {getattr(denied, 'principal_arn', execution.role_arn)} is not authorized to perform: {action} on "
                f"resource: {arn} because no identity-based policy allows the {action} action",
            )

    def call_lambda(reference: Any, event: Any) -> Any:
        from ministack.services import lambda_svc

        _, config, _ = private(lambda_svc, "_get_func_record_for_ref")(reference)
        if config:
            require("lambda:InvokeFunction", "lambda", invoked_arn(reference, config), "Lambda.AWSLambdaException")
        return invoke_lambda(reference, event)

    invoke_lambda = replace(stepfunctions, "_call_lambda", call_lambda)

    def invoke(resource: str, data: Any) -> Any:
        plain = resource.replace(".waitForTaskToken", "").replace(".sync:2", "").replace(".sync", "")
        for action, service, arn, error in direct_calls(plain, data):
            require(action, service, arn, error)
        return invoke_resource(resource, data)

    invoke_resource = replace(stepfunctions, "_invoke_resource", invoke)


def invoked_arn(reference: Any, config: dict[str, Any]) -> str:
    """The function's ARN, with the qualifier when the reference has one."""
    arn: str = config.get("FunctionArn", "")
    base = ":".join(arn.split(":")[:7])
    text = reference if isinstance(reference, str) else ""
    qualifier = text.split(":")[7] if text.startswith("arn:") and len(text.split(":")) > 7 else ""
    return f"{base}:{qualifier}" if qualifier else base


def direct_calls(resource: str, data: Any) -> list[tuple[str, str, str, str]]:
    """(action, service, ARN, error name) of each permission that an optimised integration needs."""
    region, account = private(stepfunctions, "get_region")(), private(stepfunctions, "get_account_id")()
    parameters = data if isinstance(data, dict) else {}
    if resource.startswith("arn:aws:states:::dynamodb:"):
        action = DYNAMODB_ACTIONS.get(resource.rsplit(":", 1)[-1])
        table = str(parameters.get("TableName", ""))
        arn = table if table.startswith("arn:") else f"arn:aws:dynamodb:{region}:{account}:table/{table}"
        return [(action, "dynamodb", arn, "DynamoDB.AmazonDynamoDBException")] if action else []
    if resource == "arn:aws:states:::events:putEvents":
        from ministack.core.iam_actions import eventbridge_resource_arns

        arns = eventbridge_resource_arns(json.dumps(parameters).encode(), region, account)
        return [("events:PutEvents", "events", arn, "EventBridge.AccessDeniedException") for arn in arns]
    if resource == "arn:aws:states:::sqs:sendMessage":
        queue = str(parameters.get("QueueUrl", "")).rsplit("/", 1)[-1]
        return [("sqs:SendMessage", "sqs", f"arn:aws:sqs:{region}:{account}:{queue}", "SQS.AmazonSQSException")]
    if resource == "arn:aws:states:::sns:publish":
        return [("sns:Publish", "sns", str(parameters.get("TopicArn", "")) or "arn:aws:sns:::", "SNS.AmazonSNSException")]
    if resource.startswith("arn:aws:states:::states:startExecution"):
        return [
            (
                "states:StartExecution",
                "states",
                str(parameters.get("StateMachineArn", "")),
                "StepFunctions.AWSStepFunctionsException",
            )
        ]
    return []
