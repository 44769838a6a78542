"""What the emulator is told on its command line and in its environment."""

import argparse
import os
from dataclasses import dataclass
from pathlib import Path

ROOT_KEY_VARIABLE = "SPOTFORGE_ROOT_ACCESS_KEY_ID"
ROOT_SECRET_VARIABLE = "SPOTFORGE_ROOT_SECRET_ACCESS_KEY"  # noqa: S105 - the name of a variable, not a secret
REGION = "us-east-1"

# What Lambda workers and custom resources may inherit: enough to run, nothing that grants anything.
INHERITED_VARIABLES = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "USER", "LOGNAME", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
# Tooling of the test suites, which has to reach this process (coverage) or its log (LOG_LEVEL).
INHERITED_PREFIXES = ("COVERAGE_", "LOG_LEVEL", "LAMBDA_", "NODE_PATH", "NODE_EXTRA_CA_CERTS", "PYTHONPATH")


@dataclass(frozen=True)
class Settings:
    port: int
    state: Path
    batch_endpoint: str | None
    auth: bool
    root_access_key_id: str
    root_secret_access_key: str

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def read_settings(arguments: list[str], environment: dict[str, str]) -> Settings:
    """Parses the command line; the root key comes from the environment so that no process list shows it."""
    parser = argparse.ArgumentParser(prog="spotforge_emulator", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="port on 127.0.0.1")
    parser.add_argument("--state", type=Path, required=True, help="directory that keeps the account between starts")
    parser.add_argument("--batch-endpoint", help="where the Batch executor listens, for example http://127.0.0.1:4600")
    parser.add_argument("--no-auth", action="store_true", help="do not enforce IAM: for unit tests of containers")
    parsed = parser.parse_args(arguments)
    return Settings(
        port=parsed.port,
        state=parsed.state.resolve(),
        batch_endpoint=parsed.batch_endpoint,
        auth=not parsed.no_auth,
        root_access_key_id=environment.get(ROOT_KEY_VARIABLE) or "test",
        root_secret_access_key=environment.get(ROOT_SECRET_VARIABLE) or "test",
    )


def prepare_environment(settings: Settings) -> None:
    """Replaces this process's environment by what MiniStack needs. MiniStack reads it on import, and every Lambda
    inherits it whole: so whatever else was there, credentials above all, has to go first."""
    kept = {
        name: value for name, value in os.environ.items() if name in INHERITED_VARIABLES or name.startswith(INHERITED_PREFIXES)
    }
    temporary = settings.state / "tmp"
    os.environ.clear()
    os.environ.update(kept)
    os.environ.update(
        {
            "GATEWAY_PORT": str(settings.port),
            "BIND_HOST": "127.0.0.1",
            # Part of queue URLs and of the address that custom resources answer to; `localhost` may resolve to ::1 first.
            "MINISTACK_HOST": "127.0.0.1",
            "AUTH": "true" if settings.auth else "false",
            "PERSIST_STATE": "1",
            "STATE_DIR": str(settings.state / "services"),
            "S3_PERSIST": "1",
            "S3_DATA_DIR": str(settings.state / "objects"),
            "TMPDIR": str(temporary),
            "MINISTACK_REGION": REGION,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ENDPOINT_URL": settings.endpoint,
            "LAMBDA_EXECUTOR": "local",
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            # No Docker: a socket that does not exist keeps its client library from being imported.
            "DOCKER_HOST": "unix:///nonexistent/docker.sock",
        }
    )
    # Inline custom resources of the CDK expect the SDK that AWS's Node runtime brings along.
    os.environ.setdefault("NODE_PATH", str(node_modules()))


def node_modules() -> Path:
    """The repository's node_modules."""
    return Path(__file__).resolve().parents[3] / "node_modules"
