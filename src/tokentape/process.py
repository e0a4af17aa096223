"""`install`: LLM calls of the whole process, without touching its code."""

from __future__ import annotations

import atexit
import threading
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokentape import active
from tokentape.cassette import close_block, hold
from tokentape.errors import TokentapeError, TokentapeWarning, UsageError
from tokentape.forks import renewed
from tokentape.guard import block as network
from tokentape.interceptors import registry as interceptors
from tokentape.opening import open_with
from tokentape.options import OptionArgs, Options
from tokentape.predicates import DefaultPredicates, Predicates
from tokentape.settings import default_cassette, resolve_mode

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Unpack

    from tokentape.deck import Deck
    from tokentape.guard.policy import Block
    from tokentape.opening import Target
    from tokentape.wire.message import Request


@dataclass(slots=True)
class _Installed:
    """What `install` did: what was asked, which calls are captured (None: all), the deck (None: nowhere to
    record), what undoes the watch."""

    asked: tuple[object, ...]
    predicates: Predicates | None
    deck: Deck | None
    unwatch: Callable[[], None]


_lock = renewed(threading.RLock())
_installed: list[_Installed] = []
_sealed: list[Block] = []
"""The block of a process that is in mode `none` and has no cassette: it was not named, or cannot be used."""


def install(
    cassette: Target | None = None,
    *,
    predicates: Predicates | None = None,
    **options: Unpack[OptionArgs],
) -> None:
    """Record and replay the LLM calls of this process, until `uninstall` or its end.

    `cassette` is a file or store; without one, `TOKENTAPE_CASSETTE`; without either the calls go through
    unchanged, and the first one warns. HTTP libraries that are not there are skipped, and patched if they
    are imported later. Again with the same arguments changes nothing; other `predicates` take effect at
    once. In mode `none` nothing goes out, also where no cassette was named or it cannot be used.
    Raises `UsageError` for another cassette or other options while installed, and what opening a cassette
    raises.
    """
    target = cassette if cassette is not None else default_cassette()
    args: OptionArgs = options if predicates is None else {**options, "record": predicates}
    chosen = Options.of(args, record="llm")
    asked = (str(target), sorted((name, repr(value)) for name, value in options.items()))
    with _lock:
        if _installed:
            _change(_installed[0], asked, chosen.predicates)
            return
        _installed.append(_start(target, chosen, asked))


def uninstall() -> None:
    """Save what was recorded and undo `install`; without one, do nothing.

    Raises what ending the block raises: `ReplayMiss` if a call was not recorded.
    """
    with _lock:
        try:
            _take_out()
        finally:
            errors = _unseal()
        if errors:
            raise errors[0]


def _take_out() -> None:
    """Undo what `_start` did, if it did."""
    if _installed:
        installed = _installed.pop()
        installed.unwatch()
        atexit.unregister(_at_exit)
        if installed.deck is None:
            interceptors.release()
        else:
            active.pop(installed.deck)
            close_block(installed.deck, None)


def is_installed() -> bool:
    """True between `install` and `uninstall`."""
    return bool(_installed)


def _start(target: Target | None, options: Options, asked: tuple[object, ...]) -> _Installed:
    _unseal()
    _seal(options)
    if target is not None:
        deck = open_with(target, options)
        hold(deck)
        atexit.register(_at_exit)
        active.push(deck, root=True)
        for error in _unseal():
            deck.latch(error)
        return _Installed(asked, options.predicates, deck, lambda: None)
    interceptors.hold()
    atexit.register(_at_exit)
    return _Installed(asked, options.predicates, None, active.watch(_warn_nowhere()))


def _seal(options: Options) -> None:
    """In mode `none`, nothing goes out before the cassette is in force, or if it never is."""
    choice = resolve_mode(options.mode)
    if choice.mode.only_replays:
        how = f"in mode {choice.mode} ({choice.source})"
        reason = f"tokentape is installed {how}, without a cassette that can be used"
        _sealed.append(network.start(reason, options.allow_hosts))


def _unseal() -> list[TokentapeError]:
    """Undo `_seal`; what was blocked meanwhile."""
    errors: list[TokentapeError] = []
    while _sealed:
        network.stop(_sealed[-1])
        errors.extend(_sealed.pop().errors)
    return errors


def _warn_nowhere() -> Callable[[Request], None]:
    """Tells once that an LLM call passed with no cassette to record it."""
    told: list[str] = []

    def warn(request: Request) -> None:
        installed = _installed[0] if _installed else None
        if told or installed is None:
            return
        if not (installed.predicates or DefaultPredicates()).is_llm_call(request):
            return
        told.append(request.url)
        what = "in mode none nothing goes out" if _sealed else "the calls go through unchanged"
        warnings.warn(
            "tokentape is installed but has nowhere to record: name a cassette in install(), set "
            f"TOKENTAPE_CASSETTE, or use use_cassette; {what}",
            TokentapeWarning,
            stacklevel=2,
        )

    return warn


def _change(installed: _Installed, asked: tuple[object, ...], predicates: Predicates | None) -> None:
    if asked != installed.asked:
        raise UsageError(
            f"tokentape is installed already, with cassette {installed.asked[0]} and other options; "
            "call tokentape.uninstall() first"
        )
    installed.predicates = predicates
    if installed.deck is not None:
        installed.deck.predicates = predicates


def _at_exit() -> None:
    """Save at the end of the process; nobody is left to catch an exception, so it becomes a warning."""
    try:
        uninstall()
    except TokentapeError as error:
        warnings.warn(str(error), TokentapeWarning, stacklevel=1)
