"""Define every setting of ``[tool.release-tools]``, its default and its meaning, as frozen dataclasses.

`release_tools.config.loader` reads them, and names each as an option, a variable and an input.
"""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field
from typing import Any, Literal

CondaFormat = Literal["conda", "tar.bz2"]
WheelJob = Literal["linux-x86_64", "linux-aarch64", "macos-arm64", "macos-x86_64", "windows-x86_64", "windows-arm64"]


def define_setting(
    doc: str,
    default: Any = MISSING,  # noqa: ANN401 - of any type
    *,
    within: range | None = None,
    inside: bool = False,
    also: str = "",
) -> Any:  # noqa: ANN401 - as dataclasses.field, it answers any type
    """Return a dataclass field with its sentence for the reference page; a callable default is a factory.

    Args:
        doc: the sentence.
        default: the value where it is not set.
        within: the numbers that are allowed.
        inside: whether it is a path that must not lead out of the project when the project's own file sets it.
        also: another name of its option that people would type.
    """
    metadata = {"doc": doc, "within": within, "inside": inside, "also": also}
    if callable(default):
        return field(default_factory=default, metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True)
class CondaConfig:
    """The conda package; ``enabled`` is ``--conda`` and ``--no-conda`` on the command line."""

    enabled: bool = define_setting("Build conda packages.", default=True)
    builder: str = define_setting(
        'How conda packages are built: "convert" the wheel; "rattler-build" or "conda-build" from the project\'s own'
        ' recipe; "auto" takes the recipe where there is one; "none".',
        "auto",
    )
    recipe: str = define_setting(
        "The project's own recipe.yaml or meta.yaml, or its folder; looked for in the usual folders if empty.",
        "",
        inside=True,
    )
    name: str = define_setting("The conda package's name; the project's own name if empty.", "")
    formats: tuple[CondaFormat, ...] = define_setting("File formats to write.", ("conda",))
    aliases: tuple[str, ...] = define_setting("Other spellings of the name; each becomes a metapackage.", ())
    names: Mapping[str, str] = define_setting("PyPI name = conda name, where ours is wrong.", dict)
    build_number: int = define_setting("The build number of the conda package.", 0, within=range(100_000))
    compression_level: int = define_setting(
        "zstd level of `.conda` files, 1 to 22; 9, 16 and 19 are usual too.", 12, within=range(1, 23)
    )
    channels: tuple[str, ...] = define_setting(
        "The channels that dependencies come from when the package is tested.", ("conda-forge",)
    )
    wheel_channel: str = define_setting(
        'The channel that serves PyPI\'s pure wheels to conda; a dry run shows what users get there. Or "none".',
        "conda-pypi",
    )


@dataclass(frozen=True)
class VerifyConfig:
    """The checks before anything is published."""

    imports: tuple[str, ...] = define_setting("Modules to import; the wheel's top-level ones if empty.", ())
    top_level: tuple[str, ...] = define_setting(
        "Top-level modules to accept although they look like strays, such as tests.", ()
    )
    install: bool = define_setting(
        "Install the wheel with its dependencies in a fresh environment and import it.", default=True
    )
    sdist: bool = define_setting(
        "Build a wheel from the sdist of a compiled project, and compare it with the one of this platform; not where"
        " nothing is installed.",
        default=True,
    )
    conda_install: bool = define_setting(
        "Install the conda package where a conda channel provides Python.", default=True
    )
    command: str = define_setting(
        "The project's own test command, run where the wheel is installed; {project} is the project's folder.", ""
    )
    placeholders: tuple[str, ...] = define_setting(
        "Files to release although they are pointers of Git LFS or the like: patterns of paths, such as tests/data/*.",
        (),
    )
    strict: bool = define_setting(
        "Fail on what PyPI may refuse: a classifier or platform that we do not know, a file above the limit.",
        default=False,
    )
    file_size_limit: int = define_setting(
        "PyPI's limit on one file of this project, in megabytes.", 100, within=range(1, 10_241)
    )
    versions: Literal["warn", "strict"] = define_setting(
        'What a file, or the `__version__` of a module, is that names another version than the release: "warn" goes on,'
        ' "strict" does not.',
        "warn",
    )
    recipe: bool = define_setting(
        "Build the recipe for conda-forge in a dry run, and test it, where a conda channel provides Python.",
        default=True,
    )


