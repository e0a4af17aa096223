"""Deadlines that cost next to nothing where what they bound is over soon, as nearly everything is.

A timer of the event loop takes longer to make and to cancel than most of what happens to a call. So who
waits stands in a line first, one line and one timer for all calls of a loop; only who is still there after
`SOON` gets a timer of its own.
"""

from __future__ import annotations

import asyncio
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from types import TracebackType

SOON = 0.02
"""Seconds in the line."""


class Waiting(Protocol):
    """What stands in the line."""

    def late(self) -> None:
        """It stood there for `SOON`, and is out of the line."""
        ...


class Line:
    """Those who began less than `SOON` ago, in the order in which they began."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._since: OrderedDict[Waiting, float] = OrderedDict()  # its first is found at once
        self._timer: asyncio.TimerHandle | None = None

    def enter(self, one: Waiting) -> float:
        """At the end of the line; when that was."""
        self._since[one] = now = self.loop.time()
        if self._timer is None:
            self._timer = self.loop.call_later(SOON, self._look)
        return now

    def leave(self, one: Waiting) -> None:
        """Out of the line, from wherever it stands; no matter if it is not there."""
        self._since.pop(one, None)

    def _look(self) -> None:
        self._timer = None
        while self._since:
            first = next(iter(self._since))
            left = self._since[first] + SOON - self.loop.time()
            if left > 0:
                self._timer = self.loop.call_later(left, self._look)
                return
            del self._since[first]
            first.late()


class _Here(threading.local):
    line: Line | None = None


_here = _Here()


def line(loop: asyncio.AbstractEventLoop) -> Line:
    """The line of the loop that runs."""
    found = _here.line
    if found is None or found.loop is not loop:
        found = _here.line = Line(loop)
    return found


def running_task() -> asyncio.Task[object]:
    """The task that runs. Raises `RuntimeError` where there is none."""
    return _running()[0]


def _running() -> tuple[asyncio.Task[object], Line]:
    """The task that runs, found by the loop that this thread's line is of. (Without a loop asyncio asks for
    the one that runs, which is a system call in Python 3.11.)
    """
    known = _here.line
    if known is not None and (task := asyncio.current_task(known.loop)) is not None:
        return task, known
    task = asyncio.current_task()
    if task is None:
        raise RuntimeError("a deadline is for a task")
    return task, line(task.get_loop())


class Within:
    """`with Within(seconds):` is `async with asyncio.timeout(seconds):`; None: there is no deadline."""

    __slots__ = ("_cancelling", "_line", "_seconds", "_task", "_timer", "_until", "expired")

    def __init__(self, seconds: float | None) -> None:
        self._seconds = seconds
        self._timer: asyncio.TimerHandle | None = None
        self.expired = False

    def __enter__(self) -> Within:
        if self._seconds is None:
            return self
        self._task, self._line = _running()
        self._cancelling = self._task.cancelling()
        if self._seconds > SOON:
            self._until = self._line.enter(self) + self._seconds
        else:
            self._until = self._line.loop.time() + self._seconds
            self.late()
        return self

    def late(self) -> None:
        """It takes longer: a timer of its own."""
        self._timer = self._line.loop.call_at(self._until, self._expire)

    def _expire(self) -> None:
        self._timer, self.expired = None, True
        self._task.cancel()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._seconds is None:
            return
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        elif not self.expired:
            self._line.leave(self)
        elif self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError from error


class Stall:
    """`with Stall(seconds) as stall:` bounds each wait between `begins` and `ends`, with one timer for all
    of them: `TimeoutError` where one lasts longer. None: there is no bound.
    """

    __slots__ = ("_cancelling", "_loop", "_seconds", "_since", "_task", "_timer", "expired")

    def __init__(self, seconds: float | None) -> None:
        self._seconds = seconds
        self._since: float | None = None
        self._timer: asyncio.TimerHandle | None = None
        self.expired = False

    def __enter__(self) -> Stall:
        task = running_task()
        self._task, self._cancelling, self._loop = task, task.cancelling(), task.get_loop()
        return self

    def begins(self) -> None:
        """The wait begins."""
        if self._seconds is not None:
            self._since = self._loop.time()
            if self._timer is None:
                self._timer = self._loop.call_later(self._seconds, self._look)

    def ends(self) -> None:
        """What was waited for is there."""
        self._since = None

    def _look(self) -> None:
        self._timer = None
        if self._since is None or self._seconds is None:
            return
        left = self._since + self._seconds - self._loop.time()
        if left > 0:
            self._timer = self._loop.call_later(left, self._look)
            return
        self.expired = True
        self._task.cancel()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self.expired and self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError from error
