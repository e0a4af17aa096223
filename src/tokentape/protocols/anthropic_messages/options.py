"""Where a Messages request holds its options, and what is read of thinking and the form of the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.anthropic_messages.naming import NAME
from tokentape.protocols.canonical.conversation import OutputFormat, Thinking
from tokentape.protocols.canonical.origin import Origin, rest_of
from tokentape.protocols.options import Place

if TYPE_CHECKING:
    from tokentape.protocols.checking import Where
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

SIMPLE = (
    Place("max_output_tokens", ("max_tokens",), "integer"),
    Place("temperature", ("temperature",), "number"),
    Place("top_p", ("top_p",), "number"),
    Place("top_k", ("top_k",), "integer"),
    Place("stop", ("stop_sequences",), "texts"),
)
"""Options that stand in the body by themselves, and mean what they mean elsewhere."""

PLACES = (
    *SIMPLE,
    Place("service_tier", ("service_tier",), "text"),
    Place("user", ("metadata", "user_id"), "text"),
)

MEANING = frozenset({"container", "mcp_servers", "compaction", "thread", "tool_choice"})
"""Fields without which the model would be asked something else: a container and its files, tools of MCP
servers, a history kept at Anthropic, a choice that we do not know."""

IMPLIED = frozenset({"anthropic_version", "caller", "usage"})
"""Fields that say nothing to anybody else. `caller` repeats which server tool made a call; a `usage` that
is left over holds the first guess of a stream, or no count at all."""

MODES = {"enabled": "on", "disabled": "off", "adaptive": "adaptive"}
SHOWN = {"summarized": True, "omitted": False}
_THINKING = frozenset({"type", "budget_tokens", "display"})
_FORMAT = frozenset({"type", "schema"})


def thinking_of(body: Fields, config: Fields, where: Where, left: Fields) -> Thinking | None:
    """How much to think: `thinking`, and the effort in `output_config`.

    Thinking of a type that nobody has told us about goes into `left`, as it is.
    """
    effort = where.text_or_none(config.get("effort"), "output_config", "effort")
    given = body.get("thinking")
    if given is None:
        return Thinking(effort=effort, origin=_EFFORT) if effort is not None else None
    told = where.fields(given, "thinking")
    kind = where.text(told.get("type"), "thinking", "type")
    if kind not in MODES:
        left["thinking"] = given
        return Thinking(effort=effort, origin=_EFFORT) if effort is not None else None
    display = where.text_or_none(told.get("display"), "thinking", "display")
    known = _THINKING if display is None or display in SHOWN else _THINKING - {"display"}
    return Thinking(
        MODES[kind],  # type: ignore[arg-type]
        effort,
        where.integer_or_none(told.get("budget_tokens"), "thinking", "budget_tokens"),
        SHOWN.get(display or ""),
        origin=Origin(NAME, ("thinking",), rest_of(told, known)),
    )


_EFFORT = Origin(NAME, ("output_config", "effort"))


def output_of(body: Fields, config: Fields, where: Where) -> OutputFormat | None:
    """The form of the answer: `output_config.format`, or the older `output_format`."""
    for given, path in ((config.get("format"), CURRENT), (body.get("output_format"), OLDER)):
        if given is None:
            continue
        told = where.fields(given, *path)
        if told.get("type") == "json_schema":
            origin = Origin(NAME, path, rest_of(told, _FORMAT))
            return OutputFormat("schema", told.get("schema"), origin=origin)
    return None


CURRENT = ("output_config", "format")
OLDER = ("output_format",)


def left_of_config(config: Fields, output: OutputFormat | None) -> Fields:
    """The fields of `output_config` that nothing else tells."""
    told = {"effort"}
    if output is not None and output.origin is not None and output.origin.path == CURRENT:
        told.add("format")
    return dict(rest_of(config, frozenset(told)))
