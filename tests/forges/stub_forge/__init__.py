"""A hosting service that is no GitHub: its repositories live in memory."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from release_tools.forges.base import Asset, Draft, HostedRelease, HostedRepository, NewPullRequest, PullRequest
from release_tools.model.note import Note, State
from release_tools.system.http import Http

SITE = "https://stub.example"


@dataclass
class StubRepository:
    """One repository, with what was done to it."""

    slug: str
    tags: dict[str, str] = field(default_factory=dict)
    hosted: list[HostedRelease] = field(default_factory=list)
    contents: dict[str, bytes] = field(default_factory=dict)
    has_token: bool = True

    @property
    def url(self) -> str:
        return f"{SITE}/{self.slug}"

    @property
    def refs(self) -> "StubRefs":
        return StubRefs(self)

    @property
    def releases(self) -> "StubReleases":
        return StubReleases(self)

    @property
    def pull_requests(self) -> "StubPullRequests":
        return StubPullRequests()

    def login(self) -> str:
        return "stub"

    def check_write_access(self) -> Iterator[Note]:
        yield Note(State.DONE, f"stub has write access to {self.slug}")


@dataclass
class StubRefs:
    """Its tags; everything else is of the one branch ``main``."""

    repository: StubRepository

    def default_branch(self) -> str:
        return "main"

    def commit_of_tag(self, tag: str) -> str:
        return self.repository.tags.get(tag, "")

    def message_of_tag(self, tag: str) -> str:
        assert tag
        return ""

    def tip(self, branch: str) -> str:
        return "c" * 40 if branch == "main" else ""

    def contains(self, branch: str, commit: str) -> bool:
        return bool(branch and commit)

    def logins(self, commit: str, count: int) -> Mapping[str, str]:
        assert commit
        assert count
        return {}

    def read_file(self, commit: str, path: str) -> bytes | None:
        return self.repository.contents.get(f"{commit}:{path}")

    def create_tag(self, tag: str, commit: str, message: str, tagger: tuple[str, str]) -> None:
        assert message
        assert tagger
        self.repository.tags[tag] = commit

    def tree_of(self, commit: str) -> str:
        return commit

    def commit_files(
        self,
        parent: str,
        files: Mapping[str, bytes | None],
        message: str,
        author: tuple[str, str] | None,
        *,
        executables: Collection[str] = (),
    ) -> str:
        raise NotImplementedError

    def create_branch(self, branch: str, commit: str) -> None:
        raise NotImplementedError

    def set_branch(self, branch: str, commit: str) -> None:
        raise NotImplementedError


@dataclass
class StubReleases:
    """Its releases; a draft becomes a release when it is published."""

    repository: StubRepository

    def find_all(self, tag: str) -> tuple[HostedRelease, ...]:
        return tuple(one for one in self.repository.hosted if one.tag == tag)

    def find_published(self, tag: str) -> HostedRelease | None:
        return next((one for one in self.find_all(tag) if not one.is_draft), None)

    def list_published_tags(self) -> tuple[str, ...]:
        return tuple(one.tag for one in self.repository.hosted if not one.is_draft)

    def create_draft(self, draft: Draft) -> HostedRelease:
        number = len(self.repository.hosted) + 1
        url = f"{self.repository.url}/releases/{number}"
        made = HostedRelease(
            number,
            draft.tag,
            draft.title,
            draft.text,
            is_draft=True,
            is_prerelease=draft.is_prerelease,
            is_immutable=False,
            url=url,
            api_url=url,
            upload_url=url,
        )
        self.repository.hosted.append(made)
        return made

    def upload(self, release: HostedRelease, path: Path) -> Asset:
        content = path.read_bytes()
        self.repository.contents[path.name] = content
        asset = Asset(
            path.name, len(self.repository.contents), "", len(content), path.name, is_complete=True, uploader="stub"
        )
        self._replace(replace(self._current(release), assets=(*self._current(release).assets, asset)))
        return asset

    def delete_asset(self, asset: Asset) -> None:
        raise NotImplementedError

    def download(self, asset: Asset, path: Path) -> None:
        path.write_bytes(self.repository.contents[asset.name])

    def publish(self, release: HostedRelease, *, is_prerelease: bool, is_latest: bool) -> HostedRelease:
        assert is_latest is not is_prerelease
        published = replace(self._current(release), is_draft=False)
        self._replace(published)
        return published

    def mark_prerelease(self, release: HostedRelease, *, title: str, text: str) -> HostedRelease:
        raise NotImplementedError

    def delete_draft(self, release: HostedRelease) -> None:
        raise NotImplementedError

    def _current(self, release: HostedRelease) -> HostedRelease:
        return next(one for one in self.repository.hosted if one.id == release.id)

    def _replace(self, release: HostedRelease) -> None:
        self.repository.hosted[:] = [release if one.id == release.id else one for one in self.repository.hosted]


class StubPullRequests:
    """No pull requests."""

    def fork_of(self, login: str) -> HostedRepository | None:
        raise NotImplementedError

    def create_fork(self) -> HostedRepository:
        raise NotImplementedError

    def sync_fork(self, fork: HostedRepository, branch: str) -> None:
        raise NotImplementedError

    def newest(self, head: str = "") -> tuple[PullRequest, ...]:
        raise NotImplementedError

    def list_merged_since(self, time: int) -> tuple[PullRequest, ...]:
        assert time >= 0
        return ()

    def search(self, words: str) -> tuple[PullRequest, ...]:
        raise NotImplementedError

    def open(self, new: NewPullRequest) -> PullRequest:
        raise NotImplementedError

    def comments(self, pull: PullRequest) -> Iterator[tuple[str, str]]:
        raise NotImplementedError

    def comment(self, pull: PullRequest, text: str) -> str:
        raise NotImplementedError


class StubForge:
    """The service; every repository that is asked for exists."""

    site = SITE

    def __init__(self) -> None:
        self.repositories: dict[str, StubRepository] = {}

    def __call__(self, env: Mapping[str, str], http: Http, variable: str) -> "StubForge":
        """Be what the registry lists: the one service for every environment."""
        del env, http, variable  # there is only one
        return self

    def slug(self, remote_url: str) -> str:
        return remote_url.removeprefix(f"{SITE}/").removesuffix(".git") if remote_url.startswith(SITE) else ""

    def repository(self, slug: str) -> StubRepository:
        return self.repositories.setdefault(slug, StubRepository(slug))
