"""The tables of field rules: values that an upstream needs back."""

from typing import Annotated, Literal, cast

from pydantic import BeforeValidator, Field, model_validator

from tokentape.errors import UsageError
from tokentape.gateway.config.values import Bytes, Count, Seconds, Table, Text, Texts, as_tuple
from tokentape.gateway.fields.memory import FieldOptions
from tokentape.gateway.fields.rule import FieldRule, Goal, Inject, Mode, Origin
from tokentape.gateway.fields.scope import DEFAULT, NAMES

ScopeName = Literal["client", "upstream", "model", "credential", "session", "conversation", "class"]
Scopes = Annotated[tuple[ScopeName, ...], BeforeValidator(as_tuple)]
_FIELDS = FieldOptions()
_DEFAULT = cast("tuple[ScopeName, ...]", DEFAULT)


class FieldsTable(Table):
    """`[fields]`: what upstreams are known to need back (signatures, sealed reasoning, caches)."""

    entries: Count = Field(default=_FIELDS.entries, description="values that are kept in all")
    bytes: Bytes = Field(default=_FIELDS.bytes, description="and their bytes")
    off: Texts = Field(default=(), description="names of built-in rules that are not wanted")
    passed: Texts = Field(
        default=(),
        description="names of those that shall also serve clients of the upstream's own dialect, which keep "
        "such state themselves, as a rule",
    )


class InjectTable(Table):
    """Where the values go."""

    target: Goal = Field(description="`request`, `canonical_request`, or `metadata` (a header field)")
    path: Text = Field(
        description="the place in it: `messages[*].reasoning_content`, `options.cache_key`, a name"
    )
    when_missing_only: bool = Field(default=True, description="never over what the client says")
    insert: int | None = Field(default=None, description="put into the list at the path, at this index")
    as_list: bool = Field(
        default=False, description="all values as one list, where else it is the last of them"
    )


class FieldRuleTable(Table):
    """`[[field_rules]]`: a value is taken from a request or reply, and goes back in later requests."""

    name: Text = Field(description="its name in traces")
    source: Origin = Field(
        description="`request`, `response`, `stream_event`, `canonical_request` or `canonical_reply`"
    )
    path: Text = Field(description="where the value stands: `output[-1].id`, `metadata.*`")
    inject: InjectTable = Field(description="where it goes")
    mode: Mode = Field(
        default="last",
        description="which values: `last`, `all`, `last_user_turn`, `last_assistant_turn`, `per_tool_call`",
    )
    scope: Scopes = Field(
        default=_DEFAULT,
        description=f"whose it is: {', '.join(f'`{name}`' for name in NAMES)}; the client always counts",
    )
    ttl: Seconds = Field(default=86_400.0, description="how long it is kept")
    max_values: Count = Field(default=1_024, description="values that are kept")
    max_bytes: Bytes = Field(default=4 << 20, description="and their bytes")
    models: Texts = Field(default=("*",), description="globs for the models it is for")
    upstreams: Texts = Field(default=("*",), description="names of upstreams, or globs, it is for")

    @model_validator(mode="after")
    def _holds(self) -> "FieldRuleTable":
        try:
            self.rule()
        except UsageError as error:
            raise ValueError(str(error).removeprefix(f"field rule {self.name!r}: ")) from None
        return self

    def rule(self) -> FieldRule:
        """The rule. Raises `UsageError` for one that says what cannot be."""
        inject = self.inject
        return FieldRule(
            self.name,
            self.source,
            self.path,
            Inject(inject.target, inject.path, inject.when_missing_only, inject.insert, inject.as_list),
            mode=self.mode,
            scope=self.scope,
            ttl=self.ttl,
            max_values=self.max_values,
            max_bytes=self.max_bytes,
            models=self.models,
            upstreams=self.upstreams,
        )
