"""Build sdists, wheels and conda packages."""
