"""What wins and what ships, on made-up figures."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spotforge_optimization.benchmark_timings import BenchmarkTimings, Cell
from spotforge_optimization.candidate_models import BuiltModel
from spotforge_optimization.candidates import ALWAYS, OPTIONAL, competing
from spotforge_optimization.gates import judge
from spotforge_optimization.interleaved_timing import Latency, Speedup
from spotforge_optimization.mae_change import MaeChange
from spotforge_optimization.pareto import dominates, pareto_front
from spotforge_optimization.preference import preferred
from spotforge_optimization.stopwatch import Stopwatch
from spotforge_optimization.tournament import Entry, choose

CANDIDATES = {candidate.name: candidate for candidate in (*ALWAYS, *OPTIONAL)}
LATENCY = Latency(10, 11, 12, 0.5)
NO_CHANGE = MaeChange(5_000, 0.6, 0.6, 0, -0.004, 0.004, 0.003, "paired percentile bootstrap")
WIDE = MaeChange(500, 0.6, 0.6, 0, -0.03, 0.03, 0.025, "paired percentile bootstrap")


def an_entry(name: str, delta: float, speedup: float, change: MaeChange = NO_CHANGE) -> Entry:
    by_size = {size: Speedup(speedup, speedup - 0.01, speedup + 0.01) for size in (1, 8)}
    return Entry(
        built=BuiltModel(CANDIDATES[name], Path(name), {}),
        bytes=1,
        mean_score_delta=delta,
        max_abs_logit_delta=0.1,
        same_class=0.99,
        change=change,
        judgement=judge(delta, change, max_mean_score_delta=0.01, max_mae_increase=0.01),
        latency={1: LATENCY, 8: LATENCY},
        speedup=by_size,
    )


def test_the_fastest_candidate_that_validation_admits_wins() -> None:
    entries = [an_entry("fp32", 0, 1), an_entry("static-minmax", 0.008, 1.4), an_entry("static-entropy", 0.004, 1.2)]
    found, reason = choose([*entries, an_entry("dynamic", 0.013, 1.8)])
    assert found.candidate.name == "static-minmax" and "2 of 3 INT8 candidates" in reason


def test_among_those_as_fast_the_most_faithful_wins() -> None:
    found, _ = choose([an_entry("static-minmax", 0.008, 1.4), an_entry("static-entropy", 0.004, 1.38)])
    assert found.candidate.name == "static-entropy"


def test_where_validation_rules_out_all_the_most_faithful_goes_on_to_be_told_so() -> None:
    found, reason = choose([an_entry("static-minmax", 0.03, 1.4), an_entry("dynamic", 0.02, 1.2)])
    assert found.candidate.name == "dynamic" and "rules out all" in reason


def test_the_spec_adds_to_those_that_always_compete() -> None:
    assert [each.name for each in competing([])] == ["fp32", "fp32-optimized", "static-minmax"]
    assert [each.name for each in competing(["static-smoothed", "dynamic"])][3:] == ["dynamic", "static-smoothed"]


COSTS = st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), min_size=1, max_size=30)


@given(COSTS)
def test_nothing_on_the_front_is_dominated_and_all_else_is_by_something_on_it(costs: list[tuple[int, int]]) -> None:
    front = pareto_front(costs)
    best = [own for own, on_front in zip(costs, front, strict=True) if on_front]
    assert best
    for own, on_front in zip(costs, front, strict=True):
        assert any(dominates(other, own) for other in best) != on_front


def timings(one: Speedup, eight: Speedup) -> BenchmarkTimings:
    cells = [Cell(batch, 2, 50, LATENCY, LATENCY, speedup) for batch, speedup in ((1, one), (8, eight))]
    return BenchmarkTimings((Cell(1, 1, 50, LATENCY, LATENCY, Speedup(0.5, 0.4, 0.6)), *cells), threads=2)


FASTER, ALIKE, SLOWER = Speedup(1.4, 1.35, 1.45), Speedup(1.01, 0.97, 1.05), Speedup(0.8, 0.75, 0.85)


@pytest.mark.parametrize(
    ("delta", "change", "speedups", "model", "says"),
    [
        (0.005, NO_CHANGE, (FASTER, FASTER), "int8", "passed its gate and is faster on this CPU: 1.40× at batch 1"),
        (0.005, WIDE, (FASTER, FASTER), "int8", "ships on its fidelity (gate maxMaeIncrease inconclusive"),
        (0.005, NO_CHANGE, (FASTER, SLOWER), "fp32", "is not faster on this CPU"),
        (0.005, NO_CHANGE, (ALIKE, FASTER), "fp32", "too noisy or too alike to rank at batch 1"),
        (0.02, NO_CHANGE, (FASTER, FASTER), "fp32", "FP32 ships alone: INT8 failed its gate (gate maxMeanScoreDelta failed"),
    ],
)
def test_int8_is_preferred_only_when_it_ships_and_is_proven_to_be_faster(
    delta: float, change: MaeChange, speedups: tuple[Speedup, Speedup], model: str, says: str
) -> None:
    judgement = judge(delta, change, max_mean_score_delta=0.01, max_mae_increase=0.01)
    found = preferred(judgement, timings(*speedups))
    assert found.model == model and says in found.reason


def test_timings_are_conclusive_when_the_rounds_rank_both_batch_sizes_that_decide() -> None:
    assert timings(FASTER, SLOWER).conclusive and not timings(FASTER, ALIKE).conclusive


def test_a_stopwatch_adds_up_the_parts_of_one_name_also_of_those_that_failed() -> None:
    ticks = iter([0.0, 2.0, 10.0, 11.0])
    watch = Stopwatch(lambda: next(ticks))
    with watch.part("a"):
        pass
    with pytest.raises(KeyError), watch.part("a"):
        raise KeyError
    assert watch.seconds == {"a": 3.0} and watch.total == 3.0
