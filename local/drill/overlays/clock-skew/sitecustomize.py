"""The container's clock is DRILL_SKEW_SECONDS ahead (behind, when negative). AWS takes signatures up to 15 minutes off."""

import datetime
import sys
import time
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parent.parent))
import planting

if planting.is_child():
    SKEW = planting.setting("SKEW_SECONDS")
    really_time = time.time
    really_datetime = datetime.datetime

    class AnyDatetime(type):
        """Every datetime is an instance, also those that were made before or by the interpreter itself."""

        def __instancecheck__(cls, instance: Any) -> bool:
            return isinstance(instance, really_datetime)

    class SkewedDatetime(really_datetime, metaclass=AnyDatetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return really_datetime.now(tz) + datetime.timedelta(seconds=SKEW)

        @classmethod
        def utcnow(cls) -> Any:
            return cls.now(datetime.UTC).replace(tzinfo=None)

    time.time = lambda: really_time() + SKEW
    datetime.datetime = SkewedDatetime  # type: ignore[misc]
