"""Delta tables: create, write, merge, history. Nothing here knows what the rows mean."""
