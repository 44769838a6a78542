"""What an entry point looks for when its argv ends in `--self-check`: one check a file, `command` runs them."""
