"""Workflows for real, on this machine and without a network: nektos/act, the action itself, and stubs of ten lines.

The action is installed as on a runner, by its own script with hashes and all; only its lock is a smaller one, of which
a few wheels lead to the packages that the tests themselves run with.
"""

import base64
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import yaml

from tests.support.interpreters import python_with_pip

ROOT = Path(__file__).parent.parent
ACT = shutil.which("act", path=sysconfig.get_path("scripts"))
PINS = re.compile(r"uses: (actions/(?:attest|setup-python|upload-artifact|download-artifact)@[0-9a-f]{40})")
OURS = "python-release-tools/python-release-tools@v1"
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
PINNED = f"python-release-tools/python-release-tools@{'a' * 40}"

STUBS = {
    "setup-python": """\
name: setup-python
inputs: {{python-version: {{}}, update-environment: {{}}}}
outputs: {{python-path: {{value: "${{{{ steps.it.outputs.it }}}}"}}}}
runs:
  using: composite
  steps: [{{id: it, shell: bash, run: 'echo "it={python}" >> "$GITHUB_OUTPUT"'}}]
""",
    "attest": """\
name: attest
inputs: {{subject-checksums: {{}}}}
runs:
  using: composite
  steps:
    - shell: bash
      env: {{SUBJECTS: "${{{{ inputs.subject-checksums }}}}"}}
      run: mkdir -p "{store}" && echo "$SUBJECTS" > "{store}.attested"
""",
    "upload-artifact": """\
name: upload-artifact
inputs: {{name: {{}}, path: {{}}, if-no-files-found: {{}}, retention-days: {{}}, overwrite: {{}}, archive: {{}}}}
runs:
  using: composite
  steps:
    - shell: bash
      env: {{NAME: "${{{{ inputs.name }}}}", FROM: "${{{{ inputs.path }}}}"}}
      run: |
        if test -d "$FROM"; then FROM="$FROM/."; fi
        if test -e "$FROM"; then mkdir -p "{store}/$NAME" && cp -R "$FROM" "{store}/$NAME/"; fi
""",
    "download-artifact": """\
name: download-artifact
inputs: {{name: {{}}, path: {{}}, pattern: {{}}}}
runs:
  using: composite
  steps:
    - shell: bash
      env:
        NAME: "${{{{ inputs.name }}}}"
        TO: "${{{{ inputs.path }}}}"
        PATTERN: "${{{{ inputs.pattern }}}}"
      run: |
        mkdir -p "$TO"
        if test -n "$PATTERN"; then cp -R "{store}"/$PATTERN "$TO/"; else cp -R "{store}/$NAME/." "$TO/"; fi
""",
}


@dataclass(frozen=True)
class Run:
    """Describe what a workflow did.

    Attributes:
        ok: whether every job succeeded.
        log: everything that was printed.
        outputs: of every step with an id, as ``job/step.output``, the last one said.
    """

    ok: bool
    log: str = field(repr=False)
    outputs: Mapping[str, str] = field(repr=False)

    @property
    def why(self) -> str:
        """Return what went wrong, without the rest."""
        return "\n".join(
            line for line in self.log.splitlines() if re.search(r"::error|Failure|Traceback|exit status", line)
        )


@dataclass(frozen=True)
class Runner:
    """A runner of workflows.

    Attributes:
        folder: its own, for home, stubs and uploaded artifacts.
        action: the action's folder.
        env: more environment for every step.
    """

    folder: Path
    action: Path
    env: Mapping[str, str] = field(default_factory=dict)

    def run(
        self,
        repository: Path,
        event: Mapping[str, object],
        *,
        name: str = "push",
        secrets: Mapping[str, str] | None = None,
        workflow: Path | None = None,
    ) -> Run:
        """Run the workflows of a repository that an event starts.

        Args:
            repository: a git work tree.
            event: the payload, such as ``{"ref": "refs/tags/v1.0"}``.
            name: of the event.
            secrets: what ``secrets.NAME`` stands for.
            workflow: only this file.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        payload = self.folder / "event.json"
        payload.write_text(json.dumps(event), encoding="utf-8")
        mapped = {OURS: self.action, PINNED: self.action, **self._stubs(repository)}
        options = [option for uses, path in mapped.items() for option in ("--local-repository", f"{uses}={path}")]
        options += [option for key, value in (secrets or {}).items() for option in ("-s", f"{key}={value}")]
        options += ["-W", str(workflow)] if workflow else []
        options += ["-e", str(payload), "-P", "ubuntu-latest=-self-hosted", "--no-cache-server", "--rm", "--json"]
        done = subprocess.run(
            [str(ACT), name, *options],
            cwd=repository,
            env=self._environment(),
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        return _read(done.stdout + done.stderr, ok=done.returncode == 0)

    def _environment(self) -> dict[str, str]:
        """A minimal one, because act hands the whole of it to every step."""
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        path = os.pathsep.join((str(Path(sys.executable).parent), "/usr/bin", "/bin"))
        offline = {"PIP_NO_INDEX": "1", **({} if "HTTPS_PROXY" in self.env else {"UV_OFFLINE": "1"})}
        kept = {"TMPDIR": os.environ["TMPDIR"]} if "TMPDIR" in os.environ else {}
        return {"HOME": str(home), "PATH": path, "LANG": "C.UTF-8", **kept, **offline, **self.env}

    def _stubs(self, repository: Path) -> dict[str, Path]:
        store = self.folder / "artifacts"
        texts = [path.read_text(encoding="utf-8") for path in (repository / ".github").rglob("*.yml")]
        found = {
            pin
            for text in (*texts, (self.action / "action.yml").read_text(encoding="utf-8"))
            for pin in PINS.findall(text)
        }
        stubs = {}
        for pin in found:
            stub = pin.partition("@")[0].partition("/")[2]
            folder = self.folder / "stubs" / stub
            folder.mkdir(parents=True, exist_ok=True)
            text = STUBS[stub].format(python=python_with_pip(), store=store)
            (folder / "action.yml").write_text(text, encoding="utf-8")
            stubs[pin] = folder
        return stubs


def readme_workflow() -> str:
    """The workflow that the README shows, with a commit for its placeholder."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return text.partition("```yaml\n")[2].partition("```")[0].replace("@COMMIT", f"@{'a' * 40}")


