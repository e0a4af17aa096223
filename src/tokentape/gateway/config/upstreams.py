"""The tables of upstreams: where they are, how one is authenticated there, keys, limits, differences."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, JsonValue, field_validator, model_validator

from tokentape.gateway.config.values import (
    SECRET_OPTIONS,
    Count,
    Seconds,
    Secret,
    Table,
    Text,
    Texts,
    as_tuple,
    secret_ref,
    tables_in_short,
)
from tokentape.protocols.quirks import Style
from tokentape.upstreams.upstream import Times

_TIMES = Times()


class WindowTable(Table):
    """At most so many calls or tokens within a time."""

    per: Seconds = Field(description='the length of the window: `"1m"`, `"1d"`, or seconds')
    requests: Count | None = Field(default=None, description="calls within it")
    tokens: Count | None = Field(default=None, description="tokens within it")
    offset: Seconds | None = Field(
        default=None,
        description="windows begin at fixed times, so long after midnight UTC; without it, they roll",
    )


class CapTable(WindowTable):
    """A limit of one's own, below the provider's: for each key, or the one named, and for all models
    together, or the quota group of the model named.
    """

    key: Text | None = Field(default=None, description="the name of a key; else each of them")
    model: Text | None = Field(default=None, description="a model, with those that share its quota; else all")


class LimitsTable(Table):
    """What one key may be asked."""

    concurrent: Count | None = Field(default=None, description="calls at a time")
    rpm: Count | None = Field(default=None, description="calls a minute")
    tpm: Count | None = Field(default=None, description="tokens a minute")
    rpd: Count | None = Field(default=None, description="calls a day (UTC)")
    tpd: Count | None = Field(default=None, description="tokens a day (UTC)")
    windows: Annotated[tuple[WindowTable, ...], BeforeValidator(as_tuple)] = Field(
        default=(), description='further windows: `[{ per = "5h", requests = 200 }]`'
    )


class KeyTable(LimitsTable):
    """One key of an upstream; its limits count instead of the upstream's."""

    in_short = "key"

    key: Secret = Field(description="`env:NAME` or `file:PATH`")
    name: Text | None = Field(
        default=None, description="what logs and headers show; else `key1`, `key2`, ..."
    )
    priority: int = Field(default=0, description="keys with the lowest go first")


class TimesTable(Table):
    """Deadlines; 0: none."""

    connect: Seconds | None = Field(default=_TIMES.connect, description="to connect")
    first_byte: Seconds | None = Field(
        default=_TIMES.first_byte,
        description="from the decision to ask until the first byte of the reply's body",
    )
    stall: Seconds | None = Field(default=_TIMES.stall, description="between two chunks")
    total: Seconds | None = Field(default=_TIMES.total, description="for the whole reply")


class QuirksTable(Table):
    """What the server does differently, on top of `server`."""

    rename: dict[str, Text] = Field(default_factory=dict, description="fields it calls otherwise")
    drop: Texts = Field(default=(), description="fields it refuses; each is a loss of tuning")
    default: dict[str, JsonValue] = Field(
        default_factory=dict, description="fields it wants unless the request says"
    )
    force: dict[str, JsonValue] = Field(default_factory=dict, description="fields every request gets")
    developer_role: Literal["developer", "system"] | None = Field(
        default=None, description="what system text is called"
    )
    system_at_head: bool | None = Field(
        default=None, description="system text stands before the conversation only"
    )
    merge_roles: bool | None = Field(default=None, description="turns of one role must not follow each other")
    text_only: bool | None = Field(
        default=None, description="the content of a message is a string, never parts"
    )
    parts: Texts = Field(default=(), description="types of content parts beyond those of its dialect")
    cache_marks: bool | None = Field(default=None, description="`cache_control` may stand at parts and tools")
    media_in_results: bool | None = Field(default=None, description="the result of a tool may hold images")
    reasoning_field: Text | None = Field(
        default=None, description="the field of a message that takes thoughts back"
    )
    reasoning_details: bool | None = Field(default=None, description="`reasoning_details` go back, too")
    reasoning_on_calls: bool | None = Field(
        default=None, description="thoughts go back with turns that call tools only"
    )
    thinking: Style | None = Field(default=None, description="how it is told how much to think")
    output: Texts = Field(default=(), description="the forms of output it takes")
    token_limit: Literal["max_tokens", "max_completion_tokens"] | None = Field(
        default=None, description="the field that limits the output"
    )
    tool_ids: Text | None = Field(default=None, description="the rule for ids of tool calls")
    # `schema` is a method of pydantic's models.
    schema_: Literal["gemini-openapi"] | None = Field(
        default=None, alias="schema", description="the subset of JSON schema that it takes"
    )
    stream_usage: Literal["option", "always", "never"] | None = Field(
        default=None, description="how usage comes in a stream"
    )


