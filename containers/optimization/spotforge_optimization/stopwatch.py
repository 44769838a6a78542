"""Seconds that the parts of a long piece of work take, by their names."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Stopwatch:
    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self.seconds: dict[str, float] = {}

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Adds what the block takes to the part's seconds, also when it raises."""
        before = self._clock()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + self._clock() - before

    @property
    def total(self) -> float:
        return sum(self.seconds.values())
