"""HTTP APIs in front of Lambdas."""

import json
import urllib.error
import urllib.request
from typing import Any

import pytest

ECHO = """exports.handler = async (event) => ({
  statusCode: 200,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ length: (event.body ?? '').length, route: event.routeKey, version: event.version,
    claims: event.requestContext.authorizer?.jwt?.claims, keys: Object.keys(event).sort() }),
});"""


@pytest.fixture(scope="module")
def api(account: Any) -> dict[str, str]:
    """An API with a `$default` and a specific route, and a route whose function does not permit it."""
    gateway, functions = account.client("apigatewayv2"), account.client("lambda")
    identity = gateway.create_api(Name="api", ProtocolType="HTTP")["ApiId"]
    gateway.create_stage(
        ApiId=identity,
        StageName="$default",
        AutoDeploy=True,
        DefaultRouteSettings={"ThrottlingRateLimit": 50, "ThrottlingBurstLimit": 100},
        AccessLogSettings={
            "DestinationArn": "arn:aws:logs:us-east-1:000000000000:log-group:access",
            "Format": "$context.requestId",
        },
    )

    def route(key: str, permitted: str | None, **fields: Any) -> None:
        function = account.function(ECHO)
        uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{function}/invocations"
        integration = gateway.create_integration(
            ApiId=identity, IntegrationType="AWS_PROXY", IntegrationUri=uri, PayloadFormatVersion="2.0"
        )["IntegrationId"]
        gateway.create_route(ApiId=identity, RouteKey=key, Target=f"integrations/{integration}", **fields)
        if permitted:
            functions.add_permission(
                FunctionName=function,
                StatementId="api",
                Action="lambda:InvokeFunction",
                Principal="apigateway.amazonaws.com",
                SourceArn=f"arn:aws:execute-api:us-east-1:000000000000:{identity}/{permitted}",
            )

    route("$default", "*/$default")
    route("POST /v1/things/{id}", "*/*/v1/things/{id}")
    route("GET /v1/forgotten", None)
    return {"id": identity, "base": f"{account.emulator.endpoint}/_aws/execute-api/{identity}/$default"}


def call(url: str, method: str = "GET", body: bytes | None = None) -> tuple[int, Any]:
    request = urllib.request.Request(url, method=method, data=body, headers={"content-type": "text/plain"} if body else {})
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def test_the_default_route_takes_what_no_other_route_takes(api: dict[str, str]) -> None:
    assert call(api["base"] + "/nowhere")[1]["route"] == "$default"
    assert call(api["base"] + "/v1/things/1", "POST", b"x")[1]["route"] == "POST /v1/things/{id}"


@pytest.mark.parametrize("size", [1, 256 * 1024 + 1, 5_000_000])
def test_a_body_arrives_whole(api: dict[str, str], size: int) -> None:
    assert call(api["base"] + "/v1/things/1", "POST", b"x" * size)[1]["length"] == size


def test_a_function_that_does_not_permit_the_api_is_not_invoked(api: dict[str, str]) -> None:
    assert call(api["base"] + "/v1/forgotten") == (500, {"message": "Internal Server Error"})


def test_an_event_has_the_documented_members(api: dict[str, str], fixtures: Any) -> None:
    documented = json.loads((fixtures / "http-api-payload-2.0.json").read_text())["event"]
    always = {
        name
        for name in documented
        if name not in ("body", "cookies", "queryStringParameters", "pathParameters", "stageVariables")
    }
    seen = call(api["base"] + "/v1/things/1?a=b", "POST", b"x")[1]
    assert always <= set(seen["keys"])
    assert seen["version"] == documented["version"]
