"""Changes that give a repository an unusual shape, one after the other, as people and tools make them.

Each takes a checkout of the project ``demo``, changes it, and returns the folder that a person works in afterwards.
"""

import os
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from tests.support.repositories import GIT, Checkout

Shape = Callable[[Checkout], Checkout]
FAR_FUTURE: Final = "4102444800 +0000"
BEFORE_1970: Final = "1 -1200"
SIGNED: Final = "-----BEGIN PGP SIGNATURE-----\n\niQEzBAABCAAdFiEE\n-----END PGP SIGNATURE-----\n"


def _run(checkout: Checkout, *arguments: str, stdin: bytes | None = None, env: Mapping[str, str] | None = None) -> str:
    """Run git and return what it prints, whether it fails or not: an operation may not apply to this shape."""
    command, environment = [*GIT, *arguments], {**checkout.env, **(env or {})}
    done = subprocess.run(command, cwd=checkout.root, env=environment, input=stdin, capture_output=True, check=False)
    return done.stdout.decode(errors="replace").strip()


def _commit(checkout: Checkout, *arguments: str, env: Mapping[str, str] | None = None) -> Checkout:
    _run(checkout, "add", "--all")
    _run(checkout, "commit", "--quiet", "--allow-empty", "--message", "Change", *arguments, env=env)
    return checkout


def _write(checkout: Checkout, name: bytes, content: bytes = b"x = 1\n") -> None:
    path = Path(os.fsdecode(os.fsencode(checkout.root) + b"/" + name))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _clone(checkout: Checkout, *options: str) -> Checkout:
    target = checkout.root.with_name(f"{checkout.root.name}c")
    _run(checkout, "clone", "--quiet", *options, f"file://{checkout.root}", str(target))
    return replace(checkout, root=target) if (target / ".git").exists() else checkout


def _git_folder(checkout: Checkout) -> Path:
    return checkout.root / (_run(checkout, "rev-parse", "--git-dir") or ".git")


def commit(checkout: Checkout) -> Checkout:
    _write(checkout, b"demo/more.py")
    return _commit(checkout)


def tag_lightweight(checkout: Checkout) -> Checkout:
    _run(checkout, "tag", "v1.0.5")
    return checkout


def tag_release_candidate(checkout: Checkout) -> Checkout:
    _run(checkout, "tag", "--annotate", "--message", "x", "v2.0.0rc1")
    return checkout


def tag_with_name(checkout: Checkout) -> Checkout:
    _run(checkout, "tag", "demo/v1.0.7")
    _run(checkout, "tag", "demo-1.0.6")
    return checkout


def tag_objects_that_are_no_commits(checkout: Checkout) -> Checkout:
    _run(checkout, "tag", "v1.4.0", "HEAD^{tree}")
    _run(checkout, "tag", "v1.4.1", "HEAD:pyproject.toml")
    _run(checkout, "tag", "--annotate", "--message", "x", "v1.4.2", "HEAD:demo")
    return checkout


def tag_a_tag(checkout: Checkout) -> Checkout:
    _run(checkout, "tag", "--annotate", "--message", "inner", "inner")
    _run(checkout, "tag", "--annotate", "--message", "outer", "v1.0.8", "inner")
    return checkout


def tag_with_a_signature(checkout: Checkout) -> Checkout:
    head = _run(checkout, "rev-parse", "HEAD")
    text = f"object {head}\ntype commit\ntag v1.0.9\ntagger Ada <a@b.example> 1767225600 +0000\n\nx\n{SIGNED}"
    made = _run(checkout, "mktag", stdin=text.encode())
    _run(checkout, "update-ref", "refs/tags/v1.0.9", made)
    return checkout


def tag_without_a_person(checkout: Checkout) -> Checkout:
    text = f"object {_run(checkout, 'rev-parse', 'HEAD')}\ntype commit\ntag v1.1.0\n\n\xe9\n"
    made = _run(checkout, "hash-object", "-t", "tag", "-w", "--literally", "--stdin", stdin=text.encode("latin-1"))
    _run(checkout, "update-ref", "refs/tags/v1.1.0", made)
    return checkout


