"""The job's argv is `python -m spotforge_training.rehearse_restore`."""

from spotforge_runtime.rehearsal import run_rehearsal

if __name__ == "__main__":
    run_rehearsal("restore", "spotforge_training.rehearse_restore_run")
