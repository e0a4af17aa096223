"""requests, for sessions whose adapter does not send through urllib3: hooked where a session chooses it.

`HTTPAdapter` and its subclasses are left to urllib3's interceptor, which sees every attempt. An adapter of
another class may send by any means, or answer in this process: so only its requests to LLM providers count,
and those of known test doubles never do. What it sends through a hooked library below is claimed here.
"""

from __future__ import annotations

import sys
from functools import wraps
from typing import TYPE_CHECKING, cast

from tokentape.interceptors.base import NoSeam
from tokentape.interceptors.patching import Patch
from tokentape.interceptors.requests.driver import Driver, Requests

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    import requests
    from requests.adapters import BaseAdapter

    from tokentape.interceptors.base import Tape

SEAM = "get_adapter"
DOUBLES = frozenset({"requests_mock", "responses"})
"""Packages whose adapters answer in place of a server."""


class RequestsInterceptor:
    """Hooks the sessions of requests."""

    name = "requests"
    modules = ("requests",)

    def __init__(self, tape: Tape) -> None:
        self._tape = tape
        self._patch: Patch | None = None

    def attach(self, module: ModuleType) -> None:
        """Hook `Session`. Raises `NoSeam` where it has no `get_adapter`."""
        if SEAM not in vars(getattr(module, "Session", object)):
            raise NoSeam(f"it has no Session.{SEAM}")
        if self._patch is None:
            self._patch = Patch(module.Session, SEAM, self._replacement(Requests(module)))
        else:
            self._patch.redo()

    def detach(self) -> None:
        """Put the original back, where it is still ours to put back."""
        if self._patch is not None and self._patch.undo():
            self._patch = None

    def is_attached(self, name: str) -> bool:
        """True if requests is imported and hooked."""
        return name in sys.modules and self._patch is not None and self._patch.is_in_place

    def unsupported(self, name: str) -> str | None:
        """Every version that has adapters can be hooked."""
        return None

    def _replacement(
        self, library: Requests
    ) -> Callable[[Patch, Callable[..., object]], Callable[..., object]]:
        tape, idle = self._tape, self._tape.idle
        native = (library.module.adapters.HTTPAdapter, Driver)

        def make(patch: Patch, original: Callable[..., object]) -> Callable[..., object]:
            @wraps(original)
            def get_adapter(self: requests.Session, url: str) -> object:
                adapter = original(self, url)
                if idle() or not patch.is_on or isinstance(adapter, native) or _is_double(adapter):
                    return adapter
                return library.driver(library, tape, cast("BaseAdapter", adapter))

            return get_adapter

        return make


def _is_double(adapter: object) -> bool:
    kinds: tuple[type[BaseAdapter], ...] = type(adapter).__mro__
    return any(kind.__module__.partition(".")[0] in DOUBLES for kind in kinds)
