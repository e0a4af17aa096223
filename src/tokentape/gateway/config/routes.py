"""The tables of names and rules: aliases, groups, routes, targets and their conditions."""

from typing import Annotated, Literal

from pydantic import Field, JsonValue, model_validator

from tokentape.gateway.config.values import Number, Table, Text, Texts, tables_in_short
from tokentape.protocols.dialect import Kind


class WhenTable(Table):
    """A condition. All that it names must hold; of a list, one entry."""

    model: Texts = Field(default=(), description="globs for the model that the client names")
    class_: Texts = Field(
        default=(),
        alias="class",
        description="request classes: `main`, `background`, `title`, `compaction`, or your own",
    )
    dialect: Texts = Field(default=(), description="dialects of the client, such as `anthropic.messages`")
    operation: Texts = Field(
        default=(), description=f"kinds of calls: {', '.join(f'`{kind}`' for kind in Kind)}"
    )
    client: Texts = Field(default=(), description="globs for the name of the client's key in `[server]`")
    headers: dict[str, Text] = Field(
        default_factory=dict, description="header fields and globs for their values"
    )
    has: Texts = Field(
        default=(),
        description="what the request must hold, all of it: `images`, `documents`, `audio`, `video`, "
        "`tools`, `thinking`, `schema`",
    )
    tokens_over: Number | None = Field(
        default=None, description="the request is longer than that (estimated)"
    )
    tokens_under: Number | None = Field(
        default=None, description="the request is shorter than that (estimated)"
    )


class TargetTable(Table):
    """A target, where its name alone is not enough."""

    in_short = "to"

    to: Text = Field(
        description="`upstream/model`, an alias, a group, or an upstream (asked for the same model)"
    )
    weight: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = Field(
        default=None, description="targets with a weight that follow each other share calls by it"
    )
    when: WhenTable = Field(default=WhenTable(), description="the target counts only where this holds")


Targets = Annotated[tuple[TargetTable, ...], tables_in_short(TargetTable), Field(min_length=1)]
"""One target or a list: texts, or tables with `to`, `weight`, `when`."""


class AliasTable(Table):
    """`[models.NAME]`: a name of its own. It counts only where a client says exactly this name."""

    to: Targets = Field(description="where it leads: a target, or several in order")
    set: dict[str, JsonValue] = Field(
        default_factory=dict,
        description='parameters that it sets, such as `{ reasoning_effort = "high", temperature = 0 }`',
    )
    listed: bool = Field(default=True, description="`false`: it is not in `/v1/models`")


class GroupTable(Table):
    """`[groups.NAME]`: targets that are tried in order."""

    targets: Targets = Field(description="the targets, first to last")
    max_targets: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="no more of them are tried for one call"
    )
    members: bool = Field(
        default=True,
        description="a call for one of its targets by name falls back to the others; `false`: it does not",
    )
    listed: bool = Field(default=True, description="`false`: it is not in `/v1/models`")
    failover_on: Texts | None = Field(default=None, description="as in `[policy]`, for this group")
    stop_on: Texts | None = Field(default=None, description="as in `[policy]`, for this group")
    stream: Literal["pre_output_only", "never"] | None = Field(
        default=None, description="as in `[policy]`, for this group"
    )


CONDITIONS = tuple(field.alias or name for name, field in WhenTable.model_fields.items())


class RouteTable(Table):
    """`[[routes]]`: calls for which the condition holds go to the targets; the first one that fits counts."""

    also_keys = CONDITIONS

    name: Text | None = Field(default=None, description="its name in traces; else its number")
    when: WhenTable = Field(
        default=WhenTable(), description="the condition; its keys may also stand beside `to`, without `when`"
    )
    to: Targets = Field(description="one target, or several in order")

    @model_validator(mode="before")
    @classmethod
    def _flat(cls, value: object) -> object:
        """`model = "gpt-*"` beside `to` means the same as in `when`."""
        if not isinstance(value, dict):
            return value
        flat = {name: each for name, each in value.items() if name in CONDITIONS}
        when = value.get("when", {})
        if not flat or not isinstance(when, dict):
            return value
        rest = {name: each for name, each in value.items() if name not in flat}
        return {**rest, "when": {**flat, **when}}
