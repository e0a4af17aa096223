"""A Python process takes part in the run that started it; called by `site/sitecustomize.py`."""

from __future__ import annotations

import atexit
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from tokentape import settings
from tokentape.errors import RecordingFailed, ReplayError, TokentapeError

if TYPE_CHECKING:
    from tokentape.deck import Deck
    from tokentape.sharing import Shared

REFUSED = 2


def join() -> None:
    """Put the cassette of the run in force until this process ends; nothing happens outside a run.

    Never raises: where nothing may be sent, a process that cannot take part ends here with exit code 2;
    where calls are recorded, it goes on, and the run is told.
    """
    run = settings.run_joined()
    if run is None or _is_a_helper():
        return
    from tokentape.sharing import Shared

    shared = Shared(run.folder)
    try:
        _join(shared)
    except Exception as error:  # noqa: BLE001  the boundary: recording must not break the program
        _cannot(shared, run.sends, error)


def _is_a_helper() -> bool:
    """True for the process in which multiprocessing keeps books; it runs none of the program."""
    return any(argument.startswith("from multiprocessing.resource_tracker") for argument in sys.orig_argv)


def _join(shared: Shared) -> None:
    from tokentape import active
    from tokentape.cassette import hold
    from tokentape.launching.plan import Plan

    deck = Plan.read(shared).deck(shared)
    hold(deck)
    active.push(deck, root=True)
    # The first to register is the last to run: what the program calls at its exit is recorded, too.
    atexit.register(_leave, deck)
    shared.tell_joined(f"{os.getpid()} {' '.join(sys.orig_argv[:4])}")


def _leave(deck: Deck) -> None:
    """At the end of the process. The run was told of every miss; where it has ended, this tells."""
    from tokentape import active
    from tokentape.cassette import release

    active.pop(deck)
    release()
    with suppress(TokentapeError):
        deck.close()
    for error in deck.untold:
        _say(str(error))


def _cannot(shared: Shared, sends: bool, error: Exception) -> None:
    if isinstance(error, FileNotFoundError):
        why = "the run that started it has ended"
    else:
        why = str(error) if isinstance(error, TokentapeError) else f"{type(error).__name__}: {error}"
    text = f"process {os.getpid()} cannot take part in tokentape run: {why}"
    told = shared.tell(RecordingFailed(text) if sends else ReplayError(text))
    if not told or not sends:
        _say(text)
    if not sends:
        os._exit(REFUSED)


def _say(text: str) -> None:
    sys.stderr.write(f"tokentape: {text}\n")
    sys.stderr.flush()
