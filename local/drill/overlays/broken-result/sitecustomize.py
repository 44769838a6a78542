"""The container ends with exit code 0 and a result.json that breaks its schema. Acts in the main process: it speaks last."""

import sys
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parent.parent))
import planting


def break_result(module: Any) -> None:
    run_stage = module.run_stage

    def run_and_break(work: str) -> None:
        try:
            run_stage(work)
        finally:
            from spotforge_runtime.clients import s3_client
            from spotforge_runtime.contracts import names
            from spotforge_runtime.environment import read_environment
            from spotforge_runtime.storage import ObjectStore

            environment = read_environment()
            key = environment.attempt.prefix + names.DOCUMENT_RESULT
            broken = b'{"schemaVersion": 1, "outcome": "excellent"}'
            ObjectStore(s3_client()).put(broken, environment.experiments_bucket, key, once=False)
            sys.exit(0)

    module.run_stage = run_and_break


if planting.is_parent():
    planting.after_import("spotforge_runtime.parent", break_result)