def tag_with_odd_names(checkout: Checkout) -> Checkout:
    for name in (
        "1.0.0/x",
        "v1.2.3-\u0444",
        "release",
        "v",
        "2020",
        "v1;id",
        "v1..0",
        "\u202ev1.0",
        "V1.0.4",
        "v01.0.3",
    ):
        _run(checkout, "tag", name)
    return checkout


def tag_many_on_one_commit(checkout: Checkout) -> Checkout:
    for name in ("v1", "v1.0", "latest", "v1.0.0.post1", "docs-3", "stable"):
        _run(checkout, "tag", "--force", name)
    return checkout


def merge_a_branch(checkout: Checkout) -> Checkout:
    _run(checkout, "checkout", "--quiet", "-b", "topic")
    _write(checkout, b"demo/topic.py")
    _commit(checkout)
    _run(checkout, "checkout", "--quiet", "-")
    _run(checkout, "merge", "--quiet", "--no-ff", "--message", "Merge branch 'topic'", "topic")
    _run(checkout, "tag", "v1.0.2")
    return checkout


def merge_three_branches(checkout: Checkout) -> Checkout:
    for name in ("one", "two", "three"):
        _run(checkout, "checkout", "--quiet", "-b", name, "main")
        _write(checkout, f"demo/{name}.py".encode())
        _commit(checkout)
    _run(checkout, "checkout", "--quiet", "main")
    _run(checkout, "merge", "--quiet", "--no-edit", "one", "two", "three")
    return checkout


def merge_another_history(checkout: Checkout) -> Checkout:
    _run(checkout, "checkout", "--quiet", "--orphan", "other")
    _run(checkout, "rm", "-r", "--quiet", "--cached", ".")
    _commit(checkout)
    _run(checkout, "checkout", "--quiet", "--force", "main")
    _run(checkout, "merge", "--quiet", "--allow-unrelated-histories", "--strategy", "ours", "--no-edit", "other")
    return checkout


def orphan_branch(checkout: Checkout) -> Checkout:
    _run(checkout, "checkout", "--quiet", "--orphan", "gh-pages")
    return _commit(checkout)


def unborn_branch(checkout: Checkout) -> Checkout:
    _run(checkout, "checkout", "--quiet", "--orphan", "empty")
    return checkout


def detached_head(checkout: Checkout) -> Checkout:
    _run(checkout, "checkout", "--quiet", "--detach")
    return commit(checkout)


def branch_called_like_a_tag(checkout: Checkout) -> Checkout:
    _run(checkout, "branch", "v1.0.0")
    _run(checkout, "checkout", "--quiet", "-b", "v1.0")
    return checkout


def shallow_clone(checkout: Checkout) -> Checkout:
    return _clone(checkout, "--depth", "1")


def blobless_clone(checkout: Checkout) -> Checkout:
    _run(checkout, "config", "uploadpack.allowFilter", "true")
    return _clone(checkout, "--filter=blob:none")


def clone_without_tags(checkout: Checkout) -> Checkout:
    return _clone(checkout, "--no-tags", "--single-branch")


def clone_with_borrowed_objects(checkout: Checkout) -> Checkout:
    return _clone(checkout, "--shared")


def clone_whose_lender_is_gone(checkout: Checkout) -> Checkout:
    cloned = _clone(checkout, "--shared")
    _run(cloned, "remote", "remove", "origin")
    (_git_folder(cloned) / "objects/info/alternates").write_text("/nowhere/objects\n")
    return cloned


def worktree(checkout: Checkout) -> Checkout:
    target = checkout.root.with_name(f"{checkout.root.name}w")
    _run(checkout, "worktree", "add", "--quiet", "-b", f"tree{len(target.name)}", str(target))
    return replace(checkout, root=target) if target.exists() else checkout


