"""`with_local_aws.py COMMAND…`: runs a command with a fresh S3 and EventBridge in its environment; ends with its exit code."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from spotforge_emulator.process import start_emulator


def main(command: list[str]) -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # as an exception it ends the command and the emulator as well
    with tempfile.TemporaryDirectory(prefix="spotforge-aws-") as state, start_emulator(Path(state), auth=False) as emulator:
        return subprocess.run(command, env={**os.environ, **emulator.environment}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
