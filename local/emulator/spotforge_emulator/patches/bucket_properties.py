"""Stock's CloudFormation silently drops a bucket's encryption, lifecycle, replication, object lock, ownership and tags. They are
applied through the S3 API's own functions, which enforce them."""

from collections.abc import Callable
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

from ministack.services import s3
from ministack.services.cloudformation import provisioners

from spotforge_emulator.private_name import private, replace

Properties = dict[str, Any]


class BucketRefusedError(ValueError):
    """S3's own message for a property that it does not accept."""


def put(query: str) -> Callable[[str, bytes], None]:
    """`PUT /{bucket}?{query}`, as a function of bucket and XML."""
    names = {
        "encryption": "_put_bucket_encryption",
        "lifecycle": "_put_bucket_lifecycle",
        "replication": "_put_bucket_replication",
        "object-lock": "_put_object_lock_configuration",
        "ownershipControls": "_put_bucket_ownership_controls",
        "tagging": "_put_bucket_tagging",
        "versioning": "_put_bucket_versioning",
    }
    function = private(s3, names[query])

    def call(bucket: str, body: bytes) -> None:
        status, _, answer = function(bucket, body)[:3]
        if status >= 300:
            raise BucketRefusedError(f"{bucket}: {query} refused: {answer.decode() if isinstance(answer, bytes) else answer}")

    return call


def element(name: str, value: Any) -> bytes:
    """XML of a CloudFormation-like value: maps nest, lists repeat their element."""
    root = Element(name, xmlns="http://s3.amazonaws.com/doc/2006-03-01/")
    _fill(root, value)
    xml: bytes = tostring(root, encoding="utf-8")
    return xml


def _fill(parent: Element, value: Any) -> None:
    for name, inner in value.items():
        for item in inner if isinstance(inner, list) else [inner]:
            child = SubElement(parent, name)
            if isinstance(item, dict):
                _fill(child, item)
            else:
                child.text = str(item).lower() if isinstance(item, bool) else str(item)


def encryption(value: Properties) -> bytes:
    """BucketEncryption."""
    rules = [
        {
            "ApplyServerSideEncryptionByDefault": rule["ServerSideEncryptionByDefault"],
            **({"BucketKeyEnabled": rule["BucketKeyEnabled"]} if "BucketKeyEnabled" in rule else {}),
        }
        for rule in value.get("ServerSideEncryptionConfiguration", [])
    ]
    return element("ServerSideEncryptionConfiguration", {"Rule": rules})


def lifecycle(value: Properties) -> bytes:
    """LifecycleConfiguration: CloudFormation's flat rules become the API's nested ones."""
    return element("LifecycleConfiguration", {"Rule": [_lifecycle_rule(rule) for rule in value.get("Rules", [])]})


def _lifecycle_rule(rule: Properties) -> Properties:
    conditions: Properties = {}
    if rule.get("Prefix"):
        conditions["Prefix"] = rule["Prefix"]
    if rule.get("TagFilters"):
        conditions["Tag"] = rule["TagFilters"]
    for name in ("ObjectSizeGreaterThan", "ObjectSizeLessThan"):
        if name in rule:
            conditions[name] = rule[name]
    several = len(conditions) > 1 or len(rule.get("TagFilters", [])) > 1
    converted: Properties = {"Filter": {"And": conditions} if several else conditions or {"Prefix": ""}}
    if rule.get("Id"):
        converted["ID"] = rule["Id"]
    converted["Status"] = rule["Status"]
    expiration = {
        wanted: rule[name]
        for name, wanted in (
            ("ExpirationInDays", "Days"),
            ("ExpirationDate", "Date"),
            ("ExpiredObjectDeleteMarker", "ExpiredObjectDeleteMarker"),
        )
        if name in rule
    }
    if expiration:
        converted["Expiration"] = expiration
    noncurrent = rule.get("NoncurrentVersionExpiration") or (
        {"NoncurrentDays": rule["NoncurrentVersionExpirationInDays"]} if "NoncurrentVersionExpirationInDays" in rule else None
    )
    if noncurrent:
        converted["NoncurrentVersionExpiration"] = noncurrent
    transitions = [
        {
            **({"Days": item["TransitionInDays"]} if "TransitionInDays" in item else {"Date": item.get("TransitionDate")}),
            "StorageClass": item["StorageClass"],
        }
        for item in rule.get("Transitions", [])
    ]
    if transitions:
        converted["Transition"] = transitions
    older = [
        {"NoncurrentDays": item["TransitionInDays"], "StorageClass": item["StorageClass"]}
        for item in rule.get("NoncurrentVersionTransitions", [])
    ]
    if older:
        converted["NoncurrentVersionTransition"] = older
    if rule.get("AbortIncompleteMultipartUpload"):
        converted["AbortIncompleteMultipartUpload"] = rule["AbortIncompleteMultipartUpload"]
    return converted


