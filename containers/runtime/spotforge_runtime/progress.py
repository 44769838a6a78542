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
AGAIN_AT_THE_END_SECONDS = 0.5
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
    """Reports of one attempt, sent by a background thread for each sink: one that fails or hangs is noticed neither by the
    work nor by the other sinks. What a sink did not take is sent again, as the newest report by then, until it is taken."""

    def __init__(
        self, attempt: AttemptIdentity, sinks: tuple[Sink, ...] = (), *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._attempt = attempt
        self._sinks = sinks
        self._clock = clock
        self._state = ProgressState()
        self._version = 0
        self._sequence = 0
        self._closing = False
        self._give_up_at = math.inf
        self._changed = threading.Condition()
        self._threads: list[threading.Thread] = []

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
            self._version += 1
            self._changed.notify_all()

    @property
    def state(self) -> ProgressState:
        return self._state

    def start(self) -> None:
        """Starts sending."""
        self._threads = [threading.Thread(target=self._run, args=(sink,), name="progress", daemon=True) for sink in self._sinks]
        for thread in self._threads:
            thread.start()

    def finish(self, message: str | None = None, *, fraction: float | None = None) -> None:
        """Sends the last report whatever the throttle says, waiting 10 s at most, and stops. Doing it again changes nothing."""
        if self._closing:
            return
        self.report(message=message, fraction=fraction)
        with self._changed:
            self._closing = True
            self._give_up_at = self._clock() + FINISH_SECONDS
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(max(0.0, self._give_up_at - self._clock()))

    def _run(self, sink: Sink) -> None:
        sent = 0
        last: float | None = None
        refusals = 0
        while True:
            with self._changed:
                while not self._closing:
                    since_last = None if last is None else self._clock() - last
                    wait = seconds_until_due(dirty=self._version != sent, since_last=since_last)
                    if wait <= 0:
                        break
                    self._changed.wait(wait)
                closing, version, document = self._closing, self._version, self._next_document()
                last = self._clock()
            refusals = self._try(sink, document, refusals)
            if refusals == 0:
                sent = version
            if closing and (refusals == 0 or self._clock() > self._give_up_at):
                return
            if closing:
                time.sleep(AGAIN_AT_THE_END_SECONDS)

    def _try(self, sink: Sink, document: dict[str, Any], refusals: int) -> int:
        """How often in a row the sink has refused, this time included; 0 when it took the document."""
        try:
            sink(document)
        except Exception as error:
            # Progress is best effort: the result does not depend on it.
            if refusals == 0:
                logger.warning("A progress report was not taken: %s: %s", type(error).__name__, error)
            return refusals + 1
        if refusals:
            logger.warning("Progress reports are taken again after %d that were not.", refusals)
        return 0

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