def worktree_whose_repository_is_gone(checkout: Checkout) -> Checkout:
    here = worktree(checkout)
    if here.root != checkout.root:
        (here.root / ".git").write_text("gitdir: /nowhere/.git/worktrees/x\n")
    return here


def submodule(checkout: Checkout) -> Checkout:
    library = replace(checkout, root=checkout.root.with_name(f"{checkout.root.name}lib"))
    library.root.mkdir(exist_ok=True)
    _run(library, "init", "--quiet", "--initial-branch", "main")
    _write(library, b"lib.py")
    _commit(library)
    _run(checkout, "submodule", "--quiet", "add", str(library.root), "vendor/lib")
    return _commit(checkout)


def submodule_that_is_empty(checkout: Checkout) -> Checkout:
    submodule(checkout)
    _run(checkout, "submodule", "deinit", "--quiet", "--force", "--all")
    return checkout


def submodule_without_an_address(checkout: Checkout) -> Checkout:
    head = _run(checkout, "rev-parse", "HEAD")
    _run(checkout, "update-index", "--add", "--cacheinfo", f"160000,{head},gone")
    _run(checkout, "commit", "--quiet", "--message", "Change")
    return checkout


def names_that_are_not_utf8(checkout: Checkout) -> Checkout:
    _write(checkout, b"demo/caf\xe9.txt")
    _write(checkout, b"demo/\xff\xfe/x.py")
    return _commit(checkout)


def names_with_odd_characters(checkout: Checkout) -> Checkout:
    for name in ("a b", "tab\tx", "line\nx", 'quo"te', "back\\slash", "\u00e9\U0001f600", ":(top)x", "*", "%s", "{x}"):
        _write(checkout, f"demo/{name}.txt".encode())
    return _commit(checkout)


def people_that_are_not_utf8(checkout: Checkout) -> Checkout:
    person = {"GIT_AUTHOR_NAME": "Jos\udce9", "GIT_COMMITTER_NAME": "<>", "GIT_AUTHOR_EMAIL": ""}
    _write(checkout, b"demo/jose.py")
    _run(checkout, "add", "--all")
    message = ["--file=-", "--cleanup=verbatim"]
    _run(checkout, "commit", "--quiet", *message, stdin=b"Caf\xe9 \x1b[31m::set-output::\n\n\xff", env=person)
    return checkout


def empty_messages(checkout: Checkout) -> Checkout:
    return _commit(checkout, "--amend", "--allow-empty-message", "--message", "")


