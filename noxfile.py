"""Sessions of this project: `nox` runs lint, types and tests; `nox -s bench` compares us with our peers."""

import nox

nox.options.sessions = ["lint", "types", "tests"]
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.download_python = "never"  # tests run with the Pythons that are there; the others are skipped
nox.options.error_on_missing_interpreters = False
PYTHONS = ("3.11", "3.12", "3.13", "3.14")


def _install(session: nox.Session, *groups: str) -> None:
    wanted = [part for group in groups for part in ("--group", group)]
    session.install("-e", ".", *wanted)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and the usual mistakes."""
    session.install("--group", "lint")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Check every type, strictly."""
    _install(session, "dev")
    session.run("mypy")


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Run the tests with each Python that is there; `nox -s fast` runs those that take a minute."""
    _install(session, "test")
    session.run("pytest", "-n", "auto", *session.posargs)


@nox.session
def fast(session: nox.Session) -> None:
    """Run the tests that need no package index and take less than five seconds each."""
    _install(session, "test")
    session.run("pytest", "-n", "auto", "-m", "not slow and not registry", *session.posargs)


@nox.session
def exhaustive(session: nox.Session) -> None:
    """Run every test, also those that show a kind once more and take minutes."""
    _install(session, "test")
    session.run("pytest", "-n", "auto", "-m", "", *session.posargs)


@nox.session
def reference(session: nox.Session) -> None:
    """Write the pages that are generated from the code."""
    _install(session)
    session.run("python", "-m", "docs.make")


@nox.session
def names(session: nox.Session) -> None:
    """Write the table of conda names: `nox -s names -- FILE...`; `docs/conda_names.py` has the shapes of the files."""
    session.install("packaging")
    session.run("python", "-m", "docs.conda_names", *session.posargs)


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation; a broken link is an error."""
    session.install("zensical")
    session.run("zensical", "build", "--strict", *session.posargs)


@nox.session
def lock(session: nox.Session) -> None:
    """Write the lock files of the action and of CI: wheels only, with their hashes, for every system."""
    session.install("uv")
    options = ("--universal", "--python-version=3.11", "--generate-hashes", "--only-binary=:all:", "--all-extras")
    shown = ("--annotation-style=line", "--custom-compile-command=nox -s lock")
    hidden = ("--no-emit-index-url", "--no-emit-find-links")
    for name, groups in (("requirements.lock", ()), ("requirements-ci.lock", ("--group=ci",))):
        target = (*groups, "pyproject.toml", f"--output-file={name}")
        session.run("uv", "pip", "compile", "--quiet", *options, *shown, *hidden, *session.posargs, *target)


@nox.session
def audit(session: nox.Session) -> None:
    """Find known vulnerabilities of our dependencies, and weaknesses of workflows; needs a network."""
    session.install("--group", "ci")
    for name in ("requirements.lock", "requirements-ci.lock"):
        session.run("pip-audit", "--strict", "--disable-pip", "--require-hashes", "-r", name)
    session.run("zizmor", "--strict-collection", "--persona", "auditor", ".")


@nox.session
def bench(session: nox.Session) -> None:
    """Compare us with our peers: print the ratios as tables."""
    _install(session, "test", "bench")
    session.run("python", "-m", "benchmarks", *session.posargs)
