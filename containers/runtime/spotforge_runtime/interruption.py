"""The host will be taken away: how the work learns of it."""

from __future__ import annotations

import signal
import time
from types import FrameType

from spotforge_runtime.errors import Interrupted

SPOT_NOTICE_SIGNAL = signal.SIGUSR2
# The parent says it twice a second. Python drops an error that a signal raises in a finaliser or a callback: work that still
# goes on after this time did not get it.
UNHEARD_AFTER_SECONDS = 5.0

_REASONS = {
    signal.SIGTERM: "The job was told to end (SIGTERM).",
    signal.SIGINT: "The job was told to end (SIGINT).",
    SPOT_NOTICE_SIGNAL: "The spot host is reclaimed in two minutes.",
}
_ANOTHER_ENDED = "Another process of this attempt has ended (SIGTERM)."
_REASONS_OF_SEVERAL = _REASONS | {signal.SIGTERM: _ANOTHER_ENDED, signal.SIGINT: "The job was told to end."}


class Interruption:
    """A stage that keeps checkpoints asks `requested`, commits one and raises Interrupted. Any other stage has nothing to
    save: there the signal itself raises Interrupted in the main thread, at once, until the work is done.

    Where `several` processes share the work, SIGTERM is torchrun's word that another one has ended; the parent says SIGINT."""

    def __init__(self, *, several: bool = False) -> None:
        self._reasons = _REASONS_OF_SEVERAL if several else _REASONS
        self._reason: str | None = None
        self._raises = False
        self._raised_at = float("-inf")

    @property
    def requested(self) -> bool:
        return self._reason is not None

    @property
    def another_ended(self) -> bool:
        """Whether that, and nothing before it, is why this process is to end."""
        return self._reason == _ANOTHER_ENDED

    @property
    def reason(self) -> str:
        return self._reason or "The stage was interrupted."

    def request(self, reason: str = "The stage was told to end.") -> None:
        """Asks the work to end. Asking twice is like asking once."""
        self._reason = self._reason or reason

    def check(self) -> None:
        """Raises Interrupted if it was requested."""
        if self.requested:
            raise self.error()

    def error(self) -> Interrupted:
        """The error to raise once everything worth keeping is kept."""
        return Interrupted(self.reason, remedy="It is tried again on another host.")

    def listen(self) -> None:
        """Takes SIGTERM, SIGINT and the parent's word of a spot notice from now on. Main thread only."""
        self._raises = True
        for number in self._reasons:
            signal.signal(number, self._on_signal)

    def defer(self) -> None:
        """From now on signals only set `requested`: there is something to save, or the end is being written."""
        self._raises = False

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        self.request(self._reasons[signal.Signals(number)])
        now = time.monotonic()
        if self._raises and now - self._raised_at > UNHEARD_AFTER_SECONDS:
            self._raised_at = now
            raise self.error()
