"""GitHub, through PyGithub: where it is, who asks, and what is read and written there."""
