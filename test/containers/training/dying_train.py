from spotforge_runtime.parent import run_stage

if __name__ == "__main__":
    run_stage("containers.training.dying_run")
