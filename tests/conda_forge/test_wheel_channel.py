"""The conda-pypi channel: what conda users get of a wheel there, and if a version is listed."""

import hashlib
import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import msgpack  # type: ignore[import-untyped]  # it ships no types
import pytest

from release_tools.cli.main import main
from release_tools.engine.context import Context
from release_tools.model.artifact import Artifact, ArtifactKind
from release_tools.model.note import State
from release_tools.model.release import Kind, Release
from release_tools.pipeline import WHEEL_CHANNEL
from release_tools.recipe.names import Names
from release_tools.recipe.requirements import Translated, translate
from release_tools.recipe.wheel_channel import compare_with_package, describe_wheel
from release_tools.run_steps import Step, run
from tests.conda_forge.forge import Forge
from tests.support.artifacts import make_wheel

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

SHA = hashlib.sha256(b"").hexdigest()

# A requirement, what the channel makes of it, and a word of each difference; none where there is no difference.
SHAPES = [
    ("click>=8", "click>=8", []),
    ("click<9", "click<9a0", []),
    ("click<9.0rc1", "click<9.0rc1", []),
    ("click~=8.1", "click<9.0a0,>=8.1", []),
    ("click~=8.1.2", "click<8.2.0a0,>=8.1.2", []),
    ("click==8.*", "click==8.*", []),
    ("click===8.1", "click===8.1", ["==="]),
    ("typing-extensions", "typing_extensions", []),
    ("matplotlib", "matplotlib-base", []),
    ("build", "python-build", []),
    ("Some_Thing.Else", "some-thing.else", []),
    ('tomli; python_version < "3.11"', 'tomli[when="python<3.11"]', ["only where python<3.11"]),
    ('tomli; python_version == "3.11"', 'tomli[when="python==3.11"]', ["never holds"]),
    ('tomli; python_version > "3.10"', 'tomli[when="python>3.10"]', ["differs from it on Python 3.10"]),
    ('tomli; python_version <= "3.10"', 'tomli[when="python<=3.10"]', ["never holds"]),
    ('tomli; python_version in "3.10, 3.11"', 'tomli[when="pythonin3.10, 3.11"]', ["never holds"]),
    ('tomli; python_full_version < "3.11"', 'tomli[when="python<3.11"]', ["only where python<3.11"]),
    ('colorama; sys_platform == "win32"', 'colorama[when="__win"]', ["only where __win"]),
    ('colorama; platform_system == "Windows"', 'colorama[when="__win"]', ["only where __win"]),
    ('appnope; sys_platform == "darwin"', 'appnope[when="__osx"]', []),
    ('pexpect; sys_platform != "win32"', 'pexpect[when="__unix"]', []),
    ('pexpect; os_name == "posix"', 'pexpect[when="__unix"]', []),
    ('pexpect; os_name != "nt"', 'pexpect[when="__unix"]', []),
    ('tomli; sys_platform != "linux"', "tomli", ["marker is dropped"]),
    ('cffi; platform_machine == "x86_64"', "cffi", ["marker is dropped"]),
    ('cffi; platform_python_implementation == "CPython"', "cffi", []),
    ('cffi; platform_python_implementation == "PyPy"', "cffi", ["marker is dropped"]),
    (
        'tomli; python_version < "3.11" and platform_machine == "x86_64"',
        'tomli[when="python<3.11"]',
        ["a part of the marker is dropped"],
    ),
    ("httpx[cli]>=0.24", "httpx>=0.24[extras=[cli]]", ["what the extra needs is missing"]),
    (
        'httpx[cli]; sys_platform != "win32"',
        'httpx[extras=[cli]][when="__unix"]',
        ["two pairs of brackets"],
    ),
    ("click @ https://example.org/click.zip", "click", ["URL is dropped"]),
]


