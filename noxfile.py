"""The habits of this project: `nox -s lint types tests bench`; without `-s`, all but the benchmarks."""

import nox

nox.options.sessions = ["lint", "types", "tests"]
nox.options.default_venv_backend = "uv|virtualenv"


def _install(session: nox.Session, *groups: str) -> None:
    wanted = [part for group in groups for part in ("--group", group)]
    session.install("-e", ".", *wanted)


@nox.session
def lint(session: nox.Session) -> None:
    """Style and the usual mistakes."""
    session.install("--group", "lint")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Every type, strictly."""
    _install(session, "dev")
    session.run("mypy")


@nox.session
def tests(session: nox.Session) -> None:
    """All tests, side by side."""
    _install(session, "test")
    session.run("pytest", "-n", "auto", *session.posargs)


@nox.session
def reference(session: nox.Session) -> None:
    """Write the pages that are generated from the code."""
    _install(session)
    session.run("python", "-m", "docs.make")


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation; a link that leads nowhere is an error."""
    session.install("zensical")
    session.run("zensical", "build", "--strict", *session.posargs)


@nox.session
def lock(session: nox.Session) -> None:
    """Write the locks: every dependency by its hashes, for every system, wheels only; the action's, and that of CI."""
    session.install("uv")
    options = ("--universal", "--python-version=3.11", "--generate-hashes", "--only-binary=:all:", "--all-extras")
    shown = ("--annotation-style=line", "--custom-compile-command=nox -s lock")
    hidden = ("--no-emit-index-url", "--no-emit-find-links")
    for name, groups in (("requirements.lock", ()), ("requirements-ci.lock", ("--group=ci",))):
        target = (*groups, "pyproject.toml", f"--output-file={name}")
        session.run("uv", "pip", "compile", "--quiet", *options, *shown, *hidden, *session.posargs, *target)


@nox.session
def audit(session: nox.Session) -> None:
    """Known faults in what we depend on, and weaknesses in workflows; needs a network."""
    session.install("--group", "ci")
    for name in ("requirements.lock", "requirements-ci.lock"):
        session.run("pip-audit", "--strict", "--disable-pip", "--require-hashes", "-r", name)
    session.run("zizmor", "--strict-collection", "--persona", "auditor", ".")


@nox.session
def bench(session: nox.Session) -> None:
    """The ratios to our peers, as tables."""
    _install(session, "test", "bench")
    session.run("python", "-m", "benchmarks", *session.posargs)
