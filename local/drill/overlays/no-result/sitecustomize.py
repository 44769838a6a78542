"""The container ends with exit code 0 and has done nothing. Acts in the main process: a child that does so is caught by it."""

import os
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent.parent))
import planting

if planting.is_parent():
    os._exit(0)
