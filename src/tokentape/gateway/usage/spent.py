"""What one request used and cost: a line of the ledger."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from tokentape.gateway.usage.tap import Counted
from tokentape.metering.call import Call
from tokentape.metering.cost import Cost, cost_of
from tokentape.protocols.dialect import Kind
from tokentape.protocols.usage import Usage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tokentape.metering.price import Price
    from tokentape.wire.interaction import Json

NOTHING = Counted()
REPLAYED = "replayed"


@dataclass(frozen=True, slots=True)
class Spent:
    """One request. `model` is the one that was asked at the upstream, `asked_model` what the client called
    it; `dialect` and `operation` are the client's, `upstream_dialect` and `base_url` say who charges.

    `counted` is what the reply says (`UsageTap.end`). Where it says less than all, `estimate` is called in
    the ledger's thread (`estimates.guess` makes one). `status` None: no reply was begun. `replayed` names
    the recording that answered: nothing was charged.
    """

    at: float
    id: str
    client: str = "-"
    session: str | None = None
    tag: str | None = None
    upstream: str | None = None
    model: str | None = None
    asked_model: str | None = None
    dialect: str = ""
    operation: str = ""
    kind: Kind = Kind.GENERATE
    status: int | None = None
    counted: Counted = NOTHING
    estimate: Callable[[], Counted] | None = None
    upstream_dialect: str = ""
    base_url: str = ""
    ms: float = 0.0
    first_byte_ms: float | None = None
    attempts: int = 1
    replayed: str | None = None

    @property
    def is_failed(self) -> bool:
        """True if the client got an error for an answer, or nothing at all."""
        return self.status is None or self.status >= 400


def settled(spent: Spent) -> Counted:
    """What was counted, with an estimate of what was not; then it says so. A failed request used nothing
    that anybody charges for. An output that is not counted is only missing where there is one.
    """
    counted = spent.counted
    if spent.estimate is None or spent.is_failed or spent.replayed is not None:
        return counted
    usage = counted.usage or Usage()
    needs_output = spent.kind is Kind.GENERATE and usage.output is None
    if usage.input is not None and not needs_output:
        return counted
    guess = spent.estimate()
    if guess.usage is None:
        return counted
    whole = replace(
        usage,
        input=guess.usage.input if usage.input is None else usage.input,
        output=guess.usage.output if needs_output else usage.output,
    )
    return Counted(whole, "estimate", guess.method)


def price_of(spent: Spent, counted: Counted, prices: Mapping[str, Price]) -> Cost:
    """What the request cost, and who says so: the provider's own charge first, then the prices that were
    configured, then the published ones; never a guess where none of them knows.
    """
    if spent.replayed is not None:
        return Cost(Decimal(0), REPLAYED)
    usage = counted.usage
    charged = usage.charged if usage else None
    call = Call(
        site=spent.base_url,
        dialect=spent.upstream_dialect or spent.dialect,
        kind=spent.kind,
        asked=spent.model,
        answered=usage.model if usage else None,
        failed=spent.is_failed,
        usage=usage,
        billed=usage.billed if usage else None,
        tier=usage.tier if usage else None,
        charged=charged,
    )
    return cost_of(call, None if charged is not None else prices, datetime.fromtimestamp(spent.at, UTC))


def row_of(spent: Spent, prices: Mapping[str, Price]) -> dict[str, Json]:
    """The line: short names, and only what is known. `usd` is text, so that sums are exact."""
    counted = settled(spent)
    cost = price_of(spent, counted, prices)
    row: dict[str, Json] = {
        "at": round(spent.at, 3),
        "id": spent.id,
        "client": spent.client,
        "session": spent.session,
        "tag": spent.tag,
        "upstream": spent.upstream,
        "model": spent.model,
        "asked_model": spent.asked_model,
        "dialect": spent.dialect,
        "operation": spent.operation,
        "status": spent.status,
        "counted_by": counted.by or None,
        "method": counted.method or None,
        **(counted.usage.counts if counted.usage else {}),
        "usd": None if cost.usd is None else f"{cost.usd.normalize():f}",
        "charged_by": cost.source or None,
        "why": cost.reason or None,
        "ms": round(spent.ms, 3),
        "first_byte_ms": None if spent.first_byte_ms is None else round(spent.first_byte_ms, 3),
        "attempts": spent.attempts,
        "replayed": spent.replayed,
    }
    return {name: value for name, value in row.items() if value is not None}
