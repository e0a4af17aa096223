"""What a provider says that a reply cost, in USD, wherever it says so.

In the usage or beside it: `cost` (OpenRouter; Perplexity as an object), `estimated_cost` (DeepInfra),
`request_cost_usd` (Neuralwatt), `cost_in_usd_ticks` (xAI, 1e-10 USD). In a stream also as an event of its
own (`event: cost`) or as a comment that clients skip (`: cost {...}`): neither is part of the answer.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tokentape.protocols.reading import at, fields, number, text
from tokentape.wire.jsontext import JsonError, parse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tokentape.protocols.payload import Payload
    from tokentape.wire.interaction import Json

_TOTALS = ("request_cost_usd", "total_cost_usd", "cost_usd", "total_cost", "total", "cost")
"""Names of the whole sum, the clearest first; `request_cost` is a part of it (Perplexity)."""


_SUMS = ("request_cost_usd", "cost", "total_cost", "cost_details", "estimated_cost")
_SAYING = frozenset({*_SUMS, "cost_in_usd_ticks"})
"""Most objects say nothing of a cost, and every reply is asked."""


def charged(counts: dict[str, Json]) -> float | None:
    """What an object says of its cost, a usage object or what stands around it; None if it says nothing.

    With an own key OpenRouter's `cost` is its fee alone, and what its provider takes stands beside; as long
    as that is unknown, so is the sum. Estimates of the provider count where it says nothing better.
    """
    if _SAYING.isdisjoint(counts):
        return None
    if counts.get("is_byok") is True:
        upstream = _amount(at(counts, "cost_details", "upstream_inference_cost"))
        return None if upstream is None else upstream + (_amount(counts.get("cost")) or 0.0)
    if (ticks := number(counts.get("cost_in_usd_ticks"))) is not None:
        return _of_ticks(ticks)
    for name in _SUMS:
        if (found := _sum(counts.get(name), counts)) is not None:
            return found
    return None


def _sum(value: Json, around: dict[str, Json]) -> float | None:
    """An amount, or an object with a total, or with parts that add up to one; only in USD."""
    told = fields(value)
    currency = text(told.get("currency")) or text(around.get("currency")) or "USD"
    if currency.upper() != "USD":
        return None
    if not told:
        return _amount(value)
    if (ticks := number(told.get("cost_in_usd_ticks"))) is not None:
        return _of_ticks(ticks)
    totals = (_amount(told.get(name)) for name in _TOTALS)
    found = next((total for total in totals if total is not None), None)
    return _parts(told) if found is None else found


def _parts(told: dict[str, Json]) -> float | None:
    """The sum of a breakdown: `input_cost`, `output_cost` ... What its provider took of it is no part."""
    parts = [
        _amount(value)
        for name, value in told.items()
        if name.endswith("_cost") and not name.startswith("upstream_") and value is not None
    ]
    known = [part for part in parts if part is not None]
    return sum(known) if known and len(known) == len(parts) else None


def _of_ticks(ticks: int) -> float | None:
    return ticks / 10**10 if 0 <= ticks < 10**16 else None


_DECIMAL = re.compile(r"\d{1,6}(?:\.\d{1,20})?(?:[eE]-\d{1,2})?")


def _amount(value: Json) -> float | None:
    """A sum of money that can be one; some servers write numbers as text."""
    if isinstance(value, str):
        return float(value) if _DECIMAL.fullmatch(value) else None
    known = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 10**6
    return float(value) if known and isinstance(value, int | float) else None


def is_charge(name: str | None, json: Json) -> bool:
    """True for an event of a stream that says a cost and nothing else: no part of the answer."""
    if name is not None and name != "message":
        return name == "cost"
    told = fields(json)
    return told.get("type") == "cost" or (bool(told) and told.keys() <= _ONLY_MONEY)


_ONLY_MONEY = frozenset({*_TOTALS, "cost_in_usd_ticks", "estimated_cost", "cost_details", "currency"})


def charged_in(name: str | None, json: Json) -> float | None:
    """What an event of a stream says of the cost: an event of its own, in its usage, or beside that."""
    if is_charge(name, json):
        told = fields(json)
        return _sum(json, {}) if (found := charged(told)) is None else found
    return charged_beside(json)


def charged_beside(reply: Json) -> float | None:
    """What a reply says of its cost, in its `usage` or as a sibling of that."""
    told = fields(reply)
    usage = fields(told.get("usage"))
    found = charged(usage) if usage else None
    return charged(told) if found is None else found


_COMMENT = re.compile(rb"^:[ \t]*cost\b[ \t:=]*(.*?)[ \t]*\r?$", re.MULTILINE)


def charged_in_comment(raw: bytes) -> float | None:
    """What the comments of server-sent events say: `: cost {...}` or `: cost 0.001`; the last one wins."""
    if b"cost" not in raw:
        return None
    found = None
    for match in _COMMENT.finditer(raw.replace(b"\r", b"\n") if b"\r" in raw else raw):
        try:
            said = parse(match[1])
        except JsonError:
            continue
        amount = charged_in("cost", said)
        found = found if amount is None else amount
    return found


def charged_in_stream(stream: Iterable[Payload]) -> float | None:
    """The last cost that a stream says; a later usage without one takes nothing back."""
    found = None
    for payload in stream:
        if b"cost" in payload.data or payload.name == "cost":
            amount = charged_in(payload.name, payload.json)
            if amount is None and isinstance(inner := payload.fields.get("response"), dict):
                amount = charged_beside(inner)
            found = found if amount is None else amount
    return found
