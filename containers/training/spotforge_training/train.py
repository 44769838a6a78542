"""`python -m spotforge_training.train`: the job's command. The parent process stays small; the child imports torch."""

from spotforge_runtime.parent import run_stage

if __name__ == "__main__":
    run_stage("spotforge_training.training_run")
