"""Where the seconds of a stage go."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class PhaseTimes:
    """Wall seconds by phase; a phase entered twice adds up."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seconds: dict[str, float] = defaultdict(float)

    @contextmanager
    def phase(self, name: str, *, without: str | None = None) -> Iterator[None]:
        """Times what happens inside, less what the phase `without` took meanwhile."""
        start, before = self._clock(), self._seconds[without] if without else 0.0
        yield
        inner = self._seconds[without] - before if without else 0.0
        self._seconds[name] += self._clock() - start - inner

    @property
    def seconds(self) -> dict[str, float]:
        return {name: round(seconds, 3) for name, seconds in self._seconds.items()}
