"""Which names were looked up, and what for: a connect often knows an address only."""

from __future__ import annotations

import threading
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tokentape.allowed import bare
from tokentape.forks import renewed

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST = 4096
"""How many addresses are remembered; the oldest go first."""

NAMES_EACH = 8
"""How many names of one address are remembered: hosts of a content network share theirs."""

_lock = renewed(threading.Lock())
_names: dict[str, tuple[str, ...]] = {}
_tickets: Counter[str] = Counter()


def learn(host: str, answers: object) -> None:
    """Remember the addresses in what `getaddrinfo` answered for `host`."""
    name = bare(host)
    found = {str(answer[4][0]) for answer in answers} if isinstance(answers, list) else set()
    with _lock:
        for address in found - {name}:
            known = [other for other in _names.pop(address, ()) if other != name]
            _names[address] = (name, *known[: NAMES_EACH - 1])
        while len(_names) > MOST:
            del _names[next(iter(_names))]


def names_of(host: str) -> tuple[str, ...]:
    """The names that `host`, an address, was found under, the latest first."""
    return _names.get(host, ())


@contextmanager
def ticket(host: str) -> Iterator[None]:
    """The lookup of `host` was decided where there is context; a thread without any carries it out."""
    with _lock:
        _tickets[host] += 1
    try:
        yield
    finally:
        with _lock:
            _tickets[host] -= 1
            if not _tickets[host]:
                del _tickets[host]


def has_ticket(host: str) -> bool:
    """True if somebody who may is waiting for this lookup."""
    return _tickets[host] > 0
