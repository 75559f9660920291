"""Frozen input files to typed rows: the only part that reads what the pipeline does not own."""
