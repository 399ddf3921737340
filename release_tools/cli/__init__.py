"""Turn the command line into a session, a pipeline run and an exit code."""
