"""The cassettes of a gateway: one deck for each name and session, opened when it is first asked for.

A deck that nobody used for a while is closed, which saves it; the next call opens it anew and so replays
what was recorded. One that records in mode `once` stays open until it is closed by name, or the gateway
ends: an agent that thinks for an hour has not ended its run.
"""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tokentape.cassettes.mode import RecordMode
from tokentape.cassettes.stores.directory import DirectoryStore
from tokentape.cassettes.stores.registry import has_scheme, open_place
from tokentape.errors import ReplayError, TokentapeError
from tokentape.log import log
from tokentape.opening import open_with
from tokentape.options import Options
from tokentape.settings import ModeChoice

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable

    from tokentape.cassettes.stores.base import Store
    from tokentape.deck import Deck
    from tokentape.gateway.call import Naming


@dataclass(frozen=True, slots=True)
class RecordOptions:
    """`root`: a directory, or the address of a store ("sqlite:tapes.db"). `cassette`: the one that calls
    are recorded on that name none; None: those are not recorded. `idle`: seconds until an unused cassette
    is closed. `options` are those of every cassette. Without `repeat` in them, recordings that are used up
    begin anew in mode `none`, where a gateway serves run after run, and are misses in the others. `is_off`:
    nothing is recorded or replayed, whatever a call names.
    """

    root: str = "cassettes"
    cassette: str | None = "gateway"
    mode: str = "new_episodes"
    idle: float = 60.0
    is_off: bool = False
    options: Options = field(default_factory=Options)

    def for_name(self, name: str) -> Options:
        """The options of one cassette."""
        return replace(self.options, name=name, mode=self.mode, command="tokentape serve --mode {mode}")


@dataclass(slots=True)
class Held:
    """A deck that is open, how many calls are using it, and when the last one ended (monotonic). `storing` is
    held while a call is stored and while it is closed: no call is half stored then.
    """

    deck: Deck
    users: int = 0
    used: float = 0.0
    storing: threading.Lock = field(default_factory=threading.Lock)

    @property
    def is_once(self) -> bool:
        """True for a first recording, which only its owner knows to be over."""
        return self.deck.mode is RecordMode.ONCE and self.deck.sends


@dataclass(slots=True)
class Turn:
    """Whose turn it is to open or close a deck, and how many wait for theirs or have it."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: int = 0


Key = tuple[str, str]


class Tapes:
    """Decks by cassette and session. Only the event loop's thread uses it; opening and saving do not."""

    def __init__(self, options: RecordOptions, clock: Callable[[], float] = time.monotonic) -> None:
        self.options = options
        self._clock = clock
        self._held: dict[Key, Held] = {}
        self._turns: dict[Key, Turn] = {}
        self._store: Store | None = None
        self._secrets: tuple[str, ...] = ()
        self.settled: Callable[[], Awaitable[None]] | None = None
        """Waits until the calls that have ended are stored, if that takes its turn somewhere."""

    def learn(self, secrets: Iterable[str]) -> None:
        """Hide these values on every tape, from now on: the keys of upstreams, which a reply may quote."""
        self._secrets = tuple(secrets)
        for held in self._held.values():
            held.deck.learn(self._secrets)

    def name_of(self, naming: Naming) -> str | None:
        """The cassette that a call is for; None: it is not recorded."""
        return None if self.options.is_off else naming.cassette or self.options.cassette

    @asynccontextmanager
    async def using(self, naming: Naming, name: str) -> AsyncIterator[Held]:
        """The deck for a call, in use until the call has ended. Raises what opening a cassette raises."""
        held = await self.taken(naming, name)
        try:
            yield held
        finally:
            self.given_back(held)

    async def taken(self, naming: Naming, name: str) -> Held:
        """The same, until it is `given_back`."""
        held = await self.held(name, naming.session or "")
        held.users += 1
        return held

    def given_back(self, held: Held) -> None:
        """A call with it has ended."""
        held.users -= 1
        held.used = self._clock()

    async def held(self, name: str, session: str) -> Held:
        """The open deck of a name and session."""
        key = (name, session)
        held = self._held.get(key)
        if held is not None:
            return held
        return await asyncio.shield(asyncio.create_task(self._opened(key)))

    async def _opened(self, key: Key) -> Held:
        """Opened, whether or not the call that asked still waits: what is open must be closed."""
        async with self._alone(key):
            if key not in self._held:
                deck = await asyncio.to_thread(self._open, key[0])
                self._held[key] = Held(deck, used=self._clock())
            return self._held[key]

    def _open(self, name: str) -> Deck:
        options = self.options.for_name(name)
        mode = RecordMode(self.options.mode)
        if mode is RecordMode.NONE and options.repeat == "error":
            options = replace(options, repeat="cycle")
        deck = open_with(self.store, options, ModeChoice(mode, "the gateway's configuration"))
        deck.learn(self._secrets)
        return deck

    @property
    def store(self) -> Store:
        """Where the cassettes are. Raises `UsageError` for an address that is none."""
        if self._store is None:
            root = self.options.root
            self._store = open_place(root)[0] if has_scheme(root) else DirectoryStore(root)
        return self._store

    def listed(self) -> list[dict[str, str | int]]:
        """What is open: name, session, mode and tally."""
        return [
            {
                "cassette": name,
                "session": session,
                "mode": held.deck.mode.value,
                "replayed": held.deck.tally.replayed,
                "recorded": held.deck.tally.recorded,
                "missed": held.deck.tally.missed,
                "calls": held.users,
            }
            for (name, session), held in sorted(self._held.items())
        ]

    async def close_idle(self) -> None:
        """Close what nobody used for a while."""
        now = self._clock()
        for key, held in list(self._held.items()):
            if not held.users and not held.is_once and now - held.used >= self.options.idle:
                await self._close(key)

    async def close(self, name: str | None = None) -> int:
        """Close the decks of a cassette (None: all); calls under way are kept as far as they came."""
        keys = [key for key in self._held if name is None or key[0] == name]
        for key in keys:
            await self._close(key)
        return len(keys)

    async def _close(self, key: Key) -> None:
        async with self._alone(key):
            held = self._held.pop(key, None)
            if held is not None:
                if self.settled is not None:
                    await self.settled()
                await asyncio.to_thread(_close, held)

    @asynccontextmanager
    async def _alone(self, key: Key) -> AsyncIterator[None]:
        """One at a time opens or closes a deck. The lock goes with the last who wants it, and not before:
        whoever came next would have another one, and open the deck a second time.
        """
        turn = self._turns.setdefault(key, Turn())
        turn.waiting += 1
        try:
            async with turn.lock:
                yield
        finally:
            turn.waiting -= 1
            if not turn.waiting:
                del self._turns[key]


def _close(held: Held) -> None:
    """Save. Misses were answered, and are latched to end a test; here there is none to end."""
    deck = held.deck
    try:
        with held.storing:
            deck.close()
    except ReplayError as error:
        log.debug("%s: %s", deck.path, error)
    except (TokentapeError, OSError) as error:
        log.warning("%s: %s", deck.path, error)
    for trouble in deck.troubles:
        log.warning("%s", trouble)
