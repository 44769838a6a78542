from __future__ import annotations

from pathlib import Path

import pytest
from containers.tiny_pictures import write_picture_base
from containers.training.tiny_bases import FAMILIES, write_base
from hypothesis import given
from hypothesis import strategies as st
from spotforge_training.base_model import attach_head, load_base_model
from spotforge_training.class_weights import balanced_weights
from spotforge_training.device_use import DeviceUse
from spotforge_training.layerwise_rates import layerwise_factors
from transformers import TrainerControl, TrainerState, TrainingArguments


@pytest.mark.parametrize("family", [*FAMILIES, "vit"])
def test_each_layer_learns_slower_than_the_one_above_it(family: str, tmp_path: Path) -> None:
    if family == "vit":
        model = load_base_model(write_picture_base(tmp_path), classes=5, task="image-ordinal")
    else:
        model = load_base_model(write_base(family, tmp_path), classes=5)
    attach_head(model, [1, 1, 1, 1, 1])
    factors = layerwise_factors(model, 0.5)
    assert factors.keys() == {name for name, _ in model.named_parameters()}
    assert {factor for name, factor in factors.items() if "layer.1." in name} == {0.5}
    assert {factor for name, factor in factors.items() if "layer.0." in name} == {0.25}
    assert {factor for name, factor in factors.items() if "embeddings" in name} == {0.125}
    assert {factor for name, factor in factors.items() if "latent" in name or "cutpoints" in name} == {1.0}
    assert set(layerwise_factors(model, 1.0).values()) == {1.0}


@given(st.lists(st.integers(0, 1000), min_size=2, max_size=10).filter(any))
def test_balanced_weights_make_every_class_count_alike_and_leave_the_mean_at_one(counts: list[int]) -> None:
    weights = balanced_weights(counts)
    shares = [weight * count for weight, count in zip(weights, counts, strict=True) if count]
    assert shares == pytest.approx([shares[0]] * len(shares))
    assert sum(shares) == pytest.approx(sum(counts))


def test_gpu_utilisation_is_sampled_every_two_seconds_and_averaged(tmp_path: Path) -> None:
    clock, samples = iter([0.0, 1.0, 2.0, 3.9, 4.0]), iter([0.5, 0.7, 0.9])
    use = DeviceUse(sample=lambda: next(samples), clock=lambda: next(clock))
    for _ in range(5):
        use.on_step_end(TrainingArguments(str(tmp_path)), TrainerState(), TrainerControl())
    assert use.figures.gpu_utilization == pytest.approx(0.7)
    assert use.metrics["gpuUtilization"] == 0.9


def test_a_host_without_a_gpu_tells_its_memory_and_nothing_of_a_gpu() -> None:
    use = DeviceUse(sample=lambda: None)
    assert use.figures.gpu_utilization is None
    assert use.metrics.keys() >= {"peakMemoryGiB"}
    assert "gpuUtilization" not in use.metrics
