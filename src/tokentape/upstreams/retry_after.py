"""How long a provider asks to be left alone, and whether it speaks of a quota: headers, bodies, words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tokentape.protocols.reading import fields, text
from tokentape.upstreams.durations import date, span, until
from tokentape.wire.message import header

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tokentape.protocols.canonical.failure import Failure
    from tokentape.wire.interaction import Json
    from tokentape.wire.message import Headers

_SAID = re.compile(r"\b(?:try again|retry) (?:in|after) ((?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+|\d+(?= sec))", re.I)
"""OpenAI and Groq: "Please try again in 6m0s"; Gemini: "Please retry in 34.07s"."""
_DAILY = re.compile(r"\b(?:per|a|this) ?-?(?:day|week|month)\b|\b(?:daily|weekly|monthly|[RT]PD)\b", re.I)
_LONG_ID = re.compile(r"per_?(?:day|week|month)", re.I)
_SHORT = re.compile(r"per_?-? ?(?:minute|second|hour)|\b[RT]P[MS]\b", re.I)
_QUOTA = re.compile(r"quota|usage limit", re.I)
_ONLY = frozenset({"x-ratelimit-reset", "ratelimit-reset"})
"""Resets of the only window there is: used up, unless what remains says otherwise."""
_DEEP = 6


def asked(
    headers: Headers, failure: Failure, clock: Callable[[], float], *, by_windows: bool
) -> float | None:
    """Seconds to stay away, or None: of Retry-After, of the body, and (`by_windows`: a limit was met) of
    windows that are used up.
    """
    told = _retry_after(headers, clock)
    if told is None:
        told = in_failure(failure)
    if told is None and by_windows:
        told = _windows(headers, clock)
    return told


def _retry_after(headers: Headers, clock: Callable[[], float]) -> float | None:
    milliseconds = span(header(headers, "retry-after-ms") or "")
    if milliseconds is not None:
        return milliseconds / 1000
    said = header(headers, "retry-after")
    if not said:
        return None
    return span(said) if span(said) is not None else until(said, _now(headers, clock))


def _now(headers: Headers, clock: Callable[[], float]) -> float:
    """The server's own clock where it tells it: a date is as its clock has it."""
    told = date(header(headers, "date") or "")
    return clock() if told is None else told


def _windows(headers: Headers, clock: Callable[[], float]) -> float | None:
    """The longest reset among windows with nothing left."""
    told = {name.lower(): value for name, value in headers}
    found = []
    for name, value in told.items():
        if "ratelimit" not in name or "reset" not in name:
            continue
        left = told.get(name.replace("reset", "remaining"), "0" if name in _ONLY else "").strip()
        wait = until(value, _now(headers, clock))
        if wait is not None and left in ("0", "0.0", "-1"):
            found.append(wait)
    return max(found, default=None)


def in_failure(failure: Failure) -> float | None:
    """Seconds that the error itself says: Google's RetryInfo, else its message."""
    for name, value in _details(failure):
        if name in ("retryDelay", "retry_after", "retry_after_seconds"):
            told = value if isinstance(value, str) else str(value)
            if (wait := span(told)) is not None:
                return wait
    found = _SAID.search(failure.message)
    return span(found.group(1)) if found else None


def is_quota(failure: Failure) -> bool:
    """True if the limit is one of a day or a month, or of what was paid for, rather than a rate.

    Gemini says "quota" of a minute's limit, too: what its details name decides before any word does.
    """
    named = [text(value) for name, value in _details(failure) if name in ("quotaId", "quotaMetric")]
    if any(map(_LONG_ID.search, named)):
        return True
    if any(map(_SHORT.search, named)):
        return False
    words = f"{failure.code or ''} {failure.message}"
    if _DAILY.search(words):
        return True
    return bool(_QUOTA.search(words)) and not _SHORT.search(words)


def _details(failure: Failure) -> Iterator[tuple[str, Json]]:
    """Fields of the error's body, at any depth within reason."""
    if failure.origin is None:
        return iter(())
    return _walk(dict(failure.origin.rest), _DEEP)


def _walk(value: Json, depth: int) -> Iterator[tuple[str, Json]]:
    if depth == 0:
        return
    if isinstance(value, list):
        for entry in value:
            yield from _walk(entry, depth - 1)
    for name, inner in fields(value).items():
        if isinstance(inner, dict | list):
            yield from _walk(inner, depth - 1)
        else:
            yield name, inner
