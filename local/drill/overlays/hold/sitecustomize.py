"""The work stands still for DRILL_HOLD_SECONDS at the step DRILL_AT_STEP while its process and other threads live on: a hang when
it is long, and otherwise time in which a short stage can be hit."""

import sys
import time
from pathlib import Path

sys.path.append(str(Path(__file__).parent.parent))
import planting

if planting.is_child():

    def stand_still() -> None:
        time.sleep(planting.setting("HOLD_SECONDS"))

    planting.at_step(planting.setting("AT_STEP"), stand_still)
