"""Stock lets every HTTP API invoke every Lambda. On AWS the function's resource policy must allow `apigateway.amazonaws.com` for
the API's execute-api ARN; without it the caller gets 500 Internal Server Error."""

import json
from typing import Any

from ministack import app

from spotforge_emulator.patches.event_permissions import allowed
from spotforge_emulator.private_name import private, replace


def source_arn(api_id: str, stage: str, route_key: str, account: str, region: str) -> str:
    """`arn:aws:execute-api:{region}:{account}:{api}/{stage}/{method}{path}`, both of the *route*, not of the request."""
    verb, _, path = route_key.partition(" ")
    suffix = f"{verb}{path}" if path else "$default"
    if path and verb == "ANY":
        suffix = f"*{path}"
    return f"arn:aws:execute-api:{region}:{account}:{api_id}/{stage}/{suffix}"


def apply() -> None:
    if not private(app, "AUTH"):
        return
    from ministack.services import apigateway

    unwrap = private(apigateway, "_extract_lambda_ref_from_integration_uri")

    async def invoke(
        integration: dict[str, Any], api_id: str, stage: str, path: str, method: str, *arguments: Any, **options: Any
    ) -> Any:
        from ministack.core.responses import get_account_id, get_region

        function = unwrap(integration.get("integrationUri", ""))
        route_key = options.get("route_key") or (arguments[3] if len(arguments) > 3 else "$default")
        account, region = options.get("owner_account_id") or get_account_id(), options.get("owner_region") or get_region()
        source = source_arn(api_id, stage, route_key, account, region)
        if function.startswith("arn:") and not allowed(function, "apigateway.amazonaws.com", source):
            private(apigateway, "logger").warning("HTTP API %s may not invoke %s: no permission for %s", api_id, function, source)
            return 500, {"Content-Type": "application/json"}, json.dumps({"message": "Internal Server Error"}).encode()
        return await invoke_lambda(integration, api_id, stage, path, method, *arguments, **options)

    invoke_lambda = replace(apigateway, "_invoke_lambda_proxy", invoke)
