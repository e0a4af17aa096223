"""The gateway's log: standard error, one line for each call that went wrong, and never a body or a secret."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from tokentape.log import log

if TYPE_CHECKING:
    from collections.abc import Callable

_MOST = 20
"""Lines a second: a client that asks again and again must not fill the disk."""
_LONGEST = 400


def log_to_stderr(level: str) -> None:
    """Log what is at least as grave as `level` ("debug", "info", "warning", "error")."""
    logging.basicConfig(level=level.upper(), format="%(levelname)s %(message)s")
    for target in logging.getLogger().handlers:
        target.addFilter(Bounded())


def complain(what: str, status: int, why: str, id: str = "", level: int = logging.WARNING) -> None:
    """A call did not get what it asked for, or not at once. `what`, `why`: may hold words of the client."""
    more = f"; see: tokentape trace {id}" if id else ""
    log.log(level, "%s: %s: %s%s", _plain(what), status, _plain(why).rstrip("."), more)


def _plain(text: str) -> str:
    """One line that steers no terminal."""
    line = "".join(letter if letter.isprintable() else " " for letter in text)
    return line if len(line) <= _LONGEST else line[:_LONGEST] + "..."


class Bounded(logging.Filter):
    """Lets so many lines a second through, whatever they say, and says how many it kept back. `clock` is
    monotonic. Errors always pass.
    """

    def __init__(self, most: int = _MOST, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._most, self._clock = most, clock
        self._since = clock()
        self._passed = self._held = 0

    def filter(self, record: logging.LogRecord) -> bool:
        """False for a line that is not told."""
        if record.levelno >= logging.ERROR or record.levelno < logging.INFO:
            return True
        now = self._clock()
        if now - self._since >= 1.0:
            self._since, self._passed = now, 0
        if self._passed >= self._most:
            self._held += 1
            return False
        self._passed += 1
        if self._held:
            record.msg = f"({self._held} lines before this one were left out) {record.getMessage()}"
            record.args = None
            self._held = 0
        return True
