"""httpx and httpx2, with the module passed in: hooked where a client chooses the transport for a URL.

That seam (`Client._transport_for_url`, `AsyncClient._transport_for_url`) is there in httpx since 0.23 and
in every httpx2. It also sees clients made before activation, `mounts=`, custom and aiohttp-backed
transports, and each send once whatever a transport retries. Bytes are raw here: as on the wire, still
compressed. Everything above it stays the library's: elapsed, cookies, hooks, redirects, decoding.

Nothing is pre-read and the transport is never replaced: while recording, the client's own transport
handles the request, and the response it gives is handed on with a tee in place of its stream.
"""

from __future__ import annotations

import sys
from functools import wraps
from typing import TYPE_CHECKING

from tokentape.interceptors.base import NoSeam
from tokentape.interceptors.httpx.doubles import double_of
from tokentape.interceptors.httpx.drivers import AsyncDriver, Ours, SyncDriver
from tokentape.interceptors.httpx.library import NEEDED, library_of
from tokentape.interceptors.patching import Patch

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from tokentape.interceptors.base import Tape
    from tokentape.interceptors.httpx.library import Library

SEAM = "_transport_for_url"


class HttpxInterceptor:
    """Hooks httpx and httpx2. Two names for one module (`httpx2.alias_httpx()`) are hooked once."""

    name = "httpx"
    modules = ("httpx2", "httpx")

    def __init__(self, tape: Tape) -> None:
        self._tape = tape
        self._patches: dict[type, Patch] = {}

    def attach(self, module: ModuleType) -> None:
        """Hook both clients of `module`. Raises `NoSeam` for a module without them (httpx 1.0)."""
        missing = lacking(module)
        if missing:
            raise NoSeam(f"it has no {', '.join(missing)}")
        library = library_of(module)
        self._patch(module.Client, library, SyncDriver)
        self._patch(module.AsyncClient, library, AsyncDriver)

    def detach(self) -> None:
        """Put the clients' own methods back, where they are still ours to put back."""
        self._patches = {owner: patch for owner, patch in self._patches.items() if not patch.undo()}

    def is_attached(self, name: str) -> bool:
        """True if the module called `name` is imported and hooked."""
        client = getattr(sys.modules.get(name), "Client", None)
        patch = self._patches.get(client) if client is not None else None
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
        rewritten = name == "httpx" and version.split(".")[0] != "0"
        return (
            f"httpx {version} is a rewrite without the seam; use httpx 0.28 or httpx2" if rewritten else None
        )

    def _patch(self, client: type, library: Library, driver: type[SyncDriver | AsyncDriver]) -> None:
        if client in self._patches:
            self._patches[client].redo()
        else:
            composed = library.sync_driver if driver is SyncDriver else library.async_driver
            self._patches[client] = Patch(client, SEAM, self._replacement(library, composed))

    def _replacement(
        self, library: Library, driver: type[SyncDriver | AsyncDriver]
    ) -> Callable[[Patch, Callable[..., object]], Callable[..., object]]:
        tape, idle = self._tape, self._tape.idle

        def make(patch: Patch, original: Callable[..., object]) -> Callable[..., object]:
            @wraps(original)
            def _transport_for_url(self: object, url: object) -> object:
                transport = original(self, url)
                if idle() or not patch.is_on or isinstance(transport, (Ours, library.in_process)):
                    return transport
                is_network = isinstance(transport, library.network) and double_of(transport) is None
                return driver(library, tape, transport, is_network)

            return _transport_for_url

        return make


def lacking(module: ModuleType) -> list[str]:
    """What the module would need and does not have."""
    missing = [name for name in NEEDED if not hasattr(module, name)]
    clients = [name for name in ("Client", "AsyncClient") if SEAM not in vars(getattr(module, name, object))]
    missing += [f"{name}.{SEAM}" for name in clients]
    return missing
