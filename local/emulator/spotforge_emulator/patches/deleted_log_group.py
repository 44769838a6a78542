"""A function that was given a log group does not bring it back once it was deleted: its role would have to hold
`logs:CreateLogGroup` for that, which is what a function without a group of its own needs. Stock makes it anew, so that an
invocation which ends after its stack was deleted leaves a group behind."""

from typing import Any

from ministack.services import cloudwatch_logs, lambda_svc

from spotforge_emulator.private_name import private, replace


def _is_deleted(config: dict[str, Any]) -> bool:
    group = (config.get("LoggingConfig") or {}).get("LogGroup")
    own = group not in (None, f"/aws/lambda/{config.get('FunctionName')}")
    return own and group not in private(cloudwatch_logs, "_log_groups")


def apply() -> None:
    stock = private(lambda_svc, "_emit_lambda_logs")

    def emit(func: dict[str, Any], *arguments: Any, **named: Any) -> None:
        if not _is_deleted(func.get("config") or func):
            stock(func, *arguments, **named)

    replace(lambda_svc, "_emit_lambda_logs", emit)