def odd_dates(checkout: Checkout) -> Checkout:
    for when in (FAR_FUTURE, BEFORE_1970):
        _write(checkout, f"demo/d{when[0]}.py".encode())
        _commit(checkout, env={"GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when})
    return checkout


def replaced_commit(checkout: Checkout) -> Checkout:
    commit(checkout)
    _run(checkout, "replace", "HEAD~1", "HEAD~2")
    return checkout


def grafted_commit(checkout: Checkout) -> Checkout:
    commit(checkout)
    info = _git_folder(checkout) / "info"
    info.mkdir(exist_ok=True)
    (info / "grafts").write_text(f"{_run(checkout, 'rev-parse', 'HEAD')}\n")
    return checkout


def moved_into_a_folder(checkout: Checkout) -> Checkout:
    (checkout.root / "python").mkdir(exist_ok=True)
    for path in _run(checkout, "ls-files").splitlines():
        if path.split("/")[0] in ("demo", "pyproject.toml", "build-backend"):
            (checkout.root / "python" / path).parent.mkdir(parents=True, exist_ok=True)
            _run(checkout, "mv", path, f"python/{path}")
    _commit(checkout)
    return replace(checkout, root=checkout.root / "python")


def src_layout(checkout: Checkout) -> Checkout:
    (checkout.root / "src").mkdir(exist_ok=True)
    _run(checkout, "mv", "demo", "src/demo")
    return _commit(checkout)


def renamed_package(checkout: Checkout) -> Checkout:
    _run(checkout, "mv", "demo", "demo2")
    return _commit(checkout)


def package_became_a_module(checkout: Checkout) -> Checkout:
    _run(checkout, "rm", "-r", "--quiet", "demo")
    _write(checkout, b"demo.py")
    return _commit(checkout)


def package_is_gone(checkout: Checkout) -> Checkout:
    _run(checkout, "rm", "-r", "--quiet", "demo")
    return _commit(checkout)


def code_that_cannot_be_read(checkout: Checkout) -> Checkout:
    _write(checkout, b"demo/__init__.py", b"def (:\n\x00\xff")
    _write(checkout, b"demo/deep.py", b"x = " + b"(" * 500 + b")" * 500 + b"\n")
    return _commit(checkout)


def symbolic_links(checkout: Checkout) -> Checkout:
    for name, target in (("loop", "loop"), ("gone", "/nowhere"), ("out", "../.."), ("CHANGELOG.md", "/etc/hosts")):
        path = checkout.root / name
        if path.is_symlink() or path.is_file():
            path.unlink()
        if not path.exists():
            path.symlink_to(target)
    return _commit(checkout)


def folders_called_like_files(checkout: Checkout) -> Checkout:
    for name in ("CHANGELOG.md", "README.md", "setup.cfg", "CITATION.cff"):
        (checkout.root / name).unlink(missing_ok=True)
        _write(checkout, f"{name}/x.md".encode())
    return _commit(checkout)


def documents_that_are_not_utf8(checkout: Checkout) -> Checkout:
    for name in (b"CHANGES.rst", b"README.md", b"setup.cfg", b"setup.py", b".mailmap", b"demo/_version.py"):
        _write(checkout, name, b"\xff\xfe1\x00.\x000\x00\n")
    return _commit(checkout)


def attributes(checkout: Checkout) -> Checkout:
    text = b"*.py filter=lost text eol=crlf ident\n*.toml export-ignore working-tree-encoding=UTF-16\ndemo -text\n"
    _write(checkout, b".gitattributes", text)
    _run(checkout, "config", "filter.lost.smudge", "false")
    _run(checkout, "config", "filter.lost.clean", "cat")
    return _commit(checkout)


def sparse_checkout(checkout: Checkout) -> Checkout:
    _run(checkout, "sparse-checkout", "set", "--no-cone", "/pyproject.toml")
    return checkout


def conflict(checkout: Checkout) -> Checkout:
    _run(checkout, "checkout", "--quiet", "-b", "theirs")
    _write(checkout, b"demo/both.py", b"x = 2\n")
    _commit(checkout)
    _run(checkout, "checkout", "--quiet", "-b", "ours", "HEAD~1")
    _write(checkout, b"demo/both.py", b"x = 3\n")
    _commit(checkout)
    _run(checkout, "merge", "--quiet", "theirs")
    return checkout


def changes_of_every_kind(checkout: Checkout) -> Checkout:
    _write(checkout, b"new.py")
    _write(checkout, b"demo/__init__.py", b"x = 5\n")
    _run(checkout, "mv", "pyproject.toml", "other.toml")
    _run(checkout, "rm", "--quiet", "--cached", "-r", "build-backend")
    return checkout


def settings_that_are_broken(checkout: Checkout) -> Checkout:
    _write(checkout, b"pyproject.toml", b"[project\nname = \xff")
    return _commit(checkout)


def settings_with_a_mark(checkout: Checkout) -> Checkout:
    path = checkout.root / "pyproject.toml"
    if path.is_file():
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    return _commit(checkout)


def no_settings(checkout: Checkout) -> Checkout:
    _run(checkout, "rm", "--quiet", "pyproject.toml")
    return _commit(checkout)


def missing_object(checkout: Checkout) -> Checkout:
    _write(checkout, b"demo/lost.py", b"y = 'lost'\n")
    _commit(checkout)
    name = _run(checkout, "rev-parse", "HEAD:demo/lost.py")
    (_git_folder(checkout) / "objects" / name[:2] / name[2:]).unlink()
    return checkout


def ref_to_nothing(checkout: Checkout) -> Checkout:
    folder = _git_folder(checkout) / "refs/tags"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "v1.3.0").write_text(f"{'1' * 40}\n")
    (folder / "v1.3.1").write_text("nonsense\n")
    return checkout


def broken_index(checkout: Checkout) -> Checkout:
    (_git_folder(checkout) / "index").write_bytes(b"DIRC\0\0\0\2nonsense")
    return checkout


def broken_head(checkout: Checkout) -> Checkout:
    (_git_folder(checkout) / "HEAD").write_text("nonsense\n")
    return checkout


def lock_left_behind(checkout: Checkout) -> Checkout:
    (_git_folder(checkout) / "index.lock").touch()
    (_git_folder(checkout) / "packed-refs.lock").touch()
    return checkout


def packed(checkout: Checkout) -> Checkout:
    _run(checkout, "pack-refs", "--all")
    _run(checkout, "gc", "--quiet")
    return checkout


def unknown_extension(checkout: Checkout) -> Checkout:
    _run(checkout, "config", "core.repositoryFormatVersion", "1")
    _run(checkout, "config", "extensions.future", "true")
    return checkout


def hostile_configuration(checkout: Checkout) -> Checkout:
    for name, value in (
        ("log.showSignature", "true"), ("diff.noprefix", "true"), ("log.date", "relative"), ("core.quotePath", "true"),
        ("color.ui", "always"), ("tag.sort", "-version:refname"), ("log.decorate", "full"),
        ("i18n.logOutputEncoding", "UTF-16"),
        ("core.pager", "false"), ("diff.external", "false"), ("status.showUntrackedFiles", "no"), ("core.abbrev", "4"),
    ):  # fmt: skip
        _run(checkout, "config", name, value)
    return commit(checkout)


def no_repository(checkout: Checkout) -> Checkout:
    (checkout.root / ".git").rename(checkout.root / "was-git")
    return checkout


SHAPES: Final[tuple[Shape, ...]] = (
    commit, tag_lightweight, tag_release_candidate, tag_with_name, tag_objects_that_are_no_commits, tag_a_tag,
    tag_with_a_signature, tag_without_a_person, tag_with_odd_names, tag_many_on_one_commit, merge_a_branch,
    merge_three_branches, merge_another_history, orphan_branch, unborn_branch, detached_head, branch_called_like_a_tag,
    shallow_clone, blobless_clone, clone_without_tags, clone_with_borrowed_objects, worktree, submodule,
    submodule_that_is_empty, submodule_without_an_address, names_that_are_not_utf8, names_with_odd_characters,
    people_that_are_not_utf8, empty_messages, odd_dates, replaced_commit, grafted_commit, moved_into_a_folder,
    src_layout, renamed_package, package_became_a_module, package_is_gone, code_that_cannot_be_read, symbolic_links,
    folders_called_like_files, documents_that_are_not_utf8, attributes, sparse_checkout, conflict,
    changes_of_every_kind, settings_that_are_broken, settings_with_a_mark, no_settings, packed, hostile_configuration,
)  # fmt: skip
"""Shapes that may follow one another."""
BROKEN: Final[tuple[Shape, ...]] = (
    clone_whose_lender_is_gone, worktree_whose_repository_is_gone, missing_object, ref_to_nothing, broken_index,
    broken_head, lock_left_behind, unknown_extension, no_repository,
)  # fmt: skip
"""Shapes after which git itself may refuse to work."""
SHOWN_ELSEWHERE: Final = frozenset(
    {
        # tags, detached heads, clones and work trees: in test_identify
        commit, tag_lightweight, tag_release_candidate, tag_with_name, tag_many_on_one_commit, detached_head,
        shallow_clone, clone_without_tags, worktree,
        # clones and submodules: in test_build_dists
        blobless_clone, submodule,
        # merges and moves: in test_next
        merge_a_branch, src_layout,
    }
)  # fmt: skip
"""Usual shapes, each of which has a test of its own."""
