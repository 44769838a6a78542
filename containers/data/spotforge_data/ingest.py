"""The job `ingest`: stores the dataset and the base model of a spec as immutable versions."""

from spotforge_runtime.parent import run_stage

if __name__ == "__main__":
    run_stage("spotforge_data.ingest_work")
