"""Make tags and commits that others will see, and check the history around them."""

from release_tools.addresses import ACTIONS_BOT
from release_tools.errors import RepositoryError
from release_tools.git.repository import Repository
from release_tools.system.process import ProcessError


def create_tag(repository: Repository, tag: str, commit: str, message: str, *, sign: bool = False) -> None:
    """Make an annotated tag here.

    Args:
        repository: where.
        tag: its name.
        commit: the commit that is tagged.
        message: of the tag; Markdown headings stay.
        sign: sign it as git is configured to (``user.signingKey``, ``gpg.format``). Without it, git's own
            configuration decides.

    Raises:
        RepositoryError: git refused: there is such a tag already, or it cannot sign.
    """
    kind = "--sign" if sign else "--annotate"
    name, email = choose_identity(repository)
    who = ("-c", f"user.name={name}", "-c", f"user.email={email}")
    try:
        repository.git(*who, "tag", kind, "--cleanup=verbatim", "--file=-", "--", tag, commit, stdin=f"{message}\n")
    except ProcessError as error:
        raise RepositoryError(
            f"{tag}: git could not make the tag: {error.output or error.message}",
            "Does git have a key to sign with? Type: git config --list --show-origin" if sign else "",
        ) from None


def is_signed(repository: Repository, tag: str) -> bool:
    """Check whether a tag carries any signature."""
    try:
        return "\n-----BEGIN " in repository.git("cat-file", "tag", f"refs/tags/{tag}")
    except ProcessError:
        return False


def verify_tag(repository: Repository, tag: str) -> None:
    """Check that a tag is signed by somebody whom git is configured to trust.

    Raises:
        RepositoryError: it is not, or git cannot check it.
    """
    try:
        repository.git("verify-tag", f"refs/tags/{tag}")
    except ProcessError as error:
        raise RepositoryError(
            f"{tag}: its signature is not trusted: {error.output or error.message}",
            "Configure whom git trusts: gpg.ssh.allowedSignersFile for SSH, gpg --import for GPG.",
        ) from None


def choose_identity(repository: Repository) -> tuple[str, str]:
    """Return the name and address that git tags and commits with; GitHub's own bot in a job that has none.

    Raises:
        RepositoryError: git has no identity configured.
    """
    try:
        person = repository.git("var", "GIT_COMMITTER_IDENT")
    except ProcessError:
        if repository.env.get("GITHUB_ACTIONS") == "true":
            return ACTIONS_BOT
        raise RepositoryError(
            "git has no name and email address for you",
            "Type: git config --global user.name NAME, and git config --global user.email ADDRESS",
        ) from None
    name, _, rest = person.partition(" <")
    return name, rest.partition(">")[0]


def has(repository: Repository, commit: str) -> bool:
    """Check whether the repository has a commit."""
    try:
        repository.git("cat-file", "-e", f"{commit}^{{commit}}")
    except ProcessError:
        return False
    return True


def contains(repository: Repository, commit: str, other: str) -> bool:
    """Check whether a commit's history contains another one; False where either is missing."""
    try:
        repository.git("merge-base", "--is-ancestor", other, commit)
    except ProcessError:
        return False
    return True
