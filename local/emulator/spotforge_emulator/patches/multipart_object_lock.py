"""Stock forgets the retention that CreateMultipartUpload is asked for: the object of an upload in parts can be deleted. AWS
keeps it for the object that CompleteMultipartUpload makes.
https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateMultipartUpload.html"""

import re
from typing import Any

from ministack.services import s3

from spotforge_emulator.private_name import private, replace

ASKED_FOR = "object_lock_headers"
UPLOAD_ID = re.compile(rb"<UploadId>(.+?)</UploadId>")


def apply() -> None:
    uploads = private(s3, "_multipart_uploads")
    lock_headers = private(s3, "_OBJECT_LOCK_HEADERS")

    def create(bucket: str, key: str, headers: dict[str, str]) -> Any:
        answer = create_upload(bucket, key, headers)
        if answer[0] < 300:
            asked = {name: headers[name] for name in lock_headers if name in headers}
            uploads[UPLOAD_ID.findall(answer[2])[0].decode()][ASKED_FOR] = asked
        return answer

    def complete(bucket: str, key: str, body: bytes, query: dict[str, Any], headers: dict[str, str] | None = None) -> Any:
        upload_id = query.get("uploadId", "")
        record = uploads.get(upload_id[0] if isinstance(upload_id, list) else upload_id)
        answer = complete_upload(bucket, key, body, query, headers)
        if record is not None and answer[0] < 300:
            private(s3, "_apply_object_lock_from_headers")(bucket, key, record[ASKED_FOR], answer[1].get("x-amz-version-id"))
        return answer

    create_upload = replace(s3, "_create_multipart_upload", create)
    complete_upload = replace(s3, "_complete_multipart_upload", complete)
