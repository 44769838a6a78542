"""Users, their attributes, and what tokens show."""

import base64
import json
from typing import Any

import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

PASSWORD = "Passw0rd!x"


@pytest.fixture(scope="module")
def pool(account: Any) -> dict[str, Any]:
    """A closed pool with a client that may read the tenant but not write it, and a user."""
    idp = account.client("cognito-idp")
    created = idp.create_user_pool(
        PoolName="closed",
        AdminCreateUserConfig={"AllowAdminCreateUserOnly": True},
        Schema=[{"Name": name, "AttributeDataType": "String", "Mutable": True} for name in ("tenant", "note")],
    )["UserPool"]["Id"]
    client = idp.create_user_pool_client(
        UserPoolId=created,
        ClientName="web",
        ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"],
        ReadAttributes=["email", "custom:tenant"],
        WriteAttributes=["email"],
    )["UserPoolClient"]["ClientId"]
    attributes = {"email": "a@example.com", "custom:tenant": "acme", "custom:note": "internal"}
    idp.admin_create_user(
        UserPoolId=created,
        Username="ann",
        MessageAction="SUPPRESS",
        UserAttributes=[{"Name": name, "Value": value} for name, value in attributes.items()],
    )
    idp.admin_set_user_password(UserPoolId=created, Username="ann", Password=PASSWORD, Permanent=True)
    public = account.emulator.client("cognito-idp", config=Config(signature_version=UNSIGNED))
    tokens = public.initiate_auth(
        ClientId=client, AuthFlow="USER_PASSWORD_AUTH", AuthParameters={"USERNAME": "ann", "PASSWORD": PASSWORD}
    )["AuthenticationResult"]
    return {"id": created, "client": client, "public": public, "tokens": tokens}


def refusal(call: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call()
    return str(caught.value.response["Error"]["Code"])


def test_the_id_token_shows_readable_attributes_only(pool: dict[str, Any]) -> None:
    payload = pool["tokens"]["IdToken"].split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    assert claims["custom:tenant"] == "acme"
    assert claims["aud"] == pool["client"]
    assert "custom:note" not in claims


def test_get_user_shows_readable_attributes_only(pool: dict[str, Any]) -> None:
    user = pool["public"].get_user(AccessToken=pool["tokens"]["AccessToken"])
    assert {item["Name"] for item in user["UserAttributes"]} == {"sub", "email", "custom:tenant"}


def test_a_user_cannot_write_the_own_tenant(pool: dict[str, Any], account: Any) -> None:
    def write(name: str, value: str) -> Any:
        return pool["public"].update_user_attributes(
            AccessToken=pool["tokens"]["AccessToken"], UserAttributes=[{"Name": name, "Value": value}]
        )

    assert refusal(lambda: write("custom:tenant", "rival")) == "NotAuthorizedException"
    write("email", "b@example.com")
    stored = account.client("cognito-idp").admin_get_user(UserPoolId=pool["id"], Username="ann")["UserAttributes"]
    assert {item["Name"]: item["Value"] for item in stored}["custom:tenant"] == "acme"


def test_nobody_signs_up_in_a_closed_pool(pool: dict[str, Any]) -> None:
    assert (
        refusal(lambda: pool["public"].sign_up(ClientId=pool["client"], Username="eve", Password=PASSWORD))
        == "NotAuthorizedException"
    )


def test_a_sign_up_cannot_choose_the_tenant(account: Any, pool: dict[str, Any]) -> None:
    idp = account.client("cognito-idp")
    opened = idp.create_user_pool(PoolName="open", Schema=[{"Name": "tenant", "AttributeDataType": "String", "Mutable": True}])
    client = idp.create_user_pool_client(UserPoolId=opened["UserPool"]["Id"], ClientName="c", WriteAttributes=["email"])
    identity = client["UserPoolClient"]["ClientId"]
    forged = [{"Name": "custom:tenant", "Value": "rival"}]
    assert (
        refusal(lambda: pool["public"].sign_up(ClientId=identity, Username="eve", Password=PASSWORD, UserAttributes=forged))
        == "NotAuthorizedException"
    )
    email = [{"Name": "email", "Value": "a@example.com"}]
    assert pool["public"].sign_up(ClientId=identity, Username="eve", Password=PASSWORD, UserAttributes=email)["UserSub"]
    assert (
        refusal(lambda: pool["public"].update_user_attributes(AccessToken="forged", UserAttributes=[]))
        == "NotAuthorizedException"
    )
