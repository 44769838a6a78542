from collections.abc import Callable

from spotforge_optimization.interleaved_timing import time_interleaved


class Clock:
    def __init__(self) -> None:
        self.now = 0.0
        self.calls: list[str] = []

    def __call__(self) -> float:
        return self.now

    def call(self, name: str, *seconds: float) -> Callable[[], None]:
        turns = iter(seconds)
        last = seconds[-1]

        def run() -> None:
            self.calls.append(name)
            self.now += next(turns, last)

        return run


def test_the_ratio_is_of_the_medians_so_that_one_slow_round_does_not_count() -> None:
    clock = Clock()
    timing = time_interleaved(
        clock.call("a", 0.4, 90, 0.4), clock.call("b", 0.2), seconds=1000, min_rounds=5, max_rounds=5, warm_up=1, clock=clock
    )
    assert (round(timing.reference_ms), round(timing.candidate_ms), round(timing.ratio, 6)) == (400, 200, 2.0)


def test_the_order_is_swapped_every_round_after_the_warm_up() -> None:
    clock = Clock()
    time_interleaved(clock.call("a", 1), clock.call("b", 1), seconds=0, min_rounds=2, max_rounds=9, warm_up=1, clock=clock)
    assert "".join(clock.calls) == "ab" + "ab" + "ba"


def test_it_stops_after_the_given_seconds_but_not_before_the_least_number_of_rounds() -> None:
    clock = Clock()
    quick = time_interleaved(
        clock.call("a", 1), clock.call("b", 1), seconds=20, min_rounds=3, max_rounds=100, warm_up=0, clock=clock
    )
    slow = time_interleaved(
        clock.call("a", 9), clock.call("b", 9), seconds=1, min_rounds=3, max_rounds=100, warm_up=0, clock=clock
    )
    assert (quick.rounds, slow.rounds) == (10, 3)
