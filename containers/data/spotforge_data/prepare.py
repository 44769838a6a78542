"""The job `prepare`: turns a raw dataset into splits."""

from spotforge_runtime.parent import run_stage

if __name__ == "__main__":
    run_stage("spotforge_data.prepare_work")
