"""Read the facts of a project."""
