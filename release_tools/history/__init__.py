"""Read what a project did since its last release: changelog, commits, public API, and the version that follows."""
