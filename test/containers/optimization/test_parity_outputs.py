import doctest

import numpy as np
import pytest
import spotforge_optimization.parity_outputs
from hypothesis import given
from hypothesis import strategies as st
from spotforge_optimization.parity_outputs import WORST_ROWS, compare_outputs
from spotforge_optimization.tolerance import Tolerance

TOLERANCE = Tolerance(1e-5, 1e-5)
NAMES = st.sets(st.sampled_from(["logits", "hidden", "pooled", "attention"]))


def zeros(*shape: int, dtype: type = np.float32) -> np.ndarray:
    return np.zeros(shape, dtype=dtype)


def test_its_example_holds() -> None:
    assert doctest.testmod(spotforge_optimization.parity_outputs).failed == 0


def test_equal_outputs_pass_and_say_how_much_agrees() -> None:
    found = compare_outputs({"logits": zeros(4, 3)}, {"logits": zeros(4, 3)}, TOLERANCE)
    assert found.passed and found.says == "all 12 values of logits agree"


@given(NAMES, NAMES)
def test_every_name_that_one_side_lacks_is_a_mismatch_and_every_shared_one_is_compared(ours: set[str], theirs: set[str]) -> None:
    found = compare_outputs({name: zeros(2) for name in ours}, {name: zeros(2) for name in theirs}, TOLERANCE)
    assert {m.output for m in found.mismatches if m.kind == "missing"} == ours - theirs
    assert {m.output for m in found.mismatches if m.kind == "unexpected"} == theirs - ours
    assert set(found.compared) == ours & theirs
    assert found.passed == (ours == theirs)


def test_no_mismatch_hides_another() -> None:
    reference = {"a": zeros(2, 3), "b": zeros(2, 3), "c": zeros(2, 3), "d": zeros(2, 3)}
    candidate = {"e": zeros(2), "b": zeros(2, 4), "c": zeros(2, 3, dtype=np.float64) + 1, "d": zeros(2, 3) + 2}
    found = compare_outputs(reference, candidate, TOLERANCE)
    assert [(m.kind, m.output, m.count, m.max_abs) for m in found.mismatches] == [
        ("missing", "a", None, None),
        ("unexpected", "e", None, None),
        ("dtype", "c", None, None),
        ("shape", "b", None, None),
        ("values", "c", 6, 1.0),
        ("values", "d", 6, 2.0),
    ]
    assert all(mismatch.says in found.says for mismatch in found.mismatches)


@given(st.lists(st.floats(0, 1, width=32), min_size=1, max_size=40))
def test_rows_are_listed_once_each_the_furthest_beyond_first_and_at_most_ten(deltas: list[float]) -> None:
    candidate = np.repeat(np.array(deltas, dtype=np.float32)[:, None], 2, axis=1)
    numbers = np.arange(1000, 1000 + len(deltas))
    found = compare_outputs({"logits": np.zeros_like(candidate)}, {"logits": candidate}, TOLERANCE, numbers)
    beyond = [delta for delta in deltas if delta > TOLERANCE.absolute]
    listed = [worst for mismatch in found.mismatches for worst in mismatch.worst_rows]
    assert [worst.delta for worst in listed] == sorted(beyond, reverse=True)[:WORST_ROWS]
    assert len({worst.row for worst in listed}) == len(listed)
    assert all(worst.candidate == candidate[worst.row - 1000, 0] for worst in listed)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_not_finite_is_a_mismatch_of_its_row(bad: float) -> None:
    candidate = zeros(3, 2)
    candidate[1, 1] = bad
    [mismatch] = compare_outputs({"logits": zeros(3, 2)}, {"logits": candidate}, TOLERANCE).mismatches
    assert [(worst.row, worst.element) for worst in mismatch.worst_rows] == [(1, (1,))]


def test_an_output_of_more_axes_or_of_none_is_compared_too() -> None:
    deep, deep_other = zeros(2, 3, 4), zeros(2, 3, 4)
    deep_other[1, 2, 3] = 1
    one, other = np.array(1, dtype=np.float32), np.array(2, dtype=np.float32)
    found = compare_outputs({"deep": deep, "one": one}, {"deep": deep_other, "one": other}, TOLERANCE)
    assert [(m.output, m.worst_rows[0].row, m.worst_rows[0].element) for m in found.mismatches] == [
        ("deep", 1, (2, 3)),
        ("one", 0, ()),
    ]
