"""The data stages: ingest stores a dataset and a base model as immutable versions, prepare turns rows into splits."""
