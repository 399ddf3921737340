"""GitHub workflows: planned from a project's configuration, written from templates, and compared with what is there."""
