"""The steps of a release, one a file, named by its verb: `step(context, release)` answers a fuller release."""
