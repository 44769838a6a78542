"""Stock ignores an app client's WriteAttributes and ReadAttributes and a pool's AllowAdminCreateUserOnly: a user could write the
own tenant, or sign up. A client without a list may read and write everything, which is how a pool ends up open by accident."""

import base64
import json
from typing import Any

from ministack.core.responses import error_response_json
from ministack.services import cognito

from spotforge_emulator.private_name import private, replace

UNWRITABLE = "A client attempted to write unauthorized attribute"


def apply() -> None:
    pools = private(cognito, "_user_pools")
    decode = claims

    def client(client_id: str | None) -> dict[str, Any]:
        for pool in pools.values():
            if client_id in pool["_clients"]:
                found: dict[str, Any] = pool["_clients"][client_id]
                return found
        return {}

    def client_of(access_token: str) -> dict[str, Any]:
        return client(decode(access_token).get("client_id"))

    def unwritable(app_client: dict[str, Any], attributes: list[dict[str, Any]]) -> bool:
        writable = app_client.get("WriteAttributes") or []
        return bool(writable) and any(attribute.get("Name") not in writable for attribute in attributes)

    def readable(app_client: dict[str, Any], name: str) -> bool:
        names = app_client.get("ReadAttributes") or []
        return not names or name == "sub" or name in names

    def update_user_attributes(data: dict[str, Any]) -> Any:
        if unwritable(client_of(data.get("AccessToken", "")), data.get("UserAttributes", [])):
            return error_response_json("NotAuthorizedException", UNWRITABLE, 400)
        return update(data)

    update = replace(cognito, "_update_user_attributes", update_user_attributes)

    def sign_up(data: dict[str, Any]) -> Any:
        client_id = data.get("ClientId")
        pool = next((pool for pool in pools.values() if client_id in pool["_clients"]), None)
        if pool and str((pool.get("AdminCreateUserConfig") or {}).get("AllowAdminCreateUserOnly", False)).lower() == "true":
            return error_response_json("NotAuthorizedException", "SignUp is not permitted for this user pool", 400)
        if unwritable(client(client_id), data.get("UserAttributes", [])):
            return error_response_json("NotAuthorizedException", UNWRITABLE, 400)
        return stock_sign_up(data)

    stock_sign_up = replace(cognito, "_sign_up", sign_up)

    def token(sub: str, pool_id: str, client_id: str, *arguments: Any, **options: Any) -> str:
        attributes = options.get("user_attrs")
        if attributes:
            app_client = client(client_id)
            options["user_attrs"] = {name: value for name, value in attributes.items() if readable(app_client, name)}
        signed: str = issue(sub, pool_id, client_id, *arguments, **options)
        return signed

    issue = replace(cognito, "_fake_token", token)

    def get_user(data: dict[str, Any]) -> Any:
        status, headers, body = stock_get_user(data)
        if status != 200:
            return status, headers, body
        app_client = client_of(data.get("AccessToken", ""))
        document = json.loads(body)
        document["UserAttributes"] = [item for item in document["UserAttributes"] if readable(app_client, item["Name"])]
        return status, headers, json.dumps(document).encode()

    stock_get_user = replace(cognito, "_get_user", get_user)


def claims(token: str) -> dict[str, Any]:
    """The claims of a token that MiniStack is about to verify itself."""
    try:
        payload = token.split(".")[1]
        document = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError):
        return {}
    return document if isinstance(document, dict) else {}
