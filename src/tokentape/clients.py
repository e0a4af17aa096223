"""Explicit wiring: clients and transports of httpx2 or httpx with the tape built in. Nothing is patched.

    client, async_client    for an SDK: OpenAI(http_client=tokentape.client("cassettes/a.json"))
    auto_transport, record_transport, replay_transport
                            for a client of your own, sync or async

Both take a cassette (a path, a store, or an open `Deck`) and the options of `use_cassette`. The cassette is
opened at the first request and saved when the client is closed.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import TYPE_CHECKING, cast

from tokentape.cassettes.mode import RecordMode
from tokentape.errors import UsageError
from tokentape.interceptors.httpx.explicit import Engine, RecordingTransport, ReplayTransport, Source
from tokentape.interceptors.httpx.interceptor import lacking
from tokentape.interceptors.httpx.library import Library, library_of
from tokentape.options import OptionArgs, Options
from tokentape.settings import ModeChoice

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Unpack

    import httpx2

    from tokentape.deck import Deck
    from tokentape.opening import Target

TRANSPORT_SETTINGS = frozenset(
    {"verify", "cert", "http1", "http2", "limits", "proxy", "proxies", "mounts", "trust_env"}
)
"""What a client hands to its transports: for ours, that is the inner one's business."""


def client(
    target: Target | Deck,
    *,
    key: str | None = None,
    library: str | ModuleType | None = None,
    http: Mapping[str, object] | None = None,
    **options: Unpack[OptionArgs],
) -> httpx2.Client:
    """A client whose calls are recorded once and replayed ever after; follows redirects, as SDKs expect.

    `key` fixes the id of what it records ("weather", then "weather-2"), whatever the request says. `library`
    is "httpx2" (the default, where installed), "httpx" or a module; `http` are the settings of the library's
    own client (timeout, headers, verify, proxy, transport, ...). Raises `UsageError` for wrong options, here;
    at the first request `CassetteError`; on close `ReplayMiss` if a call was not recorded.
    """
    made = _client(target, "Client", key, library, http, options)
    return cast("httpx2.Client", made)


def async_client(
    target: Target | Deck,
    *,
    key: str | None = None,
    library: str | ModuleType | None = None,
    http: Mapping[str, object] | None = None,
    **options: Unpack[OptionArgs],
) -> httpx2.AsyncClient:
    """The same, async."""
    made = _client(target, "AsyncClient", key, library, http, options)
    return cast("httpx2.AsyncClient", made)


def auto_transport(
    target: Target | Deck,
    inner: object | None = None,
    *,
    key: str | None = None,
    library: str | ModuleType | None = None,
    **options: Unpack[OptionArgs],
) -> httpx2.MockTransport:
    """A transport that does what the record mode says, for sync and async clients alike.

    `inner` sends what is not on the tape; without one, the library's own transport.
    """
    chosen = _library(library)
    source = Source(target, Options.of(options), identity=key)
    return _made(chosen, RecordingTransport, source, inner or Engine(chosen, {}))


def record_transport(
    target: Target | Deck,
    inner: object | None = None,
    *,
    key: str | None = None,
    library: str | ModuleType | None = None,
    **options: Unpack[OptionArgs],
) -> httpx2.MockTransport:
    """An auto transport in mode `all`, unless the command line or `TOKENTAPE_MODE` says otherwise."""
    options.setdefault("mode", RecordMode.ALL)
    return auto_transport(target, inner, key=key, library=library, **options)


def replay_transport(
    target: Target | Deck,
    *,
    key: str | None = None,
    library: str | ModuleType | None = None,
    **options: Unpack[OptionArgs],
) -> httpx2.MockTransport:
    """A transport that only replays, in any record mode: there is nothing in it that could send."""
    choice = ModeChoice(RecordMode.NONE, "replay transport")
    source = Source(target, Options.of(options), identity=key, choice=choice)
    return _made(_library(library), ReplayTransport, source)


def _client(
    target: Target | Deck,
    name: str,
    key: str | None,
    library: str | ModuleType | None,
    http: Mapping[str, object] | None,
    options: OptionArgs,
) -> object:
    chosen = _library(library)
    settings = {"follow_redirects": True, **(http or {})}
    inner = settings.pop("transport", None)
    sending = {name: settings[name] for name in TRANSPORT_SETTINGS & settings.keys()}
    own = {name: value for name, value in settings.items() if name not in TRANSPORT_SETTINGS - {"trust_env"}}
    source = Source(target, Options.of(options), identity=key)
    transport = _made(chosen, RecordingTransport, source, inner or Engine(chosen, sending))
    return getattr(chosen.module, name)(transport=transport, **own)


def _library(library: str | ModuleType | None) -> Library:
    """The library asked for, or the one that is there."""
    if isinstance(library, ModuleType):
        module = library
    else:
        module = import_module(library or _default()) if _is_there(library or _default()) else _none(library)
    missing = lacking(module)
    if missing:
        raise UsageError(
            f"library={module.__name__!r}: it has no {', '.join(missing)}; use httpx2 or httpx 0.28"
        )
    return library_of(module)


def _default() -> str:
    return "httpx2" if _is_there("httpx2") else "httpx"


def _is_there(name: str) -> bool:
    return sys.modules.get(name) is not None or find_spec(name) is not None


def _none(library: str | None) -> ModuleType:
    wanted = f"library={library!r} is" if library else "neither httpx2 nor httpx is"
    raise UsageError(f"{wanted} not installed; run: pip install httpx2")


def _made(library: Library, kind: type, *args: object) -> httpx2.MockTransport:
    """`kind` with the base classes of the library's transports."""
    bases = (kind, library.module.BaseTransport, library.module.AsyncBaseTransport)
    composed = type(kind.__name__, bases, {"__module__": kind.__module__, "__doc__": kind.__doc__})
    return cast("httpx2.MockTransport", composed(library, *args))
