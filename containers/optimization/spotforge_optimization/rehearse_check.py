"""The parity check of a bundle in a process of its own, under whatever packages stand in front of the installed ones.

python -m spotforge_optimization.rehearse_check --bundle DIR --threads N --answers FILE.npz [--overlay DIR]
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from spotforge_optimization.bundle_folder import read_bundle
from spotforge_optimization.rehearse_bundle import ask


def main(arguments: Sequence[str]) -> int:
    """Verifies the bundle, asks both models, and prints how many modules came from the overlay."""
    parser = argparse.ArgumentParser(prog="python -m spotforge_optimization.rehearse_check", description=__doc__)
    parser.add_argument("--bundle", type=Path, required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--answers", type=Path, required=True, help="where the logits of both models are written")
    parser.add_argument("--overlay", type=Path)
    parsed = parser.parse_args(arguments)
    read_bundle(parsed.bundle)
    answers = ask(parsed.bundle, parsed.threads)
    np.savez(parsed.answers, **{name: logits for name, logits in vars(answers).items() if logits is not None})
    sys.stdout.write(json.dumps({"modulesFromOverlay": modules_below(parsed.overlay)}) + "\n")
    return 0


def modules_below(overlay: Path | None) -> int:
    """How many of the modules loaded so far lie below the folder."""
    if overlay is None:
        return 0
    loaded = (getattr(module, "__file__", None) for module in list(sys.modules.values()))
    return sum(1 for file in loaded if file and Path(file).is_relative_to(overlay))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
