"""The whole file: which tables there are."""

from typing import Annotated

from pydantic import BeforeValidator, Field

from tokentape.gateway.config.fetching import FetchTable
from tokentape.gateway.config.fields import FieldRuleTable, FieldsTable
from tokentape.gateway.config.policy import ClassTable, PolicyTable, PriceTable
from tokentape.gateway.config.routes import AliasTable, GroupTable, RouteTable
from tokentape.gateway.config.tables import (
    ConversationsTable,
    RecordTable,
    ResponsesTable,
    ServerTable,
    TelemetryTable,
    TraceTable,
    UsageTable,
)
from tokentape.gateway.config.upstreams import UpstreamTable
from tokentape.gateway.config.values import Table, Text, as_tuple


class Document(Table):
    """A configuration. `[tool]` is not ours: the file may hold `[tool.tokentape]`, too."""

    default: Text | None = Field(
        default=None,
        description="the upstream of models that nothing else leads to; else the only one there is",
    )
    server: ServerTable = Field(
        default=ServerTable(), description="where the gateway listens, who may ask, how much"
    )
    record: RecordTable = Field(default=RecordTable(), description="where calls are recorded")
    upstreams: dict[str, UpstreamTable] = Field(default_factory=dict, description="where models answer")
    models: dict[str, AliasTable] = Field(default_factory=dict, description="names of its own for models")
    groups: dict[str, GroupTable] = Field(default_factory=dict, description="targets that are tried in order")
    routes: Annotated[tuple[RouteTable, ...], BeforeValidator(as_tuple)] = Field(
        default=(), description="rules for where calls go"
    )
    classes: Annotated[tuple[ClassTable, ...], BeforeValidator(as_tuple)] = Field(
        default=(), description="rules for what a request is for, before those for known clients"
    )
    policy: PolicyTable = Field(default=PolicyTable(), description="what is done about losses and failures")
    prices: dict[str, PriceTable] = Field(default_factory=dict, description="prices of your own")
    field_rules: Annotated[tuple[FieldRuleTable, ...], BeforeValidator(as_tuple)] = Field(
        default=(), description="values that an upstream needs back"
    )
    fields: FieldsTable = Field(default=FieldsTable(), description="what upstreams are known to need back")
    fetch: FetchTable = Field(default=FetchTable(), description="media that requests name by URL")
    conversations: ConversationsTable = Field(
        default=ConversationsTable(), description="how conversations without a name are told apart"
    )
    responses: ResponsesTable = Field(default=ResponsesTable(), description="the state of the Responses API")
    trace: TraceTable = Field(default=TraceTable(), description="what is traced")
    usage: UsageTable = Field(default=UsageTable(), description="what is kept of usage")
    telemetry: TelemetryTable = Field(default=TelemetryTable(), description="what OpenTelemetry is told")
