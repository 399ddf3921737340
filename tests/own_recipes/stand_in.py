"""A strict stand-in for conda-build, which is not on the package index; the tests put it on their channel.

It takes the options that conda-build has and refuses everything else, refuses an environment that conda-build must not
get, asks git in the recipe's repository as conda-build does, renders ``meta.yaml`` by jinja, applies selectors, makes a
host environment with the Python of each variant, runs ``build.sh`` or the script line in a copy of the source, and
packs what is new. What it does not do is solve: the host environment has Python and pip alone.
"""

import argparse
import hashlib
import io
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import time
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

VERSION = "26.7.0"
FORBIDDEN = re.compile(r"TOKEN|SECRET|PASSWORD|API_KEY|CREDENTIAL")
FORBIDDEN_FILES = (".condarc", ".conda/condarc", ".continuum", ".config/conda/condarc")
SELECTOR = re.compile(r"(.+?)\s*#\s*\[([^\[\]]+)\]\s*$")
PREFIX_LENGTH = 255
DEFAULTS = {"c_compiler": ["gcc"], "numpy": ["1.26"], "python": [f"{sys.version_info.major}.{sys.version_info.minor}"]}


@dataclass
class Config:
    """conda-build's ``Config``, as far as it is used."""

    platform: str
    arch: str
    croot: str = ""
    verbose: bool = True
    variant: dict[str, str] = field(default_factory=dict)

    @property
    def host_subdir(self) -> str:
        return f"{self.platform}-{self.arch}"


class MetaData:
    """One rendered package."""

    def __init__(self, folder: Path, variant: dict[str, str], config: Config) -> None:
        self.folder = folder
        self.config = Config(config.platform, config.arch, config.croot, variant=variant)
        self.text = _selected((folder / "meta.yaml").read_text(encoding="utf-8"), self.config)
        self.data = _rendered(self.text, folder, variant)

    def name(self) -> str:
        return str(self.data["package"]["name"])

    def version(self) -> str:
        return str(self.data["package"]["version"])

    @property
    def noarch(self) -> str:
        return str((self.data.get("build") or {}).get("noarch") or "")

    def skip(self) -> bool:
        return bool((self.data.get("build") or {}).get("skip"))

    def get_used_vars(self) -> set[str]:
        requirements = self.data.get("requirements") or {}
        return {line.split()[0] for section in ("host", "build") for line in requirements.get(section) or []}

    def build_id(self) -> str:
        number = int((self.data.get("build") or {}).get("number") or 0)
        used = self.get_used_vars() if not self.noarch else set()
        digest = hashlib.sha1(json.dumps(self.config.variant, sort_keys=True).encode()).hexdigest()[:7]  # noqa: S324
        python = "py" if self.noarch == "python" else ""
        if not self.noarch and "python" in used:
            python = "py" + "".join(self.config.variant["python"].split()[0].split(".")[:2])
        return f"{python}h{digest}_{number}"


def _selected(text: str, config: Config) -> str:
    """Apply the selectors."""
    names = {
        "linux": config.platform == "linux",
        "osx": config.platform == "osx",
        "win": config.platform == "win",
        "unix": config.platform != "win",
    }
    kept = []
    for line in text.splitlines():
        match = SELECTOR.match(line)
        if match is None:
            kept.append(line)
        elif eval(match[2], {"__builtins__": {}}, names):  # noqa: S307 - as conda-build does
            kept.append(match[1])
    return "\n".join(kept)


def _rendered(text: str, folder: Path, variant: dict[str, str]) -> dict[str, Any]:
    import jinja2
    import yaml

    def load_file_data(name: str, **_: object) -> dict[str, Any]:
        path = next(path for path in (folder / name, folder.parent / name) if path.is_file())
        return tomllib.loads(path.read_text(encoding="utf-8"))

    environ = {**os.environ, **_git_variables(folder)}
    template = jinja2.Environment(undefined=jinja2.StrictUndefined).from_string(text)  # noqa: S701 - no HTML
    rendered = template.render(
        environ=environ, load_file_data=load_file_data, compiler=lambda language: f"{language}-compiler", **variant
    )
    data: dict[str, Any] = yaml.safe_load(rendered)
    return data


