"""Options of what lives as long as the gateway."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tokentape.gateway.conversations.memory import TrackerOptions
from tokentape.gateway.fields.memory import FieldOptions
from tokentape.gateway.responses.options import StateOptions
from tokentape.gateway.tapes import RecordOptions
from tokentape.gateway.telemetry.spans import TelemetryOptions
from tokentape.gateway.trace.options import TraceOptions
from tokentape.gateway.usage.options import UsageOptions
from tokentape.upstreams.destinations import FetchOptions
from tokentape.upstreams.pools.options import PoolOptions

if TYPE_CHECKING:
    from tokentape.gateway.fields.rule import FieldRule


@dataclass(frozen=True, slots=True)
class Lasting:
    """What each part of the gateway is made with."""

    record: RecordOptions = field(default_factory=RecordOptions)
    trace: TraceOptions = field(default_factory=TraceOptions)
    usage: UsageOptions = field(default_factory=UsageOptions)
    pools: PoolOptions = field(default_factory=PoolOptions)
    state: StateOptions = field(default_factory=StateOptions)
    tracker: TrackerOptions = field(default_factory=TrackerOptions)
    fields: tuple[FieldRule, ...] = ()
    field_options: FieldOptions = field(default_factory=FieldOptions)
    fetch: FetchOptions = field(default_factory=FetchOptions)
    telemetry: TelemetryOptions = field(default_factory=TelemetryOptions)

    def changed(self, new: Lasting) -> Lasting:
        """With what a reload may change of it."""
        usage = replace(self.usage, prices=new.usage.prices)
        return replace(self, pools=new.pools, fields=new.fields, usage=usage)
