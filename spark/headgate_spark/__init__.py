"""Spark jobs of Headgate: one JSON request in, one JSON report out."""
