"""Call back when a module is imported: at once if it is there, else right after it has been executed.

A finder in front of `sys.meta_path` lets the others find the module and wraps the loader they give. The
wrapper steps out before the module runs: `__spec__.loader` and `__loader__` are the real ones from then
on, so `inspect.getsource`, `importlib.resources` and `importlib.reload` see what they always see. (PEP 451
loaders only: one without `exec_module` is left alone.)
"""

from __future__ import annotations

import sys
import threading
from importlib import import_module
from typing import TYPE_CHECKING, cast

from tokentape.forks import renewed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from importlib.abc import Loader
    from importlib.machinery import ModuleSpec
    from types import ModuleType

    Callback = Callable[[ModuleType], None]


class _Wait:
    """One who waits; the same callback may wait twice."""

    def __init__(self, callback: Callback) -> None:
        self.callback = callback


_lock = renewed(threading.RLock())
_waiting: dict[str, list[_Wait]] = {}


def when_imported(name: str, callback: Callback) -> Callable[[], None]:
    """Call `callback` with the module `name`: now, if it is imported, and after each (re)execution.

    Returns the function that cancels it. A module that another thread is importing is waited for.
    """
    wait = _Wait(callback)
    with _lock:
        _waiting.setdefault(name, []).append(wait)
        if _finder not in sys.meta_path:
            sys.meta_path.insert(0, _finder)
    module = sys.modules.get(name)
    if module is not None:
        if getattr(module.__spec__, "_initializing", False):
            module = import_module(name)
        callback(module)
    return lambda: _cancel(name, wait)


def _cancel(name: str, wait: _Wait) -> None:
    with _lock:
        waits = _waiting.get(name, [])
        if wait in waits:
            waits.remove(wait)
        if not waits:
            _waiting.pop(name, None)
        if not _waiting and _finder in sys.meta_path:
            sys.meta_path.remove(_finder)


class _Finder:
    """Finds what the other finders find, and wraps the loader of a module that is waited for."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name not in _waiting:
            return None
        spec = self._found_by_others(name, path, target)
        if spec is not None and spec.loader is not None and hasattr(spec.loader, "exec_module"):
            spec.loader = cast("Loader", _Loader(spec, spec.loader))
        return spec

    def _found_by_others(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None
    ) -> ModuleSpec | None:
        for finder in list(sys.meta_path):
            if finder is self or not hasattr(finder, "find_spec"):
                continue
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                return spec
        return None


_finder = _Finder()


class _Loader:
    """Stands in for a loader until it executes the module, then steps out and tells who waited."""

    def __init__(self, spec: ModuleSpec, loader: Loader) -> None:
        self._spec = spec
        self._loader = loader

    def __getattr__(self, name: str) -> object:
        return getattr(self._loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._spec.loader = self._loader
        if getattr(module, "__loader__", None) is self:
            module.__loader__ = self._loader
        self._loader.exec_module(module)
        with _lock:
            waits = list(_waiting.get(self._spec.name, ()))
        for wait in waits:
            wait.callback(module)
