"""Publish to conda channels."""
