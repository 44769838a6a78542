"""The answer of a service that refuses a call, as that service writes it on the wire: SDKs tell by it which error to raise and
whether to try again."""

import json
import uuid
from xml.sax.saxutils import escape

from spotforge_emulator.faults.operations import BOTOCORE_NAMES
from spotforge_emulator.service_models import service_model

Response = tuple[int, dict[str, str], bytes]

# What each service answers when it is out of order or overrun, where nothing else is asked for.
# https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html, the error sections of each service's API reference, and
# https://docs.aws.amazon.com/step-functions/latest/apireference/CommonErrors.html, for Step Functions models none of its own.
USUAL_CODES = {
    "s3": "SlowDown",
    "dynamodb": "InternalServerError",
    "events": "InternalException",
    "states": "ServiceUnavailable",
    "batch": "ServerException",
    "lambda": "ServiceException",
}
# The models of the JSON protocols carry no status; every code that is not here is the caller's fault or a throttle: 400.
STATUSES = {
    "SlowDown": 503,
    "ServiceUnavailable": 503,
    "InternalError": 500,
    "InternalException": 500,
    "InternalFailure": 500,
    "InternalServerError": 500,
}
# DynamoDB's error types have a namespace: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
NAMESPACES = {"dynamodb": "com.amazonaws.dynamodb.v20120810#"}
MESSAGE = "Refused by a fault of the local tier."


def refusal(service: str, code: str | None = None, status: int | None = None) -> Response:
    """Status, headers and body. Without a code the service's usual one, without a status the one that belongs to the code."""
    code = code or USUAL_CODES[service]
    status = status or status_of(service, code)
    if service == "s3":
        document = (
            f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{escape(code)}</Code><Message>{MESSAGE}</Message>'
            f"<RequestId>{uuid.uuid4()}</RequestId><HostId>local</HostId></Error>"
        )
        return status, {"Content-Type": "application/xml"}, document.encode()
    rest = service_model(BOTOCORE_NAMES[service])["metadata"]["protocol"] == "rest-json"
    body = {"message": MESSAGE} if rest else {"__type": NAMESPACES.get(service, "") + code, "message": MESSAGE}
    return status, {"Content-Type": "application/json", "x-amzn-errortype": code}, json.dumps(body).encode()


def status_of(service: str, code: str) -> int:
    """The HTTP status that AWS sends with an error code."""
    modeled = service_model(BOTOCORE_NAMES[service])["shapes"].get(code, {}).get("error", {}).get("httpStatusCode")
    return int(modeled or STATUSES.get(code, 400))
