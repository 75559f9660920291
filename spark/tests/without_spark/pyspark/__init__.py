"""Stands in for pyspark in tests of the resident's lifetime: nothing but what the engine and the stand-in job use."""
