"""The laptop's AWS: MiniStack started in this process with its gaps filled (see patches/)."""
