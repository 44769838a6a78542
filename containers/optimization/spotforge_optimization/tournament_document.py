"""`tournament.json`: all that was tried, and what came of it."""

from dataclasses import asdict
from typing import Any

from spotforge_runtime.ordinal_decoding import Head

from spotforge_optimization.cpu import Cpu
from spotforge_optimization.tournament import RANKING_BATCH_SIZE, Entry, Rules, Tournament


def tournament_document(found: Tournament, rules: Rules, cpu: Cpu, onnxruntime: str) -> dict[str, Any]:
    """Seconds by part, sensitivities with the most harmful group first, candidates in the order they were built."""
    head: Head = rules.head
    return {
        "schemaVersion": 1,
        "chosen": found.chosen,
        "reason": found.reason,
        "head": head,
        "threads": rules.threads,
        "cpu": {"model": cpu.model, "instructionSets": list(cpu.instruction_sets)},
        "onnxruntime": onnxruntime,
        "validationRows": found.validation_rows,
        "calibrationRows": found.calibration_rows,
        "rankedAtBatch": RANKING_BATCH_SIZE,
        "rounds": {str(size): rounds for size, rounds in found.rounds.items()},
        "seconds": {part: round(seconds, 2) for part, seconds in found.seconds.items()},
        "gates": {"maxMeanScoreDelta": rules.max_mean_score_delta, "maxMaeIncrease": rules.max_mae_increase},
        "sensitivities": [
            {
                "kind": each.group.kind,
                "layers": list(each.group.names),
                "multiplications": each.group.multiplications,
                "meanScoreDelta": each.mean_score_delta,
            }
            for each in found.sensitivities
        ],
        "candidates": [_candidate(entry) for entry in found.entries],
    }


def _candidate(entry: Entry) -> dict[str, Any]:
    built, change = entry.built, entry.change
    return {
        "name": entry.candidate.name,
        "kind": entry.candidate.kind,
        "says": entry.candidate.says,
        "bytes": entry.bytes,
        "quantizedOperators": built.quantized_operators,
        "inFloat": [name for group in built.in_float for name in group.names],
        "meanScoreDelta": entry.mean_score_delta,
        "maxAbsLogitDelta": entry.max_abs_logit_delta,
        "sameClass": entry.same_class,
        "scoreMae": change.int8_mae,
        "scoreMaeChange": change.change,
        "scoreMaeChangeLow": change.low,
        "scoreMaeChangeHigh": change.high,
        "scoreMaeChangeUpperBound": change.upper_bound,
        "verdict": entry.judgement.verdict,
        "verdictSays": entry.judgement.says,
        "latency": {str(size): asdict(latency) for size, latency in entry.latency.items()},
        "speedup": {str(size): asdict(speedup) for size, speedup in entry.speedup.items()},
        "pareto": entry.pareto,
    }