class AuthTable(Table):
    """How requests are authenticated, where the preset, or the dialect's own way, does not fit."""

    kind: Text = Field(description="the way; see [upstreams](upstreams.md)")
    options: dict[str, JsonValue] = Field(default_factory=dict, description="what this way needs to know")

    @model_validator(mode="before")
    @classmethod
    def _flat(cls, value: object) -> object:
        """`"bearer"`, or `{ kind = "header", name = "X-Key" }`: further keys are the options."""
        if isinstance(value, str):
            return {"kind": value}
        if not isinstance(value, dict) or "options" in value:
            return value
        rest = {name: each for name, each in value.items() if name != "kind"}
        return {**({"kind": value["kind"]} if "kind" in value else {}), "options": rest}

    @field_validator("options")
    @classmethod
    def _refers(cls, value: dict[str, JsonValue]) -> dict[str, JsonValue]:
        for name in SECRET_OPTIONS & value.keys():
            try:
                secret_ref(value[name])
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from None
        return value


def _models(value: object) -> object:
    """A list of names is a map of each to itself."""
    if isinstance(value, list) and all(isinstance(name, str) for name in value):
        return {name: name for name in value}
    return value


def _groups(value: object) -> object:
    """Lists in a list."""
    if not isinstance(value, list):
        return value
    return tuple(tuple(each) if isinstance(each, list) else each for each in value)


class UpstreamTable(Table):
    """`[upstreams.NAME]`: a place where models answer."""

    preset: Text | None = Field(
        default=None, description="a provider that is known; it says everything but the keys"
    )
    options: dict[str, JsonValue] = Field(
        default_factory=dict, description="what the preset needs to know: region, resource, project, ..."
    )
    dialect: Text | None = Field(
        default=None, description="its API: `openai.chat`, `openai.responses`, `anthropic.messages`, ..."
    )
    also: Texts = Field(default=(), description="further dialects that it speaks under the same base URL")
    base_url: Text | None = Field(
        default=None, description="leads up to the API's own path; may end with the version"
    )
    auth: AuthTable | None = Field(
        default=None, description="a way by its name, or a table with `kind` and what it needs"
    )
    keys: Annotated[tuple[KeyTable, ...], tables_in_short(KeyTable)] = Field(
        default=(), description='its keys: `["env:OPENAI_API_KEY"]`, or tables with limits'
    )
    client_key: bool | None = Field(
        default=None,
        description="`true`: the client's own key is passed on; it goes to this upstream and nowhere else",
    )
    models: Annotated[dict[str, Text], BeforeValidator(_models)] = Field(
        default_factory=dict,
        description="models that it has: a list, or names that are asked for and its own",
    )
    server: Text | None = Field(
        default=None, description="a server whose differences are known (`vllm`, `groq`, ...)"
    )
    quirks: QuirksTable = Field(default=QuirksTable(), description="further differences")
    headers: dict[str, str] = Field(default_factory=dict, description="header fields of every request")
    query: Text | None = Field(
        default=None, description="query of every request, such as `api-version=2025-01-01`"
    )
    paths: dict[str, Text] = Field(
        default_factory=dict, description="templates of paths that differ, by how the path begins"
    )
    forced: dict[str, JsonValue] = Field(default_factory=dict, description="fields of every body")
    dropped: Texts = Field(default=(), description="fields of a body that it does not take")
    limits: LimitsTable = Field(
        default=LimitsTable(), description="limits of each key that says nothing itself"
    )
    timeouts: TimesTable = Field(default=TimesTable(), description="deadlines")
    selection: Literal["sequential", "balanced", "least_busy"] = Field(
        default="sequential", description="which key goes next"
    )
    quota_groups: Annotated[tuple[tuple[Text, ...], ...], BeforeValidator(_groups)] = Field(
        default=(), description="lists of models that share a quota; a model in none has its own"
    )
    caps: Annotated[tuple[CapTable, ...], BeforeValidator(as_tuple)] = Field(
        default=(), description='limits of your own: `[{ per = "1d", tokens = 2000000, model = "gpt-5" }]`'
    )
    keeps_responses: bool | None = Field(
        default=None, description="`true`: stored responses are asked of it, and not kept by the gateway"
    )
    cassette: Text | None = Field(
        default=None, description="it is no server but a cassette under `record.root`, which answers offline"
    )
