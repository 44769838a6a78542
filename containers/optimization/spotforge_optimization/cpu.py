"""What the CPU is and can do: INT8 speed means nothing without it."""

from dataclasses import dataclass
from pathlib import Path

CPUINFO = Path("/proc/cpuinfo")

# Those that decide which integer kernels onnxruntime picks, slowest first.
RELEVANT_FLAGS = ("avx2", "avx512f", "avx512bw", "avx_vnni", "avx512_vnni", "avx512_bf16", "amx_int8", "amx_bf16")
ARM_FLAGS = ("asimd", "asimddp", "i8mm", "bf16", "sve")


@dataclass(frozen=True)
class Cpu:
    model: str
    instruction_sets: tuple[str, ...]


def read_cpu(cpuinfo: Path = CPUINFO) -> Cpu:
    """First processor of /proc/cpuinfo; `unknown` and no sets where that file does not exist."""
    try:
        text = cpuinfo.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return Cpu(model="unknown", instruction_sets=())
    fields: dict[str, str] = {}
    for line in text.splitlines():
        key, separator, value = line.partition(":")
        if separator:
            fields.setdefault(key.strip().lower(), value.strip())
    flags = set(fields.get("flags", fields.get("features", "")).split())
    wanted = RELEVANT_FLAGS if "flags" in fields else ARM_FLAGS
    model = fields.get("model name") or fields.get("cpu part") or "unknown"
    return Cpu(model=model, instruction_sets=tuple(flag for flag in wanted if flag in flags))
