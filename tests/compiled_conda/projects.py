"""A compiled project ``fastsum`` that builds itself with whatever compiler it is given, and links to zlib."""

from typing import Final

BACKEND: Final = r'''
import base64, hashlib, io, os, pathlib, re, shlex, subprocess, sysconfig, tarfile, zipfile

NAME, VERSION = "fastsum", "1.0"
METADATA = """Metadata-Version: 2.4
Name: fastsum
Version: 1.0
Summary: Sums in C
License-Expression: MIT
License-File: LICENSE
Requires-Python: >=3.11
Description-Content-Type: text/markdown

# Sums in C
"""


def build_sdist(folder, settings=None):
    root = f"{NAME}-{VERSION}"
    with tarfile.open(pathlib.Path(folder, f"{root}.tar.gz"), "w:gz") as archive:
        files = {"PKG-INFO": METADATA.encode()}
        found = [path for path in sorted(pathlib.Path().rglob("*")) if path.is_file() and ".git" not in path.parts]
        files |= {path.as_posix(): path.read_bytes() for path in found}
        for name, content in files.items():
            member = tarfile.TarInfo(f"{root}/{name}")
            member.size, member.mtime = len(content), int(os.environ["SOURCE_DATE_EPOCH"])
            archive.addfile(member, io.BytesIO(content))
    return f"{root}.tar.gz"


def build_wheel(folder, settings=None, metadata=None):
    python = sysconfig.get_config_var("py_version_nodot")
    machine = sysconfig.get_platform().replace("-", "_").replace(".", "_")
    tag = f"cp{python}-cp{python}-{machine}"
    module = pathlib.Path(folder, "core.so")
    flags = shlex.split(os.environ.get("CFLAGS", "-O2"))
    linked = [*shlex.split(os.environ.get("LDFLAGS", "")), "-lz"]
    compiler = shlex.split(os.environ.get("CC") or "gcc")
    include = sysconfig.get_path("include")
    given = ["-shared", "-fPIC", "-I", include, "core.c", "-o", str(module)]
    subprocess.run([*compiler, *flags, *given, *linked], check=True)
    info = f"{NAME}-{VERSION}.dist-info"
    files = {path.as_posix(): path.read_bytes() for path in sorted(pathlib.Path("fastsum").glob("*.py"))}
    files |= {
        f"fastsum/_core{sysconfig.get_config_var('EXT_SUFFIX')}": module.read_bytes(),
        f"{info}/METADATA": METADATA.encode(),
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: false\nTag: {tag}\n".encode(),
        f"{info}/entry_points.txt": b"[console_scripts]\nfastsum = fastsum:main\n",
        f"{info}/licenses/LICENSE": pathlib.Path("LICENSE").read_bytes(),
    }
    module.unlink()
    rows = []
    for name, content in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        rows.append(f"{name},sha256={digest},{len(content)}\n")
    files[f"{info}/RECORD"] = "".join([*rows, f"{info}/RECORD,,\n"]).encode()
    name = f"{NAME}-{VERSION}-{tag}.whl"
    with zipfile.ZipFile(pathlib.Path(folder, name), "w") as wheel:
        for path, content in files.items():
            wheel.writestr(zipfile.ZipInfo(path, (2026, 1, 1, 0, 0, 0)), content)
    return name
'''
CORE: Final = """\
#include <Python.h>
#include <zlib.h>
static PyObject *sum(PyObject *self, PyObject *args) {
    long a, b;
    if (!PyArg_ParseTuple(args, "ll", &a, &b)) return NULL;
    return PyLong_FromLong(a + b + (long)crc32(0L, Z_NULL, 0));
}
static PyMethodDef methods[] = {{"sum", sum, METH_VARARGS, "Add."}, {0}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_core", 0, -1, methods};
PyMODINIT_FUNC PyInit__core(void) { return PyModule_Create(&module); }
"""
PYPROJECT: Final = """\
[build-system]
requires = []
build-backend = "backend"
backend-path = ["build-backend"]

[project]
name = "fastsum"
version = "1.0"
scripts.fastsum = "fastsum:main"

[tool.cibuildwheel]
build = "cp31*-manylinux_x86_64"
"""
FASTSUM: Final = '''\
"""Sums in C."""

from fastsum._core import sum

__all__ = ["sum"]


def main() -> None:
    print(sum(1, 2))
'''


_ABI3: Final = {
    'tag = f"cp{python}-cp{python}-{machine}"': 'tag = f"cp311-abi3-{machine}"',
    "{sysconfig.get_config_var('EXT_SUFFIX')}": ".abi3.so",
}
"""Differences of the backend for the stable ABI."""


def fastsum_for_abi3() -> dict[str, str]:
    """The project for CPython's stable ABI, that of 3.11."""
    files = fastsum('[tool.distutils.bdist_wheel]\npy-limited-api = "cp311"\n')
    backend = files["build-backend/backend.py"]
    for old, new in _ABI3.items():
        assert old in backend
        backend = backend.replace(old, new)
    core = "#define Py_LIMITED_API 0x030b0000\n" + files["core.c"]
    return files | {"build-backend/backend.py": backend, "core.c": core}


def fastsum(settings: str = "") -> dict[str, str]:
    """The project's files by path."""
    return {
        "pyproject.toml": PYPROJECT + settings,
        "build-backend/backend.py": BACKEND,
        "core.c": CORE,
        "fastsum/__init__.py": FASTSUM,
        "LICENSE": "Permission is hereby granted, free of charge, to any person\n",
        "README.md": "# Sums in C\n",
    }
