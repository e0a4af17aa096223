"""The tables of the gateway itself: server, recording, responses, traces, usage."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, JsonValue, field_validator, model_validator

from tokentape.cassettes.mode import RecordMode
from tokentape.errors import UsageError
from tokentape.gateway.config.values import (
    NAME,
    Bytes,
    Count,
    Number,
    Port,
    Seconds,
    Secret,
    Share,
    Table,
    Text,
    Texts,
    as_tuple,
    secret_ref,
)
from tokentape.gateway.conversations.memory import TrackerOptions
from tokentape.gateway.responses.options import StateOptions
from tokentape.gateway.safety import SafetyOptions
from tokentape.gateway.tapes import RecordOptions
from tokentape.gateway.telemetry.spans import TelemetryOptions
from tokentape.gateway.trace.options import TraceOptions
from tokentape.gateway.usage.options import UsageOptions

PORT = 8420
"""Where the gateway listens unless something else is said."""

_RECORD, _STATE, _TRACE, _USAGE = RecordOptions(), StateOptions(), TraceOptions(), UsageOptions()
_SAFETY, _TRACKER, _TELEMETRY = SafetyOptions(), TrackerOptions(), TelemetryOptions()


class ClientTable(Table):
    """A key that clients show to the gateway."""

    key: Secret = Field(description="`env:NAME` or `file:PATH`")
    name: Text = Field(
        default="", description="what routes, usage and logs call who has it; else the name of the variable"
    )

    @model_validator(mode="before")
    @classmethod
    def _named(cls, value: object) -> object:
        """`"env:NAME"` alone is a key whose name is NAME."""
        if isinstance(value, str):
            value = {"key": value}
        if not isinstance(value, dict) or "name" in value or "key" not in value:
            return value
        try:
            place = secret_ref(value["key"]).place
        except ValueError:
            place = "-"
        return {**value, "name": place.rpartition("/")[2]}


class ServerTable(Table):
    """`[server]`: where the gateway listens, who may ask, and how much."""

    host: Text = Field(
        default="127.0.0.1", description="the address it listens on; any but loopback needs `keys`"
    )
    port: Port = Field(default=PORT, description="the port; 0: any that is free")
    workers: Count = Field(
        default=1, description="processes; they share cassettes, traces and, with SQLite, responses"
    )
    keys: Annotated[tuple[ClientTable, ...], BeforeValidator(as_tuple)] = Field(
        default=(),
        description="the keys of clients: `env:NAME`, or tables with `key` and `name`; none: none is needed",
    )
    salt: Secret | None = Field(
        default=None,
        description="with it, clients who show keys of providers find their stored responses again after a "
        "restart, and in every worker; else a random one",
    )
    hosts: Texts = Field(default=(), description="further names that may stand in the Host header")
    origins: Texts = Field(
        default=(), description="web origins that may ask, such as `https://app.example.com`"
    )
    body_limit: Bytes = Field(default=_SAFETY.body_limit, description="the longest body of a request")
    body_seconds: Seconds = Field(default=60.0, description="a body has to be there after that; 0: whenever")
    header_limit: Bytes = Field(default=_SAFETY.header_limit, description="the longest head of a request")
    header_count: Count = Field(default=_SAFETY.header_count, description="header fields of a request")
    connections: Count | None = Field(default=None, description="connections at a time, for each worker")
    grace: Seconds = Field(default=30.0, description="what streams get to end when the gateway is stopped")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="how much is logged"
    )


class RecordTable(Table):
    """`[record]`: where calls are recorded, and what makes two of them the same."""

    enabled: bool = Field(
        default=True,
        description="`false`: nothing is recorded, or replayed but by upstreams that are cassettes",
    )
    root: Text = Field(
        default=_RECORD.root, description="a directory, or the address of a store (`sqlite:tapes.db`)"
    )
    cassette: str = Field(
        default=_RECORD.cassette or "",
        description='the cassette of calls that name none; `""`: those are not recorded',
    )
    mode: str | None = Field(
        default=None,
        description="a [record mode](modes.md), unless `TOKENTAPE_MODE` names one; without either "
        "`none` in CI, else `new_episodes`",
    )
    idle: Seconds = Field(default=_RECORD.idle, description="an unused cassette is closed after that long")
    match_on: Texts = Field(
        default=(), description="what makes two requests the same call; see [matching](matching.md)"
    )
    ignore: Texts = Field(default=(), description="paths that make no difference")
    volatile: Texts = Field(default=(), description="regular expressions for text that makes no difference")
    agents: Annotated[
        tuple[Literal["claude-code", "codex", "gemini-cli"], ...], BeforeValidator(as_tuple)
    ] = Field(
        default=(),
        description="coding agents whose ids of sessions, dates and times of commands make no difference",
    )
    record: Literal["all", "llm"] = Field(default="all", description="all calls, or calls of models only")
    hosts: Texts = Field(default=(), description="hosts that count as those of models, too")
    repeat: Literal["error", "last", "cycle"] | None = Field(
        default=None,
        description="what a call gets when its recordings are used up; else `cycle` in mode `none`, "
        "and `error` in the others",
    )
    synthesize: bool = Field(
        default=False,
        description="a whole reply may serve a call that streams, and a stream one that does not",
    )
    redact: Texts = Field(default=(), description="regular expressions of further secrets")
    filter_headers: Texts = Field(default=(), description="further header fields to redact")
    filter_query: Texts = Field(default=(), description="further query parameters to redact")
    filter_json: Texts = Field(default=(), description="further JSON paths to redact")
    metadata: dict[str, JsonValue] = Field(default_factory=dict, description="kept on each recording")
    errors: Literal["record", "warn", "refuse"] = Field(
        default="warn",
        description="replies with status 400 and up, while recording; those that refuse a key "
        "(401, 403, 407) are recorded with `record` only",
    )
    max_age: Seconds | None = Field(default=None, description="how old a recording may be")
    on_expired: Literal["warn", "fail", "record"] = Field(
        default="warn", description="what happens with an older one"
    )
    pace: Literal["fast", "recorded"] = Field(
        default="fast", description="`recorded`: chunks come at the times they came"
    )

    @field_validator("cassette")
    @classmethod
    def _is_a_name(cls, value: str) -> str:
        if value and (NAME.fullmatch(value) is None or ".." in value):
            raise ValueError(f"{value[:60]!r} is a path; give a name, and the folder as record.root")
        return value

    @field_validator("mode")
    @classmethod
    def _is_a_mode(cls, value: str | None) -> str | None:
        try:
            mode = None if value is None else RecordMode.of(value)
        except UsageError as error:
            raise ValueError(str(error).removeprefix("mode: ")) from None
        if mode is RecordMode.VERIFY:
            raise ValueError(NO_VERIFY)
        return mode


NO_VERIFY = "mode 'verify' is for tests and programs; a gateway has nobody to tell what differs"


class ConversationsTable(Table):
    """`[conversations]`: how conversations without a name are told apart; what is remembered are hashes."""

    compare: bool = Field(
        default=_TRACKER.compare, description="`false`: a call that names no conversation is one of its own"
    )
    headers: Texts = Field(default=_TRACKER.headers, description="further header fields that name one")
    ttl: Seconds = Field(default=_TRACKER.ttl, description="how long one is remembered after its last call")
    entries: Count = Field(
        default=_TRACKER.entries, description="exchanges that are remembered of one client"
    )
    total: Count = Field(default=_TRACKER.total, description="and of all")
    clients: Count = Field(default=_TRACKER.clients, description="clients that are remembered")


class ResponsesTable(Table):
    """`[responses]`: the state that the gateway keeps for the Responses API."""

    store: Text | None = Field(
        default=None,
        description="`memory`, or `sqlite:PATH`, which several workers share; else memory for one worker, "
        "and a file in `.tokentape` for several",
    )
    ttl: Seconds = Field(default=_STATE.ttl, description="how long a response is kept after its last use")
    max_items: Count = Field(default=_STATE.max_items, description="so many responses are kept at most")
    max_bytes: Bytes = Field(default=_STATE.max_bytes, description="and so many bytes of them")
    poll: Seconds = Field(default=_STATE.poll, description="between two looks at what another worker writes")
    grace: Seconds = Field(default=_STATE.grace, description="what background jobs get to end at shutdown")
    max_frame: Bytes = Field(default=_STATE.max_frame, description="the longest WebSocket message")

    @field_validator("store")
    @classmethod
    def _is_a_store(cls, value: str | None) -> str | None:
        kind, colon, path = (value or "memory").partition(":")
        if value not in (None, "memory") and not (kind == "sqlite" and colon and path):
            raise ValueError(f'{value!r} is no store; write "memory", or "sqlite:PATH"')
        return value


class TraceTable(Table):
    """`[trace]`: how much is traced, where to, and for how long."""

    enabled: bool = Field(default=_TRACE.enabled, description="`false`: nothing is traced")
    directory: str = Field(
        default=_TRACE.directory or "", description='where traces are kept; `""`: in memory only'
    )
    max_bytes: Bytes = Field(default=_TRACE.max_bytes, description="what they may take on disk")
    max_age: Seconds = Field(default=_TRACE.max_age, description="how long they are kept")
    max_trace_bytes: Bytes = Field(default=_TRACE.max_trace_bytes, description="the bodies of one trace")
    bodies: bool = Field(default=_TRACE.bodies, description="`false`: heads, sizes and times alone")
    max_running_bytes: Bytes = Field(
        default=_TRACE.max_running_bytes, description="the bodies of all calls that are running"
    )
    max_waiting: Count = Field(default=_TRACE.max_waiting, description="traces that wait to be written")
    max_waiting_bytes: Bytes = Field(
        default=_TRACE.max_waiting_bytes, description="bodies that wait to be written"
    )
    share: Share = Field(
        default=_TRACE.share, description="the part of one processor that the writer may take"
    )
    in_memory: Number = Field(
        default=_TRACE.in_memory,
        description="the last traces that are listed, and kept in memory where they are on no disk",
    )


class UsageTable(Table):
    """`[usage]`: what is kept of who used what."""

    enabled: bool = Field(default=_USAGE.enabled, description="`false`: nothing is counted")
    directory: str = Field(
        default=_USAGE.directory or "", description='where it is kept; `""`: in memory only'
    )
    max_age: Seconds = Field(default=_USAGE.max_age, description="how long it is kept")
    max_bytes: Bytes = Field(default=_USAGE.max_bytes, description="what it may take on disk")
    interval: Seconds = Field(
        default=_USAGE.interval, description="how long a request may wait until it is on disk"
    )


class TelemetryTable(Table):
    """`[telemetry]`: spans and metrics for OpenTelemetry."""

    enabled: bool = Field(
        default=_TELEMETRY.enabled,
        description="`true`: needs `tokentape[telemetry]`, and an SDK that exports",
    )
    content: bool = Field(
        default=_TELEMETRY.content, description="`true`: prompts and answers, too, their secrets hidden"
    )
