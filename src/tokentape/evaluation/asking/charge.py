"""What a call of a target costs: what it did, what it may at most, what it likely will."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.metering.call import Call
from tokentape.metering.cost import Cost, cost_of
from tokentape.protocols.canonical.estimate import estimate
from tokentape.protocols.dialect import Kind
from tokentape.protocols.limits import output_cap
from tokentape.protocols.usage import Usage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tokentape.evaluation.asking.preparing import Prepared
    from tokentape.metering.price import Price

    Prices = Mapping[str, Price] | None

_OFF = 2
"""An estimate of tokens may be off by so much."""
_UNBOUNDED = 32_768
"""Tokens of an answer whose limit nobody has published."""


def cost_at(prepared: Prepared, usage: Usage | None, prices: Prices) -> Cost:
    """The cost of a call that uses so much; its `usd` is None, and never 0, where no rate is known."""
    source = prepared.source
    call = Call(
        site=prepared.request.url.partition("?")[0],
        dialect=source.dialect,
        kind=Kind.GENERATE,
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
    write.
    """
    asked = prepared.asked
    told = (recorded.input or 0) if recorded is not None else 0
    tokens = _OFF * max(estimate(asked).tokens, told)
    limit = asked.options.max_output_tokens or output_cap(prepared.source.model) or _UNBOUNDED
    if asked.thinking is not None and asked.thinking.budget:
        limit += asked.thinking.budget
    return cost_at(prepared, Usage(tokens, limit * (asked.options.candidates or 1)), prices)
