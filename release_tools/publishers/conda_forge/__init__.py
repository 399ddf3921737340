"""Propose a release to conda-forge."""
