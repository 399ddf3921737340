"""Build an own recipe in a clean clone: what both build tools need before and after."""

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from release_tools.artifacts import CondaPackage, read_conda
from release_tools.builders.conda import rattler
from release_tools.builders.conda.base import BuiltPackages, CondaProject
from release_tools.builders.conda.normalise import normalise
from release_tools.builders.conda.own_recipe import OwnRecipe, prepare_recipe
from release_tools.builders.conda.package_writer import Style
from release_tools.engine.context import Context
from release_tools.errors import BuildError, VersionError
from release_tools.git.repository import Repository
from release_tools.model.artifact import Artifact, ArtifactKind
from release_tools.model.note import Note, State
from release_tools.model.release import Release
from release_tools.model.versions import format_conda_version, parse_version
from release_tools.planning.conda_targets import NOARCH, CondaTarget


@dataclass(frozen=True)
class RecipeSource:
    """A recipe where it is built.

    Attributes:
        folder: of the clone, or of the generated recipe.
        recipe: the recipe's file in it.
        variant_files: the variant files in the recipe's folder.
        git_variables: what conda-build tells recipes about the commit.
        notes: what was set in the recipe.
        pythons: the minor versions that it is built for, such as ``3.12``; empty where the recipe decides.
        is_abi3: whether one package serves all later Pythons (CEP 20).
        pinning: conda-forge's; None where it is not used.
    """

    folder: Path
    recipe: Path
    variant_files: tuple[Path, ...]
    git_variables: Mapping[str, str]
    notes: tuple[Note, ...]
    pythons: tuple[str, ...] = ()
    is_abi3: bool = False
    pinning: Path | None = None


def clone_with_recipe(project: CondaProject, recipe: OwnRecipe, name: str = "conda-source") -> RecipeSource:
    """Clone the released commit with its tag, and set the version where the recipe has it as plain text.

    Git does not take the clone for changed by that, so a version that is derived from git stays the tag's.

    Args:
        project: that has the recipe.
        recipe: its recipe.
        name: of the clone's folder.

    Raises:
        RecipeError: the recipe is no YAML.
        RepositoryError: the clone could not be made.
    """
    context, release = project.context, project.release
    repository = Repository.open(context.project, context.env)
    folder = repository.clone(context.scratch / name, release.commit, tag=release.tag)
    path = folder / context.project.resolve().relative_to(repository.root) / recipe.path
    prepared = prepare_recipe(recipe, release, project.sdist)
    notes = []
    if prepared.changes:
        path.write_text(prepared.text, encoding="utf-8", newline="\n")
        inner = path.relative_to(folder).as_posix()
        Repository(folder, context.env).git("update-index", "--assume-unchanged", "--", inner)
        notes = [Note(State.INFO, f"set in a copy of {recipe.path}", "; ".join(prepared.changes))]
    variant_files = tuple(path.with_name(name) for name in recipe.variant_files)
    return RecipeSource(folder, path, variant_files, compute_git_variables(release), tuple(notes))


def compute_git_variables(release: Release) -> dict[str, str]:
    """Return the variables by which recipes of conda-build find out which commit is built."""
    short = f"g{release.commit[:7]}"
    return {
        "GIT_DESCRIBE_TAG": release.tag,
        "GIT_DESCRIBE_NUMBER": "0",
        "GIT_DESCRIBE_HASH": short,
        "GIT_FULL_HASH": release.commit,
        "GIT_BUILD_STR": f"0_{short}",
    }


@contextmanager
def build_folder() -> Iterator[Path]:
    """Yield an empty folder to build in, and remove it in the end.

    Its path is the same in every run, as compilers leave it in what they make; where another build is in it, or a run
    that was killed left it, the path is another one.
    """
    folder = Path(tempfile.gettempdir(), "release-tools-conda")
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        folder = Path(tempfile.mkdtemp(prefix="release-tools-conda-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def check_versions(path: str, targets: Sequence[CondaTarget], release: Release) -> None:
    """Refuse a recipe that computes another version than the one that is released.

    Raises:
        VersionError: with each package that has another version.
    """
    version = format_conda_version(parse_version(release.version, field="version"))
    wrong = sorted({f"{target.name} {target.version}" for target in targets if target.version != version})
    if wrong:
        raise VersionError(
            f"{path} gives {', '.join(wrong)}, but {release.tag} is version {version}",
            "Let the recipe read its version from the tag, or write it as plain text, which is then replaced"
            " automatically.",
        )


def explain_unreachable(context: Context, *, needs_python: bool) -> str:
    """Return why nothing can be fetched from the channels, or why Python cannot; empty where it can."""
    channels = context.config.conda.channels
    if not channels:
        return "conda.channels is empty"
    if context.unreachable_channel:
        return context.unreachable_channel
    return rattler.explain_unavailable(channels) if needs_python else rattler.explain_unreadable(channels)


def skip_if_built_elsewhere(project: CondaProject, path: str, targets: Sequence[CondaTarget]) -> BuiltPackages | None:
    """Return that nothing of a recipe is built here; None where something is."""
    if not targets:
        return BuiltPackages(notes=(Note(State.SKIPPED, f"{path} skips every package on this platform"),))
    if not project.builds_noarch and all(target.subdir == NOARCH for target in targets):
        return BuiltPackages(notes=(Note(State.SKIPPED, f"{path} is built by another job: it is noarch"),))
    return None


def report_not_built(project: CondaProject, path: str, reason: str) -> BuiltPackages:
    """Return that a dry run built nothing, or a machine that only tries the packages out.

    Raises:
        BuildError: this is no dry run.
    """
    reason = " ".join(reason.split())
    advice = "Run again where conda.channels can be reached."
    if not project.context.request.is_dry_run and not project.is_trial:
        raise BuildError(f"{path} was not built: {reason}", f"{advice} To release the rest: --no-conda")
    return BuiltPackages(notes=(Note(State.SKIPPED, f"{path} was not built", reason, advice),))


def collect_packages(project: CondaProject, paths: Sequence[Path], built_in: Sequence[Path]) -> tuple[Artifact, ...]:
    """Read packages back, check their version and write them again without a trace of this machine.

    Args:
        project: that they are of; where another job builds its noarch packages, they are left out.
        paths: as the build tool left them, in the folder of their subdir.
        built_in: folders whose paths must not stay in them.

    Raises:
        ArchiveError: a package is corrupt.
        BuildError: there is none, or one has the wrong subdir.
        VersionError: a package has another version than the one that is released.
    """
    if not paths:
        raise BuildError("The recipe built no package.", "Check if it skips this platform.")
    packages = [read_conda(path) for path in sorted(paths) if project.builds_noarch or path.parent.name != NOARCH]
    targets = [CondaTarget(one.name, one.version, one.subdir) for one in packages]
    check_versions("the recipe", targets, project.release)
    conda = project.context.config.conda
    styles = [Style(suffix, conda.compression_level, project.release.commit_time) for suffix in conda.formats]
    artifacts: list[Artifact] = []
    for number, package in enumerate(packages):
        folder = project.folder / _choose_subdir(package)
        written = normalise(package, folder, project.folder / "content" / str(number), styles, built_in)
        artifacts += [Artifact.of(path, ArtifactKind.CONDA, folder.name) for path in written]
    return tuple(artifacts)


def _choose_subdir(package: CondaPackage) -> str:
    """Return the subdir that a package is in, which must be the one that it names."""
    found = package.path.parent.name
    named = package.subdir or NOARCH
    if PurePosixPath(named).name != named or named != found:
        raise BuildError(f"{package.path.name}: it is in {found}, but names the subdir {named}")
    return named
