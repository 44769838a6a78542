"""The job's argv is `python -m spotforge_optimization.rehearse_rollback`."""

from spotforge_runtime.rehearsal import run_rehearsal

if __name__ == "__main__":
    run_rehearsal("rollback", "spotforge_optimization.rehearse_rollback_run")
