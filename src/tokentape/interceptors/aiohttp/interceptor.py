"""aiohttp, hooked where a request asks for a connection: `BaseConnector.connect`.

It is the one call common to aiohttp 3.9 and all since. The request is final there (method, URL, headers,
body), every redirect hop and retry passes it, and it sees sessions and pooled connections made before
activation. Recording: the real connection, with a tee between its transport and its protocol. Replay: a
connection whose protocol is the library's own, fed with the recorded bytes; no socket, no proxy and no TLS
is touched, and everything above it (parser, decoding, timers, cookies, redirects) stays the library's.
"""

from __future__ import annotations

import sys
from functools import partial, wraps
from typing import TYPE_CHECKING, cast

from tokentape.interceptors.base import NoSeam
from tokentape.interceptors.patching import Patch

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from types import ModuleType

    import aiohttp
    from aiohttp.connector import Connection

    from tokentape.interceptors.aiohttp.driver import Driver
    from tokentape.interceptors.base import Tape

SEAM = "connect"
NEEDED = (
    "BaseConnector.connect", "client_proto.ResponseHandler.set_response_params", "connector.Connection",
    "http_writer.StreamWriter", "base_protocol.BaseProtocol", "payload.Payload", "streams.StreamReader._wait",
    "http_exceptions.HttpProcessingError",
)  # fmt: skip


class AiohttpInterceptor:
    """Hooks the connectors of aiohttp, also the user's that connect in a way of their own."""

    name = "aiohttp"
    modules = ("aiohttp",)

    def __init__(self, tape: Tape) -> None:
        self._tape = tape
        self._patches: dict[type, Patch] = {}

    def attach(self, module: ModuleType) -> None:
        """Hook every connector class there is. Raises `NoSeam` for a version that is built otherwise."""
        missing = lacking(module)
        if missing:
            raise NoSeam(f"it has no {', '.join(missing)}")
        from tokentape.interceptors.aiohttp.driver import Driver
        from tokentape.interceptors.aiohttp.library import library_of

        driver = Driver(library_of(module), self._tape)
        for connector in _connectors(module.BaseConnector):
            if connector in self._patches:
                self._patches[connector].redo()
            else:
                self._patches[connector] = Patch(connector, SEAM, self._replacement(driver))

    def detach(self) -> None:
        """Put the connectors' own methods back, where they are still ours to put back."""
        self._patches = {owner: patch for owner, patch in self._patches.items() if not patch.undo()}

    def is_attached(self, name: str) -> bool:
        """True if the module called `name` is imported and hooked."""
        connector = getattr(sys.modules.get(name), "BaseConnector", None)
        patch = self._patches.get(connector) if connector is not None else None
        return patch is not None and patch.is_in_place

    def unsupported(self, name: str) -> str | None:
        """Why the installed version cannot be hooked, or None."""
        if name in sys.modules:
            missing = lacking(sys.modules[name])
            return f"it has no {', '.join(missing)}" if missing else None
        from importlib import metadata

        try:
            version = metadata.version(name)
        except metadata.PackageNotFoundError:
            return None
        return None if version.startswith("3.") else f"aiohttp {version} is not aiohttp 3"

    def _replacement(self, driver: Driver) -> Callable[[Patch, Callable[..., object]], Callable[..., object]]:
        idle = self._tape.idle

        def make(patch: Patch, original: Callable[..., object]) -> Callable[..., object]:
            send = cast("Callable[..., Awaitable[Connection]]", original)

            @wraps(original)
            async def connect(
                self: aiohttp.BaseConnector, req: aiohttp.ClientRequest, *args: object, **kwargs: object
            ) -> object:
                real = partial(send, self, req, *args, **kwargs)
                if idle() or not patch.is_on:
                    return await real()
                return await driver.connect(self, req, real, _limit(*args, **kwargs))

            return connect

        return make


def _limit(traces: object = None, timeout: object = None) -> float | None:
    """The seconds that the caller of `connect` gives it."""
    seconds: float | None = getattr(timeout, "connect", None)
    return seconds


def lacking(module: ModuleType) -> list[str]:
    """What the module would need and does not have."""
    return [path for path in NEEDED if not _has(module, path)]


def _has(module: ModuleType, path: str) -> bool:
    found: object = module
    for name in path.split("."):
        found = getattr(found, name, None)
    return found is not None


def _connectors(base: type) -> Iterator[type]:
    """`base` and its subclasses, as far as each has a `connect` of its own."""
    if SEAM in vars(base):
        yield base
    kinds: list[type] = base.__subclasses__()
    for kind in kinds:
        yield from _connectors(kind)
