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
        ' recipe; "auto": from the recipe if there is one, else by the default for the project; "none": build none.',
        "auto",
    )
    recipe: str = define_setting(
        "The path of the project's own recipe.yaml or meta.yaml, or of its folder; if empty, the usual folders"
        " are searched.",
        "",
        inside=True,
    )
    name: str = define_setting("The name of the conda package; if empty, the name of the project.", "")
    formats: tuple[CondaFormat, ...] = define_setting("The formats in which the conda package is written.", ("conda",))
    aliases: tuple[str, ...] = define_setting(
        "Other spellings of the package's name; each becomes a metapackage that requires the package.", ()
    )
    names: Mapping[str, str] = define_setting("PyPI name = conda name, for names that release-tools gets wrong.", dict)
    build_number: int = define_setting("The build number of the conda package.", 0, within=range(100_000))
    compression_level: int = define_setting(
        "The zstd compression level of `.conda` files, from 1 (fast) to 22 (small).", 12, within=range(1, 23)
    )
    channels: tuple[str, ...] = define_setting(
        "The channels from which requirements are installed when conda packages are built and tested.", ("conda-forge",)
    )
    wheel_channel: str = define_setting(
        'The channel that serves pure wheels of PyPI to conda, or "none"; a dry run shows what users get from it.',
        "conda-pypi",
    )


@dataclass(frozen=True)
class VerifyConfig:
    """The checks before anything is published."""

    imports: tuple[str, ...] = define_setting(
        "The modules to import as a test; if empty, the top-level modules of the wheel.", ()
    )
    top_level: tuple[str, ...] = define_setting(
        "Top-level modules to accept although they look unintended, such as `tests`.", ()
    )
    install: bool = define_setting(
        "Install the wheel with its dependencies in a fresh environment and import it.", default=True
    )
    sdist: bool = define_setting(
        "Build a wheel from the sdist of a compiled project and compare it with the released wheel for this platform;"
        " has no effect if verify.install is false.",
        default=True,
    )
    conda_install: bool = define_setting(
        "Install the conda package in a fresh environment, if a conda channel provides Python.", default=True
    )
    command: str = define_setting(
        "The project's own test command, run in an environment with the wheel; {project} is the project's folder.", ""
    )
    placeholders: tuple[str, ...] = define_setting(
        "Patterns of files to release although they are pointers of Git LFS or similar, such as `tests/data/*`.",
        (),
    )
    strict: bool = define_setting(
        "Treat as an error what PyPI may refuse: an unknown classifier or platform, or a file above the size limit.",
        default=False,
    )
    file_size_limit: int = define_setting(
        "PyPI's limit on the size of one file of this project, in megabytes.", 100, within=range(1, 10_241)
    )
    versions: Literal["warn", "strict"] = define_setting(
        'How to treat a file or a `__version__` that names another version than the release: "warn" reports'
        ' it, "strict"'
        " makes it an error.",
        "warn",
    )
    recipe: bool = define_setting(
        "In a dry run, build and test the recipe for conda-forge, if a conda channel provides Python.",
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
        "Wheels that a release may lack: names of build jobs, or patterns of build identifiers (`*-musllinux_*`).",
        (),
    )
    split: bool = define_setting(
        "Build every wheel in a job of its own, for projects whose builds are slow.", default=False
    )
    runners: Mapping[str, str] = define_setting("Build job = label of its runner, to replace the default.", dict)


@dataclass(frozen=True)
class RoutesConfig:
    """The publishers of each kind of version; `release_tools.publishers.destinations` says how they are written."""

    dev: tuple[str, ...] = define_setting(
        "The destinations of development versions (1.2.dev3).", ("testpypi", "anaconda:dev")
    )
    pre: tuple[str, ...] = define_setting("The destinations of pre-releases (1.2rc1).", ("pypi", "anaconda:rc"))
    final: tuple[str, ...] = define_setting("The destinations of final releases (1.2).", ("pypi", "anaconda:main"))
    post: tuple[str, ...] = define_setting("The destinations of post-releases (1.2.post1).", ("pypi", "anaconda:main"))


@dataclass(frozen=True)
class AnacondaConfig:
    """The channel on Anaconda.org."""

    owner: str = define_setting(
        "The account or organization on Anaconda.org whose channel the conda packages are uploaded to.", ""
    )
    url: str = define_setting(
        "The address of the API of a server of the same kind; if empty, that of Anaconda.org.", ""
    )


@dataclass(frozen=True)
class NetworkConfig:
    """Timeouts and retries."""

    timeout: int = define_setting(
        "The seconds to wait for a connection, and for each further part of a response.", 60, within=range(1, 3601)
    )
    tries: int = define_setting(
        "The number of attempts to read from a server; an upload is repeated only after checking that it did"
        " not arrive.",
        4,
        within=range(1, 11),
    )
    pause: int = define_setting(
        "The milliseconds to wait before the second attempt; doubled before each further one.",
        500,
        within=range(60_001),
    )
    uploads: int = define_setting(
        "The number of files that are uploaded to an index in parallel, after the first one.", 3, within=range(1, 17)
    )
    wait: int = define_setting(
        "The seconds to wait, after an upload, for the server to serve the files.", 300, within=range(86_401)
    )


