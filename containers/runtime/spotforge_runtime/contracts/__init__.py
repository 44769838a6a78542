"""Documents and names that cross a border, generated from `functions/shared/contracts/`."""
