"""The job's argv is `python -m spotforge_optimization.spot_check`."""

from spotforge_runtime.contracts import names
from spotforge_runtime.rehearsal import run_unattended

if __name__ == "__main__":
    run_unattended(names.ENV_SPOT_CHECK_ID, "spotforge_optimization.spot_check_run")
