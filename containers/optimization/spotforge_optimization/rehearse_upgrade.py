"""The job's argv is `python -m spotforge_optimization.rehearse_upgrade`."""

from spotforge_runtime.rehearsal import run_rehearsal

if __name__ == "__main__":
    run_rehearsal("upgrade", "spotforge_optimization.rehearse_upgrade_run")
