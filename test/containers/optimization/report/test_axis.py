import pytest
from hypothesis import given
from hypothesis import strategies as st
from spotforge_optimization.report.axis import axis

FINITE = st.floats(-1e9, 1e9, allow_nan=False)


@given(values=st.lists(FINITE, max_size=6), from_zero=st.booleans())
def test_an_axis_has_room_for_every_value_and_few_rising_ticks(values: list[float], from_zero: bool) -> None:
    found = axis("x", values, 50, 400, from_zero=from_zero)
    slack = 1e-6 * (found.high - found.low)
    assert all(found.low - slack <= value <= found.high + slack for value in values)
    assert list(found.ticks) == sorted(set(found.ticks))
    assert 2 <= len(found.ticks) <= 9
    assert found.low <= 0 <= found.high or not from_zero


@pytest.mark.parametrize(("upwards", "place"), [(False, 150.0), (True, -50.0)])
def test_a_value_lies_at_its_share_of_the_length(upwards: bool, place: float) -> None:
    assert axis("x", [0, 10], 50, 100, from_zero=True, upwards=upwards).at(10) == place


def test_what_is_not_finite_shapes_no_axis() -> None:
    assert axis("x", [float("nan"), float("inf"), 1.0], 0, 100, from_zero=True).high == 1.0
