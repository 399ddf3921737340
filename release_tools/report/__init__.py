"""Show what was done, to people and machines: terminal, step summary, JSON and the report page."""
