"""Whether S3 and the event bus answer, and answer this role. Nothing is left behind: no object and no event.

A role may neither list most buckets nor describe the bus, so each check makes a call of the kind that its work makes, in a
form that cannot have an effect, and reads from the answer how far it came."""

from __future__ import annotations

from typing import Any

from spotforge_runtime.clients import events_client, s3_client
from spotforge_runtime.contracts import names
from spotforge_runtime.errors import StageError
from spotforge_runtime.patience import error_code
from spotforge_runtime.storage import AccessRefused

# In the place of an experiment's id, where no experiment can be.
NO_EXPERIMENT = "self-check"
# No rule takes an event of this type.
DETAIL_TYPE = "Self Check"
NOT_JSON = "not JSON"
MALFORMED = "MalformedDetail"


def check_bucket(variable: str, bucket: str | None) -> str:
    """Asks for an object that is not there. That it is not there, or that this role may not know, is S3's answer to a signed
    request for a bucket that exists; a wrong name, region, key or clock, and a closed network, answer otherwise."""
    from botocore.exceptions import ClientError

    name = _given(variable, bucket)
    key = names.KEY_SPEC.format(experiment_id=NO_EXPERIMENT)
    try:
        s3_client().get_object(Bucket=name, Key=key)
    except ClientError as error:
        code = error_code(error)
        if code == "NoSuchKey":
            return f"{name} answers"
        if code == "AccessDenied":
            return f"{name} answers, and does not show this role what it lacks"
        raise StageError(
            f"{name} answers {code}: {error}", remedy=f"Look at {variable}, region, credentials and clock."
        ) from error
    return f"{name} answers"


def check_own_prefix(bucket: str | None, stage: str) -> str:
    """Begins a multipart upload below the stage's prefix and calls it off: it needs the right to write, and makes no object."""
    from botocore.exceptions import ClientError

    name = _given(names.ENV_EXPERIMENTS_BUCKET, bucket)
    key = f"experiments/{NO_EXPERIMENT}/{stage}/{NO_EXPERIMENT}"
    client = s3_client()
    try:
        upload = client.create_multipart_upload(Bucket=name, Key=key)
        client.abort_multipart_upload(Bucket=name, Key=key, UploadId=upload["UploadId"])
    except ClientError as error:
        raise AccessRefused(
            f"Cannot write below {name}/{key}: {error}",
            remedy="Run it with the stage's own job role, or grant that role the prefix.",
        ) from error
    return f"{name}/experiments/*/{stage}/ can be written to"


def check_bus(bus: str | None) -> str:
    """Offers an event whose detail is not JSON: a role without the right is refused; with it EventBridge refuses the entry, which
    then was on no bus. An implementation that takes it has no rule for its type.
    Source: EventBridge's API reference, PutEventsResultEntry, "MalformedDetail: The JSON provided is not valid"."""
    from botocore.exceptions import ClientError

    name = _given(names.ENV_EVENT_BUS, bus)
    entry: dict[str, Any] = {
        "Source": names.EVENT_STAGE_PROGRESS_SOURCE,
        "DetailType": DETAIL_TYPE,
        "Detail": NOT_JSON,
        "EventBusName": name,
    }
    try:
        answer = events_client().put_events(Entries=[entry])  # type: ignore[list-item]
        refused = answer["Entries"][0].get("ErrorCode")
    except ClientError as error:
        refused = error_code(error)
    if refused not in (None, MALFORMED):
        raise StageError(
            f"{name} answers {refused}.", remedy=f"Look at {names.ENV_EVENT_BUS}, and at the job role's events:PutEvents."
        )
    return f"{name} answers, and lets this role report"


def _given(variable: str, value: str | None) -> str:
    if value is None:
        raise StageError(f"{variable} is not set.", remedy="Run it with its job definition's environment.")
    return value
