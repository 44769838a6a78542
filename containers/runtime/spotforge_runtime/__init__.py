"""The contract of a stage: its environment, inputs, outputs, progress, checkpoints, interruption and exit codes."""
