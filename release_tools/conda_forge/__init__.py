"""What conda-forge gets of a release: the recipe of what was built, and how it would change what is there."""