@dataclass(frozen=True)
class WheelsConfig:
    """The wheels of a compiled project; a pure project has just one, which these settings do not change."""

    jobs: tuple[WheelJob, ...] = define_setting(
        "The build jobs of a compiled project; an empty list declares that the project is pure.",
        ("linux-x86_64", "linux-aarch64", "macos-arm64", "macos-x86_64", "windows-x86_64"),
    )
    optional: tuple[str, ...] = define_setting(
        "Wheels that a release may go on without: names of build jobs, or patterns of build identifiers"
        " (`*-musllinux_*`).",
        (),
    )
    split: bool = define_setting("Build every wheel in a job of its own, where a build is slow.", default=False)
    runners: Mapping[str, str] = define_setting("Build job = label of the runner, where ours is wrong.", dict)


@dataclass(frozen=True)
class RoutesConfig:
    """The publishers that each kind of version goes to; `release_tools.publishers.routes` says how they are written."""

    dev: tuple[str, ...] = define_setting("Where development versions (1.2.dev3) go.", ("testpypi", "anaconda:dev"))
    pre: tuple[str, ...] = define_setting("Where pre-releases (1.2rc1) go.", ("pypi", "anaconda:rc"))
    final: tuple[str, ...] = define_setting("Where final releases (1.2) go.", ("pypi", "anaconda:main"))
    post: tuple[str, ...] = define_setting("Where post-releases (1.2.post1) go.", ("pypi", "anaconda:main"))


@dataclass(frozen=True)
class AnacondaConfig:
    """The channel on Anaconda.org."""

    owner: str = define_setting("The account or organization whose channel gets the conda packages.", "")
    url: str = define_setting("Address of the API of another server of the same kind; Anaconda.org's if empty.", "")


@dataclass(frozen=True)
class NetworkConfig:
    """Timeouts and retries."""

    timeout: int = define_setting(
        "Seconds to wait for a connection, and for the next part of a response.", 60, within=range(1, 3601)
    )
    tries: int = define_setting(
        "How often a read is tried; an upload is repeated only after a check that it did not arrive.",
        4,
        within=range(1, 11),
    )
    pause: int = define_setting(
        "Milliseconds before the second try; doubled before each further one.", 500, within=range(60_001)
    )
    uploads: int = define_setting(
        "How many files are uploaded to an index in parallel, once the first is there.", 3, within=range(1, 17)
    )
    wait: int = define_setting(
        "Seconds to wait, after an upload, until the server offers what was uploaded.", 300, within=range(86_401)
    )


@dataclass(frozen=True)
class TagConfig:
    """The git tag."""

    remote: str = define_setting("The git remote that tags are pushed to.", "origin")
    branch: str = define_setting(
        "The branch that a tagged commit must be on; the one that is checked out if empty, else the remote's default.",
        "",
    )
    sign: bool = define_setting(
        "Sign tags as git is configured to, by GPG or SSH; a tag without a trusted signature is then not released.",
        default=False,
    )
    push: Literal["auto", "git", "api"] = define_setting(
        "Push by git, or by GitHub's API where the checkout has no credentials; `auto` takes the API where there is a"
        " GITHUB_TOKEN for it.",
        "auto",
    )


@dataclass(frozen=True)
class GitHubConfig:
    """The release on GitHub; ``enabled`` is ``--github`` and ``--no-github`` on the command line."""

    enabled: bool = define_setting("Make a GitHub release, where the git remote is on GitHub.", default=True)
    draft: bool = define_setting("Leave the release a draft, for a person to publish.", default=False)
    repository: str = define_setting("The repository as owner/name; taken from the git remote if empty.", "")


