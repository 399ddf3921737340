"""The build plan, and what of it is there: pure data, computed before anything is built."""
