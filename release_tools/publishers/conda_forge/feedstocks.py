"""Feedstocks: the repositories in which conda-forge keeps the recipe of each package. Only read here.

conda-forge is on github.com, wherever the project itself is hosted, and all of it is public.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final, TypeVar

from release_tools.addresses import CONDA_FORGE_OWNER, FEEDSTOCK_OUTPUTS, STAGED_RECIPES
from release_tools.engine.context import Context
from release_tools.errors import ConfigError, CredentialError, RecipeError
from release_tools.forges.github.client import GitHub, GitHubRepository
from release_tools.model.release import Kind
from release_tools.parsed_values import parse_json
from release_tools.recipe.document import Format
from release_tools.recipe.forge_settings import FILE
from release_tools.system.credentials import CONDA_FORGE_TOKEN, GITHUB_TOKEN

_Answer = TypeVar("_Answer")
_SUFFIX: Final = "-feedstock"
_QUICK: Final = 5.0
"""Seconds that a dry run waits for GitHub."""
_NAMED_BY: Final = 3
"""Characters of a package's name that make its folders in the list of outputs."""


@dataclass(frozen=True)
class Feedstock:
    """A feedstock, and its recipe as it is now.

    Attributes:
        repository: where it is.
        branch: that was read, and that a pull request would change.
        commit: the branch's newest.
        path: of the recipe in the repository.
        form: the recipe's format.
        text: the recipe.
        archived: whether it takes no pull requests any more.
        configured: whether the settings name it; else it was found by the package's name.
        settings: the whole ``conda-forge.yml``; empty where there is none.
    """

    repository: GitHubRepository
    branch: str
    commit: str
    path: str
    form: Format
    text: str = field(repr=False)
    archived: bool = False
    configured: bool = False
    settings: str = field(default="", repr=False)


def open_conda_forge_hub(context: Context, *variables: str) -> GitHub:
    """Return github.com as conda-forge's readers know it; a dry run does not wait long for it.

    Args:
        context: the run's context.
        variables: of the environment, the first that is set has the token; any that is there by default, because more
            may be read with a token than without.

    Raises:
        CredentialError: the token is malformed.
    """
    retry_policy = context.http.retry_policy
    if context.gate.is_dry_run:
        retry_policy = replace(retry_policy, timeout=min(retry_policy.timeout, _QUICK), tries=1)
    session = context.http.with_hosts([], retry_policy)
    return GitHub.public(context.env, session, *(variables or (CONDA_FORGE_TOKEN, GITHUB_TOKEN)))


def ask_feedstock(context: Context, package: str, branch: str = "") -> Feedstock | None:
    """Return the feedstock of a package: the configured one, else the one that conda-forge has for that name.

    Args:
        context: the run's context.
        package: the conda name; where conda-forge has no such package, its other spellings are tried.
        branch: to read; the feedstock's default one if empty.

    Returns:
        None where there is no feedstock, or it has no such branch.

    Raises:
        ConfigError: the configured feedstock does not exist, or its name is none.
        RecipeError: there is a feedstock, but no recipe in it.
        CredentialError: GitHub wants, or refuses, a token.
        RemoteError: GitHub could not be reached or failed.
    """
    configured = context.config.conda_forge.feedstock
    return _ask_publicly(context, lambda hub: find_feedstock(hub, package, configured, branch))


def _ask_publicly(context: Context, ask: Callable[[GitHub], _Answer]) -> _Answer:
    """Return an answer of github.com; what is public is read without a token that has expired."""
    try:
        return ask(open_conda_forge_hub(context))
    except CredentialError:
        if not context.env.get(CONDA_FORGE_TOKEN):
            raise
        return ask(open_conda_forge_hub(context, GITHUB_TOKEN))


def query_feedstock(context: Context, package: str, kind: Kind) -> Feedstock | None:
    """Return the feedstock that a version of this kind goes to, asked for once in a run; see `ask_feedstock`."""
    branch = context.config.conda_forge.pre_branch if kind is Kind.PRE else ""
    return context.background.result(f"query the feedstock of {package}", ask_feedstock, context, package, branch)


