"""From values to places on a drawing, and round numbers to name them by."""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Axis:
    """Values from `low` to `high` lie on `length` pixels from `start` on, or up from it where `upwards`."""

    label: str
    ticks: tuple[float, ...]
    low: float
    high: float
    start: float
    length: float
    upwards: bool = False

    def at(self, value: float) -> float:
        """The place of a value, in pixels; what lies outside is drawn on the border."""
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return round(self.start + (-1 if self.upwards else 1) * share * self.length, 1)


def axis(
    label: str, values: Iterable[float], start: float, length: float, *, from_zero: bool, upwards: bool = False, most: int = 6
) -> Axis:
    """An axis with at most about `most` round ticks that has room for all values."""
    finite = [value for value in values if math.isfinite(value)] or [0.0, 1.0]
    low, high = min(finite), max(finite)
    if from_zero:
        low, high = min(low, 0.0), max(high, 0.0)
    step = round_step((max(high - low, abs(high) * 1e-3) or 1.0) / most)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    if first == last:
        last += 1
    ticks = tuple(number * step for number in range(first, last + 1))
    return Axis(label, ticks, ticks[0], ticks[-1], start, length, upwards)


def round_step(at_least: float) -> float:
    """1, 2 or 5 times a power of ten.

    >>> round_step(0.3), round_step(7), round_step(10)
    (0.5, 10.0, 10.0)
    """
    power = 10.0 ** math.floor(math.log10(at_least) + 1e-9)
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= at_least * (1 - 1e-9))


def named(value: float) -> str:
    """A tick's name.

    >>> named(0.30000000000000004), named(1500.0), named(2e-7)
    ('0.3', '1500', '2e-7')
    """
    return re.sub(r"e([+-])0*", r"e\1", f"{value:.6g}")
