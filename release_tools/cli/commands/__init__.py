"""One file a command: its own options, and what it runs."""
