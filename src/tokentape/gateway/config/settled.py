"""A configuration as the gateway takes it: objects of its parts, and no table any more."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tokentape.gateway.conversations.memory import TrackerOptions
from tokentape.gateway.fields.memory import FieldOptions
from tokentape.gateway.responses.options import StateOptions
from tokentape.gateway.safety import SafetyOptions
from tokentape.gateway.tapes import RecordOptions
from tokentape.gateway.telemetry.spans import TelemetryOptions
from tokentape.gateway.trace.options import TraceOptions
from tokentape.gateway.usage.options import UsageOptions
from tokentape.upstreams.destinations import FetchOptions
from tokentape.upstreams.pools.options import PoolOptions
from tokentape.upstreams.retrying import Policy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tokentape.gateway.classes import ClassRule
    from tokentape.gateway.config.document import Document
    from tokentape.gateway.config.later import LaterSender
    from tokentape.gateway.fields.rule import FieldRule
    from tokentape.gateway.routing import Router


@dataclass(frozen=True, slots=True)
class Config:
    """Everything that is configured. Secrets are `Secret`s: its repr shows none.

    `record` None: nothing is recorded or replayed. `policies` are those of groups that have their own.
    `strict`: every loss refuses a call. `heartbeat`, `grace`: seconds. `connections`: for each worker.
    `sender` is what tokens are asked with: the server gives it its HTTP client. `path` is what it was read
    from, as messages name it: a file, or the options; `document` its tables.
    """

    document: Document
    router: Router
    sender: LaterSender
    path: str = ""
    host: str = "127.0.0.1"
    port: int = 0
    workers: int = 1
    connections: int | None = None
    grace: float = 30.0
    log_level: str = "info"
    safety: SafetyOptions = field(default_factory=SafetyOptions)
    record: RecordOptions | None = field(default_factory=RecordOptions)
    policy: Policy = field(default_factory=Policy)
    policies: Mapping[str, Policy] = field(default_factory=dict)
    pools: PoolOptions = field(default_factory=PoolOptions)
    strict: bool = False
    heartbeat: float | None = 15.0
    classes: tuple[ClassRule, ...] = ()
    fields: tuple[FieldRule, ...] = ()
    field_options: FieldOptions = field(default_factory=FieldOptions)
    fetch: FetchOptions = field(default_factory=FetchOptions)
    tracker: TrackerOptions = field(default_factory=TrackerOptions)
    state: StateOptions = field(default_factory=StateOptions)
    trace: TraceOptions = field(default_factory=TraceOptions)
    usage: UsageOptions = field(default_factory=UsageOptions)
    telemetry: TelemetryOptions = field(default_factory=TelemetryOptions)
    warnings: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    """Files with secrets, which are part of it."""
