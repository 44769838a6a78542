"""Stock replicates an object without its retention. AWS copies both where the destination has Object Lock too.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-managing.html#object-lock-managing-replication"""

from ministack.services import s3

from spotforge_emulator.private_name import private, replace


def apply() -> None:
    buckets = private(s3, "_buckets")
    locks = private(s3, "_bucket_object_lock")

    def lock(bucket: str, key: str, headers: dict[str, str], version: str | None) -> None:
        lock_object(bucket, key, headers, version)
        replica = buckets[bucket]["objects"][key].get("_replica")
        if replica is None:
            return
        destination, replica_version, _ = replica
        if destination in locks:
            lock_object(destination, key, headers, replica_version)

    lock_object = replace(s3, "_apply_object_lock_from_headers", lock)
