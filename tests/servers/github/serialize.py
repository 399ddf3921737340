"""Write the state of the GitHub double as JSON of GitHub's shapes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tests.servers.github.bare import EPOCH
from tests.servers.github.state import Addresses, Asset, Comment, Pull, Release, Repository, Token, TokenKind

Json = dict[str, Any]


def moment(seconds: int) -> str:
    """A time as GitHub writes it."""
    return datetime.fromtimestamp(EPOCH + seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True)
class Teller:
    """Writes what is remembered as GitHub's JSON.

    Attributes:
        at: the addresses of the server.
        emails: which account an author's address belongs to.
    """

    at: Addresses
    emails: Mapping[str, str]

    def user(self, login: str) -> Json:
        return {
            "login": login,
            "id": sum(login.encode()),
            "url": f"{self.at.api}/users/{login}",
            "html_url": f"{self.at.site}/{login}",
            "type": "Bot" if login.endswith("[bot]") else "User",
        }

    def repository(self, repo: Repository, token: Token | None, parent: Repository | None = None) -> Json:
        push = repo.writable(token) and token is not None and token.kind is not TokenKind.ACTIONS
        return {
            "id": repo.id,
            "name": repo.name,
            "full_name": repo.full_name,
            "owner": self.user(repo.owner),
            "private": False,
            "fork": bool(repo.parent),
            "archived": repo.archived,
            "default_branch": repo.default_branch,
            "url": f"{self.at.api}/repos/{repo.full_name}",
            "html_url": f"{self.at.site}/{repo.full_name}",
            "clone_url": f"{self.at.site}/{repo.full_name}.git",
            "permissions": {"admin": push, "push": push, "pull": True},
            **({"parent": self.repository(parent, token)} if parent else {}),
        }

    def ref(self, repo: Repository, name: str, sha: str) -> Json:
        kind = repo.bare.kind(sha) or ""
        return {
            "ref": name,
            "url": f"{self.at.api}/repos/{repo.full_name}/git/{name}",
            "object": {"sha": sha, "type": kind, "url": f"{self.at.api}/repos/{repo.full_name}/git/{kind}s/{sha}"},
        }

    def git_commit(self, repo: Repository, sha: str) -> Json:
        """Return a commit as the git data API shows it."""
        tree, parents, *rest = repo.bare.fact(
            "show", "--no-patch", "--format=%T%n%P%n%an%n%ae%n%at%n%cn%n%ce%n%ct%n%B", sha
        ).split("\n")
        api = f"{self.at.api}/repos/{repo.full_name}/git"

        def person(name: str, email: str, when: str) -> Json:
            return {"name": name, "email": email, "date": moment(int(when) - EPOCH)}

        return {
            "sha": sha,
            "url": f"{api}/commits/{sha}",
            "html_url": f"{self.at.site}/{repo.full_name}/commit/{sha}",
            "tree": {"sha": tree, "url": f"{api}/trees/{tree}"},
            "parents": [{"sha": parent, "url": f"{api}/commits/{parent}"} for parent in parents.split()],
            "author": person(*rest[0:3]),
            "committer": person(*rest[3:6]),
            "message": "\n".join(rest[6:]).rstrip("\n"),
        }

    def commit(self, repo: Repository, sha: str) -> Json:
        """Return a commit as the commits API shows it."""
        git = self.git_commit(repo, sha)
        logins = {role: self.emails.get(git[role]["email"]) for role in ("author", "committer")}
        return {
            "sha": sha,
            "url": f"{self.at.api}/repos/{repo.full_name}/commits/{sha}",
            "html_url": git["html_url"],
            "parents": git["parents"],
            "commit": {"url": git["url"], **{key: git[key] for key in ("author", "committer", "message", "tree")}},
            **{role: self.user(login) if login else None for role, login in logins.items()},
        }

    def asset(self, repo: Repository, release: Release, asset: Asset) -> Json:
        return {
            "id": asset.id,
            "name": asset.name,
            "label": asset.label,
            "state": asset.state,
            "content_type": asset.media,
            "size": len(asset.content),
            "digest": asset.digest,
            "uploader": self.user(asset.uploader),
            "url": f"{self.at.api}/repos/{repo.full_name}/releases/assets/{asset.id}",
            "browser_download_url": f"{self.at.site}/{repo.full_name}/releases/download/"
            f"{_shown_tag(release)}/{asset.name}",
        }

    def release(self, repo: Repository, release: Release) -> Json:
        url = f"{self.at.api}/repos/{repo.full_name}/releases/{release.id}"
        uploads = f"{self.at.uploads}/repos/{repo.full_name}/releases/{release.id}/assets"
        return {
            "id": release.id,
            "url": url,
            "html_url": f"{self.at.site}/{repo.full_name}/releases/tag/{_shown_tag(release)}",
            "assets_url": f"{url}/assets",
            "upload_url": f"{uploads}{{?name,label}}",
            "tag_name": release.tag,
            "target_commitish": release.target,
            "name": release.name,
            "body": release.body,
            "draft": release.draft,
            "prerelease": release.prerelease,
            "immutable": release.immutable,
            "created_at": moment(release.created),
            "published_at": None if release.published is None else moment(release.published),
            "author": self.user(release.author),
            "assets": [self.asset(repo, release, asset) for asset in release.assets],
        }

    def pull(self, repo: Repository, pull: Pull, *, whole: bool = True) -> Json:
        """A pull request, `whole` where it is asked for by its number."""
        url = f"{self.at.api}/repos/{repo.full_name}/pulls/{pull.number}"
        head_owner = pull.head_repository.partition("/")[0]
        return {
            "number": pull.number,
            "id": repo.id * 1000 + pull.number,
            "url": url,
            "html_url": f"{self.at.site}/{repo.full_name}/pull/{pull.number}",
            "issue_url": url.replace("/pulls/", "/issues/"),
            "title": pull.title,
            "body": pull.body,
            "state": pull.state,
            "draft": pull.draft,
            "user": self.user(pull.author),
            "head": {
                "ref": pull.head_branch,
                "label": f"{head_owner}:{pull.head_branch}",
                "sha": pull.head_sha,
                "user": self.user(head_owner),
            },
            "base": {"ref": pull.base, "label": f"{repo.owner}:{pull.base}", "user": self.user(repo.owner)},
            "created_at": moment(pull.created),
            "updated_at": moment(changed(pull)),
            "labels": [{"id": sum(label.encode()), "name": label} for label in pull.labels],
            "merged_at": None if pull.merged is None else moment(pull.merged),
            "merge_commit_sha": pull.merge_sha,
            **(
                {"merged": pull.merged is not None, "maintainer_can_modify": pull.maintainer_can_modify}
                if whole
                else {}
            ),
        }

    def comment(self, repo: Repository, pull: Pull, comment: Comment) -> Json:
        return {
            "id": comment.id,
            "url": f"{self.at.api}/repos/{repo.full_name}/issues/comments/{comment.id}",
            "html_url": f"{self.at.site}/{repo.full_name}/pull/{pull.number}#issuecomment-{comment.id}",
            "body": comment.body,
            "user": self.user(comment.author),
        }


def changed(pull: Pull) -> int:
    """Return when a pull request was changed last."""
    return max(pull.updated or 0, pull.merged or 0, pull.created)


def _shown_tag(release: Release) -> str:
    return f"untagged-{release.id:020x}" if release.draft else release.tag
