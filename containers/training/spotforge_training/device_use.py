"""How much of the machine a training uses: memory always, the GPU's where there is one."""

import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments
from typing_extensions import override

# Asking the driver takes about a millisecond.
SAMPLE_EVERY_SECONDS = 2.0


@dataclass(frozen=True)
class DeviceFigures:
    """`gpu_utilization` from 0 to 1. None where there is no GPU, or where nothing measures it."""

    peak_memory_bytes: int
    peak_gpu_memory_bytes: int | None
    gpu_utilization: float | None


def gpu_utilization() -> float | None:
    """Share of the last moments in which the GPU computed, by NVML. None without a GPU or without NVML's bindings."""
    if not torch.cuda.is_available():
        return None
    try:
        return torch.cuda.utilization() / 100
    except (ModuleNotFoundError, RuntimeError):
        return None


class DeviceUse(TrainerCallback):
    """Samples between steps; `figures` are those of the run so far, `metrics` what progress tells of them."""

    def __init__(self, sample: Callable[[], float | None] = gpu_utilization, clock: Callable[[], float] = time.monotonic) -> None:
        self._sample = sample
        self._clock = clock
        self._sampled_at = -SAMPLE_EVERY_SECONDS
        self._samples: list[float] = []

    @override
    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        now = self._clock()
        if now - self._sampled_at >= SAMPLE_EVERY_SECONDS:
            self._sampled_at = now
            sampled = self._sample()
            self._samples += [] if sampled is None else [sampled]

    @property
    def figures(self) -> DeviceFigures:
        unit = 1 if sys.platform == "darwin" else 1024
        return DeviceFigures(
            peak_memory_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit,
            peak_gpu_memory_bytes=torch.cuda.max_memory_allocated() if torch.cuda.is_available() else None,
            gpu_utilization=sum(self._samples) / len(self._samples) if self._samples else None,
        )

    @property
    def metrics(self) -> dict[str, float]:
        """Only what there is: a run without a GPU tells nothing of one."""
        figures = self.figures
        told = {
            "peakMemoryGiB": figures.peak_memory_bytes / 1024**3,
            "peakGpuMemoryGiB": None if figures.peak_gpu_memory_bytes is None else figures.peak_gpu_memory_bytes / 1024**3,
            "gpuUtilization": self._samples[-1] if self._samples else None,
        }
        return {name: round(value, 3) for name, value in told.items() if value is not None}
