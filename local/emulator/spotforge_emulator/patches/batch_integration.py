"""Step Functions does not know `aws-sdk:batch:*`. Parameters are PascalCase as on AWS, where any other spelling is refused;
errors are `Batch.ClientException` and `Batch.ServerException`, and `Batch.BatchException` for those that Batch's model does not
declare (AccessDeniedException among them)."""

import json
from typing import Any

from ministack import app
from ministack.services import stepfunctions

from spotforge_emulator.batch_model import UnknownMemberError, from_wire, input_shape, operation_path, output_shape, to_wire
from spotforge_emulator.private_name import private, replace

MODELED_ERRORS = ("ClientException", "ServerException")


def apply() -> None:
    execution_error = private(stepfunctions, "_ExecutionError")
    private(stepfunctions, "_AWS_SDK_SERVICE_MAP")["batch"] = {"protocol": "rest-json", "service_key": "batch"}
    private(stepfunctions, "_AWS_SDK_ERROR_PREFIX")["batch"] = "Batch"

    def dispatch(service: dict[str, Any], name: str, action: str, data: Any) -> Any:
        return (
            call_batch(action[0].upper() + action[1:], data or {}) if name == "batch" else rest_json(service, name, action, data)
        )

    rest_json = replace(stepfunctions, "_dispatch_aws_sdk_rest_json", dispatch)

    def call_batch(operation: str, parameters: dict[str, Any]) -> Any:
        try:
            body = json.dumps(to_wire(parameters, input_shape(operation))).encode()
        except UnknownMemberError as error:
            raise execution_error(
                "States.Runtime", f'The field "{error}" is not supported by Step Functions for batch:{operation}.'
            ) from error
        except KeyError as error:
            raise execution_error("States.Runtime", f"Batch has no operation {operation}.") from error
        region = private(stepfunctions, "get_region")()
        headers = {
            "content-type": "application/json",
            "host": f"batch.{region}.amazonaws.com",
            "authorization": f"AWS4-HMAC-SHA256 Credential=test/20260101/{region}/batch/aws4_request",
        }
        status, answer_headers, answer = app.call_service_handler_sync(
            private(app, "SERVICE_HANDLERS")["batch"], "POST", operation_path(operation), headers, body, {}
        )
        document = json.loads(answer or b"{}")
        if status >= 400:
            code = error_code(answer_headers, document)
            name = f"Batch.{code}" if code in MODELED_ERRORS else "Batch.BatchException"
            message = document.get("message") or document.get("Message") or ""
            raise execution_error(name, f"{message} (Service: Batch, Status Code: {status})")
        return from_wire(document, output_shape(operation))


def error_code(headers: dict[str, str], document: dict[str, Any]) -> str:
    """The REST-JSON error name: from the header, or else from the body."""
    lower = {name.lower(): value for name, value in headers.items()}
    code = lower.get("x-amzn-errortype") or document.get("code") or document.get("__type") or ""
    return str(code).split(":")[0].split("#")[-1]
