"""How far the work is: at most one event every 2 s, at least one every 30 s, never in the way of the work."""

from __future__ import annotations

import json
import logging
import math
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spotforge_runtime import instants
from spotforge_runtime.attempt import AttemptIdentity
from spotforge_runtime.contracts import names
from spotforge_runtime.documents import to_json

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

    from spotforge_runtime.storage import ObjectStore

logger = logging.getLogger(__name__)

SHORTEST_SECONDS = 2.0
HEARTBEAT_SECONDS = 30.0
FINISH_SECONDS = 10.0
LONGEST_MESSAGE = 500
LONGEST_METRIC_NAME = 64


# Takes one progress document to where it is read. May raise; may be slow.
Sink = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class ProgressState:
    step: int = 0
    total_steps: int = 0
    fraction: float = 0.0
    message: str = ""
    metrics: Mapping[str, float] | None = None

    def updated(
        self,
        step: int | None,
        total_steps: int | None,
        message: str | None,
        metrics: Mapping[str, float] | None,
        fraction: float | None,
    ) -> ProgressState:
        """What is not given stays; metrics are merged. The fraction is step / total_steps where none is given."""
        new_step = self.step if step is None else max(0, step)
        new_total = self.total_steps if total_steps is None else max(0, total_steps)
        if fraction is None and (step is not None or total_steps is not None) and new_total > 0:
            fraction = new_step / new_total
        if fraction is None or not math.isfinite(fraction):
            fraction = self.fraction
        finite = {k[:LONGEST_METRIC_NAME]: float(v) for k, v in (metrics or {}).items() if math.isfinite(v)}
        return replace(
            self,
            step=new_step,
            total_steps=new_total,
            fraction=min(1.0, max(0.0, fraction)),
            message=self.message if message is None else message[:LONGEST_MESSAGE],
            metrics={**(self.metrics or {}), **finite},
        )


def seconds_until_due(*, dirty: bool, since_last: float | None) -> float:
    """Seconds to wait before the next event; 0 or less means now. `since_last` is None before the first one."""
    if since_last is None:
        return 0.0 if dirty else HEARTBEAT_SECONDS
    return (SHORTEST_SECONDS if dirty else HEARTBEAT_SECONDS) - since_last


class Progress:
    """Reports of one attempt. A background thread sends them; a sink that fails or hangs is never noticed by the work."""

    def __init__(
        self, attempt: AttemptIdentity, sinks: tuple[Sink, ...] = (), *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._attempt = attempt
        self._sinks = sinks
        self._clock = clock
        self._state = ProgressState()
        self._sequence = 0
        self._dirty = False
        self._last: float | None = None
        self._closing = False
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def report(
        self,
        *,
        step: int | None = None,
        total_steps: int | None = None,
        message: str | None = None,
        metrics: Mapping[str, float] | None = None,
        fraction: float | None = None,
    ) -> None:
        """Notes how far the work is. Takes microseconds; numbers that are not finite are left out."""
        with self._changed:
            self._state = self._state.updated(step, total_steps, message, metrics, fraction)
            self._dirty = True
            self._changed.notify()

    @property
    def state(self) -> ProgressState:
        return self._state

    def start(self) -> None:
        """Starts sending."""
        self._thread = threading.Thread(target=self._run, name="progress", daemon=True)
        self._thread.start()

    def finish(self, message: str | None = None, *, fraction: float | None = None) -> None:
        """Sends the last report whatever the throttle says, waiting 10 s at most, and stops. Doing it again changes nothing."""
        if self._closing:
            return
        self.report(message=message, fraction=fraction)
        with self._changed:
            self._closing = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(FINISH_SECONDS)

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._closing:
                    since_last = None if self._last is None else self._clock() - self._last
                    wait = seconds_until_due(dirty=self._dirty, since_last=since_last)
                    if wait <= 0:
                        break
                    self._changed.wait(wait)
                closing = self._closing
                document = self._next_document()
            for sink in self._sinks:
                try:
                    sink(document)
                except Exception as error:
                    # Progress is best effort: the result does not depend on it.
                    logger.warning("A progress report was not taken: %s: %s", type(error).__name__, error)
            if closing:
                return

    def _next_document(self) -> dict[str, Any]:
        state = self._state
        document = {
            **self._attempt.fields(),
            "sequence": self._sequence,
            "at": instants.now(),
            "fraction": state.fraction,
            "step": state.step,
            "totalSteps": state.total_steps,
            "message": state.message,
            "metrics": dict(state.metrics or {}),
        }
        self._sequence += 1
        self._dirty = False
        self._last = self._clock()
        return document


def file_sink(path: Path) -> Sink:
    """Keeps the last document in a local file, where the parent process watches it."""

    def keep(document: dict[str, Any]) -> None:
        draft = path.with_suffix(".draft")
        draft.write_bytes(to_json(document))
        draft.replace(path)

    return keep


def object_sink(storage: ObjectStore, bucket: str, attempt: AttemptIdentity) -> Sink:
    """Keeps the last document as `progress.json` in the attempt's folder."""
    key = attempt.prefix + names.DOCUMENT_PROGRESS
    return lambda document: _discard(storage.put(to_json(document), bucket, key, once=False))


def bus_sink(client: Callable[[], EventBridgeClient], bus: str) -> Sink:
    """Sends the document as a `Stage Progress` event."""
    made: list[EventBridgeClient] = []

    def send(document: dict[str, Any]) -> None:
        if not made:
            made.append(client())
        entry = {
            "Source": names.EVENT_STAGE_PROGRESS_SOURCE,
            "DetailType": names.EVENT_STAGE_PROGRESS_DETAIL_TYPE,
            "Detail": json.dumps(document, allow_nan=False),
            "EventBusName": bus,
        }
        answer = made[0].put_events(Entries=[entry])  # type: ignore[list-item]
        if answer["FailedEntryCount"]:
            raise RuntimeError(f"the bus {bus} refused it: {answer['Entries'][0].get('ErrorCode')}")

    return send


def _discard(_: object) -> None:
    return None
