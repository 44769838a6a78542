from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import pytest
from spotforge_runtime.checkpoints import CheckpointStore
from spotforge_runtime.errors import ContractBroken, Interrupted
from spotforge_runtime.interruption import Interruption
from spotforge_training.checkpointing import CONDITIONS, Checkpointing, compare_conditions, conditions_of
from spotforge_training.training_recipe import TrainingRecipe
from transformers import TrainerControl, TrainerState, TrainingArguments

RECIPE = TrainingRecipe(
    epochs=2,
    batch_size=16,
    micro_batch=16,
    learning_rate=1e-4,
    max_length=128,
    frozen_layers=0,
    seed=13,
    threads=2,
    precision="float32",
    head="cumulative-link",
    layerwise_decay=1.0,
    class_weights="none",
    patience=0,
)


class RecordingStore:
    def __init__(self) -> None:
        self.files: dict[int, set[str]] = {}
        self.waited = False
        self.uploading = False

    def commit(self, folder: Path, *, step: int, epoch: float) -> None:
        self.files[step] = {file.name for file in folder.iterdir()}

    def wait(self) -> None:
        self.waited = True

    def under_way(self) -> bool:
        return self.uploading


class Bench:
    """A callback with a clock and a store to look into."""

    def __init__(self, folder: Path, longest_interval: float = 300) -> None:
        self.now = 100.0
        self.store = RecordingStore()
        self.interruption = Interruption()
        self.state = TrainerState(global_step=0, epoch=0.0)
        self.args = TrainingArguments(output_dir=str(folder), use_cpu=True, report_to=[])
        self.callback = Checkpointing(
            cast(CheckpointStore, self.store),
            self.interruption,
            conditions={"threads": 2},
            longest_interval=longest_interval,
            clock=lambda: self.now,
        )
        self.callback.on_train_begin(self.args, self.state, TrainerControl())

    def step(self, seconds: float) -> TrainerControl:
        self.now += seconds
        self.state.global_step += 1
        control = TrainerControl()
        self.callback.on_step_end(self.args, self.state, control)
        return control

    def save(self, seconds: float = 0.0) -> None:
        self.now += seconds
        folder = Path(str(self.args.output_dir)) / f"checkpoint-{self.state.global_step}"
        folder.mkdir(parents=True)
        (folder / "model.safetensors").write_bytes(b"weights")
        (folder / "training_args.bin").write_bytes(b"pickle")
        self.callback.on_save(self.args, self.state, TrainerControl())


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_saves_when_the_cadence_says_so_whatever_the_steps(bench: Bench) -> None:
    assert not bench.step(4).should_save
    assert not bench.step(4).should_save
    control = bench.step(7)
    assert control.should_save and control.should_log


def test_the_seconds_count_from_the_last_checkpoint(bench: Bench) -> None:
    bench.step(15)
    bench.save()
    assert not bench.step(29).should_save
    assert bench.step(2).should_save


def test_an_interval_of_the_spec_is_never_exceeded_by_a_step(tmp_path: Path) -> None:
    bench = Bench(tmp_path, longest_interval=10)
    assert not bench.step(4).should_save
    assert bench.step(4).should_save, "the next step would end after 12 s"


def test_tells_what_checkpoints_cost(bench: Bench) -> None:
    bench.step(20)
    bench.save(seconds=0.5)
    bench.step(80)
    bench.callback.on_train_end(bench.args, bench.state, TrainerControl())
    bench.now += 1000
    report = bench.callback.report
    assert report.training_seconds == pytest.approx(100.5)
    assert report.blocked_seconds == pytest.approx(0.5)
    assert report.blocked_share == pytest.approx(0.5 / 100.5)
    assert report.interval_seconds == pytest.approx(80.5)
    assert report.forced == 0


def test_a_run_without_training_has_no_share(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.callback.on_train_end(bench.args, bench.state, TrainerControl())
    assert bench.callback.report.blocked_share == 0


def test_an_upload_under_way_is_not_waited_for(bench: Bench) -> None:
    bench.step(15)
    bench.save()
    bench.store.uploading = True
    assert not bench.step(100).should_save
    bench.store.uploading = False
    assert bench.step(1).should_save


def test_a_host_that_goes_before_training_begins_is_obeyed_at_once(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.interruption.request("The spot host is reclaimed.")
    with pytest.raises(Interrupted, match="reclaimed"):
        bench.callback.on_train_begin(bench.args, bench.state, TrainerControl())
    assert bench.store.files == {}


def test_saves_at_once_when_the_host_is_to_go_and_then_obeys(bench: Bench) -> None:
    bench.interruption.request("The spot host is reclaimed.")
    assert bench.step(0.1).should_save
    with pytest.raises(Interrupted, match="reclaimed"):
        bench.save()
    assert bench.store.waited, "interrupted before the checkpoint was committed"


def test_commits_the_conditions_and_leaves_nothing_on_the_disk(bench: Bench) -> None:
    bench.step(31)
    bench.save()
    assert bench.store.files == {1: {"model.safetensors", CONDITIONS}}
    assert list(Path(str(bench.args.output_dir)).iterdir()) == []


def test_an_evaluation_is_not_interrupted_without_a_reason(bench: Bench) -> None:
    bench.callback.between_batches(cast(Any, None))


def test_conditions_that_are_equal_are_no_difference(tmp_path: Path) -> None:
    now = conditions_of(RECIPE, rows=3200, device="cpu")
    (tmp_path / CONDITIONS).write_text(json.dumps(now))
    assert compare_conditions(tmp_path, now) == []


def test_another_device_and_other_micro_batches_are_told_and_tolerated(tmp_path: Path) -> None:
    now = conditions_of(RECIPE, rows=3200, device="cpu")
    (tmp_path / CONDITIONS).write_text(json.dumps(now | {"device": "Tesla T4", "micro_batch": 8}))
    assert compare_conditions(tmp_path, now) == ["device was Tesla T4, is cpu", "micro_batch was 8, is 16"]


def test_a_checkpoint_that_does_not_say_how_many_processes_it_had_had_one(tmp_path: Path) -> None:
    now = conditions_of(RECIPE, rows=3200, device="cpu")
    (tmp_path / CONDITIONS).write_text(json.dumps({name: value for name, value in now.items() if name != "processes"}))
    assert compare_conditions(tmp_path, now) == []


@pytest.mark.parametrize("name", ["threads", "processes", "precision", "seed", "learning_rate", "rows"])
def test_whatever_decides_the_weights_must_be_as_it_was(name: str, tmp_path: Path) -> None:
    now = conditions_of(RECIPE, rows=3200, device="cpu")
    (tmp_path / CONDITIONS).write_text(json.dumps(now | {name: "other"}))
    with pytest.raises(ContractBroken, match=f"{name} was 'other' and is"):
        compare_conditions(tmp_path, now)


def test_a_checkpoint_without_conditions_is_not_continued(tmp_path: Path) -> None:
    with pytest.raises(ContractBroken, match="threads was None and is 2"):
        compare_conditions(tmp_path, conditions_of(RECIPE, rows=3200, device="cpu"))
