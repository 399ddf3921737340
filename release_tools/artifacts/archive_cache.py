"""An archive is looked at by many steps of a run, and read by the first of them."""

import hashlib
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import Concatenate, Final, ParamSpec, TypeVar

from release_tools.artifacts.conda_packages import CondaPackage
from release_tools.artifacts.members import open_regular
from release_tools.artifacts.sdists import Sdist
from release_tools.artifacts.wheels import Wheel

_LARGEST: Final = 16 << 20
"""Bytes of a file beyond which its digest alone would take long, and what is remembered of it much room."""
_MOST: Final = 8
"""Archives of a kind that are remembered: of one release there are few, or so many that nobody has time for each."""

_More = ParamSpec("_More")
_Archive = TypeVar("_Archive", Wheel, Sdist, CondaPackage)


def remembered(read: Callable[Concatenate[Path, _More], _Archive]) -> Callable[Concatenate[Path, _More], _Archive]:
    """A reader that reads the same bytes under the same name once, wherever they lie and whoever asks.

    Whoever asks while another reads waits for that answer. A file that has changed is another one, by its digest.
    """
    known: dict[object, Future[_Archive]] = {}

    @wraps(read)
    def reader(path: Path, /, *more: _More.args, **named: _More.kwargs) -> _Archive:
        with open_regular(path) as (file, size):
            file.seek(0)
            digest = hashlib.sha256(file.read()).digest() if size <= _LARGEST else b""
        if not digest:
            return read(path, *more, **named)
        key, fresh = (path.name, digest, more, tuple(named.items())), Future[_Archive]()
        found = known.setdefault(key, fresh)
        if found is fresh:
            try:
                fresh.set_result(read(path, *more, **named))
            except BaseException as error:
                known.pop(key, None)  # unless so many others were read meanwhile that it is forgotten
                fresh.set_exception(error)
                raise
            for old in list(known)[:-_MOST]:
                known.pop(old, None)
        return replace(found.result(), path=path)

    return reader
