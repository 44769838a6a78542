"""Events that a fault rule loses or doubles (`events/drop`, `events/double`) after the bus has accepted them. A doubled event
comes twice with the same id, as EventBridge's at-least-once delivery allows."""

from typing import Any

from ministack.services import eventbridge

from spotforge_emulator.faults.faults import Faults
from spotforge_emulator.faults.rules import DoubledEvents, LostEvents
from spotforge_emulator.private_name import replace


def apply(faults: Faults) -> None:
    def dispatch(event: dict[str, Any], view: Any = None) -> None:
        # A rule that forwards to another bus brings the event here again: it was put once.
        if "_DispatchPath" not in event:
            source, detail_type = str(event.get("Source", "")), str(event.get("DetailType", ""))
            if faults.take(LostEvents, lambda rule: rule.picks(source, detail_type)):
                return
            if faults.take(DoubledEvents, lambda rule: rule.picks(source, detail_type)):
                dispatch_event(event, view)
        dispatch_event(event, view)

    dispatch_event = replace(eventbridge, "_dispatch_event", dispatch)