def query_target(context: Context, name: str, kind: Kind) -> None:
    """Ask for the feedstock of a package, where the channel can be reached, and for staged-recipes if there is none."""
    feedstock = None if context.unreachable_channel else query_feedstock(context, name, kind)
    if feedstock is None:
        query_staged_recipes(context)


def query_staged_recipes(context: Context) -> tuple[str, str]:
    """Return the branch of staged-recipes that new recipes go to, and its newest commit, asked for once in a run.

    Raises:
        CredentialError: GitHub wants, or refuses, a token.
        RemoteError: GitHub could not be reached or failed.
    """
    return context.background.result("query staged-recipes", _ask_publicly, context, _read_staged_recipes)


def _read_staged_recipes(hub: GitHub) -> tuple[str, str]:
    refs = hub.repository(STAGED_RECIPES).refs
    branch = refs.default_branch()
    return branch, refs.tip(branch)


def find_feedstock(hub: GitHub, package: str, configured: str = "", branch: str = "") -> Feedstock | None:
    """Return the feedstock of a package, for a server that is known already."""
    if configured:
        return _read_configured(hub, format_full_name(configured), branch)
    for slug in _list_candidates(hub, package):
        if exists(hub.repository(slug)):
            return _read(hub.repository(slug), branch)
    return None


def _read_configured(hub: GitHub, slug: str, branch: str) -> Feedstock | None:
    found = _read(hub.repository(slug), branch, configured=True)
    if found is None and not branch:
        raise ConfigError(f"conda-forge.feedstock: there is no {slug} on GitHub")
    return found


def _list_candidates(hub: GitHub, package: str) -> Iterator[str]:
    """Yield the feedstocks that may be that of a package, as ``owner/name``: those of its name before their makers."""
    for name in list_spellings(package):
        yield format_full_name(name)
        yield from map(format_full_name, list_makers(hub, name))


def format_full_name(feedstock: str) -> str:
    """Return ``owner/name`` of a feedstock by its name, with or without ``-feedstock`` and owner."""
    owner, slash, name = feedstock.rpartition("/")
    return f"{owner if slash else CONDA_FORGE_OWNER}/{name.removesuffix(_SUFFIX)}{_SUFFIX}"


def list_spellings(package: str) -> tuple[str, ...]:
    """Return a package's name, then the same with hyphens for underscores and vice versa."""
    return tuple(dict.fromkeys((package, package.replace("_", "-"), package.replace("-", "_"))))


def list_makers(hub: GitHub, package: str) -> tuple[str, ...]:
    """Return the feedstocks that make a package, according to conda-forge; empty where it has no such package.

    https://github.com/conda-forge/feedstock-outputs

    Raises:
        CredentialError: GitHub wants, or refuses, a token.
        RemoteError: GitHub could not be reached or failed.
    """
    letters = [character for character in package if character.isalnum()]
    folders = [*letters, *"z" * _NAMED_BY][:_NAMED_BY]
    content = hub.repository(FEEDSTOCK_OUTPUTS).refs.read_file("", "/".join(["outputs", *folders, f"{package}.json"]))
    try:
        names = parse_json(content)["feedstocks"] if content else []
    except (ValueError, KeyError, TypeError):
        return ()
    return tuple(name for name in names if isinstance(name, str))


def exists(repository: GitHubRepository) -> bool:
    """Return whether GitHub shows us a repository of that name.

    Raises:
        CredentialError: GitHub wants, or refuses, a token.
        RemoteError: GitHub could not be reached or failed.
    """
    return repository.find_details() is not None


def _read(repository: GitHubRepository, branch: str, *, configured: bool = False) -> Feedstock | None:
    details = repository.find_details()
    if details is None:
        return None
    default, archived = str(details.get("default_branch", "")), details.get("archived")
    branch = branch or default
    commit = repository.refs.tip(branch)
    if not commit:
        return None
    for form in (Format.V1, Format.V0):
        path = f"recipe/{form}"
        content = repository.refs.read_file(commit, path)
        if content is not None:
            text = content.decode("utf-8", "replace")
            settings = (repository.refs.read_file(commit, FILE) or b"").decode("utf-8", "replace")
            return Feedstock(repository, branch, commit, path, form, text, bool(archived), configured, settings)
    raise RecipeError(f"{repository.slug}: no recipe/{Format.V1} and no recipe/{Format.V0} in {branch}")
