"""One commit and one tag of a Python project in; installable from PyPI, Anaconda.org, GitHub and conda-forge, out."""
