"""The job's argv is `python -m spotforge_optimization.parity`; the parent process stays small, the work runs in a child."""

from spotforge_runtime.parent import run_stage

if __name__ == "__main__":
    run_stage("spotforge_optimization.parity_run")
