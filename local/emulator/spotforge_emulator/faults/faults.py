"""The rules that hold now."""

import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from spotforge_emulator.faults.rules import PausedSchedules, Rule, camel_case

R = TypeVar("R", bound=Rule | PausedSchedules)


@dataclass
class Standing:
    """A rule and how long it still holds: a number of times, or until a moment of the monotonic clock."""

    rule: Rule | PausedSchedules
    left: int | None
    until: float | None


class Faults:
    """Each part of the emulator asks here before it acts. Every rule counts itself down and is gone when used up."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._standing: list[Standing] = []

    def plant(self, rule: Rule | PausedSchedules) -> None:
        """From now on."""
        until = None if rule.seconds is None else self._clock() + rule.seconds
        left = None if until is not None else rule.count or 1
        with self._lock:
            self._standing.append(Standing(rule, left, until))

    def take(self, kind: type[R], fits: Callable[[R], bool]) -> R | None:
        """The oldest rule of this kind that fits, one of its times used up; None when there is none."""
        with self._lock:
            self._forget_expired()
            for standing in self._standing:
                if type(standing.rule) is kind and fits(standing.rule):
                    if standing.left is not None:
                        standing.left -= 1
                        if standing.left == 0:
                            self._standing.remove(standing)
                    return standing.rule
        return None

    def holds(self, kind: type[Rule]) -> bool:
        """Whether a rule of this kind holds; without using it up."""
        with self._lock:
            self._forget_expired()
            return any(type(standing.rule) is kind for standing in self._standing)

    def describe(self, routes: dict[type, str]) -> list[dict[str, Any]]:
        """Each rule that holds: its route, its keys, and what is left of its count or seconds."""
        with self._lock:
            self._forget_expired()
            now = self._clock()
            return [
                {
                    "route": routes[type(standing.rule)],
                    **{camel_case(name): value for name, value in asdict(standing.rule).items() if value is not None},
                    **({"count": standing.left} if standing.until is None else {"seconds": round(standing.until - now, 3)}),
                }
                for standing in self._standing
            ]

    def forget(self) -> None:
        """All of them."""
        with self._lock:
            self._standing.clear()

    def _forget_expired(self) -> None:
        now = self._clock()
        self._standing = [standing for standing in self._standing if standing.until is None or now < standing.until]
