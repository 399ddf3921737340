"""Translate Python packages into conda recipes: pure functions over text and metadata."""
