from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spotforge_optimization.interleaved_timing import Timings, time_interleaved


class Clock:
    def __init__(self) -> None:
        self.now = 0.0
        self.calls: list[tuple[str, int]] = []

    def __call__(self) -> float:
        return self.now

    def call(self, name: str, *seconds: float) -> Callable[[int], None]:
        turns = iter(seconds)
        last = seconds[-1]

        def run(number: int) -> None:
            self.calls.append((name, number))
            self.now += next(turns, last)

        return run


def test_a_slow_round_moves_neither_the_median_nor_the_speedup() -> None:
    clock = Clock()
    calls = {"a": clock.call("a", 0.4, 0.4, 90, 0.4), "b": clock.call("b", 0.2)}
    timings = time_interleaved(calls, seconds=1000, min_rounds=9, max_rounds=9, warm_up=1, clock=clock)
    assert timings.latency("a").p50 == pytest.approx(400) and timings.latency("a").p99 > 80_000
    assert timings.latency("a").mad == pytest.approx(0, abs=1e-6)
    assert timings.speedup("b", "a").ratio == pytest.approx(2)


def test_another_model_goes_first_every_round_and_all_work_on_the_rounds_own_batch() -> None:
    clock = Clock()
    calls = {name: clock.call(name, 1) for name in "abc"}
    time_interleaved(calls, seconds=0, min_rounds=3, max_rounds=9, warm_up=1, clock=clock)
    assert "".join(name for name, _ in clock.calls) == "abc" + "abc" + "bca" + "cab"
    assert [number for _, number in clock.calls] == [0] * 3 + [0] * 3 + [1] * 3 + [2] * 3


def test_it_stops_after_the_given_seconds_but_not_before_the_least_number_of_rounds() -> None:
    clock = Clock()
    quick = time_interleaved(
        {"a": clock.call("a", 1), "b": clock.call("b", 1)}, seconds=20, min_rounds=3, max_rounds=100, warm_up=0, clock=clock
    )
    slow = time_interleaved(
        {"a": clock.call("a", 9), "b": clock.call("b", 9)}, seconds=1, min_rounds=3, max_rounds=100, warm_up=0, clock=clock
    )
    assert (quick.rounds, slow.rounds) == (10, 3)


TIMES = st.lists(st.tuples(*[st.floats(0.1, 100)] * 2), min_size=9, max_size=60)


@given(TIMES)
def test_the_interval_of_a_speedup_holds_its_median_and_is_turned_over_with_the_roles(times: list[tuple[float, float]]) -> None:
    timings = Timings({"a": [one for one, _ in times], "b": [other for _, other in times]})
    found, turned = timings.speedup("b", "a"), timings.speedup("a", "b")
    assert found.low <= found.ratio <= found.high
    assert found.faster <= found.ranked
    assert not (found.faster and turned.faster)


def test_noise_on_both_sides_of_one_ranks_nothing_and_a_steady_lead_does() -> None:
    noisy = Timings({"a": [1.0, 2.0] * 10, "b": [2.0, 1.0] * 10})
    assert not noisy.speedup("b", "a").ranked
    steady = Timings({"a": [1.1, 1.3] * 10, "b": [1.0, 1.0] * 10})
    assert steady.speedup("b", "a").faster and steady.speedup("a", "b").ranked
