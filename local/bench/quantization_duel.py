"""Our tournament and two peers on one exported model, one set of test rows, timed turn by turn. `npm run bench:quantization`."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from evaluation_tasks import folder_of
from laptop_stages import LaptopStages, StageFailedError, laptop_stages
from prepared_task import prepare_task
from pydantic import BaseModel, ConfigDict
from quantization_peers import PeerFailedError, olive_int8, optimum_int8
from spotforge_optimization.candidates import FP32, competing
from spotforge_optimization.cpu import Cpu, read_cpu
from spotforge_optimization.drawn_batches import draw_batches
from spotforge_optimization.gates import judge
from spotforge_optimization.interleaved_timing import Speedup, Timings, time_interleaved
from spotforge_optimization.mae_change import mae_change
from spotforge_optimization.onnx_session import open_model
from spotforge_optimization.stage_inputs import TOKENIZER, EncodedSplit, pad_id_of, read_texts
from spotforge_optimization.tournament import Rules, Tournament, answer, logits_of_all, run_tournament
from spotforge_runtime.ordinal_decoding import mean_score_delta, score_errors
from telling import doing, figures, says

BATCH_ROWS = 8
LEAST_AVX2_SPEEDUP = 1.35
VNNI_AIM = 2.5
VNNI = ("avx_vnni", "avx512_vnni")
PEERS = OPTIMUM, OLIVE = "optimum-cli onnxruntime quantize", "Olive OnnxStaticQuantization"
ALIKE = ", at the peers' fidelity"
UNBOUND = 1.0  # of MAE: the peers' models are held to none


class Plan(BaseModel):
    """`request` is an experiment's with its defaults; `seconds` is how long the models are timed."""

    model_config = ConfigDict(extra="forbid")

    folder: Path
    seconds: float
    request: dict[str, Any]


@dataclass(frozen=True)
class Material:
    """The exported model, and rows encoded as it was trained on them."""

    fp32: Path
    calibration: EncodedSplit
    validation: EncodedSplit
    test: EncodedSplit


@dataclass(frozen=True)
class Measured:
    """One INT8 model on the test rows. `admitted` says whether the gate lets it ship."""

    name: str
    score_delta: float
    admitted: bool
    static: bool = False


def make_material(plan: Plan, stages: LaptopStages) -> Material:
    """Trains and exports by the stages' own processes."""
    task = prepare_task(stages, folder_of("text", plan.folder / "data"), plan.request, doing)
    spec = task.experiment(plan.request)
    inputs = task.inputs(spec)
    trained = stages.run("train", spec, inputs, lambda what: doing(f"training the model: {what}"))
    says(f"trained: MAE {trained.summary['mae']:.4f} on test")
    exported = stages.run("export", spec, {**inputs, "train": trained.uri}, lambda what: doing(f"export: {what}"))
    folder = plan.folder / "model"
    shutil.rmtree(folder, ignore_errors=True)
    model = stages.fetch_folder(trained, "model/", folder)
    max_length, pad_id = plan.request["train"]["maxLength"], pad_id_of(model / "config.json")
    splits = []
    for name in ("calibration", "validation", "test"):
        file = stages.fetch(task.prepare, f"{name}.parquet", plan.folder / "splits" / f"{name}.parquet")
        splits.append(read_texts(file, model / TOKENIZER, max_length=max_length, pad_id=pad_id))
    return Material(stages.fetch(exported, "fp32/model.onnx", folder / "model.onnx"), *splits)


def duel(plan: Plan, material: Material, cpu: Cpu) -> list[dict[str, Any]]:
    train, gate = plan.request["train"], plan.request["gates"]["int8"]
    rules = Rules(train["head"], train["threads"], train["seed"], gate["maxMeanScoreDelta"], gate["maxMaeIncrease"])
    folder = plan.folder / "int8"
    shutil.rmtree(folder, ignore_errors=True)
    names = plan.request["quantize"]["candidates"]
    tournament = hold_tournament("tournament", material, names, rules, folder)
    doing(OPTIMUM)
    optimum = optimum_int8(material.fp32, cpu, folder / "optimum")
    doing(OLIVE)
    olive = olive_int8(material.fp32, material.calibration.examples, folder / "olive")

    test = material.test
    rows = np.arange(len(test))
    models = {FP32: open_model(material.fp32, rules.threads)}
    models |= {name: open_model(file, rules.threads) for name, file in ((OPTIMUM, optimum), (OLIVE, olive))}
    logits = logits_of_all(models, test.examples, rows, lambda share: doing(f"the peers on test: {share:.0%}"))
    deltas = [mean_score_delta(logits[name], logits[FP32], rules.head) for name in PEERS]
    gate_alike = min((delta for delta in deltas if delta > rules.max_mean_score_delta), default=rules.max_mean_score_delta)
    alike = replace(rules, max_mean_score_delta=gate_alike, max_mae_increase=UNBOUND)
    second = hold_tournament(f"tournament at a gate of {gate_alike:.4f}", material, names, alike, folder / "alike")

    ours = {entry.candidate.name: entry.built.file for entry in tournament.entries if entry.candidate.name != FP32}
    ours |= {f"{entry.candidate.name}{ALIKE}": entry.built.file for entry in second.entries if entry.candidate.int8}
    models |= {name: open_model(file, rules.threads) for name, file in ours.items()}
    others = {name: model for name, model in models.items() if name not in logits}
    logits |= logits_of_all(others, test.examples, rows, lambda share: doing(f"{len(others)} models on test: {share:.0%}"))
    doing(f"timing {len(models)} models turn by turn, {plan.seconds:.0f} s")
    batches = draw_batches(test.examples, rows, BATCH_ROWS, seed=rules.seed)
    calls = {name: partial(answer, model, batches) for name, model in models.items()}
    timings = time_interleaved(calls, seconds=plan.seconds, max_rounds=1_000)

    static = {entry.candidate.name for entry in tournament.entries if entry.candidate.kind == "static"}
    measured: dict[str, Measured] = {}
    for name in models:
        delta = mean_score_delta(logits[name], logits[FP32], rules.head)
        errors = [score_errors(logits[each], test.labels, rules.head) for each in (FP32, name)]
        change = mae_change(errors[0], errors[1], seed=rules.seed, resamples=2_000)
        verdict = judge(delta, change, max_mean_score_delta=rules.max_mean_score_delta, max_mae_increase=rules.max_mae_increase)
        measured[name] = Measured(name, delta, verdict.ships, name in static)
        speed, latency = timings.speedup(name, FP32), timings.latency(name)
        says(
            f"{name}: {speed.ratio:.2f}x FP32 at batch {BATCH_ROWS}, p50 {latency.p50:.1f} ms, "
            f"mean |delta score| / (K-1) {delta:.4f}, gate {verdict.verdict}"
        )
    return rows_of(tournament.chosen, f"{second.chosen}{ALIKE}", measured, timings, cpu)


