"""What a call of a target costs: what it did, what it may at most, what it likely will."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tokentape.metering.call import Call
from tokentape.metering.cost import Cost, cost_of
from tokentape.protocols.canonical.estimate import estimate
from tokentape.protocols.canonical.items import Message, ToolResult
from tokentape.protocols.canonical.parts import Document, Inline
from tokentape.protocols.dialect import Kind
from tokentape.protocols.fastjson import loads
from tokentape.protocols.limits import output_cap
from tokentape.protocols.usage import Usage, tier_of
from tokentape.wire.jsontext import JsonError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from tokentape.evaluation.asking.preparing import Prepared
    from tokentape.metering.price import Price
    from tokentape.protocols.canonical.items import Item
    from tokentape.wire.interaction import Json

    Prices = Mapping[str, Price] | None

_OFF = 2
"""An estimate of tokens may be off by so much."""
_UNBOUNDED = 32_768
"""Tokens of an answer whose limit nobody has published."""
_LIMITS = frozenset(
    {
        "max_tokens",
        "max_completion_tokens",
        "max_output_tokens",
        "maxOutputTokens",
        "maxTokens",
        "num_predict",
    }
)
_BUDGETS = frozenset({"budget_tokens", "thinkingBudget", "thinking_budget", "token_budget"})
_CHOICES = frozenset({"n", "candidateCount"})


def cost_at(prepared: Prepared, usage: Usage | None, prices: Prices) -> Cost:
    """The cost of a call that uses so much; its `usd` is None, and never 0, where no rate is known."""
    source = prepared.source
    call = Call(
        site=prepared.request.url.partition("?")[0],
        dialect=source.dialect,
        kind=prepared.kind,
        asked=source.model,
        answered=usage.model if usage is not None else None,
        usage=usage,
        billed=usage.billed if usage is not None else None,
        tier=usage.tier if usage is not None else None,
        charged=usage.charged if usage is not None else None,
    )
    return cost_of(call, prices)


def worst(prepared: Prepared, recorded: Usage | None, prices: Prices) -> Cost:
    """The most that a call may cost: an input that was estimated too low, and all the output that it may
    write. The request as it is sent counts: an upstream may have put limits of its own into it.
    """
    asked = prepared.asked
    told = recorded.input if recorded is not None else None
    tokens = _OFF * max(estimate(asked).tokens, told or 0)
    if told is None:
        tokens += sum(map(_document, asked.items))
    if prepared.kind is Kind.EMBED:
        return cost_at(prepared, Usage(tokens, 0), prices)
    body = _object(prepared.request.body)
    limit = max(_numbers(body, _LIMITS), default=0) or output_cap(prepared.source.model) or _UNBOUNDED
    limit += max(_numbers(body, _BUDGETS), default=0)
    usage = Usage(tokens, limit * max(_numbers(body, _CHOICES), default=1))
    usual = cost_at(prepared, usage, prices)
    tier = tier_of(body)
    if tier is None:
        return usual
    return _dearer(usual, cost_at(prepared, replace(usage, tier=tier), prices))


def _dearer(usual: Cost, tiered: Cost) -> Cost:
    """A provider that has no room in the tier that was asked for may take the usual one, and its price."""
    if usual.usd is None or tiered.usd is None:
        return usual if tiered.usd is None else tiered
    return max(usual, tiered, key=lambda cost: cost.usd or 0)


def _object(body: bytes | None) -> Json:
    try:
        return loads(body or b"{}")
    except JsonError:
        return {}


def _numbers(value: Json, names: Collection[str]) -> Iterator[int]:
    """The numbers that stand under such names, in options; what is said and the tools are lists."""
    for name, found in value.items() if isinstance(value, dict) else ():
        if isinstance(found, dict):
            yield from _numbers(found, names)
        elif name in names and type(found) is int and found > 0:
            yield found


def _document(item: Item) -> int:
    """A token for each byte of a document: how many pages it has is not known without reading it."""
    parts = item.parts if isinstance(item, Message | ToolResult) else ()
    sources = (part.source for part in parts if isinstance(part, Document))
    return sum(len(source.data) * 3 // 4 for source in sources if isinstance(source, Inline))