@pytest.mark.parametrize(("requirement", "spec", "words"), SHAPES, ids=[shape[0] for shape in SHAPES])
def test_the_channel_translates_a_requirement_by_its_own_rules(requirement: str, spec: str, words: list[str]) -> None:
    metadata = {"name": "demo", "version": "1.0", "requires_python": ">=3.10", "requires_dist": [requirement]}
    record = describe_wheel(metadata, "demo-1.0-py3-none-any.whl", SHA, 1)  # type: ignore[arg-type]  # a part is enough
    assert record.depends == (spec, "python >=3.10")
    inexpressible = any(word in requirement for word in ("@", "machine"))
    ours = Translated(()) if inexpressible else translate([requirement], ">=3.10", Names())
    differences = compare_with_package(record, "demo", ours, Names())
    assert len(differences) == len(words)
    for word, difference in zip(words, differences, strict=True):
        assert word in difference


@pytest.mark.parametrize("requirement", ['pytest; extra == "test"', 'tomli; python_version < "3.11" and extra == "x"'])
def test_what_an_extra_of_the_project_needs_is_not_required(requirement: str) -> None:
    metadata = {"name": "demo", "version": "1.0", "requires_dist": [requirement]}
    record = describe_wheel(metadata, "demo-1.0-py3-none-any.whl", SHA, 1)  # type: ignore[arg-type]  # a part is enough
    assert record.depends == ("python",)


def test_another_name_and_a_tag_that_is_not_read_are_differences() -> None:
    metadata = {"name": "Demo_Tool", "version": "1.0"}
    record = describe_wheel(metadata, "demo_tool-1.0-py312-none-any.whl", SHA, 1)  # type: ignore[arg-type]  # as above
    differences = compare_with_package(record, "demo_tool", Translated(("python",)), Names())
    assert [word for word in ("demo-tool there", "py312") if any(word in one for one in differences)] != []
    assert len(differences) == 2


def channel(folder: Path, *names: str) -> str:
    """A channel that has Python and these packages; gives its address."""
    (folder / "noarch").mkdir(parents=True)
    packages: dict[str, dict[str, object]] = {
        f"{name}-9.0-0.conda": {
            "name": name, "version": "9.0" if name != "python" else "3.12.5", "build": "0", "build_number": 0,
            "depends": [], "subdir": "noarch", "sha256": SHA, "size": 1,
        }
        for name in ("python", *names)
    }  # fmt: skip
    content = {"info": {"subdir": "noarch"}, "packages": {}, "packages.conda": packages}
    (folder / "noarch" / "repodata.json").write_text(json.dumps(content))
    return folder.as_uri()


def compare(forge: Forge, headers: str) -> dict[str, tuple[State, str]]:
    """The notes of the step in a dry run, by their text."""

    def build(context: Context, before: Release) -> Release:
        context.output.mkdir()
        wheel = Artifact.of(make_wheel(context.output, version="1.0", headers=headers), ArtifactKind.WHEEL)
        return replace(before, name="demo", version="1.0", kind=Kind.FINAL, artifacts=(wheel,))

    forge.settings.setdefault("conda.wheel-channel", "http://127.0.0.1:9")
    folder = forge.folder / "machine"
    folder.mkdir()
    with forge.context(folder, is_dry_run=True) as context:
        outcome = run([Step("Build", build), WHEEL_CHANNEL], context)
    assert outcome.error is None
    return {note.text: (note.state, note.detail) for note in outcome.report.sections[-1].notes}


def test_a_dry_run_shows_what_the_channel_will_have(forge: Forge) -> None:
    notes = compare(forge, "Requires-Dist: click>=8\nRequires-Dist: cffi; platform_machine == 'x86_64'\n")
    shown = next(detail for text, (_, detail) in notes.items() if "demo 1.0" in text)
    assert shown.startswith("click>=8, cffi, python")
    assert [state for text, (state, _) in notes.items() if "marker is dropped" in text] == [State.WARNING]
    assert [state for text, (state, _) in notes.items() if "not tested" in text] == [State.SKIPPED]


