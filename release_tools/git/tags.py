"""Tags and commits that others will see, and the history that they must stand in."""

from release_tools.addresses import ACTIONS_BOT
from release_tools.errors import RepositoryError
from release_tools.git.repository import Repository
from release_tools.system.process import ProcessError


def create_tag(repository: Repository, tag: str, commit: str, message: str, *, sign: bool = False) -> None:
    """Make an annotated tag here.

    Args:
        repository: where.
        tag: its name.
        commit: that it stands on.
        message: of the tag; Markdown headings stay.
        sign: sign it as git is configured to (``user.signingKey``, ``gpg.format``). Without it, git's own
            configuration decides.

    Raises:
        RepositoryError: git refused: there is such a tag already, or it cannot sign.
    """
    kind = "--sign" if sign else "--annotate"
    name, email = identity(repository)
    who = ("-c", f"user.name={name}", "-c", f"user.email={email}")
    try:
        repository.git(*who, "tag", kind, "--cleanup=whitespace", "--file=-", "--", tag, commit, stdin=message)
    except ProcessError as error:
        raise RepositoryError(
            f"{tag}: git could not make the tag: {error.output or error.message}",
            "Does git have a key to sign with? Type: git config --list --show-origin" if sign else "",
        ) from None


def is_signed(repository: Repository, tag: str) -> bool:
    """Whether a tag carries a signature, whosever it is."""
    try:
        return "\n-----BEGIN " in repository.git("cat-file", "tag", f"refs/tags/{tag}")
    except ProcessError:
        return False


def verify_tag(repository: Repository, tag: str) -> None:
    """See that a tag is signed by somebody whom git is configured to trust.

    Raises:
        RepositoryError: it is not, or that cannot be told.
    """
    try:
        repository.git("verify-tag", f"refs/tags/{tag}")
    except ProcessError as error:
        raise RepositoryError(
            f"{tag}: its signature is not trusted: {error.output or error.message}",
            "Tell git whom to trust: gpg.ssh.allowedSignersFile for SSH, gpg --import for GPG.",
        ) from None


def identity(repository: Repository) -> tuple[str, str]:
    """Name and address of whoever tags and commits here; those of GitHub's own bot in a job that has none.

    Raises:
        RepositoryError: git does not know who that is.
    """
    try:
        person = repository.git("var", "GIT_COMMITTER_IDENT")
    except ProcessError:
        if repository.env.get("GITHUB_ACTIONS") == "true":
            return ACTIONS_BOT
        raise RepositoryError(
            "git does not know who you are",
            "Type: git config --global user.name NAME, and git config --global user.email ADDRESS",
        ) from None
    name, _, rest = person.partition(" <")
    return name, rest.partition(">")[0]


def has(repository: Repository, commit: str) -> bool:
    """Whether a commit is here."""
    try:
        repository.git("cat-file", "-e", f"{commit}^{{commit}}")
    except ProcessError:
        return False
    return True


def contains(repository: Repository, commit: str, other: str) -> bool:
    """Whether a commit's history contains another one; False where either is not here."""
    try:
        repository.git("merge-base", "--is-ancestor", other, commit)
    except ProcessError:
        return False
    return True


def parents(repository: Repository, commit: str) -> tuple[str, ...]:
    """The commits that a commit follows."""
    return tuple(repository.git("rev-parse", f"{commit}^@").split())


def commit_in_clone(repository: Repository, clone: Repository, path: str, message: str) -> str:
    """Commit one changed file in a scratch clone, as its repository would commit it, and bring the commit there.

    No branch has the commit yet.

    Raises:
        RepositoryError: git refused: it cannot sign, or nothing was changed.
    """
    name, email = identity(repository)
    who = ("-c", f"user.name={name}", "-c", f"user.email={email}")
    signs = repository.git("config", "--type=bool", "--default=false", "--get", "commit.gpgSign").strip() == "true"
    try:
        clone.git(
            *who, "commit", "--quiet", "--cleanup=whitespace", "--file=-", *(("--gpg-sign",) if signs else ()),
            "--only", "--", path, stdin=message,
        )  # fmt: skip
        repository.git("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--", str(clone.root), "HEAD")
    except ProcessError as error:
        raise RepositoryError(f"{path}: git could not commit it: {error.output or error.message}") from None
    return clone.head().commit


def follow(repository: Repository, branch: str, commit: str) -> None:
    """Let what is checked out go on to a commit that was pushed, if it is that branch.

    Raises:
        RepositoryError: what is checked out has changes of its own.
    """
    if repository.head().branch != branch:
        return
    try:
        repository.git("merge", "--quiet", "--ff-only", commit)
    except ProcessError as error:
        raise RepositoryError(
            f"{commit} is pushed, but not here: {error.output or error.message}", "Type: git pull --ff-only"
        ) from None