@dataclass(frozen=True)
class CondaForgeConfig:
    """conda-forge; ``enabled`` is ``--conda-forge`` and ``--no-conda-forge`` on the command line."""

    enabled: bool = define_setting(
        "Open a pull request at conda-forge for final and post-releases: the feedstock's update, or a new recipe.",
        default=True,
    )
    feedstock: str = define_setting(
        "The feedstock, such as demo-feedstock; found by the conda package's name if empty.", ""
    )
    maintainers: tuple[str, ...] = define_setting(
        "GitHub names of those who maintain a new recipe; the owner of the git remote if empty.", ()
    )
    recipe: str = define_setting(
        "The project's own recipe, its path in the project; searched for in conda.recipe/ and recipe/ if empty.", ""
    )
    accepted: tuple[str, ...] = define_setting(
        "Packages of the feedstock's recipe whose lines may differ from the project's: as a reviewer asked.",
        (),
    )
    pre_branch: str = define_setting(
        "The feedstock's branch that pre-releases are proposed to, such as rc; they are not proposed if empty.", ""
    )
    new: bool = define_setting(
        "Propose a recipe to staged-recipes where conda-forge has no such package.", default=True
    )
    draft: bool = define_setting(
        "Open the pull request of a new recipe as a draft, for a person to mark as ready.", default=True
    )


@dataclass(frozen=True)
class Config:
    """All settings of a project."""

    packages_dir: str = define_setting(
        "The folder of the artifacts, relative to the project.", "dist", inside=True, also="output-dir"
    )
    tag_format: str = define_setting(
        'How a version is written as a tag, such as "pkg-a-v{version}"; v1.2.3 or 1.2.3 if empty.', ""
    )
    changelog_file: str = define_setting(
        "The changelog's path in the project; searched for under the usual names if empty.", "", inside=True
    )
    scheme: Literal["auto", "semver", "calver"] = define_setting(
        'How versions are counted: "semver", "calver", or "auto": as the past releases show.', "auto"
    )
    public_api: tuple[str, ...] = define_setting(
        "Import packages whose public API is compared between releases; found automatically if empty.", ()
    )
    allow_credentials_in_build: bool = define_setting(
        "Build although credentials for publishing are in the environment, where the build could read them.",
        default=False,
    )
    testpypi_first: bool = define_setting(
        "Upload to TestPyPI first, install from there and import, before PyPI is touched.", default=False
    )
    announcement: bool = define_setting(
        "Write an announcement of the release, for a mailing list or a forum, when it is published.", default=False
    )
    attestations: Literal["auto", "required", "off"] = define_setting(
        'Sign what goes to PyPI (PEP 740): "auto" where the job can, "required", or "off".', "auto"
    )
    allow_older: bool = define_setting("Publish a version below the newest final one that is there.", default=False)
    allow_epoch: bool = define_setting(
        "Publish a version with another epoch (the 1 in 1!2.0) than the newest final one; there is no way back.",
        default=False,
    )
    indexes: Mapping[str, str] = define_setting("Other package indexes: name = address that takes uploads.", dict)
    simple_urls: Mapping[str, str] = define_setting(
        "Root of an index's simple API, by the index's name, where it is not next to the upload address.", dict
    )
    channels: Mapping[str, str] = define_setting(
        "Other conda channels: name = address (`file://…`, `quetz+https://…`, `prefix+…`, `artifactory+…`,"
        " `cloudsmith+…`).",
        dict,
    )
    routes: RoutesConfig = field(default_factory=RoutesConfig)
    anaconda: AnacondaConfig = field(default_factory=AnacondaConfig)
    network: NetworkConfig = field(default_factory=NetworkConfig)
    tag: TagConfig = field(default_factory=TagConfig)
    conda: CondaConfig = field(default_factory=CondaConfig)
    verify: VerifyConfig = field(default_factory=VerifyConfig)
    wheels: WheelsConfig = field(default_factory=WheelsConfig)
    github: GitHubConfig = field(default_factory=GitHubConfig)
    conda_forge: CondaForgeConfig = field(default_factory=CondaForgeConfig)
