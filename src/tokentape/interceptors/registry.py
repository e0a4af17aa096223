"""Which interceptors there are, and when they are in place.

Ours are the tuple below; third parties add theirs by the entry point group `tokentape.interceptors`, whose
entries are `base.Factory`: called with the tape, they return an interceptor. Holds are counted: the first
`hold` attaches, the last `release` detaches.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from tokentape import active
from tokentape.errors import UsageError
from tokentape.forks import renewed
from tokentape.interceptors import ending
from tokentape.interceptors.aiohttp import AiohttpInterceptor
from tokentape.interceptors.base import NoSeam
from tokentape.interceptors.httpclient import HttpClientInterceptor
from tokentape.interceptors.httpx import HttpxInterceptor
from tokentape.interceptors.imports import when_imported
from tokentape.interceptors.requests import RequestsInterceptor
from tokentape.interceptors.urllib3 import Urllib3Interceptor
from tokentape.log import log

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import ModuleType

    from tokentape.interceptors.base import Factory, Interceptor, Tape

BUILT_IN: tuple[Factory, ...] = (
    HttpxInterceptor,
    RequestsInterceptor,
    Urllib3Interceptor,
    HttpClientInterceptor,
    AiohttpInterceptor,
)
GROUP = "tokentape.interceptors"

_registry: list[Registry] = []
_lock = renewed(threading.RLock())


class Registry:
    """A set of interceptors and how often they are held."""

    def __init__(self, factories: Iterable[Factory], tape: Tape) -> None:
        """Raises `UsageError` where two interceptors have one name."""
        self.interceptors = tuple(factory(tape) for factory in factories)
        names = [interceptor.name for interceptor in self.interceptors]
        for name in names:
            if names.count(name) > 1:
                raise UsageError(f"two interceptors are called {name!r}: uninstall one of the packages")
        self._holds = 0
        self._waits: list[Callable[[], None]] = []
        self._warned: set[str] = set()

    def hold(self) -> None:
        """Have the interceptors in place, also for libraries imported later, until `release`."""
        self._holds += 1
        if self._holds > 1:
            return
        for interceptor in self.interceptors:
            for name in interceptor.modules:
                self._waits.append(when_imported(name, self._attaching(interceptor, name)))

    def release(self) -> None:
        """Undo one `hold`; the last one puts everything back. More releases than holds do nothing."""
        ending.settle()
        if self._holds != 1:
            self._holds = max(0, self._holds - 1)
            return
        self._holds = 0
        while self._waits:
            self._waits.pop()()
        for interceptor in self.interceptors:
            interceptor.detach()

    def _attaching(self, interceptor: Interceptor, name: str) -> Callable[[ModuleType], None]:
        def attach(module: ModuleType) -> None:
            try:
                interceptor.attach(module)
            except NoSeam as lack:
                self._warn(name, module, lack)
            else:
                log.debug("%s: hooked by interceptor %s", name, interceptor.name)

        return attach

    def _warn(self, name: str, module: ModuleType, lack: NoSeam) -> None:
        if name in self._warned:
            return
        self._warned.add(name)
        version = getattr(module, "__version__", "of unknown version")
        log.warning("%s %s is not recorded: %s", name, version, lack)


def hold() -> None:
    """Attach every interceptor, now or when its library is imported. Counted: see `release`.

    Raises `UsageError` for two interceptors of one name, or an entry point that cannot be loaded.
    """
    with _lock:
        _the_registry().hold()


def release() -> None:
    """Undo one `hold`. The last one detaches."""
    with _lock:
        _the_registry().release()


def interceptors() -> tuple[Interceptor, ...]:
    """Every interceptor: ours, then those of entry points by name."""
    with _lock:
        return _the_registry().interceptors


def _the_registry() -> Registry:
    if not _registry:
        _registry.append(Registry((*BUILT_IN, *_from_entry_points()), active))
    return _registry[0]


def _from_entry_points() -> list[Factory]:
    from importlib.metadata import entry_points

    factories: list[Factory] = []
    for entry in sorted(entry_points(group=GROUP)):
        try:
            factories.append(entry.load())
        except (ImportError, AttributeError) as error:
            raise UsageError(
                f"interceptor {entry.name!r} ({entry.value}) cannot be loaded: {error}"
            ) from error
    return factories
