"""Modules of other people's packages that are executed when something of them is wanted, and not before.

Our own code imports what is heavy where it is used; a package that imports all of itself at once can be made to do the
same from outside. Where its parts name one another as ``import package.part``, nothing else changes. `LazyLoader` of
the standard library is not safe among threads before Python 3.12.3, and loads what is imported from two places.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from threading import RLock
from types import ModuleType
from typing import Any, Final

_EXECUTING: Final = RLock()
"""One for all: modules that want one another must not be executed by two threads that wait for each other."""


def import_lazily(package: str, *others: str) -> None:
    """From now on execute the modules inside a package, and other modules that it imports, when they are wanted.

    Args:
        package: which itself is executed at once, and gains nothing if that has happened already.
        others: whole names of modules outside of it.
    """
    sys.meta_path.insert(0, _Finder(f"{package}.", others))


@dataclass(frozen=True)
class _Finder:
    prefix: str
    others: tuple[str, ...]

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if not fullname.startswith(self.prefix) and fullname not in self.others:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = _Loader(spec.loader.name, spec.loader.path)
        return spec


class _Loader(SourceFileLoader):
    executing = False

    def exec_module(self, module: ModuleType) -> None:
        module.__class__ = _Unexecuted

    def execute(self, module: ModuleType) -> None:
        """Do it now, unless another thread has, or this one is about to."""
        with _EXECUTING:
            waiting = type(module) is _Unexecuted
            if waiting and not self.executing:
                self.executing = True
                try:
                    super().exec_module(module)
                    module.__class__ = ModuleType
                finally:
                    self.executing = False


class _Unexecuted(ModuleType):
    def __getattribute__(self, name: str) -> Any:  # noqa: ANN401 - a module holds anything
        look = ModuleType.__getattribute__  # not by super(), as the class is another one afterwards
        if name != "__spec__":  # which the next `import` of it looks at, to see whether it waits for another thread
            look(self, "__spec__").loader.execute(self)
        return look(self, name)
