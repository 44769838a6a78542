"""When a row against a peer passes: by figures alone, with no model and no training."""

import numpy as np
import pytest
from quantization_duel import ALIKE, OLIVE, OPTIMUM, Measured, against, static_rows
from quantization_duel import rows_of as quantization_rows
from spotforge_optimization.cpu import Cpu
from spotforge_optimization.interleaved_timing import Speedup, Timings
from training_pairs import Run, rows_of

FASTER, EQUAL, SLOWER = Speedup(1.2, 1.1, 1.3), Speedup(1.0, 0.95, 1.05), Speedup(0.8, 0.7, 0.9)


@pytest.mark.parametrize(
    ("delta", "speed", "passes"),
    [
        (0.005, FASTER, True),
        (0.010, FASTER, True),
        (0.011, FASTER, False),
        (0.005, EQUAL, True),
        (0.010, EQUAL, False),
        (0.005, SLOWER, False),
    ],
)
def test_ours_is_no_worse_and_faster_or_as_fast_and_better(delta: float, speed: Speedup, passes: bool) -> None:
    rows = against(Measured("static-minmax", delta, True), Measured("peer", 0.010, True), speed)
    assert [row["pass"] for row in rows] == [passes, passes]


def test_a_peer_that_the_gate_refuses_meets_what_the_tournament_chooses_at_that_peers_fidelity() -> None:
    alike = f"dynamic{ALIKE}"
    figures = {"static-minmax": 0.005, alike: 0.015, OPTIMUM: 0.02, OLIVE: 0.008}
    measured = {name: Measured(name, delta, delta <= 0.01, static=name == "static-minmax") for name, delta in figures.items()}
    seconds = {"fp32": 30.0, "static-minmax": 12.0, alike: 9.0, OPTIMUM: 10.0, OLIVE: 13.0}
    timings = Timings({name: [value] * 9 for name, value in seconds.items()})
    rows = quantization_rows("static-minmax", alike, measured, timings, Cpu("a", ("avx2",)))
    assert [(row["subject"], row["peer"], row["value"], row["pass"]) for row in rows[:4]] == [
        (f"tournament ({alike})", OPTIMUM, 0.015, True),
        (f"tournament ({alike})", OPTIMUM, 1.111, True),
        ("tournament (static-minmax)", OLIVE, 0.005, True),
        ("tournament (static-minmax)", OLIVE, 1.083, True),
    ]


TIMINGS = Timings({"fp32": [30.0] * 9, "static-minmax": [10.0] * 9, "static-entropy": [6.0] * 9})
STATIC = [Measured("static-minmax", 0.005, True, static=True), Measured("static-entropy", 0.03, False, static=True)]


def test_static_int8_is_judged_by_the_fastest_that_the_gate_admits_on_the_processor_at_hand() -> None:
    plain, vnni = static_rows(STATIC, TIMINGS, Cpu("a", ("avx2", "avx512_vnni")))
    assert (plain["value"], plain["pass"]) == (None, None)
    assert (vnni["value"], vnni["pass"]) == (3.0, True)
    plain, vnni = static_rows(STATIC, TIMINGS, Cpu("a", ("avx2",)))
    assert (plain["value"], plain["pass"], vnni["pass"]) == (3.0, True, None)


def test_static_int8_outside_the_gate_does_not_pass_however_fast() -> None:
    [row, _] = static_rows(STATIC[1:], TIMINGS, Cpu("a", ("avx2",)))
    assert (row["value"], row["pass"]) == (5.0, False)
    assert "outside the gate" in row["subject"]


def runs(speed: float, wrong: int) -> list[Run]:
    return [Run(speed, np.repeat([1, 0], [wrong, 400 - wrong])) for _ in range(3)]


@pytest.mark.parametrize(
    ("speed", "wrong", "passes"),
    [(90, 50, [True, True]), (90, 100, [True, True]), (80, 102, [False, True]), (90, 200, [True, False])],
)
def test_training_is_judged_by_speed_and_by_the_interval_of_the_mae(speed: float, wrong: int, passes: list[bool]) -> None:
    assert [row["pass"] for row in rows_of(runs(speed, wrong), runs(50, 100), frozen_layers=2)] == passes
