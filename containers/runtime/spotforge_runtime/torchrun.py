"""Runs a stage's work in several processes of this host: `python -m spotforge_runtime.torchrun {count} {module} --home {folder}`.

As torchrun does it, with three differences: it ends when its parent is killed, signals are the parent's to send, and the
exit code is that of the process that ended the others."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Iterable
from types import FrameType

from spotforge_runtime.child import end_with_parent
from spotforge_runtime.contracts import names

# How the other processes end when one has ended: told to by torchrun, at once or after tidying up.
ANSWERS = (names.EXIT_INTERRUPTED, -signal.SIGTERM)
OPTIONS = (
    "--standalone",
    "--local-addr=127.0.0.1",  # the host's name may not resolve in a container
    "--max-restarts=0",  # the state machine tries again
    "--signals-to-handle=SIGQUIT",  # one that nobody sends: torchrun has to have one
)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="spotforge_runtime.torchrun", description=__doc__)
    parser.add_argument("count", type=int, help="how many processes")
    parser.add_argument("module", help="has the function work(context)")
    parser.add_argument("--home", required=True)
    parsed = parser.parse_args(arguments)
    end_with_parent()

    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.run import parse_args, run

    # Batch's SIGTERM may go to the whole process group. A handler and not SIG_IGN, which the children would inherit.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _leave_it_to_the_children)
    child = ["-m", "spotforge_runtime.child", parsed.module, "--home", parsed.home]
    try:
        given = [f"--nproc-per-node={parsed.count}", f"--log-dir={parsed.home}/torchrun"]
        options = parse_args([*OPTIONS, *given, *child])  # type: ignore[no-untyped-call]
        run(options)  # type: ignore[no-untyped-call]
    except ChildFailedError as failed:
        first_to_last = sorted(failed.failures.values(), key=lambda failure: failure.timestamp)
        return exit_code_of_cause([failure.exitcode for failure in first_to_last])
    return 0


def exit_code_of_cause(exit_codes: Iterable[int]) -> int:
    """Of the processes that failed, first to last, the exit code of the one that ended by itself; -n is death by signal n.

    >>> exit_code_of_cause([75, -9]), exit_code_of_cause([-15, 67]), exit_code_of_cause([75, 75])
    (137, 67, 75)
    """
    codes = list(exit_codes)
    code = next((code for code in codes if code not in ANSWERS), codes[0])
    return code if code >= 0 else 128 - code


def _leave_it_to_the_children(_number: int, _frame: FrameType | None) -> None:
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
