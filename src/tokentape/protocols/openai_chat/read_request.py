"""A Chat request, read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.errors import ProtocolError
from tokentape.protocols.canonical.conversation import Conversation
from tokentape.protocols.canonical.origin import Origin
from tokentape.protocols.checking import Where
from tokentape.protocols.openai_chat.choice import read_choice, read_function_choice
from tokentape.protocols.openai_chat.options import NAME, OPTION_FIELDS, OPTIONS
from tokentape.protocols.openai_chat.output import read_output
from tokentape.protocols.openai_chat.read_message import read_message
from tokentape.protocols.openai_chat.thinking import THOUGHTS, read_thinking
from tokentape.protocols.openai_chat.tools import read_function, read_tool
from tokentape.protocols.options import read_options

if TYPE_CHECKING:
    from tokentape.protocols.canonical.conversation import NativeTool, OutputFormat, Tool, ToolChoice
    from tokentape.protocols.canonical.items import Item
    from tokentape.protocols.codec import Source
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_HERE = Where(NAME)
_KNOWN = (
    frozenset({"model", "messages", "tools", "functions", "stream", "stream_options", "tool_choice"})
    | OPTION_FIELDS
)


def read_request(body: Fields, source: Source) -> Conversation:
    """The conversation. Raises `ProtocolError` for a body that is no Chat request."""
    try:
        return _read(body, source)
    except RecursionError:
        raise ProtocolError(NAME, "", "nested too deeply") from None


def _read(body: Fields, source: Source) -> Conversation:
    model = _HERE.text_or_none(body.get("model"), "model") or source.model
    maker = source.maker(model)
    items: list[Item] = []
    for nth, message in enumerate(_HERE.entries(body.get("messages"), "messages")):
        read_message(message, _HERE, ("messages", nth), maker, items)
    rest: Fields = {name: said for name, said in body.items() if said is None or name not in _KNOWN}
    spelling: Fields = {}
    tools = _tools(body)
    choice = _choice(body, rest)
    output: OutputFormat | None = None
    if (form := body.get("response_format")) is not None and (output := read_output(form, _HERE)):
        del rest["response_format"]
    thinking = None
    if not THOUGHTS.isdisjoint(rest):
        thinking, used = read_thinking(body, _HERE)
        for name in used:
            del rest[name]
    options = read_options(body, OPTIONS, _HERE)
    _spell(body, rest, spelling)
    stream = _HERE.flag_or_none(body.get("stream"), "stream")
    return Conversation(
        tuple(items),
        model,
        tools,
        choice,
        output,
        thinking,
        options,
        (source.stream or None) if stream is None else stream,
        _counts_usage(body, spelling),
        None,
        Origin(NAME, (), rest, spelling),
    )


def _tools(body: Fields) -> tuple[Tool | NativeTool, ...]:
    tools: list[Tool | NativeTool] = []
    if (given := body.get("tools")) is not None:
        entries = _HERE.entries(given, "tools")
        tools += [read_tool(tool, _HERE, ("tools", nth)) for nth, tool in enumerate(entries)]
    if (given := body.get("functions")) is not None:
        entries = _HERE.entries(given, "functions")
        tools += [read_function(tool, _HERE, ("functions", nth)) for nth, tool in enumerate(entries)]
    return tuple(tools)


def _choice(body: Fields, rest: Fields) -> ToolChoice | None:
    """The choice; one that is not understood stays in `rest`, and so does the older one beside it."""
    chosen: ToolChoice | None = None
    if (said := body.get("tool_choice")) is not None and (chosen := read_choice(said)) is None:
        rest["tool_choice"] = said
    if chosen is None and (said := body.get("function_call")) is not None:
        chosen = read_function_choice(said)
        if chosen is not None:
            del rest["function_call"]
    return chosen


def _spell(body: Fields, rest: Fields, spelling: Fields) -> None:
    """How options were written that can be written in two ways, and lists in which there is nothing."""
    for older, usual in (("max_tokens", "max_completion_tokens"), ("random_seed", "seed")):
        if body.get(older) is not None:
            spelling[usual] = older
            if body.get(usual) is not None:
                rest[usual] = body[usual]
    if isinstance(body.get("stop"), str):
        spelling["stop"] = "text"
    for name in ("tools", "functions"):
        if body.get(name) == []:
            rest[name] = []


def _counts_usage(body: Fields, spelling: Fields) -> bool | None:
    options = body.get("stream_options")
    if options is None:
        return None
    told = _HERE.fields(options, "stream_options")
    spelling["stream_options"] = {
        name: said for name, said in told.items() if said is None or name != "include_usage"
    }
    return _HERE.flag_or_none(told.get("include_usage"), "stream_options", "include_usage")