def hold_tournament(says_what: str, material: Material, names: Sequence[str], rules: Rules, folder: Path) -> Tournament:
    tournament = run_tournament(
        material.fp32, material.calibration.examples, material.validation, competing(names), rules, folder,
        lambda share, what: doing(f"{says_what} {share:.0%}: {what}"),
    )  # fmt: skip
    says(f"{says_what}: {tournament.reason}")
    return tournament


def rows_of(chosen: str, chosen_alike: str, measured: dict[str, Measured], timings: Timings, cpu: Cpu) -> list[dict[str, Any]]:
    """Two rows a peer, fidelity and speed, which hold together; then static INT8 against FP32. A peer that our gate admits meets
    what the tournament chose. One that it does not meets what the tournament chooses when it is asked for no more fidelity than
    the better of such peers delivers: who may lose more is faster."""
    rows = []
    for peer in PEERS:
        ours = measured[chosen if measured[peer].admitted else chosen_alike]
        rows += against(ours, measured[peer], timings.speedup(ours.name, peer))
    return [*rows, *static_rows([each for each in measured.values() if each.static], timings, cpu)]


def against(ours: Measured, peer: Measured, speed: Speedup) -> list[dict[str, Any]]:
    """No worse fidelity and faster, or equal speed and better fidelity. Faster and equal are by the interval of the rounds."""
    holds = (ours.score_delta <= peer.score_delta and speed.faster) or (ours.score_delta < peer.score_delta and not speed.ranked)
    row = {"subject": f"tournament ({ours.name})", "peer": peer.name}
    return [
        {
            **row,
            "metric": "mean |delta expected score| / (K-1) on test",
            "value": round(ours.score_delta, 5),
            "unit": "share of the scale",
            "target": round(peer.score_delta, 5),
            "pass": holds,
        },
        {
            **row,
            "metric": f"speed against the peer at batch {BATCH_ROWS} (95 % {speed.low:.2f} to {speed.high:.2f})",
            "value": round(speed.ratio, 3),
            "unit": "x",
            "target": 1,
            "pass": holds,
        },
    ]


def static_rows(static: Sequence[Measured], timings: Timings, cpu: Cpu) -> list[dict[str, Any]]:
    """The fastest static model that the gate admits. One row is of this processor, the other not measured on it; that none is
    admitted or fast enough is what the front of all static models then shows."""
    vnni = any(flag in cpu.instruction_sets for flag in VNNI)
    speeds = {each.name: timings.speedup(each.name, FP32).ratio for each in static}
    admitted = [each.name for each in static if each.admitted]
    best = max(admitted or speeds, key=lambda name: speeds[name])
    row = {"subject": f"static INT8 ({best}{'' if admitted else ', outside the gate'})", "peer": "FP32", "unit": "x"}
    value = round(speeds[best], 3)

    def of(instructions: str, target: float, here: bool) -> dict[str, Any]:
        metric = f"speed at batch {BATCH_ROWS} within the gates, {instructions}"
        if not here:
            return {**row, "metric": f"{metric}: not measured here", "value": None, "target": target, "pass": None}
        return {**row, "metric": metric, "value": value, "target": target, "pass": bool(admitted) and value >= target}

    return [of("AVX2 without VNNI", LEAST_AVX2_SPEEDUP, not vnni), of("VNNI", VNNI_AIM, vnni)]


def main(arguments: list[str]) -> int:
    plan = Plan.model_validate_json(Path(arguments[0]).read_text())
    cpu = read_cpu()
    says(f"{cpu.model}: {', '.join(cpu.instruction_sets)}")
    try:
        with laptop_stages(plan.folder / "runs") as stages:
            material = make_material(plan, stages)
        figures(duel(plan, material, cpu))
    except (StageFailedError, PeerFailedError) as error:
        print(error, file=sys.stderr)  # noqa: T201 - the command's sentence
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
