"""`python -m spotforge_data.ingest --self-check`: what an entry point needs, looked at one by one, without an experiment.

One line a check, exit code 0 when all passed and 1 otherwise. docs/images.md says what each check proves and what it does not."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from spotforge_runtime.contracts import names
from spotforge_runtime.errors import StageError, as_stage_error
from spotforge_runtime.self_check.environment import read_self_check_environment
from spotforge_runtime.self_check.gpu import check_gpu
from spotforge_runtime.self_check.imports import check_imports
from spotforge_runtime.self_check.services import check_bucket, check_bus, check_own_prefix
from spotforge_runtime.self_check.versions import check_versions
from spotforge_runtime.self_check.writing import check_writing

# /opt/spotforge/containers.txt in an image: it lies beside the packages.
LOCK_BESIDE_PACKAGES = Path(__file__).resolve().parents[2] / "containers.txt"

# Says what it found. Raises a StageError, whose remedy is what to do, or whatever the checked thing raises.
Check = Callable[[], str]


@dataclass(frozen=True)
class Checked:
    """`outcome` is passed or failed; `remedy` says what to do about a failure."""

    check: str
    outcome: str
    says: str
    remedy: str | None = None


def main(module: str, argv: Sequence[str]) -> int:
    """Checks what `module`, the work of an entry point, needs. `argv` is the entry point's own, its file first."""
    subject = Path(argv[0]).stem
    parser = argparse.ArgumentParser(prog=f"python -m {module.partition('.')[0]}.{subject}", allow_abbrev=False)
    parser.add_argument("--self-check", action="store_true", required=True, help="look at what this needs, and run nothing")
    parser.add_argument("--lock", type=Path, default=LOCK_BESIDE_PACKAGES, help="what must be installed (default: %(default)s)")
    parser.add_argument("--require-gpu", action="store_true", help="fail where there is no GPU")
    parser.add_argument("--json", action="store_true", help="one document instead of lines")
    options = parser.parse_args(argv[1:])

    started = time.monotonic()
    say = (lambda _checked: None) if options.json else _print_line
    checked = [_run(name, check, say) for name, check in _checks(subject, module, options.lock, options.require_gpu)]
    failed = sum(one.outcome == "failed" for one in checked)
    seconds = round(time.monotonic() - started, 1)
    if options.json:
        outcome = "failed" if failed else "passed"
        document = {"subject": subject, "outcome": outcome, "seconds": seconds, "checks": [asdict(one) for one in checked]}
        print(json.dumps(document, indent=2))  # noqa: T201
    else:
        print(f"{subject}: {len(checked) - failed} passed, {failed} failed ({seconds} s)")  # noqa: T201
    return 1 if failed else 0


def _checks(subject: str, module: str, lock: Path, gpu_required: bool) -> list[tuple[str, Check]]:
    """Every check of an entry point by name, in the order in which they run: the GPU's looks at the torch that was imported."""
    environment = read_self_check_environment()
    return [
        ("imports", lambda: check_imports(module)),
        ("versions", lambda: check_versions(lock)),
        ("gpu", lambda: check_gpu(required=gpu_required)),
        ("temporary files", lambda: check_writing(environment.temporary_files)),
        ("model cache", lambda: check_writing(environment.model_cache)),
        *((f"bucket {variable}", _of_bucket(variable, bucket)) for variable, bucket in environment.buckets.items()),
        *(_of_stage(subject, environment.event_bus) if subject in names.STAGES else ()),
    ]


def _of_bucket(variable: str, bucket: str | None) -> Check:
    return lambda: check_bucket(variable, bucket)


def _of_stage(stage: str, bus: str | None) -> list[tuple[str, Check]]:
    """What a rehearsal does not do: write below a prefix of its own, and report progress."""
    bucket = read_self_check_environment().buckets[names.ENV_EXPERIMENTS_BUCKET]
    return [("own prefix", lambda: check_own_prefix(bucket, stage)), ("event bus", lambda: check_bus(bus))]


def _run(name: str, check: Check, say: Callable[[Checked], None]) -> Checked:
    try:
        checked = Checked(name, "passed", check())
    except Exception as caught:
        error = as_stage_error(caught)
        # A StageError of its own says it all; anything else is told by its kind too.
        says = error.message if isinstance(caught, StageError) else f"{type(caught).__name__}: {caught}"
        checked = Checked(name, "failed", says, error.remedy)
    say(checked)
    return checked


def _print_line(checked: Checked) -> None:
    mark = "ok    " if checked.outcome == "passed" else "FAILED"
    remedy = f" {checked.remedy}" if checked.remedy else ""
    print(f"{mark}  {checked.check:<26} {checked.says}{remedy}", flush=True)  # noqa: T201
