from __future__ import annotations

import subprocess
import sys
from pathlib import Path

CONTAINERS = Path(__file__).resolve().parents[3] / "containers"


def test_the_parent_process_never_imports_torch() -> None:
    script = "import runpy, sys; runpy.run_module('spotforge_training.train'); sys.exit('torch' in sys.modules)"
    path = f"{CONTAINERS / 'runtime'}:{CONTAINERS / 'training'}"
    assert subprocess.run([sys.executable, "-c", script], env={"PYTHONPATH": path}).returncode == 0
