"""A Node Lambda's error reaches Step Functions, ESMs and callers as `Runtime.HandlerError`, so that no Retry or Catch by name
ever matches, and costs the worker its life. On AWS the error's own name is the `errorType`, and the environment stays warm."""

import contextvars
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

from spotforge_emulator.private_name import private, replace, replace_text

MARK = "__spotforgeHandlerError"

# What the runtime of Node reports: https://docs.aws.amazon.com/lambda/latest/dg/nodejs-exceptions.html
REPORT = f"""
const __spotforgeReport = (err) => {{
  const known = err instanceof Error;
  const value = known
    ? {{ errorType: err.name || "Error", errorMessage: err.message, trace: String(err.stack || "").split("\\n") }}
    : {{ errorType: typeof err, errorMessage: String(err), trace: [] }};
  _realStdoutWrite(JSON.stringify({{ status: "ok", result: {{ {MARK}: value }} }}) + "\\n");
}};
"""

_last_error: contextvars.ContextVar[dict[str, Any] | None] = contextvars.ContextVar("spotforge_handler_error", default=None)


def apply() -> None:
    script: str = private(lambda_runtime, "_NODEJS_WORKER_SCRIPT")
    script = replace_text(
        script,
        """          _realStdoutWrite(JSON.stringify({
            status: "error", error: String(err.message || err), trace: err.stack || ""
          }) + "\\n");""",
        "          __spotforgeReport(err);",
    )
    script = replace_text(
        script,
        """      _realStdoutWrite(JSON.stringify({
        status: "error", error: e.message, trace: e.stack
      }) + "\\n");""",
        "      __spotforgeReport(e);",
    )
    script = replace_text(script, "let handlerFn = null;\n", f"let handlerFn = null;\n{REPORT}")
    replace(lambda_runtime, "_NODEJS_WORKER_SCRIPT", script)

    worker = private(lambda_runtime, "Worker")

    def invoke(self: Any, *arguments: Any, **options: Any) -> dict[str, Any]:
        answer: dict[str, Any] = invoke_worker(self, *arguments, **options)
        result = answer.get("result")
        if answer.get("status") == "ok" and isinstance(result, dict) and MARK in result:
            _last_error.set(result[MARK])
            message = result[MARK]["errorMessage"]
            return {**answer, "status": "error", "error": message, "trace": "\n".join(result[MARK]["trace"])}
        return answer

    invoke_worker = replace(worker, "invoke", invoke)

    def execute(*arguments: Any) -> dict[str, Any]:
        _last_error.set(None)
        answer: dict[str, Any] = execute_warm(*arguments)
        error = _last_error.get()
        return {**answer, "body": error} if answer.get("error") and error else answer

    execute_warm = replace(lambda_svc, "_execute_function_warm", execute)
