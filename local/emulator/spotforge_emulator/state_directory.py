"""The directory that keeps the account between starts."""

import errno
import shutil
from pathlib import Path

from spotforge_emulator.startup_error import StartupError

# A deployed stack with its Lambda code takes about 30 MB; below this the first experiment would fail half-way.
LEAST_FREE_BYTES = 200 * 1024 * 1024


def prepare_state_directory(state: Path) -> None:
    """Makes the directory, proves that it can be written and has room. Raises StartupError with one sentence."""
    temporary = state / "tmp"
    try:
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(parents=True)
        (state / "services").mkdir(exist_ok=True)
        (state / "objects").mkdir(exist_ok=True)
        # Lambda workers run here; without this Node would take the module type from a package.json further up.
        (temporary / "package.json").write_text("{}\n")
        probe = temporary / "probe"
        probe.write_bytes(b"0" * 4096)
        probe.unlink()
    except OSError as error:
        raise StartupError(describe(error, state)) from error
    free = shutil.disk_usage(state).free
    if free < LEAST_FREE_BYTES:
        raise StartupError(
            f"The disk that holds {state} has {free // 2**20} MB left; the local tier needs {LEAST_FREE_BYTES // 2**20} MB: "
            "free some space."
        )


def describe(error: OSError, state: Path) -> str:
    """The sentence for a state directory that cannot be used."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"The disk that holds {state} is full: free some space."
    return f"The state directory {state} cannot be written ({error.strerror}): choose another one or correct its permissions."


def was_interrupted(state: Path) -> bool:
    """Whether the last emulator of this directory ended without saving."""
    return (state / "running").exists()


def mark_running(state: Path) -> None:
    """Notes that memory is newer than disk, until mark_saved."""
    (state / "running").touch()


def mark_saved(state: Path) -> None:
    """Notes that disk holds everything."""
    (state / "running").unlink(missing_ok=True)
    shutil.rmtree(state / "tmp", ignore_errors=True)
