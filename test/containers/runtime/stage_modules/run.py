"""A job that behaves as TEST_BEHAVIOUR says: `python -m containers.runtime.stage_modules.run`."""

import os
from pathlib import Path

from spotforge_runtime import parent

if __name__ == "__main__":
    parent.GRACE_SECONDS = float(os.environ.get("TEST_GRACE_SECONDS", parent.GRACE_SECONDS))
    parent.SPOT_NOTICE_SECONDS = 0.2
    parent.OUT_OF_MEMORY_EVENTS = Path(os.environ.get("TEST_MEMORY_EVENTS", "/nonexistent"))
    parent.run_stage("containers.runtime.stage_modules.behaviour")