@dataclass(frozen=True)
class TagConfig:
    """The git tag."""

    remote: str = define_setting("The git remote that tags are pushed to.", "origin")
    branch: str = define_setting(
        "The branch that a tagged commit must be on; if empty, the branch that is checked out, or the remote's"
        " default.",
        "",
    )
    sign: bool = define_setting(
        "Sign tags with GPG or SSH, as configured in git, and release only tags with a trusted signature.",
        default=False,
    )
    push: Literal["auto", "git", "api"] = define_setting(
        "Push tags with git, or with GitHub's API, which needs no credentials in the checkout; `auto` uses the API for"
        " unsigned tags if GITHUB_TOKEN is set, and git otherwise.",
        "auto",
    )


@dataclass(frozen=True)
class GitHubConfig:
    """The release on GitHub; ``enabled`` is ``--github`` and ``--no-github`` on the command line."""

    enabled: bool = define_setting("Create a GitHub release, if the git remote is on GitHub.", default=True)
    draft: bool = define_setting("Leave the GitHub release as a draft, for a person to publish.", default=False)
    repository: str = define_setting("The repository as owner/name; if empty, it is taken from the git remote.", "")


@dataclass(frozen=True)
class CondaForgeConfig:
    """conda-forge; ``enabled`` is ``--conda-forge`` and ``--no-conda-forge`` on the command line."""

    enabled: bool = define_setting(
        "Open a pull request at conda-forge for final and post-releases: the feedstock's update, or a new recipe.",
        default=True,
    )
    feedstock: str = define_setting(
        "The feedstock, such as demo-feedstock; if empty, it is found by the name of the conda package.", ""
    )
    maintainers: tuple[str, ...] = define_setting(
        "GitHub names of the maintainers of a new recipe; if empty, the owner of the GitHub repository.", ()
    )
    recipe: str = define_setting(
        "The path of the project's own recipe for conda-forge; if empty, conda.recipe/ and recipe/ are searched.", ""
    )
    accepted: tuple[str, ...] = define_setting(
        "Packages whose lines in the feedstock's recipe may differ from the project, for example because a"
        " reviewer asked.",
        (),
    )
    pre_branch: str = define_setting(
        "The branch of the feedstock for pre-releases, such as rc; if empty, pre-releases do not go to conda-forge.", ""
    )
    new: bool = define_setting("Propose a recipe to staged-recipes if conda-forge has no such package.", default=True)
    draft: bool = define_setting(
        "Open the pull request for a new recipe as a draft, for a person to mark as ready.", default=True
    )


@dataclass(frozen=True)
class Config:
    """All settings of a project."""

    packages_dir: str = define_setting(
        "The folder for the artifacts, relative to the project.", "dist", inside=True, also="output-dir"
    )
    tag_format: str = define_setting(
        'The form of a tag, such as "pkg-a-v{version}"; if empty, it is detected from the existing tags.', ""
    )
    changelog_file: str = define_setting(
        "The path of the changelog in the project; if empty, the usual names are searched.", "", inside=True
    )
    scheme: Literal["auto", "semver", "calver"] = define_setting(
        'The versioning scheme: "semver", "calver", or "auto" to detect it from the past releases.', "auto"
    )
    public_api: tuple[str, ...] = define_setting(
        "The import packages whose public API is compared between releases; if empty, they are detected.", ()
    )
    allow_credentials_in_build: bool = define_setting(
        "Build even though the environment has publishing credentials, which the build could read.",
        default=False,
    )
    testpypi_first: bool = define_setting(
        "Upload to TestPyPI first, and install and import the package from there, before anything goes to PyPI.",
        default=False,
    )
    announcement: bool = define_setting(
        "After publishing, write an announcement of the release to post on a mailing list or in a forum.", default=False
    )
    attestations: Literal["auto", "required", "off"] = define_setting(
        'Sign the files for PyPI (PEP 740): "auto" signs if the job can, "required" fails if it cannot, "off"'
        " never signs.",
        "auto",
    )
    allow_older: bool = define_setting("Publish a version that is older than the newest final release.", default=False)
    allow_epoch: bool = define_setting(
        "Publish a version whose epoch (the 1 in 1!2.0) differs from the newest final release; this cannot be undone.",
        default=False,
    )
    indexes: Mapping[str, str] = define_setting("Other package indexes: name = address for uploads.", dict)
    simple_urls: Mapping[str, str] = define_setting(
        "Index = address of its simple API, if that is not next to the address for uploads.", dict
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
