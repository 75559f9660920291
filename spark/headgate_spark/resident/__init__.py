"""The resident Spark process of the local runtime: one per home folder, spoken to over a Unix socket."""