def replication(value: Properties) -> bytes:
    """ReplicationConfiguration."""
    rules = [{("ID" if name == "Id" else name): inner for name, inner in rule.items()} for rule in value.get("Rules", [])]
    return element("ReplicationConfiguration", {"Role": value["Role"], "Rule": rules})


def object_lock(value: Properties) -> bytes:
    """ObjectLockConfiguration."""
    return element("ObjectLockConfiguration", value)


def ownership(value: Properties) -> bytes:
    """OwnershipControls."""
    return element("OwnershipControls", {"Rule": value.get("Rules", [])})


def tagging(value: list[Properties]) -> bytes:
    """Tags."""
    return element("Tagging", {"TagSet": {"Tag": [{"Key": tag["Key"], "Value": tag["Value"]} for tag in value]}})


def versioning(value: Properties) -> bytes:
    """VersioningConfiguration."""
    return element("VersioningConfiguration", {"Status": value.get("Status", "Suspended")})


def apply() -> None:
    def keep(_bucket: str) -> None:
        """A property that was removed from the template stays as it was, except for those below."""

    def dropped(store: str) -> Callable[[str], None]:
        return lambda bucket: private(s3, store).pop(bucket, None) and None

    def suspend(bucket: str) -> None:
        put("versioning")(bucket, versioning({"Status": "Suspended"}))

    locks = private(s3, "_bucket_object_lock")

    def enable_lock(bucket: str, enabled: bytes) -> None:
        if enabled and bucket not in locks:
            locks[bucket] = {"enabled": True, "default_retention": None}

    def forget(physical_id: str, properties: Properties) -> None:
        delete(physical_id, properties)
        for store in ("_bucket_object_lock", "_bucket_replication"):
            private(s3, store).pop(physical_id, None)

    bucket_type = private(provisioners, "_RESOURCE_HANDLERS")["AWS::S3::Bucket"]
    delete = bucket_type["delete"]
    bucket_type["delete"] = forget

    configurations = private(provisioners, "_S3_BUCKET_CONFIGURATIONS")
    extra = (
        ("ObjectLockEnabled", lambda value: b"true" if str(value).lower() == "true" else b"", enable_lock, keep),
        # Versioning first: replication and object lock need it.
        ("VersioningConfiguration", versioning, put("versioning"), suspend),
        ("BucketEncryption", encryption, put("encryption"), dropped("_bucket_encryption")),
        ("LifecycleConfiguration", lifecycle, put("lifecycle"), dropped("_bucket_lifecycle")),
        ("OwnershipControls", ownership, put("ownershipControls"), keep),
        ("ObjectLockConfiguration", object_lock, put("object-lock"), keep),
        ("ReplicationConfiguration", replication, put("replication"), dropped("_bucket_replication")),
        ("Tags", tagging, put("tagging"), dropped("_bucket_tags")),
    )
    replace(provisioners, "_S3_BUCKET_CONFIGURATIONS", configurations + extra)
