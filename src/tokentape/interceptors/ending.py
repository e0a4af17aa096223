"""Telling a `Forward` that its call is over, also when the garbage collector finds out first.

Ending a call stores it, under locks. Python may collect a response that the program abandoned at any
allocation, so also in the middle of storing another call in the same thread. Such an end waits in a queue
(appending to a deque takes no lock) and is told at the next safe moment: after the call being stored, at
the next request, or when the interceptors are released.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

from tokentape.wire.interaction import How

if TYPE_CHECKING:
    from tokentape.interceptors.base import Tape
    from tokentape.outcomes import Forward, Outcome
    from tokentape.wire.interaction import WireError
    from tokentape.wire.message import Request


class _Thread(threading.local):
    storing = False


_thread = _Thread()
_late: deque[tuple[Forward, How, WireError | None]] = deque()


def end(forward: Forward, how: How, error: WireError | None = None) -> None:
    """`forward.end`, now or as soon as this thread is not storing another call."""
    _late.append((forward, how, error))
    settle()


def abandon(forward: Forward) -> None:
    """The program dropped the response: nobody can read on. For `__del__`; tells it later."""
    _late.append((forward, How.CLOSED_BY_CALLER, None))


def settle() -> None:
    """End every call whose end is waiting."""
    if _thread.storing:
        return
    _thread.storing = True
    try:
        while _late:
            try:
                forward, how, error = _late.popleft()
            except IndexError:  # another thread took it
                return
            forward.end(how, error)
    finally:
        _thread.storing = False


def begin(tape: Tape, request: Request, identity: str | None = None) -> Outcome | None:
    """`tape.begin`, after what is still to be stored and safe from ends that come meanwhile."""
    settle()
    _thread.storing = True
    try:
        return tape.begin(request, identity=identity)
    finally:
        _thread.storing = False