@pytest.mark.parametrize(("there", "state"), [(("click",), State.DONE), ((), State.WARNING)])
def test_a_dry_run_has_a_solver_install_it(forge: Forge, there: tuple[str, ...], state: State) -> None:
    forge.settings["conda.channels"] = channel(forge.folder / "c", *there)
    notes = compare(forge, "Requires-Dist: click>=8\nRequires-Dist: nowhere; python_version < '3.0'\n")
    solved = [(found, detail) for text, (found, detail) in notes.items() if "solver" in text]
    assert [found for found, _ in solved] == [state]
    assert ("click" in solved[0][1]) is (state is State.WARNING)


@pytest.mark.parametrize("settings", [{"conda.wheel-channel": "none"}, {"routes.final": "testpypi"}])
def test_the_channel_is_left_out_where_it_has_nothing(forge: Forge, settings: dict[str, object]) -> None:
    forge.settings.update(settings)
    assert [state for state, _ in compare(forge, "").values()] == [State.SKIPPED]


@contextmanager
def sharded(records: dict[str, str]) -> Iterator[str]:
    """A channel in shards that has wheels only, as conda-pypi is; gives its address."""
    shards, blobs = {}, {}
    for name, version in records.items():
        filename = f"{name}-{version}-py3-none-any.whl"
        record = {
            "name": name, "version": version, "build": "py3_none_any_0", "build_number": 0, "depends": ["python"],
            "subdir": "noarch", "noarch": "python", "fn": filename, "url": f"https://example.org/{filename}",
            "sha256": bytes.fromhex(SHA), "size": 1,
        }  # fmt: skip
        whl = {f"{name}-{version}-py3_none_any_0": record}
        blob = zstd.compress(msgpack.packb({"packages": {}, "packages.conda": {}, "v3": {"whl": whl}}))
        shards[name] = hashlib.sha256(blob).digest()
        blobs[f"/noarch/{shards[name].hex()}.msgpack.zst"] = blob
    info = {"subdir": "noarch", "base_url": "./", "shards_base_url": "./"}
    blobs["/noarch/repodata_shards.msgpack.zst"] = zstd.compress(msgpack.packb({"info": info, "shards": shards}))
    empty = json.dumps({"packages": {}, "packages.conda": {}}).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = blobs.get(self.path, None if "noarch" in self.path else empty)
            if found is None or (found is empty and not self.path.endswith("/repodata.json")):
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(found)))
            self.end_headers()
            self.wfile.write(found)

        def log_message(self, *arguments: object) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.slow
@pytest.mark.parametrize(("version", "state"), [("1.0", "done"), ("0.9", "pending")])
def test_status_has_the_channel(
    forge: Forge, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, version: str, state: str
) -> None:
    monkeypatch.setenv("RATTLER_CACHE_DIR", str(forge.folder / "cache"))
    with sharded({"demo": version}) as address:
        here = ["--name", "demo", "-C", str(forge.folder), "--no-github", "--routes-dev", "pypi", "--conda-channels="]
        argv = ["status", "1.0", *here, f"--conda-wheel-channel={address}", "--json"]
        assert main(argv, {**forge.env, "HOME": str(forge.folder)}) == 0
    publishers = json.loads(capsys.readouterr().out)["publishers"]
    found = next(one for one in publishers if one["publisher"] == "conda-pypi")
    assert [one["state"] for one in found["stages"]] == [state]


def test_status_does_not_fail_by_a_channel_that_is_down(forge: Forge, capsys: pytest.CaptureFixture[str]) -> None:
    here = ["--name", "demo", "-C", str(forge.folder), "--no-github", "--routes-dev", "pypi", "--conda-channels="]
    argv = ["status", "1.0", *here, "--conda-wheel-channel=http://127.0.0.1:9", "--json"]
    assert main(argv, {**forge.env, "HOME": str(forge.folder)}) == 0
    found = next(one for one in json.loads(capsys.readouterr().out)["publishers"] if one["publisher"] == "conda-pypi")
    assert [one["state"] for one in found["stages"]] == ["unknown"]
