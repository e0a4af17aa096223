"""Which cassette is in force for a call: the one function interceptors ask is `begin`.

The context variable comes first, so nested and concurrent blocks each see their own. Code that does
not inherit the context (worker threads, executors, tasks made earlier, new loops) falls back to the
decks open in the process: with one innermost deck it is that one; with several siblings nothing can
say which is meant, so the call is answered with an error and each sibling's block ends with
`AmbiguousCassette`. `bind` carries the caller's choice into such code.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from tokentape.errors import AmbiguousCassette
from tokentape.forks import renewed
from tokentape.predicates import DefaultPredicates, is_aside
from tokentape.wire.url import host_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tokentape.deck import Deck
    from tokentape.outcomes import Outcome
    from tokentape.wire.message import Request

_chosen: ContextVar[Deck | None] = ContextVar("tokentape_deck", default=None)
_let_pass: ContextVar[str] = ContextVar("tokentape_let_pass", default="")
_lock = renewed(threading.RLock())
_open: list[Deck] = []
_roots: list[Deck] = []
_resting: list[Deck] = []
_nowhere: list[Callable[[Request], None]] = []
_anywhere = DefaultPredicates()


def idle() -> bool:
    """True if no deck is open and nobody watches: an interceptor then does nothing at all."""
    return not (_open or _nowhere or _resting)


def begin(request: Request, *, identity: str | None = None) -> Outcome | None:
    """What to do with `request`; None: not ours, pass it through untouched.

    `identity` fixes the recording's id, whatever the request says. Raises `ReplayAbort` where a deck
    was asked to abort at a miss.
    """
    deck = current()
    if deck is None:
        return _without_deck(request, identity)
    while deck is not None:
        outcome = deck.begin(request, identity=identity)
        if outcome is not None:
            return outcome
        if deck.is_opaque:
            break
        deck = deck.parent
    _let_pass.set(host_of(request.url))
    return None


def known_url(request: Request) -> bool:
    """True if the request goes to an LLM provider, as far as the deck in force can tell."""
    deck = current()
    predicates = (deck.predicates or DefaultPredicates(deck.options.hosts)) if deck else _anywhere
    return predicates.is_llm_call(request) or predicates.is_tool_call(request)


def sends() -> bool:
    """False if every deck that may be in force here only replays."""
    decks = meant()
    return not decks or any(deck.sends or deck.is_opaque for deck in decks)


def current() -> Deck | None:
    """The deck in force here, or None: also where siblings compete (then `begin` says so)."""
    chosen = _chosen_open()
    if chosen is not None:
        return chosen
    leaves = _leaves()
    return leaves[0] if len(leaves) == 1 else None


def meant() -> tuple[Deck, ...]:
    """The decks that may be in force here: none, one, or siblings that compete where there is no context."""
    chosen = _chosen_open()
    return (chosen,) if chosen is not None else tuple(_leaves())


def let_pass() -> str:
    """The host of the last request of this context that was seen and let pass; "" if there is none."""
    return _let_pass.get()


def open_decks() -> tuple[Deck, ...]:
    """Every open deck of the process, outermost first."""
    with _lock:
        return tuple(_open)


def push(deck: Deck, *, root: bool = False) -> None:
    """Put `deck` in force in this context and list it for the process.

    A `root` holds for everything that happens meanwhile (a process, a test): decks opened in any other
    context count as inside it. Decks of different contexts are otherwise siblings.
    """
    with _lock:
        parent = _chosen_open() or next((other for other in reversed(_open) if other in _roots), None)
        if not _is_inside(parent, deck):  # entered again: where it stands stays as it is
            deck.parent = parent
        _open.append(deck)
        if root:
            _roots.append(deck)
    _chosen.set(deck)
    _let_pass.set("")  # what passed before says nothing about this cassette


def innermost(decks: Sequence[Deck]) -> Deck:
    """Which of `decks` this context entered last; the last of them where it entered none."""
    deck = _chosen.get()
    while deck is not None and deck not in decks:
        deck = deck.parent
    return decks[-1] if deck is None else deck


def pop(deck: Deck) -> None:
    """Take `deck` out of force; decks opened inside it and still open fall back to its parent."""
    with _lock:
        for decks in (_open, _roots):
            if deck in decks:
                decks.remove(deck)
    if _chosen.get() is deck and deck not in _open:
        _chosen.set(deck.parent)


@contextmanager
def in_force(deck: Deck) -> Iterator[None]:
    """`push` and `pop` around a block."""
    push(deck)
    try:
        yield
    finally:
        pop(deck)


@contextmanager
def resting(deck: Deck) -> Iterator[None]:
    """Have `deck` open for a block that puts it in force now and then: a generator with its steps.

    Tasks that were made in a step have it in their context, and may call between two steps.
    """
    _resting.append(deck)
    try:
        yield
    finally:
        _resting.remove(deck)


@contextmanager
def chosen(deck: Deck | None) -> Iterator[None]:
    """Have `deck` in force in this context only, for a while; the process's list stays as it is."""
    token = _chosen.set(deck)
    try:
        yield
    finally:
        _chosen.reset(token)


def watch(warn: Callable[[Request], None]) -> Callable[[], None]:
    """Call `warn` for LLM calls that no deck takes, until the returned function is called."""
    _nowhere.append(warn)
    return lambda: _nowhere.remove(warn)


def _is_inside(inner: Deck | None, deck: Deck) -> bool:
    """True if `inner` is `deck`, or was opened inside it."""
    while inner is not None and inner is not deck:
        inner = inner.parent
    return inner is deck


def _chosen_open() -> Deck | None:
    """The innermost deck of this context that is still open."""
    deck = _chosen.get()
    while deck is not None and deck.is_closed:
        deck = deck.parent
    return deck


def _leaves() -> list[Deck]:
    with _lock:
        parents = {id(deck.parent) for deck in _open if deck.parent is not None}
        return [deck for deck in _open if id(deck) not in parents]


def _without_deck(request: Request, identity: str | None) -> Outcome | None:
    siblings = [deck for deck in _leaves() if not deck.is_opaque and deck.wants(request)]
    if len(siblings) == 1:
        return siblings[0].begin(request, identity=identity)
    if siblings:
        names = ", ".join(deck.path for deck in siblings)
        error = AmbiguousCassette(
            f"{request.method} to {host_of(request.url)}: this thread has no cassette of its own, and "
            f"{len(siblings)} are open ({names}); wrap the thread's function or its executor in "
            "tokentape.bind(...)"
        )
        if is_aside(request):
            return None if all(deck.sends for deck in siblings) else siblings[0].refuse(request, error)
        for deck in siblings:
            deck.latch(error)
        return siblings[0].refuse(request, error)
    for warn in _nowhere:
        warn(request)
    _let_pass.set(host_of(request.url))
    return None
