"""Define, load and document the settings."""
