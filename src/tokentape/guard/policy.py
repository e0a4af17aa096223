"""May this go out? The innermost cassette in force decides, and every block of the network.

- A cassette in mode `none` or `verify` forbids; one that sends lets everything pass, also inside one that
  forbids, and so does one in mode `off`. One that does neither (mode `once`, finished) leaves it to the one
  around it.
- A block (`block_network`) forbids everything, but for what a cassette inside it records.
- A call that a cassette told to go out is on its way with permission, until its head is back: it passes.
- This machine passes, but for the ports that a cassette in mode `none` stands for.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from tokentape import active
from tokentape.allowed import Allowed, address_of, bare, is_loopback
from tokentape.errors import NetworkBlocked, ReplayError, TokentapeError
from tokentape.guard import frames, lookups
from tokentape.matching.address import port_of
from tokentape.outcomes import is_underway
from tokentape.predicates import DefaultPredicates
from tokentape.troubles import said
from tokentape.wire.url import host_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokentape.deck import Deck


@dataclass(eq=False, slots=True)
class Block:
    """A stretch of time in which nothing goes out, in the whole process; `reason` says who wants that."""

    allowed: Allowed
    reason: str
    errors: list[TokentapeError] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def latch(self, error: TokentapeError) -> None:
        """Keep `error` for the end of the block."""
        if str(error) not in map(str, self.errors):
            self.errors.append(error)


blocks: list[Block] = []
"""The blocks in force."""

always: list[Allowed] = []
"""What passes in spite of every cassette and block: the command line's `--allow-hosts`."""

_ports: WeakKeyDictionary[Deck, frozenset[str]] = WeakKeyDictionary()


def idle() -> bool:
    """True if there is nothing to decide and nobody to tell: costs nothing."""
    return not blocks and active.idle()


def check(host: str, port: int | None, *, lookup: bool = False) -> None:
    """Raise `NetworkBlocked`, and latch it, if `host` may not be reached (`lookup`: not be looked up)."""
    __tracebackhide__ = True
    for forbidder in forbidders():
        if not _permits(forbidder, host, port, lookup):
            error = _blocked(forbidder, host, port, lookup)
            forbidder.latch(_twin(error))
            raise error


def forbidders() -> list[Deck | Block]:
    """The cassettes and blocks by which nothing may go out here and now."""
    if is_underway():
        return []
    decks = [deck for meant in active.meant() for deck in _forbids(meant)]
    return [*decks, *blocks]


def _forbids(deck: Deck | None) -> Iterator[Deck]:
    while deck is not None and not (deck.is_closed or deck.is_opaque or deck.sends):
        if deck.mode.only_replays:
            yield deck
            return
        deck = deck.parent


def _permits(forbidder: Deck | Block, host: str, port: int | None, lookup: bool) -> bool:
    if is_loopback(host):
        return lookup or isinstance(forbidder, Block) or not _stands_for(forbidder, port)
    if lookup and address_of(bare(host)) is not None:
        return True
    asked = None if lookup else port
    return any(_lists(allowed, host, asked) for allowed in (_allowed(forbidder), *always))


def _lists(allowed: Allowed, host: str, port: int | None) -> bool:
    """True if `host` is listed, under a name that it was looked up by, or under one that leads to it."""
    if any(allowed.permits(name, port) for name in (host, *lookups.names_of(host))):
        return True
    if not allowed.names or address_of(bare(host)) is None:
        return False
    return any(allowed.permits(name, port) and _leads_to(name, host) for name in allowed.names)


def _leads_to(name: str, address: str) -> bool:
    """True if the allowed `name` has this address: it may have been looked up before, or elsewhere."""
    import socket

    try:
        found = socket.getaddrinfo(name, None)
    except OSError:
        return False
    return any(answer[4][0] == address for answer in found)


def _allowed(forbidder: Deck | Block) -> Allowed:
    return forbidder.allowed if isinstance(forbidder, Block) else Allowed(forbidder.options.allow_hosts)


def _stands_for(deck: Deck, port: int | None) -> bool:
    """True if a server whose calls the cassette replays is at this port of this machine.

    A cassette that cannot be read might stand for any port: a broken store opens no way out, and what it
    fails with is not the program's to see.
    """
    if deck not in _ports:
        try:
            taped = {port_of(url) for url in deck.urls() if is_loopback(host_of(url))}
        except Exception as error:  # noqa: BLE001  the reason is above; the error is told when the block ends
            deck.latch(ReplayError(f"{deck.path}: cannot be read: {said(error)}"))
            return True
        named = {entry.rpartition(":")[2] for entry in hosts_of(deck) if entry.count(":") == 1}
        _ports[deck] = frozenset(taped | named)
    return str(port) in _ports[deck]


def hosts_of(deck: Deck) -> tuple[str, ...]:
    """The hosts that were named as providers for this deck: by option, or by its predicates."""
    predicates = deck.predicates
    return (*deck.options.hosts, *(predicates.hosts if isinstance(predicates, DefaultPredicates) else ()))


def _blocked(forbidder: Deck | Block, host: str, port: int | None, lookup: bool) -> NetworkBlocked:
    names = lookups.names_of(host)
    shown = f"{names[0]} ({host})" if names else host
    target = f"the lookup of {shown}" if lookup else f"{shown}:{port}"
    library = frames.through()
    if library == frames.UNKNOWN:
        library = "- (a task or thread of its own)"
    listed = (names[0] if names else bare(host)) or host
    if isinstance(forbidder, Block):
        return NetworkBlocked(target, library, forbidder.reason, f"allow_hosts={[listed]!r} lets it pass")
    who = f"{forbidder.path} is in mode {forbidder.mode} ({forbidder.source})"
    reason = f"{who}, and this is not what it replays"
    if is_loopback(host):
        reason = f"{who}, and replays what is at this port"
        return NetworkBlocked(target, library, reason, f"record the call with {forbidder.command}")
    fix = (
        f"allow_hosts={[listed]!r} lets it pass; a recording mode records it, if `tokentape doctor` says "
        "that the library is seen"
    )
    return NetworkBlocked(target, library, reason, fix)


def _twin(error: NetworkBlocked) -> NetworkBlocked:
    """The same without a traceback: what is latched must not keep the program's frames alive."""
    return NetworkBlocked(error.target, error.library, error.reason, error.fix)
