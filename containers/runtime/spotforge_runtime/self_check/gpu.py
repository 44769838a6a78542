"""Whether the GPU, its driver and the CUDA of torch fit each other."""

from __future__ import annotations

import ctypes
import sys
from typing import Any

from spotforge_runtime.errors import StageError

DRIVER_LIBRARY = "libcuda.so.1"
Cuda = tuple[int, int]


def check_gpu(*, required: bool) -> str:
    """Runs a kernel on each GPU. No GPU is a fact, and a failure only where one is required."""
    torch = sys.modules.get("torch")
    if torch is None:
        if required:
            raise StageError("This imports no torch, and so uses no GPU.", remedy="Leave --require-gpu out.")
        return "not used: this imports no torch"
    driver, built_for = driver_cuda(), torch.version.cuda
    judged = judge(driver, built_for and _parse(built_for))
    if driver is None:
        if required:
            raise StageError(f"There is no GPU: {judged}.", remedy="Run it on a GPU queue, or leave --require-gpu out.")
        return f"none: {judged}; the CPU is used"
    return f"{judged}; {_kernels(torch)}"


def judge(driver: Cuda | None, built_for: Cuda | None) -> str:
    """Says how the CUDA versions of driver and torch fit. StageError when they do not.

    Within a major version of CUDA any driver runs what any toolkit built; an older major runs nothing of a newer one.
    Source: NVIDIA's CUDA Compatibility, "Minor Version Compatibility"."""
    if driver is None:
        return f"no driver ({DRIVER_LIBRARY}) here, and torch is built for {_name(built_for)}"
    if built_for is None:
        raise StageError(
            f"The driver knows {_name(driver)}, but torch is built without CUDA.", remedy="Lock torch's build for CUDA."
        )
    if driver[0] < built_for[0]:
        raise StageError(
            f"The driver knows {_name(driver)} at most; torch is built for {_name(built_for)}.",
            remedy=f"Use a machine image whose NVIDIA driver knows CUDA {built_for[0]} or newer.",
        )
    return f"the driver knows {_name(driver)}, torch is built for {_name(built_for)}"


def driver_cuda() -> Cuda | None:
    """The newest CUDA that the installed driver knows; None without a driver."""
    try:
        library = ctypes.CDLL(DRIVER_LIBRARY)
    except OSError:
        return None
    number = ctypes.c_int()
    if library.cuDriverGetVersion(ctypes.byref(number)) != 0 or number.value == 0:
        return None
    return number.value // 1000, number.value % 1000 // 10


def _kernels(torch: Any) -> str:
    """Computes something on each device: an architecture that torch was not built for shows only here."""
    if not torch.cuda.is_available():
        raise StageError(
            "There is a driver, but torch finds no GPU.",
            remedy="Give the container the GPU: a job definition that asks for one, or Docker's --gpus.",
        )
    devices = range(torch.cuda.device_count())
    for device in devices:
        total = float(torch.ones(1024, device=f"cuda:{device}").sum())
        if total != 1024:
            raise StageError(f"cuda:{device} computed {total} instead of 1024.", remedy="Replace the host: its GPU is broken.")
    return ", ".join(torch.cuda.get_device_name(device) for device in devices)


def _parse(version: str) -> Cuda:
    major, minor = version.split(".")[:2]
    return int(major), int(minor)


def _name(cuda: Cuda | None) -> str:
    return "no CUDA" if cuda is None else f"CUDA {cuda[0]}.{cuda[1]}"
