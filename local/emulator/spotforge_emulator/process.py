"""Starts an emulator as a child process: for tests, and for whoever needs S3, EventBridge and the rest for a while."""

import contextlib
import json
import os
import secrets
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from spotforge_emulator.settings import REGION, ROOT_KEY_VARIABLE, ROOT_SECRET_VARIABLE

START_SECONDS = 30.0
STOP_SECONDS = 12.0


class EmulatorStartError(Exception):
    """With what the emulator wrote before it gave up."""


@dataclass
class Emulator:
    """A running emulator. `access_key_id` and `secret_access_key` are its root key."""

    endpoint: str
    access_key_id: str
    secret_access_key: str
    log: Path
    process: "subprocess.Popen[str]" = field(repr=False)
    ready: dict[str, Any] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """The variables with which an SDK or a container finds this emulator."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": self.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.secret_access_key,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def client(self, service: str, **options: Any) -> Any:
        """A boto3 client with the root key, or with the credentials given in options."""
        import boto3

        arguments: dict[str, Any] = {
            "endpoint_url": self.endpoint,
            "region_name": REGION,
            "aws_access_key_id": self.access_key_id,
            "aws_secret_access_key": self.secret_access_key,
            **options,
        }
        create: Any = boto3.client
        return create(service, **arguments)

    def stop(self) -> int:
        """SIGTERM, then waits until the state is saved. Returns the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()
        return code

    def __enter__(self) -> "Emulator":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def start_emulator(
    state_dir: Path,
    *,
    auth: bool = True,
    batch_endpoint: str | None = None,
    port: int | None = None,
    environment: dict[str, str] | None = None,
) -> Emulator:
    """Starts an emulator on a free port of 127.0.0.1 and waits until it answers. Its log is `state_dir/emulator.log`.

    With auth its root key is random; without, any key is root. Raises EmulatorStartError."""
    state_dir.mkdir(parents=True, exist_ok=True)
    log = state_dir / "emulator.log"
    key = "ROOT" + secrets.token_hex(8).upper() if auth else "test"
    secret = secrets.token_hex(20) if auth else "test"
    command = [sys.executable, "-m", "spotforge_emulator", "--port", str(port or free_port()), "--state", str(state_dir)]
    if batch_endpoint:
        command += ["--batch-endpoint", batch_endpoint]
    if not auth:
        command.append("--no-auth")
    package = str(Path(__file__).resolve().parents[1])
    variables = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, [package, os.environ.get("PYTHONPATH", "")])),
        ROOT_KEY_VARIABLE: key,
        ROOT_SECRET_VARIABLE: secret,
        **(environment or {}),
    }
    with log.open("ab") as stderr:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr, text=True, env=variables)
    ready = _await_ready(process, log)
    return Emulator(ready["endpoint"], key, secret, log, process, ready)


def _await_ready(process: "subprocess.Popen[str]", log: Path) -> dict[str, Any]:
    assert process.stdout is not None
    deadline = time.monotonic() + START_SECONDS
    line = ""
    while time.monotonic() < deadline and not line:
        readable, _, _ = select.select([process.stdout], [], [], 0.2)
        if readable:
            line = process.stdout.readline()
            if not line:
                break
    if not line:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        process.wait()
        process.stdout.close()
        raise EmulatorStartError(log.read_text(errors="replace")[-2000:])
    ready: dict[str, Any] = json.loads(line)
    return ready


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def temporary_emulator(**options: Any) -> Emulator:
    """An emulator whose state nobody needs afterwards."""
    return start_emulator(Path(tempfile.mkdtemp(prefix="spotforge-emulator-")), **options)
