"""Check artifacts before they are published, one subject a file; each check returns lines of the report."""
