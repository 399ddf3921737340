"""Sound zip files that are no sound wheels."""

from functools import partial

from tests.archives.hostile import Hostile, named
from tests.archives.raw import (
    INFO,
    METADATA,
    MODULE,
    WHEEL,
    Part,
    record_line,
    wheel_bytes,
    zip_bytes,
)

WHEELS = (
    Hostile("no dist-info", "found none", partial(zip_bytes, [MODULE])),
    Hostile("two dist-infos", "found demo-1.0.dist-info, other-1.0.dist-info", named("other-1.0.dist-info/x")),
    Hostile("dist-info of another project", "its folder other-1.0", partial(wheel_bytes, info="other-1.0.dist-info")),
    Hostile("dist-info of another version", "says demo 1.1", partial(wheel_bytes, info="demo-1.1.dist-info")),
    Hostile("name in the metadata", "other 1.0", partial(wheel_bytes, metadata=METADATA.replace(b"demo", b"other"))),
    Hostile("version in the metadata", "says demo 2", partial(wheel_bytes, metadata=METADATA.replace(b"1.0", b"2"))),
    Hostile("two names", "name: ", partial(wheel_bytes, metadata=METADATA + b"Name: other\n")),
    Hostile("two versions", "version: ", partial(wheel_bytes, metadata=METADATA + b"Version: 2\n")),
    Hostile("no version", "version: ", partial(wheel_bytes, metadata=b"Metadata-Version: 2.1\nName: demo\n")),
    Hostile("version not PEP 440", "version: ", partial(wheel_bytes, metadata=METADATA.replace(b"1.0", b"one"))),
    Hostile("broken requirement", "requires-dist: ", partial(wheel_bytes, metadata=METADATA + b"Requires-Dist: a b\n")),
    Hostile("broken python", "requires-python: ", partial(wheel_bytes, metadata=METADATA + b"Requires-Python: new\n")),
    Hostile("metadata not text", "invalid metadata", partial(wheel_bytes, metadata=b"\xff\xfe\0")),
    Hostile(
        "no metadata", "'demo-1.0.dist-info/METADATA' is missing", partial(zip_bytes, [Part(f"{INFO}/WHEEL", WHEEL)])
    ),
    Hostile(
        "no WHEEL", "'demo-1.0.dist-info/WHEEL' is missing", partial(zip_bytes, [Part(f"{INFO}/METADATA", METADATA)])
    ),
    Hostile("future wheel", "Wheel-Version is 2.0", partial(wheel_bytes, wheel=WHEEL.replace(b": 1.0", b": 2.0"))),
    Hostile("no wheel version", "Wheel-Version is missing", partial(wheel_bytes, wheel=b"Tag: py3-none-any\n")),
    Hostile(
        "other tags",
        "its tags (cp311-cp311-win32)",
        partial(wheel_bytes, wheel=WHEEL.replace(b"py3-none-any", b"cp311-cp311-win32")),
    ),
    Hostile("tag of two lines", "(py3-none-any x\\x1bx)", partial(wheel_bytes, wheel=WHEEL[:-1] + b"\n \tx\x1bx\n")),
    Hostile("endless tag", f"({'x' * 500}...)", partial(wheel_bytes, wheel=WHEEL[:-13] + b"x" * 999 + b"-none-any\n")),
    Hostile("more tags", "are not those of the file name", partial(wheel_bytes, wheel=WHEEL + b"Tag: py2-none-any\n")),
    Hostile(
        "no record",
        "'demo-1.0.dist-info/RECORD' is missing",
        lambda: zip_bytes([Part(f"{INFO}/METADATA", METADATA), Part(f"{INFO}/WHEEL", WHEEL)]),
    ),
    Hostile(
        "not in the record",
        "'demo/x': in the wheel, but",
        partial(wheel_bytes, Part("demo/x", b"x"), unrecorded=("demo/x",)),
    ),
    Hostile(
        "digest missing", "'demo/__init__.py': in the wheel, but", partial(wheel_bytes, record="demo/__init__.py,,\n")
    ),
    Hostile(
        "not in the wheel", "'gone.py': in RECORD, but not", partial(wheel_bytes, record=record_line("gone.py", b""))
    ),
    Hostile(
        "outside the wheel",
        "'../../bin/x': in RECORD, but not",
        partial(wheel_bytes, record=record_line("../../bin/x", b"")),
    ),
    Hostile(
        "other content",
        "'demo/__init__.py': content does not match",
        partial(wheel_bytes, record=record_line(MODULE.name, b"y = 2\n")),
    ),
    Hostile(
        "other size",
        "'demo/__init__.py': content does not match",
        partial(wheel_bytes, record=record_line(MODULE.name, MODULE.data).replace(",6", ",7")),
    ),
    Hostile(
        "weak digest",
        "a digest that is none of",
        partial(wheel_bytes, record=record_line(MODULE.name, MODULE.data, "md5")),
    ),
    Hostile("digest not base64", "RECORD: corrupt", partial(wheel_bytes, record="demo/__init__.py,sha256=!!!!,6\n")),
    Hostile(
        "recorded twice", "is listed twice", partial(wheel_bytes, record=record_line(MODULE.name, MODULE.data) * 2)
    ),
    Hostile("record of two columns", "RECORD: corrupt", partial(wheel_bytes, record="demo/__init__.py,sha256=x\n")),
    Hostile("record not closed", "RECORD: corrupt", partial(wheel_bytes, record='"demo/__init__.py')),
    Hostile("unknown scheme", "in a data folder that installers do not know", named("demo-1.0.data/etc/x")),
    Hostile("scheme without a file", "in a data folder that installers do not know", named("demo-1.0.data/scripts")),
    Hostile("data of another project", "in a data folder that installers do not know", named("other-1.0.data/data/x")),
    Hostile(
        "two members for one place",
        "'lib/demo/__init__.py' occurs twice",
        named("demo-1.0.data/purelib/demo/__init__.py"),
    ),
    Hostile("command elsewhere", "'../x'", partial(wheel_bytes, entry_points=b"[console_scripts]\n../x = demo:main\n")),
    Hostile(
        "command with a backslash",
        "is invalid",
        partial(wheel_bytes, entry_points=b"[gui_scripts]\n..\\x = demo:main\n"),
    ),
    Hostile(
        "command without a function", "is invalid", partial(wheel_bytes, entry_points=b"[console_scripts]\nx = demo\n")
    ),
    Hostile(
        "command with code", "is invalid", partial(wheel_bytes, entry_points=b"[console_scripts]\nx = os; evil()\n")
    ),
    Hostile(
        "command twice", "already exists", partial(wheel_bytes, entry_points=b"[console_scripts]\nx = a:b\nx = a:c\n")
    ),
    Hostile("entry points not text", "entry_points.txt: ", partial(wheel_bytes, entry_points=b"\xff[x]")),
    Hostile("entry points not a table", "entry_points.txt: ", partial(wheel_bytes, entry_points=b"main = demo:main\n")),
    Hostile("file name not of a wheel", "wrong number of parts", wheel_bytes, "demo.whl"),
    Hostile("file name of another project", "its file name says other", wheel_bytes, "other-1.0-py3-none-any.whl"),
    Hostile("file name of another version", "its file name says demo 2", wheel_bytes, "demo-2.0-py3-none-any.whl"),
)
