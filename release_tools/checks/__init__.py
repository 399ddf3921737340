"""The checks that artifacts must pass before they are published, one matter a file; each answers report lines."""
