"""Whether a folder can be written to, and how much room it has."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from spotforge_runtime.errors import StageError

GIB = 1024**3
PROBE = b"spotforge self-check\n" * 1000


def check_writing(folder: Path) -> str:
    """Writes a file there, reads it back and removes it. The folder is made when it is missing, as whoever uses it would."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(PROBE)
            file.seek(0)
            read = file.read()
        if read != PROBE:
            raise OSError(f"it gave back {len(read)} other bytes than the {len(PROBE)} that were written")
    except OSError as error:
        raise StageError(
            f"Cannot write to {folder}: {error.strerror or error}.",
            remedy="Mount a volume there that the job's user may write to, or name another folder in TMPDIR and HF_HOME.",
        ) from error
    return f"{folder} can be written to, {shutil.disk_usage(folder).free / GIB:.1f} GiB free"
