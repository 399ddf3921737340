"""Compiled projects of a few lines, one for each usual build backend."""

from collections.abc import Mapping
from typing import Final

_COMMON = {"README.md": "# {name}\n", "LICENSE": "MIT License\n"}
_TABLE = """\
[build-system]
requires = [{requires}]
build-backend = "{backend}"
[project]
name = "{name}"
version = "1.0"
description = "A demonstration"
readme = "README.md"
license = "MIT"
license-files = ["LICENSE"]
requires-python = ">=3.11"
"""

_CRC = r"""
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <zlib.h>
static PyObject *crc(PyObject *self, PyObject *text) {
    Py_ssize_t size; char *bytes;
    if (PyBytes_AsStringAndSize(text, &bytes, &size)) return NULL;
    return PyLong_FromUnsignedLong(crc32(0, (const Bytef *)bytes, (uInt)size));
}
static PyMethodDef methods[] = {{"crc", crc, METH_O, ""}, {NULL}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_core", NULL, 0, methods};
PyMODINIT_FUNC PyInit__core(void) { return PyModuleDef_Init(&module); }
"""
GETPID: Final = r"""
#include <Python.h>
#include <unistd.h>
static PyObject *pid(PyObject *self, PyObject *none) { return PyLong_FromLong(getpid()); }
static PyMethodDef methods[] = {{"pid", pid, METH_NOARGS, ""}, {NULL}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_core", NULL, 0, methods};
PyMODINIT_FUNC PyInit__core(void) { return PyModuleDef_Init(&module); }
"""
_ABI3 = """\
[tool.setuptools]
packages = ["oneabi"]
[[tool.setuptools.ext-modules]]
name = "oneabi._core"
sources = ["oneabi/_core.c"]
py-limited-api = true
define-macros = [["Py_LIMITED_API", "0x030b0000"]]
[tool.distutils.bdist_wheel]
py-limited-api = "cp311"
"""
_SETUPTOOLS = """\
[tool.setuptools]
packages = ["quickcrc"]
ext-modules = [{name = "quickcrc._core", sources = ["quickcrc/_core.c"], libraries = ["z"]}]
"""
_DOUBLE = r"""
#include <Python.h>
static PyObject *twice(PyObject *self, PyObject *x) { return PyNumber_Add(x, x); }
static PyMethodDef methods[] = {{"twice", twice, METH_O, ""}, {NULL}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_core", NULL, 0, methods};
PyMODINIT_FUNC PyInit__core(void) { return PyModuleDef_Init(&module); }
"""
_MESON = """\
project('twice', 'c', version: '1.0')
py = import('python').find_installation(pure: false)
py.extension_module('_core', 'twice/_core.c', dependencies: py.dependency(), install: true, subdir: 'twice')
py.install_sources('twice/__init__.py', subdir: 'twice')
"""
_CMAKE = """\
cmake_minimum_required(VERSION 3.18)
project(double LANGUAGES C)
find_package(Python 3.11 REQUIRED COMPONENTS Interpreter Development.Module)
python_add_library(_core MODULE core.c WITH_SOABI)
install(TARGETS _core LIBRARY DESTINATION double)
"""
_CARGO = '[package]\nname = "rusty"\nversion = "1.0.0"\nedition = "2021"\n'
_LOCK = 'version = 4\n\n[[package]]\nname = "rusty"\nversion = "1.0.0"\n'


def _project(name: str, requires: str, backend: str, files: Mapping[str, str], settings: str = "") -> dict[str, str]:
    table = _TABLE.format(name=name, requires=requires, backend=backend) + settings
    common = {path: text.format(name=name) for path, text in _COMMON.items()}
    return {"pyproject.toml": table, **common, **files}


SETUPTOOLS: Final = _project(
    "quickcrc",
    '"setuptools>=77"',
    "setuptools.build_meta",
    {"quickcrc/__init__.py": "from quickcrc._core import crc\n", "quickcrc/_core.c": _CRC},
    _SETUPTOOLS,
)
ABI3: Final = _project(
    "oneabi",
    '"setuptools>=77"',
    "setuptools.build_meta",
    {"oneabi/__init__.py": "from oneabi._core import pid\n", "oneabi/_core.c": GETPID},
    _ABI3,
)
MESON: Final = _project(
    "twice",
    '"meson-python>=0.17"',
    "mesonpy",
    {
        "meson.build": _MESON,
        "twice/__init__.py": "from twice._core import twice\n",
        "twice/_core.c": _DOUBLE,
    },
)
SCIKIT: Final = _project(
    "double",
    '"scikit-build-core>=0.10"',
    "scikit_build_core.build",
    {"CMakeLists.txt": _CMAKE, "core.c": _DOUBLE, "src/double/__init__.py": "from double._core import twice\n"},
)
MATURIN: Final = _project(
    "rusty",
    '"maturin>=1.8"',
    "maturin",
    {"Cargo.toml": _CARGO, "Cargo.lock": _LOCK, "src/main.rs": 'fn main() { println!("rusty"); }\n'},
    '[tool.maturin]\nbindings = "bin"\n',
)
PROJECTS: Final[Mapping[str, Mapping[str, str]]] = {
    "setuptools": SETUPTOOLS,
    "abi3": ABI3,
    "meson-python": MESON,
    "scikit-build-core": SCIKIT,
    "maturin": MATURIN,
}
