"""Normalisers: functions of yours that take out of a request what should not count.

They see the redacted request, on both sides: while recording and on replay. Give a new `version` when
one changes, so that stored keys are computed again.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokentape.errors import UsageError
from tokentape.forks import renewed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tokentape.wire.message import Request


@dataclass(frozen=True, slots=True)
class Normalizer:
    """`normalize` rewrites the requests for which `detect` is true."""

    name: str
    detect: Callable[[Request], bool]
    normalize: Callable[[Request], Request]
    version: str = "1"

    def __call__(self, request: Request) -> Request:
        return self.normalize(request) if self.detect(request) else request


_registered: dict[str, Normalizer] = {}
_lock = renewed(threading.Lock())


def register_normalizer(
    detect: Callable[[Request], bool],
    normalize: Callable[[Request], Request],
    *,
    name: str | None = None,
    version: str = "1",
) -> Normalizer:
    """Rewrite every request for which `detect(request)` is true before its key is computed.

    Both functions must depend on method, URL, body and content type only, and change nothing else.
    Cassettes opened from now on use it; it runs after those registered before. Raises `UsageError`
    where an argument is no function, or the name is taken.
    """
    for role, function in (("detect", detect), ("normalize", normalize)):
        if not callable(function):
            raise UsageError(
                f"normaliser: {role}={function!r} is not a function; give a function of one request"
            )
    known_as = name or str(getattr(normalize, "__qualname__", repr(normalize)))
    entry = Normalizer(known_as, detect, normalize, version)
    with _lock:
        if entry.name in _registered:
            raise UsageError(
                f"normaliser {entry.name!r} is registered already; unregister it first, or give another name="
            )
        _registered[entry.name] = entry
    return entry


def unregister_normalizer(name: str) -> None:
    """Forget the normaliser `name`. Raises `UsageError` if there is none."""
    with _lock:
        if _registered.pop(name, None) is None:
            known = ", ".join(_registered) or "none"
            raise UsageError(f"normaliser {name!r} is not registered; registered are: {known}")


def registered() -> tuple[Normalizer, ...]:
    """The normalisers in force, in the order in which they run."""
    with _lock:
        return tuple(_registered.values())


def normalised(request: Request, normalizers: Iterable[Normalizer]) -> Request:
    """`request` after each of `normalizers`."""
    for normalizer in normalizers:
        request = normalizer(request)
    return request
