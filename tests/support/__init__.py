"""Hold what tests share: projects, git repositories, and the command run in this process."""
