"""The container ends with exit code 0 and a result.json that breaks its schema. Acts in the main process: it speaks last."""

import sys
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parent.parent))
import planting


def break_result(module: Any) -> None:
    conclude = module._Guardian._conclude

    def conclude_and_break(guardian: Any, *positional: Any) -> int:
        conclude(guardian, *positional)
        environment = guardian._environment
        key = environment.attempt.prefix + module.names.DOCUMENT_RESULT
        guardian._storage().put(b'{"schemaVersion": 1, "outcome": "excellent"}', environment.experiments_bucket, key, once=False)
        return 0

    module._Guardian._conclude = conclude_and_break


if planting.is_parent():
    planting.after_import("spotforge_runtime.parent", break_result)
