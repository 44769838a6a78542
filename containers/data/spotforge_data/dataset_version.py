"""The job's argv is `python -m spotforge_data.dataset_version`."""

from spotforge_data.dataset_version_job import run_dataset_version

if __name__ == "__main__":
    run_dataset_version("spotforge_data.dataset_version_work")
