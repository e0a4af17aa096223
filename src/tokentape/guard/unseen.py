"""In recording modes: a connection to an LLM host that no interceptor saw is told, once for each host.

It passes, since recording never gets in the way; but its calls are not on the tape, and nobody would know.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from tokentape import active
from tokentape.allowed import Allowed, address_of, bare
from tokentape.errors import RecordingError
from tokentape.guard import frames, lookups, policy
from tokentape.interceptors import registry
from tokentape.outcomes import is_underway
from tokentape.protocols.hosts import is_provider

if TYPE_CHECKING:
    from tokentape.deck import Deck

_told: WeakKeyDictionary[Deck, set[str]] = WeakKeyDictionary()


def connected(host: str, port: int | None) -> None:
    """`host` is about to be reached, and may be: tell the cassette in force if it should have been asked.

    Nothing is told of a request that an interceptor has in hand, or saw and let pass (a list of models with
    `record="llm"`); of a library that is hooked, since whatever it asks will be seen; nor where several
    cassettes compete, since the interceptor says so itself.
    """
    deck = active.current()
    if deck is None or deck.is_opaque or deck.mode.only_replays or is_underway():
        return
    name = _name_of(host)
    if not _is_llm(deck, name, host, port) or active.let_pass() in (name, host):
        return
    told = _told.setdefault(deck, set())
    if name not in told and not _by_a_hooked_library():
        told.add(name)
        deck.trouble(_unseen(deck, name, port))


def _by_a_hooked_library() -> bool:
    hooked = {
        module
        for interceptor in registry.interceptors()
        for module in interceptor.modules
        if interceptor.is_attached(module)
    }
    return frames.passes(hooked)


def _name_of(host: str) -> str:
    if address_of(bare(host)) is None:
        return bare(host)
    return next(iter(lookups.names_of(host)), bare(host))


def _is_llm(deck: Deck, name: str, host: str, port: int | None) -> bool:
    if is_provider(name):
        return True
    hosts = policy.hosts_of(deck)
    return bool(hosts) and any(Allowed(hosts).permits(shown, port) for shown in (name, host))


def _unseen(deck: Deck, name: str, port: int | None) -> RecordingError:
    library = frames.through()
    via = f"through {library}" if library != frames.UNKNOWN else "in a task or thread of its own"
    return RecordingError(
        f"{deck.path}: a connection to {name}:{port}, an LLM host, was made {via} and no interceptor saw it: "
        "its calls are neither recorded nor replayed; `tokentape doctor` says which libraries are seen, and "
        "what to do about the others"
    )
