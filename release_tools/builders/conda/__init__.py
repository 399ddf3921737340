"""Build conda packages."""
