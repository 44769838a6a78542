"""The report of an experiment and the comparison of several: one self-contained page each, for a person."""
