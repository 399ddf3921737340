"""Harmless by itself."""
