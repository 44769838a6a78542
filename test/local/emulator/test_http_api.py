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


def call(url: str, method: str = "GET", body: bytes | None = None, token: str = "") -> tuple[int, Any]:
    headers = {**({"content-type": "text/plain"} if body else {}), **({"authorization": f"Bearer {token}"} if token else {})}
    request = urllib.request.Request(url, method=method, data=body, headers=headers)
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


def test_a_jwt_authorizer_lets_the_pools_users_in_with_their_groups(account: Any, api: dict[str, str]) -> None:
    idp, gateway = account.client("cognito-idp"), account.client("apigatewayv2")
    pool = idp.create_user_pool(PoolName="api")["UserPool"]["Id"]
    flows = ["ALLOW_USER_PASSWORD_AUTH"]
    client = idp.create_user_pool_client(UserPoolId=pool, ClientName="c", ExplicitAuthFlows=flows)["UserPoolClient"]["ClientId"]
    idp.admin_create_user(UserPoolId=pool, Username="ann", MessageAction="SUPPRESS")
    idp.admin_set_user_password(UserPoolId=pool, Username="ann", Password="Passw0rd!x", Permanent=True)
    for group in ("a", "b"):
        idp.create_group(UserPoolId=pool, GroupName=group)
        idp.admin_add_user_to_group(UserPoolId=pool, Username="ann", GroupName=group)
    tokens = idp.initiate_auth(
        ClientId=client, AuthFlow="USER_PASSWORD_AUTH", AuthParameters={"USERNAME": "ann", "PASSWORD": "Passw0rd!x"}
    )["AuthenticationResult"]
    authorizer = gateway.create_authorizer(
        ApiId=api["id"],
        Name="jwt",
        AuthorizerType="JWT",
        IdentitySource=["$request.header.Authorization"],
        JwtConfiguration={"Audience": [client], "Issuer": f"https://cognito-idp.us-east-1.amazonaws.com/{pool}"},
    )["AuthorizerId"]
    guarded = {"AuthorizationType": "JWT", "AuthorizerId": authorizer}
    function = account.function(ECHO)
    uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{function}/invocations"
    integration = gateway.create_integration(
        ApiId=api["id"], IntegrationType="AWS_PROXY", IntegrationUri=uri, PayloadFormatVersion="2.0"
    )["IntegrationId"]
    gateway.create_route(ApiId=api["id"], RouteKey="GET /v1/guarded/{id}", Target=f"integrations/{integration}", **guarded)
    account.client("lambda").add_permission(
        FunctionName=function,
        StatementId="api",
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
        SourceArn=f"arn:aws:execute-api:us-east-1:000000000000:{api['id']}/*/*/v1/guarded/{{id}}",
    )
    url = api["base"] + "/v1/guarded/1"
    assert call(url)[0] == 401
    assert call(url, token=tokens["IdToken"][:-8] + "AAAAAAAA")[0] == 401
    status, seen = call(url, token=tokens["IdToken"])
    assert (status, seen["claims"]["cognito:groups"]) == (200, "[a b]")
