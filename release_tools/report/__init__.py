"""What was done, for people and machines: terminal, step summary, JSON and the report page."""
