import threading

import pytest
from spotforge_data.fetching import ByteMeter
from spotforge_data.side_by_side import AT_ONCE, side_by_side


def test_some_run_at_once_and_answers_keep_the_order_of_the_items() -> None:
    all_there = threading.Barrier(AT_ONCE, timeout=10)

    def meet(number: int) -> int:
        all_there.wait()
        return -number

    assert side_by_side(range(AT_ONCE), meet) == [-number for number in range(AT_ONCE)]


def test_the_first_failure_is_raised_and_what_has_not_begun_is_left() -> None:
    begun: list[int] = []
    held = threading.Event()

    def fail_at_once(number: int) -> None:
        begun.append(number)
        if number == 0:
            raise ValueError("of the first")
        held.wait(0.2)

    with pytest.raises(ValueError, match="of the first"):
        side_by_side(range(1000), fail_at_once)
    assert len(begun) < 100


def test_bytes_that_many_threads_tell_of_are_all_counted_in_an_order_that_only_grows() -> None:
    told: list[int] = []
    meter = ByteMeter(lambda *, step, total_steps, message: told.append(step), 6000)
    side_by_side(range(6000), lambda _: meter.add(1))
    assert told == list(range(1, 6001))
