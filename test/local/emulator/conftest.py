"""An emulator per module, and a Batch executor that only records what it is asked."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from spotforge_emulator.process import Emulator, start_emulator

ACCOUNT = "000000000000"


@dataclass
class RecordingBatch:
    """Speaks Batch's REST-JSON. Everything is VALID at once, every job is accepted and none runs."""

    calls: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    refusal: tuple[int, str, str] | None = None
    resources: dict[str, dict[str, Any]] = field(default_factory=dict)
    revisions: dict[str, int] = field(default_factory=dict)
    endpoint: str = ""

    def requests(self, path: str) -> list[dict[str, Any]]:
        """The bodies of all calls of a path, oldest first."""
        return [body for _, called, body in list(self.calls) if called == path]

    def answer(self, method: str, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any], str]:
        self.calls.append((method, path, body))
        if self.refusal and path == "/v1/submitjob":
            status, error, message = self.refusal
            return status, {"message": message}, error
        return 200, self._accept(path.removeprefix("/v1/"), body), ""

    def _accept(self, operation: str, body: dict[str, Any]) -> dict[str, Any]:
        if operation == "submitjob":
            return {"jobName": body["jobName"], "jobId": f"job-{len(self.calls)}", "jobArn": arn("job", f"job-{len(self.calls)}")}
        if operation == "registerjobdefinition":
            name = body["jobDefinitionName"]
            self.revisions[name] = self.revisions.get(name, 0) + 1
            revision = self.revisions[name]
            return {"jobDefinitionName": name, "jobDefinitionArn": arn("job-definition", f"{name}:{revision}"), "revision": revision}
        for kind, member in (("computeenvironment", "computeEnvironment"), ("jobqueue", "jobQueue")):
            if operation == f"create{kind}":
                created = arn({"jobQueue": "job-queue"}.get(member, "compute-environment"), body[f"{member}Name"])
                self.resources[created] = {"status": "VALID", "state": "ENABLED", f"{member}Arn": created}
                return {f"{member}Name": body[f"{member}Name"], f"{member}Arn": created}
            if operation == f"delete{kind}":
                self.resources.pop(body[member], None)
            if operation == f"describe{kind}s":
                return {f"{member}s": [self.resources[name] for name in body[f"{member}s"] if name in self.resources]}
        if operation == "createschedulingpolicy":
            return {"name": body["name"], "arn": arn("scheduling-policy", body["name"])}
        return {}


def arn(kind: str, name: str) -> str:
    return f"arn:aws:batch:us-east-1:{ACCOUNT}:{kind}/{name}"


@pytest.fixture(scope="module")
def batch() -> Iterator[RecordingBatch]:
    recording = RecordingBatch()

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            status, document, error = recording.answer(self.command, self.path, json.loads(body or b"{}"))
            answer = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(answer)))
            if error:
                self.send_header("x-amzn-errortype", error)
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_POST = do_DELETE = handle_any

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    recording.endpoint = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield recording
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def emulator(batch: RecordingBatch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """With IAM enforced, as the local tier runs it."""
    with start_emulator(tmp_path_factory.mktemp("state"), batch_endpoint=batch.endpoint) as running:
        yield running


@pytest.fixture(scope="module")
def open_emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """Without IAM, as the tests of containers use it."""
    with start_emulator(tmp_path_factory.mktemp("open"), auth=False) as running:
        yield running


@pytest.fixture(scope="session")
def eventually() -> Callable[..., Any]:
    """Polls until the answer is truthy, and returns it."""

    def poll(look: Callable[[], Any], seconds: float = 10.0) -> Any:
        deadline = time.monotonic() + seconds
        while not (found := look()):
            assert time.monotonic() < deadline, "waited in vain"
            time.sleep(0.03)
        return found

    return poll


@pytest.fixture(scope="session")
def fixtures() -> Path:
    """AWS's documented shapes."""
    return Path(__file__).resolve().parents[2] / "fixtures" / "aws"
