"""Publish to PyPI, TestPyPI and other package indexes."""
