"""The conda packages that hold well-known shared libraries: what a compiled package needs in ``host``."""

import re
from collections.abc import Iterable, Mapping
from typing import Final

PACKAGES: Final[Mapping[str, str]] = {
    "blosc": "blosc", "bz2": "bzip2", "cairo": "cairo", "cblas": "libcblas", "crypto": "openssl", "curl": "libcurl",
    "expat": "libexpat", "ffi": "libffi", "fftw3": "fftw", "fftw3f": "fftw", "freetype": "freetype", "gdal": "libgdal",
    "geos": "geos", "geos_c": "geos", "gmp": "gmp", "gsl": "gsl", "gslcblas": "gsl", "hdf5": "hdf5",
    "hdf5_hl": "hdf5", "jpeg": "libjpeg-turbo", "lapack": "liblapack", "lcms2": "lcms2", "lz4": "lz4-c",
    "lzma": "liblzma-devel", "mpfr": "mpfr", "netcdf": "libnetcdf", "openblas": "openblas", "openjp2": "openjpeg",
    "png16": "libpng", "pq": "libpq", "proj": "proj", "sndfile": "libsndfile", "snappy": "snappy",
    "sqlite3": "libsqlite", "ssl": "openssl", "tiff": "libtiff", "turbojpeg": "libjpeg-turbo", "uv": "libuv",
    "webp": "libwebp-base", "xml2": "libxml2-devel", "xslt": "libxslt", "yaml": "yaml", "z": "zlib", "zlib": "zlib",
    "zmq": "zeromq", "zstd": "zstd",
}  # fmt: skip
"""By the name of the library without ``lib``, its version and its suffix."""
_BY_THE_COMPILER: Final = frozenset(
    {
        "c", "c++", "c++abi", "dl", "gcc_s", "gfortran", "gomp", "iconv", "m", "omp", "objc", "pthread", "quadmath",
        "resolv", "rt", "stdc++", "system", "util",
    }
)  # fmt: skip
_LIBRARY: Final = re.compile(
    r"(?:lib)?(?P<name>[A-Za-z0-9_+]{1,100}?)(?:[-.]?\d[\d.]{0,30})?\.(?:so|dylib|dll)(?:\.[\d.]{1,30})?$"
)
_WITH_NUMBER: Final = (
    re.compile(r"(?:lib)?(?P<name>.{1,100}?)\.(?:so|dylib|dll)"),
    re.compile(r"(?:lib)?(?P<name>.{1,100}?)\.\d[\d.]{0,30}\.dylib"),
)
_LINKER: Final = re.compile(
    r"ld-linux|ld-musl|libc\.musl|linux-vdso|libpython3|python3\d{0,2}\.dll|libSystem\.", re.IGNORECASE
)
_OF_WINDOWS: Final = re.compile(
    r"(?:api-ms-win-|ext-ms-|advapi32|bcrypt|comctl32|comdlg32|concrt|crypt32|d3d|dbghelp|dwmapi|dxgi|gdi32|gdiplus|imm32"
    r"|iphlpapi|kernel32|kernelbase|msvcp|msvcrt|mswsock|ncrypt|netapi32|ntdll|ole32|oleaut32|opengl32|powrprof|psapi"
    r"|rpcrt4|secur32|setupapi|shell32|shlwapi|ucrtbase|user32|userenv|uxtheme|vcomp|vcruntime|version|winhttp|wininet"
    r"|winmm|ws2_32|wsock32)[^.]{0,60}\.dll$",
    re.IGNORECASE,
)
"""Libraries that are part of Windows, or come with the compiler."""


def find_host_packages(libraries: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the conda packages of shared libraries, and the libraries whose package is not known.

    What comes with the compiler, the system or Python is in neither.

    Args:
        libraries: as the system spells them: ``libz.so.1``, ``libz.1.dylib``, ``zlib1.dll``.
    """
    packages: set[str] = set()
    unknown: set[str] = set()
    for library in libraries:
        name = _find_stem(library)
        if name in PACKAGES:
            packages.add(PACKAGES[name])
        elif not _comes_anyway(library, name):
            unknown.add(library)
    return tuple(sorted(packages)), tuple(sorted(unknown))


def _find_stem(library: str) -> str:
    """Return the name of a library without ``lib``, version and suffix; it may end in a number that is its own."""
    for pattern in _WITH_NUMBER:
        match = pattern.match(library)
        if match and match["name"] in PACKAGES:
            return match["name"]
    match = _LIBRARY.match(library)
    return match["name"] if match else library


def _comes_anyway(library: str, name: str) -> bool:
    """Return whether a library comes with the compiler, the system or Python."""
    return name in _BY_THE_COMPILER or bool(_LINKER.match(library) or _OF_WINDOWS.match(library))
