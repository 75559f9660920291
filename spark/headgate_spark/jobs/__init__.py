"""The jobs: thin mains that put sources, transforms and delta together."""
