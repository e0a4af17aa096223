"""Telling a `Forward` that its call is over, also when the garbage collector finds out first.

Ending a call stores it, under locks. Python may collect a response that the program abandoned at any
allocation, so also in the middle of storing another call in the same thread. Such an end waits in a queue
(appending to a deque takes no lock) and is told at the next safe moment: after the call being stored, at
the next request, or when the interceptors are released.
"""

from __future__ import annotations

import threading
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING

from tokentape.outcomes import Replay
from tokentape.wire.interaction import How

if TYPE_CHECKING:
    from tokentape.interceptors.base import Tape
    from tokentape.outcomes import Forward, Outcome
    from tokentape.wire.interaction import WireError
    from tokentape.wire.message import Headers, Request

    _End = tuple[Forward, How, WireError | None, Headers]


class _Thread(threading.local):
    """Whether this thread is storing a call, and the ends that came up meanwhile."""

    def __init__(self) -> None:
        self.storing = False
        self.late: list[_End] = []


_thread = _Thread()
_abandoned: deque[Forward] = deque()


def end(forward: Forward, how: How, error: WireError | None = None, trailers: Headers = ()) -> None:
    """`forward.end`: done when this returns, unless this thread is storing another call just now."""
    _thread.late.append((forward, how, error, trailers))
    settle()


def abandon(forward: Forward) -> None:
    """The program dropped the response: nobody can read on. For `__del__`; tells it later."""
    _abandoned.append(forward)


def settle() -> None:
    """End every call whose end is waiting, here or because it was abandoned."""
    if _thread.storing:
        return
    _thread.storing = True
    try:
        while _thread.late:
            forward, how, error, trailers = _thread.late.pop(0)
            forward.end(how, error, trailers)
        while _abandoned:
            with suppress(IndexError):  # another thread was quicker
                _abandoned.popleft().end(How.CLOSED_BY_CALLER)
    finally:
        _thread.storing = False


def begin(tape: Tape, request: Request, identity: str | None = None) -> Outcome | None:
    """`tape.begin`, after what is still to be stored and safe from ends that come meanwhile."""
    settle()
    was, _thread.storing = _thread.storing, True
    try:
        outcome = tape.begin(request, identity=identity)
    finally:
        _thread.storing = was
        if _thread.late:
            settle()
    if isinstance(outcome, Replay) and outcome.live is not None:
        from tokentape.interceptors.resending import resend

        resend(outcome.live)
    return outcome
