"""The recipe of a release: made from its artifacts, or the project's own brought to them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from release_tools.addresses import GITHUB_SITE, PYPI_FILES, PYPI_SIMPLE
from release_tools.builders.conda import rattler
from release_tools.builders.conda.own_recipe import find_own_recipe, is_recipe_alone
from release_tools.engine.archives import open_sdist, open_wheel
from release_tools.engine.context import Context
from release_tools.errors import CredentialError, UnreachableError, UsageError
from release_tools.forges.base import HostedRepository
from release_tools.forges.registry import find_hosted_repository
from release_tools.model.artifact import ArtifactKind
from release_tools.model.release import Release
from release_tools.publishers.conda_forge.extras import Extras
from release_tools.recipe.document import Format, RecipeDocument
from release_tools.recipe.evidence import Evidence, gather
from release_tools.recipe.generate import make_recipe
from release_tools.recipe.names import Names
from release_tools.recipe.old_recipe_rules import check_old_rules
from release_tools.recipe.recipe_model import Line, Recipe
from release_tools.recipe.recipe_rules import check_rules
from release_tools.recipe.update import fill_in
from release_tools.recipe.update_source import Target, is_ours
from release_tools.recipe.write_v0 import write_v0
from release_tools.recipe.write_v1 import write_v1
from release_tools.system.http import Http

WRITERS: Final[dict[Format, Callable[[Recipe], str]]] = {Format.V1: write_v1, Format.V0: write_v0}
_TIMEOUT: Final = 20
"""Seconds after which channels are no longer waited for; a list of names is a megabyte or two."""
MAINTAINER_IS_OWNER: Final = (
    "recipe-maintainers lists {}, the owner of the repository. conda-forge accepts users and its own teams; if"
    " this is an organization,"
    " set conda-forge.maintainers."
)


@dataclass(frozen=True)
class Written:
    """A recipe as a file.

    Attributes:
        form: its format.
        text: the whole of it.
        own: path of the project's own recipe that it was made of; empty where it was made from the artifacts.
        changes: what was filled in, where it is the project's own.
        notes: what a person should know or do, a line each.
    """

    form: Format
    text: str
    own: str = ""
    changes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(eq=False)
class RecipeInputs:
    """A release that conda-forge is to get.

    Attributes:
        context: the run's context.
        release: with its sdist.
    """

    context: Context
    release: Release

    @cached_property
    def evidence(self) -> Evidence:
        """Return what the artifacts say.

        Raises:
            ArchiveError: one of them is corrupt.
            UsageError: there is no sdist.
        """
        sdist = next(iter(self.release.artifacts_of_kind(ArtifactKind.SDIST)), None)
        if sdist is None:
            if is_recipe_alone(self.context):
                raise UsageError(
                    "the project has a recipe and no Python, so there is no sdist that conda-forge could build from",
                    "Propose its recipe to conda-forge with another source, such as GitHub's archive of the tag.",
                )
            raise UsageError("a recipe is made of an sdist, and there is none", "Build one: release-tools build")
        trial = [artifact for artifact in self.release.trial if artifact.kind is ArtifactKind.WHEEL]
        wheels = [*self.release.artifacts_of_kind(ArtifactKind.WHEEL), *trial]
        wheels.sort(key=lambda wheel: "-abi3-" not in wheel.filename)  # those for the stable ABI say more
        by_platform = {wheel.filename.rpartition("-")[2]: wheel for wheel in reversed(wheels)}
        opened = [open_wheel(self.context.background, wheel) for wheel in reversed(by_platform.values())]
        found = open_sdist(self.context.background, sdist)
        return gather(found, sdist.sha256, next(iter(opened), None), opened[1:])

    @cached_property
    def recipe(self) -> Recipe:
        """Return the recipe of the release.

        Raises:
            CondaError: requirements that conda cannot express.
            RecipeError: a name, file name or maintainer that has no place in a recipe.
        """
        recipe = self.recipe_of(self.evidence)
        if self.context.config.conda_forge.maintainers or not recipe.maintainers:
            return recipe
        note = MAINTAINER_IS_OWNER.format(recipe.maintainers[0])
        return replace(recipe, notes=(*recipe.notes, note))

    def recipe_of(self, evidence: Evidence) -> Recipe:
        """Return the recipe of this or another release of the project."""
        repository = self._repository
        return make_recipe(evidence, self.names, self.maintainers, repository.url if repository else "")

    @cached_property
    def names(self) -> Names:
        """Return the lookup of conda names, confirmed on the channels where possible, with PyPI's answers on extras."""
        overrides = self.context.config.conda.names
        extras = None if self.context.unreachable_channel else Extras(self._connect_to_pypi)
        if not self.known:
            return Names(overrides, extras=extras)
        return Names(overrides, self.known.__contains__, self._is_package_of, extras)

    def _connect_to_pypi(self) -> Http:
        return Http.to([PYPI_SIMPLE, PYPI_FILES], self.context.env, self.context.http.retry_policy)

    def _is_package_of(self, conda: str, pypi: str) -> bool:
        """Return whether the channels' packages of a name say that they are a project of PyPI."""
        try:
            found = rattler.find_purls(conda, self.context.config.conda.channels, timeout=self._timeout)
        except UnreachableError:
            return False
        return f"pkg:pypi/{pypi}" in {url.partition("@")[0].partition("?")[0] for url in found}

    @cached_property
    def known(self) -> frozenset[str]:
        """Return the packages on the channels; empty where they cannot be queried."""
        return self._asked[0]

    @cached_property
    def unasked(self) -> str:
        """Return why the channels could not be queried; empty where they were."""
        return self._asked[1]

    @cached_property
    def _asked(self) -> tuple[frozenset[str], str]:
        config = self.context.config
        if not config.conda.channels:
            return frozenset(), "conda.channels is empty"
        if self.context.unreachable_channel:
            return frozenset(), self.context.unreachable_channel
        try:
            return rattler.list_packages(config.conda.channels, timeout=self._timeout), ""
        except UnreachableError as error:
            return frozenset(), error.message

    @cached_property
    def unmet(self) -> tuple[str, ...]:
        """Return the requirements whose package has no version on the channels that would do; empty if not queried."""
        if not self.known:
            return ()
        lines = (*self.recipe.host, *self.recipe.run)
        specs = dict.fromkeys(line.spec for line in lines if line.name in self.known and "${{" not in line.spec)
        try:
            return rattler.find_unmet(list(specs), self.context.config.conda.channels, timeout=self._timeout)
        except UnreachableError:
            return ()

    @property
    def _timeout(self) -> int:
        return min(self.context.config.network.timeout, _TIMEOUT)

    @cached_property
    def maintainers(self) -> tuple[str, ...]:
        """Return the configured maintainers, else the repository's owner on GitHub; empty where it is not there."""
        if configured := self.context.config.conda_forge.maintainers:
            return configured
        repository = self._repository
        return (repository.slug.partition("/")[0],) if repository else ()

    @cached_property
    def target(self) -> Target:
        """Return the release as a recipe names it."""
        sources = self.evidence.sources
        repository = self._repository
        on_github = repository is not None and repository.url.startswith(f"{GITHUB_SITE}/")
        slug = repository.slug if repository is not None and on_github else ""
        return Target(self.recipe.version, sources.sha256, sources.filename, repository=slug, tag=self.release.tag)

    def write(self, form: Format | None = None) -> Written:
        """Return the recipe as a file: the project's own, where it keeps one, else the one from the artifacts.

        Args:
            form: the only format that will do; None takes that of the project's own recipe, or v1.

        Raises:
            ConfigError: the configured recipe is not there.
            RecipeError: the project's own recipe cannot be read, or ours cannot be made.
        """
        own = self._own
        if own is None or form not in (None, own.form):
            notes = (f"Made from the artifacts; the project's own {own.own} is another format.",) if own else ()
            return self._make(form or Format.V1, *notes)
        target = replace(self.target, number=self.context.config.conda.build_number)
        filled = fill_in(own.text, own.form, target)
        return replace(own, text=filled.after, changes=filled.changes, notes=filled.checklist)

    def write_submission(self) -> Written:
        """Return the recipe for a new package at conda-forge: in the newer format, with the sdist on PyPI as source.

        Raises:
            ConfigError: the configured recipe is not there.
            RecipeError: the project's own recipe cannot be read, or ours cannot be made.
        """
        own = self._own
        if own is None:
            return self._make(Format.V1)
        document = RecipeDocument(own.text, own.form)
        if own.form is Format.V1 and any(is_ours(document, source, self.target) for source in document.sources()):
            return self.write()
        fault = "has its source elsewhere" if own.form is Format.V1 else "is of the older format"
        return self._make(Format.V1, f"Made from the artifacts: the project's own {own.own} {fault}.")

    def _make(self, form: Format, *notes: str) -> Written:
        return Written(form, WRITERS[form](self.recipe), notes=(*self.recipe.notes, *notes))

    @cached_property
    def _repository(self) -> HostedRepository | None:
        """Return the project's repository on a hosting service; None where it is on none, or its token is malformed."""
        try:
            return find_hosted_repository(self.context)
        except CredentialError:
            return None

    def list_broken_rules(self, written: Written, text: str = "", settings: str | None = None) -> tuple[str, ...]:
        """Return what conda-forge's linter would say of a recipe.

        Args:
            written: the recipe.
            text: another text of the same format, to be judged in its place.
            settings: the feedstock's ``conda-forge.yml``; None takes that of a new recipe.
        """
        if settings is None:
            settings = "" if written.own else self.recipe.conda_forge_yml
        check = check_rules if written.form is Format.V1 else check_old_rules
        return check(text or written.text, settings)

    @cached_property
    def chosen_by_project(self) -> frozenset[str]:
        """Return the packages that the project's own recipe requires beyond what its metadata says.

        Raises:
            ConfigError: the configured recipe is not there.
            RecipeError: the project's own recipe cannot be read.
        """
        if self._own is None:
            return frozenset()
        document = RecipeDocument(self._own.text, self._own.form)
        sections = {"build": self.recipe.build, "host": self.recipe.host, "run": self.recipe.run}
        return frozenset().union(*(_list_added(document, section, lines) for section, lines in sections.items()))

    @cached_property
    def _own(self) -> Written | None:
        """Return the recipe that the project keeps, as it is in the commit: the one that it builds, unless set."""
        setting = self.context.config.conda_forge.recipe
        named = ("conda-forge.recipe", setting) if setting else ("conda.recipe", self.context.config.conda.recipe)
        found = find_own_recipe(self.context, self.release, *named)
        return Written(found.form, found.text, own=found.path) if found else None


def _list_added(document: RecipeDocument, section: str, lines: Iterable[Line]) -> set[str]:
    """Return the packages that a section of the project's own recipe has in addition to ours."""
    found = {item.name for listed in document.requirements(section) for item in listed.items}
    return found - {line.name for line in lines}