def _git_variables(folder: Path) -> dict[str, str]:
    """Return what git says of the recipe's repository; a variable of the environment counts for nothing."""
    for name in ("GIT_DESCRIBE_TAG", "GIT_DESCRIBE_NUMBER"):
        os.environ.pop(name, None)
    asked = subprocess.run(
        ["git", "describe", "--tags", "--long", "HEAD"], cwd=folder, capture_output=True, text=True, check=False
    )
    if asked.returncode:
        return {}
    tag, number, short = asked.stdout.strip().rsplit("-", 2)
    return {"GIT_DESCRIBE_TAG": tag, "GIT_DESCRIBE_NUMBER": number, "GIT_DESCRIBE_HASH": short}


def _variants(folder: Path, config: Config) -> Iterator[dict[str, str]]:
    import yaml

    values: dict[str, list[str]] = dict(DEFAULTS)
    file = folder / "conda_build_config.yaml"
    if file.is_file():
        loaded = yaml.safe_load(_selected(file.read_text(encoding="utf-8"), config))
        values |= {name: list(map(str, found)) for name, found in loaded.items()}
    for chosen in itertools.product(*values.values()):
        yield dict(zip(values, chosen, strict=True))


def render(
    recipe_path: str,
    config: Config,
    *,
    finalize: bool,
    bypass_env_check: bool,
    permit_unsatisfiable_variants: bool,
) -> list[tuple[MetaData, bool, bool]]:
    """``conda_build.api.render``, which does not solve here either."""
    if finalize or not bypass_env_check or not permit_unsatisfiable_variants:
        raise RuntimeError("rendering would solve")
    every = [MetaData(Path(recipe_path), variant, config) for variant in _variants(Path(recipe_path), config)]
    return [(metadata, False, False) for metadata in {one.build_id(): one for one in every}.values()]


def _check_environment() -> None:
    """Refuse what conda-build must not get."""
    secrets = sorted(name for name in os.environ if FORBIDDEN.search(name))
    home = Path(os.environ["HOME"])
    found = [name for name in FORBIDDEN_FILES if (home / name).exists()]
    strange = sorted(name for name in os.environ if name.startswith(("RELEASE_TOOLS_", "PYTHON")))
    if secrets or found or strange or not Path(os.environ.get("CONDARC", "")).is_file():
        raise SystemExit(f"conda-build must not get this: {secrets} {found} {strange}")


def main(arguments: Sequence[str] | None = None) -> int:
    """The program ``conda-build``."""
    _check_environment()
    parser = argparse.ArgumentParser("conda-build", allow_abbrev=False)
    parser.add_argument("recipe", type=Path)
    parser.add_argument("--override-channels", action="store_true", required=True)
    parser.add_argument("--channel", action="append", required=True)
    parser.add_argument("--croot", type=Path, required=True)
    parser.add_argument("--no-build-id", action="store_true", required=True)
    parser.add_argument("--output-folder", type=Path, required=True)
    parser.add_argument("--no-anaconda-upload", action="store_true", required=True)
    options = parser.parse_args(arguments)
    machine = os.uname().machine
    config = Config("linux" if sys.platform == "linux" else "osx", {"x86_64": "64"}.get(machine, machine))
    rendered = render(
        str(options.recipe), config, finalize=False, bypass_env_check=True, permit_unsatisfiable_variants=True
    )
    for metadata, _, _ in rendered:
        if not metadata.skip():
            _build(metadata, options.croot, options.output_folder)
    return 0


def _build(metadata: MetaData, croot: Path, output: Path) -> None:
    work = croot / metadata.name()
    shutil.rmtree(work, ignore_errors=True)
    source = (metadata.folder / metadata.data["source"]["path"]).resolve()
    shutil.copytree(source, work / "work")
    prefix = work / ("_h_env" + "_placehold" * 30)[: PREFIX_LENGTH - len(str(work)) - 1]
    minor = ".".join(metadata.config.variant["python"].split()[0].split(".")[:2])
    known = json.loads(Path(__file__).with_name("pythons.json").read_text())[minor]
    subprocess.run([known["python"], "-m", "venv", "--without-pip", prefix], check=True)
    before = set(_files(prefix))
    build = metadata.data.get("build") or {}
    script = build.get("script") or f"bash {metadata.folder / 'build.sh'}"
    environ = {
        **os.environ,
        "PREFIX": str(prefix),
        "PYTHON": str(prefix / "bin" / "python"),
        "PYTHONPATH": known["pip"],
        "PYTHONDONTWRITEBYTECODE": "1",
        "SRC_DIR": str(work / "work"),
        "SP_DIR": str(prefix / "lib" / f"python{minor}" / "site-packages"),
        "PKG_VERSION": metadata.version(),
        "RECIPE_DIR": str(metadata.folder),
    }
    subprocess.run(["bash", "-c", script], cwd=work / "work", env=environ, check=True)
    _test(metadata, prefix, environ)
    _pack(metadata, prefix, sorted(set(_files(prefix)) - before), output, minor)


