"""Stock Batch is a stub whose jobs succeed at once and run nothing. Every call goes to the executor instead, which answers at
AWS's own paths; IAM has been checked before."""

import asyncio
import http.client
import json
from urllib.parse import quote, urlencode, urlsplit

from ministack import app

from spotforge_emulator.private_name import private
from spotforge_emulator.settings import Settings

REQUEST_SECONDS = 60.0
TAGS_PREFIX = "/v1/tags/"
Response = tuple[int, dict[str, str], bytes]


class BatchExecutor:
    """The executor's REST-JSON interface."""

    def __init__(self, endpoint: str | None) -> None:
        self.endpoint = endpoint

    def call(self, method: str, path: str, body: bytes, query: dict[str, list[str]] | None = None) -> Response:
        """One request. An executor that is not there answers like a Batch that is out of order: 500 ServerException."""
        if not self.endpoint:
            return _server_exception("The emulator was started without --batch-endpoint: no executor runs jobs here.")
        target = urlsplit(self.endpoint)
        connection = http.client.HTTPConnection(target.hostname or "127.0.0.1", target.port, timeout=REQUEST_SECONDS)
        try:
            connection.request(method, encode(path, query), body or None, {"content-type": "application/json"})
            answer = connection.getresponse()
            headers = {
                name: value
                for name, value in answer.getheaders()
                if name.lower() in ("content-type", "x-amzn-errortype", "retry-after")
            }
            headers.setdefault("Content-Type", "application/json")
            return answer.status, headers, answer.read()
        except OSError as error:
            return _server_exception(f"The Batch executor at {self.endpoint} does not answer ({error}).")
        finally:
            connection.close()

    async def handle(
        self, method: str, path: str, _headers: dict[str, str], body: bytes, query: dict[str, list[str]]
    ) -> Response:
        """MiniStack's signature of a service handler."""
        return await asyncio.to_thread(self.call, method, path, body, query)


def encode(path: str, query: dict[str, list[str]] | None) -> str:
    """The request target as an SDK sends it: the ARN in `/v1/tags/{resourceArn}` is one encoded label."""
    prefix, label = (TAGS_PREFIX, path[len(TAGS_PREFIX) :]) if path.startswith(TAGS_PREFIX) else (path, "")
    target = quote(prefix, safe="/") + quote(label, safe="")
    return f"{target}?{urlencode(query, doseq=True)}" if query else target


def _server_exception(message: str) -> Response:
    headers = {"Content-Type": "application/json", "x-amzn-errortype": "ServerException"}
    return 500, headers, json.dumps({"message": message}).encode()


def apply(settings: Settings) -> BatchExecutor:
    executor = BatchExecutor(settings.batch_endpoint)
    handlers = private(app, "SERVICE_HANDLERS")
    if "batch" not in handlers:
        raise KeyError("MiniStack has no service called batch any more: adapt the patch.")
    handlers["batch"] = executor.handle
    return executor
