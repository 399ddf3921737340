"""Ratios to our peers, each measured in the same run: `python -m benchmarks`."""
