"""Test which conda package holds a shared library, as each system spells its name."""

import pytest

from release_tools.recipe.host_libraries import find_host_packages

FOUND = {
    "libz.so.1": "zlib",
    "libz.1.2.13.dylib": "zlib",
    "zlib1.dll": "zlib",
    "libpng16.so.16": "libpng",
    "libpng16.16.dylib": "libpng",
    "libgeos_c.so.1": "geos",
    "libgeos.so.3.11.1": "geos",
    "libhdf5.so.310.4.0": "hdf5",
    "libssl.so.3": "openssl",
    "libopenblas.so.0": "openblas",
}
BY_THE_COMPILER = (
    *("libc.so.6", "libm.so.6", "libgcc_s.so.1", "libstdc++.so.6", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"),
    *("libgomp.so.1", "libc++.1.dylib", "libpython3.12.so.1.0", "libgfortran.so.5", "libpthread.so.0"),
)


@pytest.mark.parametrize("library", FOUND)
def test_the_package_of_a_library_is_known(library: str) -> None:
    assert find_host_packages([library]) == ((FOUND[library],), ())


@pytest.mark.parametrize("library", BY_THE_COMPILER)
def test_what_the_compiler_or_python_brings_is_no_requirement(library: str) -> None:
    assert find_host_packages([library]) == ((), ())


def test_a_library_that_no_table_knows_is_named() -> None:
    assert find_host_packages(["libz.so.1", "libfrobnicate.so.4"]) == (("zlib",), ("libfrobnicate.so.4",))
