"""Two models timed turn by turn, so that whatever else the machine does meets both alike."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median, quantiles


@dataclass(frozen=True)
class Timing:
    """Milliseconds a call; `ratio` is the reference's median over the candidate's: above 1 the candidate is faster."""

    reference_ms: float
    candidate_ms: float
    reference_p95_ms: float
    candidate_p95_ms: float
    ratio: float
    rounds: int


def time_interleaved(
    reference: Callable[[], object],
    candidate: Callable[[], object],
    *,
    seconds: float,
    min_rounds: int = 20,
    max_rounds: int = 300,
    warm_up: int = 3,
    clock: Callable[[], float] = time.perf_counter,
) -> Timing:
    """Rounds of one call each, the order swapped every round, until `seconds` or `max_rounds`, but at least `min_rounds`."""
    for _ in range(warm_up):
        reference()
        candidate()
    taken: tuple[list[float], list[float]] = ([], [])
    calls = (reference, candidate)
    started = clock()
    for number in range(max_rounds):
        if number >= min_rounds and clock() - started >= seconds:
            break
        for which in (0, 1) if number % 2 == 0 else (1, 0):
            before = clock()
            calls[which]()
            taken[which].append((clock() - before) * 1000)
    middle = median(taken[0]), median(taken[1])
    p95 = tuple(quantiles(times, n=20)[-1] for times in taken)
    return Timing(middle[0], middle[1], p95[0], p95[1], middle[0] / middle[1], len(taken[0]))
