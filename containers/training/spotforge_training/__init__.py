"""The training stage: an ordinal regression head on a stock encoder, trained so that it can be interrupted anywhere."""