def _files(prefix: Path) -> Iterator[Path]:
    return (path for path in prefix.rglob("*") if path.is_file() and path.suffix != ".pyc")


def _test(metadata: MetaData, prefix: Path, environ: dict[str, str]) -> None:
    test = metadata.data.get("test") or {}
    path = f"{prefix / 'bin'}{os.pathsep}{environ['PATH']}"
    for module in test.get("imports") or []:
        subprocess.run([environ["PYTHON"], "-c", f"import {module}"], check=True, env={**environ, "PATH": path})
    for command in test.get("commands") or []:
        subprocess.run(["bash", "-c", command], check=True, env={**environ, "PATH": path})


def _pack(metadata: MetaData, prefix: Path, files: list[Path], output: Path, minor: str) -> None:
    subdir = "noarch" if metadata.noarch else metadata.config.host_subdir
    depends = [str(line) for line in (metadata.data.get("requirements") or {}).get("run") or []]
    if not metadata.noarch and "python" in metadata.get_used_vars():
        after = f"3.{int(minor.split('.')[1]) + 1}"
        depends = [f"python >={minor},<{after}.0a0" if line == "python" else line for line in depends]
        depends.append(f"python_abi {minor}.* *_cp{minor.replace('.', '')}")
    build = metadata.build_id()
    index = {
        "arch": None,
        "build": build,
        "build_number": int(build.rpartition("_")[2]),
        "depends": depends,
        "license": (metadata.data.get("about") or {}).get("license"),
        "name": metadata.name(),
        "platform": None,
        "subdir": subdir,
        "timestamp": time.time_ns() // 1_000_000,
        "version": metadata.version(),
        **({"noarch": metadata.noarch} if metadata.noarch else {}),
    }
    paths, contents = [], {}
    for file in files:
        name, content = file.relative_to(prefix).as_posix(), file.read_bytes()
        if metadata.noarch == "python":
            name = re.sub(r"^lib/python3\.\d+/", "", name)
        entry = {"_path": name, "path_type": "hardlink", "size_in_bytes": len(content)}
        entry["sha256"] = hashlib.sha256(content).hexdigest()
        if str(prefix).encode() in content:
            entry |= {"file_mode": "text", "prefix_placeholder": str(prefix)}
        paths.append(entry)
        contents[name] = (content, os.access(file, os.X_OK))
    about = {"conda_build_version": VERSION, "channels": ["file:///somewhere"], "root_pkgs": ["here"]}
    documents = {
        "index.json": json.dumps(index),
        "paths.json": json.dumps({"paths": paths, "paths_version": 1}),
        "about.json": json.dumps(about),
        "files": "".join(f"{entry['_path']}\n" for entry in paths),
        "git": f"built in {metadata.folder}",
        "recipe/meta.yaml": f"# template originally from: {metadata.folder}, {time.time()}\n",
        "recipe/meta.yaml.template": (metadata.folder / "meta.yaml").read_text(encoding="utf-8"),
    }
    if metadata.noarch == "python":
        documents["link.json"] = json.dumps({"noarch": {"type": "python"}, "package_metadata_version": 1})
    (output / subdir).mkdir(parents=True, exist_ok=True)
    path = output / subdir / f"{metadata.name()}-{metadata.version()}-{build}.tar.bz2"
    with tarfile.open(path, "w:bz2") as archive:
        for name, text in documents.items():
            _add(archive, f"info/{name}", text.encode(), executable=False)
        for name, (content, executable) in contents.items():
            _add(archive, name, content, executable=executable)


def _add(archive: tarfile.TarFile, name: str, content: bytes, *, executable: bool) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mtime, member.mode = len(content), int(time.time()), 0o755 if executable else 0o644
    archive.addfile(member, io.BytesIO(content))
