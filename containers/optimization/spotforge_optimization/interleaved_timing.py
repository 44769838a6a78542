"""Models timed turn by turn, so that whatever else the machine does meets all of them alike."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

MIN_ROUNDS = 9  # below 6 rounds no interval of a median reaches 95 %
Z_95 = 1.96


@dataclass(frozen=True)
class Latency:
    """Milliseconds a call, over all rounds; `mad` is the median distance from the median."""

    p50: float
    p95: float
    p99: float
    mad: float


@dataclass(frozen=True)
class Speedup:
    """The reference's time over the candidate's, round by round: the median of that, and its 95 % interval.

    The interval rests on order statistics, which need no assumption about the noise.
    """

    ratio: float
    low: float
    high: float

    @property
    def faster(self) -> bool:
        return self.low > 1

    @property
    def ranked(self) -> bool:
        """False when the rounds do not tell which of the two is faster."""
        return self.low > 1 or self.high < 1


@dataclass(frozen=True)
class Timings:
    """Milliseconds of each round, by name."""

    milliseconds: Mapping[str, list[float]]

    @property
    def rounds(self) -> int:
        return len(next(iter(self.milliseconds.values())))

    def latency(self, name: str) -> Latency:
        times = np.asarray(self.milliseconds[name])
        p50, p95, p99 = (float(each) for each in np.percentile(times, [50, 95, 99]))
        return Latency(p50, p95, p99, float(np.median(np.abs(times - p50))))

    def speedup(self, candidate: str, reference: str) -> Speedup:
        ratios = np.sort(np.asarray(self.milliseconds[reference]) / np.asarray(self.milliseconds[candidate]))
        half = Z_95 * np.sqrt(len(ratios)) / 2
        low, high = int(np.floor(len(ratios) / 2 - half)), int(np.ceil(len(ratios) / 2 + half))
        return Speedup(float(np.median(ratios)), float(ratios[max(0, low)]), float(ratios[min(len(ratios) - 1, high)]))


def time_interleaved(
    calls: Mapping[str, Callable[[int], object]],
    *,
    seconds: float,
    min_rounds: int = MIN_ROUNDS,
    max_rounds: int = 300,
    warm_up: int = 3,
    clock: Callable[[], float] = time.perf_counter,
) -> Timings:
    """Rounds of one call each, another one first every round, until `seconds` or `max_rounds`, but at least `min_rounds`.

    A call gets the number of its round, by which it chooses what to work on: all work on the same. Warm-up rounds work on the
    first ones' and are not counted.
    """
    for number in range(warm_up):
        for call in calls.values():
            call(number)
    taken: dict[str, list[float]] = {name: [] for name in calls}
    names = list(calls)
    started = clock()
    for number in range(max_rounds):
        if number >= min_rounds and clock() - started >= seconds:
            break
        first = number % len(names)
        for name in names[first:] + names[:first]:
            before = clock()
            calls[name](number)
            taken[name].append((clock() - before) * 1000)
    return Timings(taken)
