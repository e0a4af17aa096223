"""Times as providers write them: seconds, "6m0s", "20ms", dates, epochs. What is none reads as None."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_UNITS = {"d": 86_400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|us|µs|ns|d|h|m|s)")
_SPAN = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|us|µs|ns|d|h|m|s))+")
_NUMBER = re.compile(r"[+-]?\d{1,18}(?:\.\d{1,18})?")
_EPOCH = 1e9
_EPOCH_MS = 1e12
LONGEST = 31 * 86_400.0
"""No wait is believed to be longer: a month is the longest period that quotas have."""


def span(told: str) -> float | None:
    """Seconds of "7.66s", "2m59.56s" or "1h2m"; a bare number is seconds."""
    told = told.strip()
    if _NUMBER.fullmatch(told):
        return _bounded(float(told))
    if not _SPAN.fullmatch(told):
        return None
    return _bounded(sum(float(count) * _UNITS[unit] for count, unit in _PART.findall(told)))


def until(told: str, now: float) -> float | None:
    """Seconds from `now` (wall clock) to what a reset header says: a span, a date, or an epoch in seconds
    or milliseconds. OpenRouter says milliseconds, GitHub seconds, Anthropic a date, OpenAI a span.
    """
    told = told.strip()
    if _NUMBER.fullmatch(told):
        value = float(told)
        if value >= _EPOCH:
            return _bounded((value / 1000 if value >= _EPOCH_MS else value) - now)
        return _bounded(value)
    found = span(told)
    if found is not None:
        return found
    moment = date(told)
    return None if moment is None else _bounded(moment - now)


def date(told: str) -> float | None:
    """The epoch of a date: of HTTP, or of RFC 3339."""
    try:
        moment = datetime.fromisoformat(told) if told[:4].isdigit() else parsedate_to_datetime(told)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return moment.timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _bounded(seconds: float) -> float | None:
    return min(max(seconds, 0.0), LONGEST) if math.isfinite(seconds) else None
