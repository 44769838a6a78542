"""An instance metadata service as IMDSv2 documents it: no page without a token."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

NOTICE = "/latest/meta-data/spot/instance-action"


@dataclass
class MetadataService:
    """`pages` by path; everything else is 404."""

    endpoint: str = ""
    pages: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    tokens_granted: int = 0
    token_status: int = 200
    without_token: int = 0
    slow_seconds: float = 0.0

    @property
    def token(self) -> str:
        return f"token-{self.tokens_granted}" if self._valid else "none"

    _valid: bool = True

    def grant(self) -> str:
        self.tokens_granted += 1
        self._valid = True
        return self.token

    def forget_tokens(self) -> None:
        self._valid = False


@contextmanager
def start_metadata_service() -> Iterator[MetadataService]:
    service = MetadataService()

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            time.sleep(service.slow_seconds)
            assert self.path == "/latest/api/token" and self.headers["X-aws-ec2-metadata-token-ttl-seconds"]
            if service.token_status != 200:
                return self.answer(service.token_status, "")
            return self.answer(200, service.grant())

        def do_GET(self) -> None:
            service.asked.append(self.path)
            if self.headers["X-aws-ec2-metadata-token"] is None:
                service.without_token += 1
            if self.headers["X-aws-ec2-metadata-token"] != service.token:
                return self.answer(401, "")
            page = service.pages.get(self.path)
            return self.answer(404, "") if page is None else self.answer(200, page)

        def answer(self, status: int, body: str) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        service.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
        yield service
        server.shutdown()
