"""SIGKILL for the whole container, DRILL_DELAY_MS after the step DRILL_AT_STEP: in a step, an upload or an evaluation."""

import sys
import threading
from pathlib import Path

sys.path.append(str(Path(__file__).parent.parent))
import planting

if planting.is_child():

    def kill_soon() -> None:
        threading.Timer(planting.setting("DELAY_MS") / 1000, planting.kill_container).start()

    planting.at_step(planting.setting("AT_STEP"), kill_soon)