def copy_action(folder: Path, wheels: Path) -> Path:
    """The action's checkout, as a runner fetches it, but with a folder of wheels as its input ``wheels``."""
    for name in ("release_tools", "action", "templates"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("requirements.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    action = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    action["inputs"]["wheels"]["default"] = str(wheels)
    (folder / "action.yml").write_text(yaml.safe_dump(action), encoding="utf-8")
    return folder


def make_action(folder: Path) -> Path:
    """The same with a lock that can be installed offline from the folder ``wheels`` beside it.

    It asks for the packages that the real one asks for, each as a wheel that leads to where it is installed here; uv
    alone is what it is, as a program has to lie where it is looked for.
    """
    wheels = folder / "wheels"
    wheels.mkdir(parents=True)
    action = copy_action(folder / "action", wheels)
    lock = ""
    found = re.findall(r"^([\w.-]+)==.*\n(?: +--hash=.*\n)+ +# via (.+)\n", LOCK, re.MULTILINE)
    for name, askers in dict(found).items():  # a package may be locked in several versions, by that of Python
        with suppress(PackageNotFoundError):  # for another system
            made = installed_wheel(name, wheels) if name == "uv" else linking_wheel(name, folder, wheels)
            lock += "{}=={} \\\n    --hash=sha256:{}\n".format(*made) + f"    # via {askers}\n"
    (action / "requirements.lock").write_text(lock, encoding="utf-8")
    return action


def linking_wheel(name: str, folder: Path, wheels: Path) -> tuple[str, str, str]:
    """A wheel that leads to a package which is installed here; its name, version and sha256."""
    site = Path(sysconfig.get_path("purelib"))
    linked = folder / "linked" / name
    linked.mkdir(parents=True)
    for part in {file.parts[0] for file in distribution(name).files or ()} - {"..", "__pycache__"}:
        (linked / part).symlink_to(site / part)
    found_first = f"import sys; sys.path.insert(sys.path.index(sitedir), {str(linked)!r})\n"
    return plain_wheel(name, {f"{name}.pth": found_first.encode()}, wheels)


def installed_wheel(name: str, folder: Path) -> tuple[str, str, str]:
    """A wheel made again of a package that is installed here."""
    found = distribution(name)
    root = Path(str(found.locate_file("")))
    scripts = Path(sysconfig.get_path("scripts"))
    files = {}
    for item in found.files or ():
        path = Path(str(found.locate_file(item))).resolve()
        if "__pycache__" in path.parts or path.name in ("RECORD", "INSTALLER", "REQUESTED"):
            continue
        inside = path.is_relative_to(root)
        member = (
            path.relative_to(root).as_posix()
            if inside
            else f"{name}-{found.version}.data/scripts/{path.relative_to(scripts)}"
        )
        files[member] = path.read_bytes()
    return plain_wheel(name, files, folder, found.version)


def plain_wheel(name: str, files: Mapping[str, bytes], folder: Path, version: str = "1.0") -> tuple[str, str, str]:
    """A wheel of these files; its name, version and sha256."""
    stem = f"{name.replace('-', '_')}-{version}"
    info = f"{stem}.dist-info"
    members = {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        **files,
    }
    record = "".join(f"{path},sha256={_digest(data)},{len(data)}\n" for path, data in members.items())
    members[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n".encode()
    path = folder / f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        for member, data in members.items():
            entry = zipfile.ZipInfo(member, (2026, 1, 1, 0, 0, 0))
            entry.external_attr = 0o100755 << 16
            wheel.writestr(entry, data)
    return name, version, hashlib.sha256(path.read_bytes()).hexdigest()


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def _read(text: str, *, ok: bool) -> Run:
    outputs, log = {}, []
    for line in text.splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            log.append(line)
            continue
        message = str(entry.get("msg", ""))
        log.append(message)
        if entry.get("command") == "set-output" and len(entry["stepID"]) == 1:
            outputs[f"{entry['jobID']}/{entry['stepID'][0]}.{entry['name']}"] = str(entry["arg"])
    return Run(ok, "\n".join(log), outputs)
