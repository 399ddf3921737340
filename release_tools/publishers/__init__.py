"""Publish a release to one destination each."""
