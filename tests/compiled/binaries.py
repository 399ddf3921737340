"""Real extension modules for other machines, cross-compiled by ziglang and kept between runs."""

import fcntl
import hashlib
import os
import struct
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

USES_LIBC = """
#include <stdio.h>
__attribute__((visibility("default"))) int PyInit__core(void) { return puts("core"); }
"""
USES_NEW_LIBC = """
#include <string.h>
__attribute__((visibility("default"))) int PyInit__core(void) { char to[9]; return (int)strlcpy(to, "core", 9); }
"""
USES_PYTHON = """
#include <stdio.h>
extern void *PyModule_Create2(void *, int);
extern const char *{symbol}(void *);
__attribute__((visibility("default"))) void *PyInit__core(void) {{ puts({symbol}(0)); return PyModule_Create2(0, 3); }}
"""
BARE = """
__attribute__((visibility("default"))) int PyInit__core(void) { return 1; }
int DllMainCRTStartup(void *a, unsigned b, void *c) { return 1; }
"""
GLIBC_2_17, GLIBC_2_38, GLIBC_ARM = "x86_64-linux-gnu.2.17", "x86_64-linux-gnu.2.38", "aarch64-linux-gnu.2.17"
MUSL = "x86_64-linux-musl"
MAC_ARM, MAC_INTEL, NEW_MAC = "aarch64-macos.11.0", "x86_64-macos.10.13", "aarch64-macos.14.0"
WINDOWS, WINDOWS_ARM = "x86_64-windows-gnu", "aarch64-windows-gnu"
BARE_OPTIONS = {"macos": ("-nostdlib", "-Wl,-undefined,dynamic_lookup"), "windows": ("-nostdlib",)}


def has_compiler() -> bool:
    try:
        return bool(version("ziglang"))
    except PackageNotFoundError:
        return False


def module(target: str, source: str = "") -> bytes:
    """Return an extension module for a target, as zig names it; it is compiled once on a machine.

    Without a source of its own it calls libc on Linux, and nothing on macOS and Windows, whose libraries take minutes.
    """
    system = target.split("-")[1].split(".", maxsplit=1)[0]
    options = BARE_OPTIONS.get(system, ())
    text = source or (BARE if options else USES_LIBC)
    key = hashlib.sha256("\0".join((version("ziglang"), target, text, *options)).encode()).hexdigest()[:16]
    folder = _cache()
    kept = folder / f"{key}.bin"
    if not kept.exists():
        with (folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # tests run side by side
            if not kept.exists():
                _compile(folder, target, text, options, kept)
    return kept.read_bytes()


def universal(*slices: bytes) -> bytes:
    """Return a Mach-O file of several machines; the slices are for x86_64 and arm64, in this order."""
    machines = ((0x01000007, 3), (0x0100000C, 0))
    offset, head, body = 0x4000, struct.pack(">II", 0xCAFEBABE, len(slices)), b""
    for (cpu, subtype), content in zip(machines, slices, strict=True):
        head += struct.pack(">IIIII", cpu, subtype, offset + len(body), len(content), 14)
        body += content.ljust(-(-len(content) // 0x4000) * 0x4000, b"\0")
    return head.ljust(offset, b"\0") + body


def _cache() -> Path:
    root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = root / "release-tools-tests" / "binaries"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _compile(folder: Path, target: str, text: str, options: Sequence[str], kept: Path) -> None:
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        source, made = Path(scratch, "core.c"), Path(scratch, "core.bin")
        source.write_text(text, encoding="utf-8")
        command = [sys.executable, "-m", "ziglang", "cc", "-target", target, "-shared", "-s", "-fno-sanitize=all"]
        caches = {"ZIG_GLOBAL_CACHE_DIR": str(folder / "zig"), "ZIG_LOCAL_CACHE_DIR": str(folder / "zig")}
        subprocess.run(
            [*command, *options, "-o", str(made), str(source)],
            env={**os.environ, **caches},
            check=True,
            capture_output=True,
        )
        made.replace(kept)
