"""What a provider's rate-limit headers say: kept as they were told, for `/quota`; nothing is decided by them.

Spellings: OpenAI, Azure, Groq ("x-ratelimit-remaining-requests", resets as spans), Anthropic
("anthropic-ratelimit-requests-remaining", resets as dates), Mistral ("x-ratelimit-remaining-req-minute",
"ratelimitbysize-remaining"), OpenRouter ("x-ratelimit-reset" in epoch milliseconds), and the IETF's draft in
its two forms ("ratelimit-remaining"; "RateLimit: "default";r=50;t=30").
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tokentape.upstreams.durations import until

if TYPE_CHECKING:
    from tokentape.wire.message import Headers


@dataclass(frozen=True, slots=True)
class Gauge:
    """One limit as the provider told it. `resets` and `at` are wall-clock seconds."""

    at: float
    limit: float | None = None
    remaining: float | None = None
    resets: float | None = None


_PLAIN = re.compile(
    r"(?:(?P<vendor>[a-z]+)-|x-)?ratelimit(?:bysize)?-(?:(?P<before>[a-z0-9-]+?)-)?"
    r"(?P<part>limit|remaining|reset)(?:-(?P<after>[a-z0-9-]+))?"
)
_DRAFT = frozenset({"ratelimit", "ratelimit-policy"})
_ITEM = re.compile(r'"?(?P<name>[\w.-]*)"?\s*(?P<fields>(?:[;,]\s*[a-z]+=[\d.]+\s*)+)')
_FIELD = re.compile(r"([a-z]+)=([\d.]+)")
_NUMBER = re.compile(r"-?\d{1,15}(?:\.\d{1,9})?")
_OLD = re.compile(r"\s*(?:limit|remaining|reset)=")
_MOST = 32
_LONGEST = 64


def read(headers: Headers, now: float) -> dict[str, Gauge]:
    """The gauges by name ("requests", "tokens", "req-minute"); "" where the header names none."""
    found: dict[str, Gauge] = {}
    for name, value in headers:
        key = name.lower()
        if "ratelimit" not in key:
            continue
        if key in _DRAFT:
            _draft(found, value, now)
        elif told := _PLAIN.fullmatch(key):
            by_size = "bysize" if "bysize" in key else ""
            which = "-".join(filter(None, (by_size, told["before"], told["after"])))
            _set(found, which, told["part"], value, now)
    return found


def _draft(found: dict[str, Gauge], value: str, now: float) -> None:
    if _OLD.match(value):
        for part, said in _FIELD.findall(value):
            if part in ("limit", "remaining", "reset"):
                _set(found, "", part, said, now)
        return
    for item in _ITEM.finditer(value):
        for letter, said in _FIELD.findall(item["fields"]):
            part = {"r": "remaining", "t": "reset", "q": "limit"}.get(letter)
            if part is not None:
                _set(found, item["name"], part, said, now)


def _set(found: dict[str, Gauge], which: str, part: str, value: str, now: float) -> None:
    if (which not in found and len(found) >= _MOST) or len(which) > _LONGEST:
        return
    gauge = found.get(which, Gauge(now))
    if part == "reset":
        wait = until(value, now)
        found[which] = replace(gauge, resets=None if wait is None else now + wait)
    elif _NUMBER.fullmatch(value.strip()):
        number = float(value)
        found[which] = replace(gauge, limit=number) if part == "limit" else replace(gauge, remaining=number)
