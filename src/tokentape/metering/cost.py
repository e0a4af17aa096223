"""What a call costs, and who says so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from tokentape.metering.price import amount
from tokentape.metering.providers import names_of, provider_of
from tokentape.metering.snapshot import price_of, prices
from tokentape.protocols.dialect import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tokentape.metering.call import Call
    from tokentape.metering.price import Price
    from tokentape.metering.snapshot import Listed


@dataclass(frozen=True, slots=True)
class Cost:
    """Money in USD with its source; `usd` is None where it is unknown, and `reason` says why."""

    usd: Decimal | None
    source: str = ""
    reason: str = ""


_FREE = frozenset({Kind.META, Kind.FILES, Kind.TELEMETRY, Kind.WARMUP})
"""Calls that no provider charges for by itself: model lists, token counts, uploads."""

OWN = "own prices"


def cost_of(call: Call, own: Mapping[str, Price] | None = None, at: datetime | None = None) -> Cost:
    """What `call` costs at the moment `at` (now).

    In this order: free calls; `own` prices, by the exact name of the model; what the reply itself says it
    cost; the published prices.
    """
    if call.kind in _FREE or call.failed:
        return Cost(Decimal(0), "not charged")
    price = _own(call, own) if own else None
    if price is not None:
        return _priced(call, price, OWN)
    if call.charged is not None:
        return Cost(Decimal(str(call.charged)), "the reply")
    return _published(call, at or datetime.now(UTC))


def _own(call: Call, own: Mapping[str, Price]) -> Price | None:
    """The own price of the service tier ("my-model@batch") before that of the model."""
    names = [name for name in (call.answered, call.asked) if name]
    tiered = [f"{name}@{call.tier}" for name in names] if call.tier else []
    return next((own[name] for name in (*tiered, *names) if name in own), None)


def _priced(call: Call, price: Price, source: str) -> Cost:
    usage = call.billed or call.usage
    if usage is None:
        return Cost(None, reason=call.problem or "the reply does not say what it used")
    found = amount(price, usage)
    return Cost(None, reason=found) if isinstance(found, str) else Cost(found, source)


def _published(call: Call, at: datetime) -> Cost:
    if call.problem:
        return Cost(None, reason=call.problem)
    if not call.is_of_a_model:
        return Cost(None, reason="not a call to a model that tokentape knows")
    listed = _listed(call)
    if isinstance(listed, str):
        return Cost(None, reason=listed)
    price = price_of(listed.model, at, call.tier)
    if isinstance(price, str):
        return Cost(None, reason=price)
    if _keeps_long(call) and price.cache_write is not None and price.cache_write_1h is None:
        return Cost(None, reason=f"{listed.id} has no listed price for what is cached for long")
    return _priced(call, price, prices().source_of(listed, call.tier))


def _keeps_long(call: Call) -> bool:
    """True for prompts cached for an hour or longer, which costs more than the usual minutes."""
    usage = call.billed or call.usage
    return usage is not None and bool(usage.cache_write_1h)


def _listed(call: Call) -> Listed | str:
    """The model in the price list, or why it is not there."""
    snapshot = prices()
    names = names_of(None, call.asked, call.answered)
    provider = provider_of(snapshot, call.site, call.dialect, names)
    if provider is None:
        return f"no prices are known for {_host(call.site)}"
    names = names_of(provider, call.asked, call.answered)
    if not names:
        return f"the reply of {provider} does not name its model"
    found = next((listed for name in names if (listed := snapshot.find(provider, name)) is not None), None)
    return found or f"{provider} has no listed price for {names[0]}"


def _host(site: str) -> str:
    return site.split("/", 3)[2] if site.count("/") >= 2 else "this call"
