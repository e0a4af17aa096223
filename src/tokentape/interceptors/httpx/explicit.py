"""Transports with the tape built in, for httpx and httpx2, sync and async: nothing is patched.

    ReplayTransport      plays a cassette; has no inner transport, so it cannot reach the network
    RecordingTransport   asks its deck what to do, and sends through an inner transport where it says so

One object serves `Client` and `AsyncClient` alike, as the libraries' own mock transport does. Mixins again:
`compose` adds the module's base classes. The deck is opened at the first request and closed, which saves
the recording, with the client.
"""

from __future__ import annotations

import atexit
import threading
import warnings
from typing import TYPE_CHECKING, cast

from tokentape.deck import Deck
from tokentape.errors import RecordingRefused, ReplayError, TokentapeError, TokentapeWarning, UsageError
from tokentape.forks import renewed
from tokentape.interceptors import ending
from tokentape.interceptors.httpx.drivers import AsyncDriver, Ours, SyncDriver, areplayed, replayed
from tokentape.opening import open_with
from tokentape.outcomes import Forward
from tokentape.wire.url import host_of

if TYPE_CHECKING:
    from types import TracebackType

    import httpx

    from tokentape.interceptors.httpx.library import Library
    from tokentape.opening import Target
    from tokentape.options import Options
    from tokentape.outcomes import Miss, Outcome, Replay
    from tokentape.settings import ModeChoice
    from tokentape.wire.message import Request


class Source:
    """The deck of one transport: handed in and left open, or opened at the first request.

    `identity` fixes the id of what is recorded. As a `Tape` it is never idle, and every URL is its business.
    """

    def __init__(
        self,
        target: Target | Deck,
        options: Options,
        *,
        identity: str | None = None,
        choice: ModeChoice | None = None,
    ) -> None:
        self._target = target
        self._options = options
        self._identity = identity
        self._choice = choice
        self._lock = renewed(threading.Lock())
        self._deck: Deck | None = target if isinstance(target, Deck) else None
        self._is_closed = False

    def idle(self) -> bool:
        """Never."""
        return False

    def known_url(self, request: Request) -> bool:
        """Always."""
        return True

    def sends(self) -> bool:
        """As the deck says."""
        return self.deck.sends

    def begin(self, request: Request, *, identity: str | None = None) -> Outcome | None:
        """What the deck says. Raises what opening it raises, at the first request."""
        return self.deck.begin(request, identity=identity or self._identity)

    @property
    def deck(self) -> Deck:
        """The deck, opened now if it is not yet."""
        with self._lock:
            if self._deck is None:
                if self._is_closed:
                    raise UsageError("this transport was closed: make another one")
                self._deck = open_with(cast("Target", self._target), self._options, self._choice)
                atexit.register(self._at_exit)
            return self._deck

    def close(self, error: BaseException | None = None) -> None:
        """End the recording, unless the deck belongs to somebody else. Raises what `Deck.close` raises."""
        self._is_closed = True
        deck = self._deck
        if deck is None or deck is self._target:
            return
        self._deck = None
        atexit.unregister(self._at_exit)
        ending.settle()
        try:
            deck.close(error)
        finally:
            for trouble in deck.troubles:
                if not isinstance(trouble, RecordingRefused):
                    warnings.warn(str(trouble), TokentapeWarning, stacklevel=5)

    def _at_exit(self) -> None:
        try:
            self.close()
        except TokentapeError as error:
            warnings.warn(str(error), TokentapeWarning, stacklevel=1)


class _Explicit(Ours):
    """What both transports share: they end their recording when the client closes them."""

    def __init__(self, library: Library, source: Source) -> None:
        self._library = library
        self._source = source

    def close(self) -> None:
        """Save what was recorded. Raises `ReplayMiss` if a call was not on the tape."""
        self._source.close()

    async def aclose(self) -> None:
        """The same."""
        self._source.close()

    def __enter__(self) -> _Explicit:
        return self

    async def __aenter__(self) -> _Explicit:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        trace: TracebackType | None = None,
    ) -> None:
        self._source.close(error)

    async def __aexit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        trace: TracebackType | None = None,
    ) -> None:
        self._source.close(error)


class ReplayTransport(_Explicit):
    """Plays what is on the tape, and nothing else: what is not there is answered with an explanation."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """The recorded reply."""
        library = self._library
        return replayed(library, self._answer(library.asked(request, request.read())), request)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The recorded reply."""
        library = self._library
        return await areplayed(library, self._answer(library.asked(request, await request.aread())), request)

    def _answer(self, asked: Request) -> Replay | Miss:
        outcome = ending.begin(self._source, asked)
        if outcome is not None and not isinstance(outcome, Forward):
            return outcome
        error = ReplayError(
            f"{asked.method} to {host_of(asked.url)}: not for this cassette, and a replay transport sends "
            "nothing; use an auto transport for calls that should go through"
        )
        self._source.deck.latch(error)
        return self._source.deck.refuse(asked, error)


class RecordingTransport(_Explicit):
    """Asks its deck, and sends what is not on the tape through the inner transport, where the mode allows it.

    `inner` has `handle_request`, `handle_async_request`, or both, and is closed with this transport.
    """

    def __init__(self, library: Library, source: Source, inner: object) -> None:
        super().__init__(library, source)
        self._inner = inner
        self._sync = _SyncAlways(library, source, inner, is_network=True)
        self._async = _AsyncAlways(library, source, inner, is_network=True)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Replay, or send and record."""
        return self._sync.handle_request(request)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Replay, or send and record."""
        return await self._async.handle_async_request(request)

    def close(self) -> None:
        """Close the inner transport, then save what was recorded."""
        try:
            self._sync.close()
        finally:
            super().close()

    async def aclose(self) -> None:
        """The same."""
        try:
            await self._async.aclose()
        finally:
            await super().aclose()

    def __exit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        trace: TracebackType | None = None,
    ) -> None:
        try:
            self._sync.close()
        finally:
            super().__exit__(kind, error, trace)

    async def __aexit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        trace: TracebackType | None = None,
    ) -> None:
        try:
            await self._async.aclose()
        finally:
            await super().__aexit__(kind, error, trace)


class _SyncAlways(SyncDriver):
    def _is_ours(self, asked: Request, body: bytes | None) -> bool:
        return True


class _AsyncAlways(AsyncDriver):
    def _is_ours(self, asked: Request, body: bytes | None) -> bool:
        return True


class Engine:
    """The library's own sending, as a client with these settings does it: proxies, TLS, HTTP/2, mounts.

    A client of the library is made when something is first sent, so replaying makes none.
    """

    def __init__(self, library: Library, settings: dict[str, object]) -> None:
        self._module = library.module
        self._settings = settings
        self._lock = renewed(threading.Lock())
        self._client: httpx.Client | None = None
        self._async_client: httpx.AsyncClient | None = None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send as a `Client` would."""
        with self._lock:
            if self._client is None:
                self._client = self._module.Client(**self._settings)
        return self._client._transport_for_url(request.url).handle_request(request)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send as an `AsyncClient` would."""
        with self._lock:
            if self._async_client is None:
                self._async_client = self._module.AsyncClient(**self._settings)
        return await self._async_client._transport_for_url(request.url).handle_async_request(request)

    def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            self._client.close()

    async def aclose(self) -> None:
        """Close the connections."""
        if self._async_client is not None:
            await self._async_client.aclose()
        self.close()
