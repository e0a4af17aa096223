"""A Chat request, written."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeGuard

from tokentape.protocols.canonical.conversation import NativeTool
from tokentape.protocols.canonical.items import Message, Role, ToolCall, ToolResult
from tokentape.protocols.canonical.origin import NOTHING
from tokentape.protocols.canonical.parts import Unknown
from tokentape.protocols.canonical.turns import grouped, own_turn, paired
from tokentape.protocols.canonical.walk import note_logprobs
from tokentape.protocols.codec import Outgoing
from tokentape.protocols.openai_chat.choice import write_choice
from tokentape.protocols.openai_chat.content_write import mark_cache
from tokentape.protocols.openai_chat.heads import leading, placed
from tokentape.protocols.openai_chat.options import NAME, OPTIONS
from tokentape.protocols.openai_chat.output import write_output
from tokentape.protocols.openai_chat.quirked import quirked, within_subset
from tokentape.protocols.openai_chat.thinking import write_thinking
from tokentape.protocols.openai_chat.tools import write_tool
from tokentape.protocols.openai_chat.write_message import Writing, write_assistant, write_result, write_spoken
from tokentape.protocols.options import unwritten, with_short_user, write_options
from tokentape.protocols.quirks import NO_QUIRKS
from tokentape.protocols.tool_ids import identified

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tokentape.protocols.canonical.conversation import Conversation
    from tokentape.protocols.canonical.items import Item
    from tokentape.protocols.canonical.parts import Part
    from tokentape.protocols.codec import Target
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]


def write_request(asked: Conversation, target: Target) -> Outgoing:
    """The request; what it cannot say is in the target's losses."""
    own = asked.origin is not None and asked.origin.protocol == NAME
    rest, spelling = (
        (asked.origin.rest, asked.origin.spelling) if own and asked.origin else (NOTHING, NOTHING)
    )
    body: Fields = dict(rest)
    model = target.model or asked.model
    if model is not None:
        body["model"] = model
    writing = Writing(target, model, own)
    body["messages"] = write_messages(asked, writing)
    asked = within_subset(asked, target)
    note_logprobs(asked.items, NAME, target.losses)
    _tools(asked, target, own, body)
    if asked.output is not None:
        body["response_format"] = write_output(asked.output, target, own)
    if asked.thinking is not None:
        write_thinking(asked.thinking, model, target, own, body)
    _options(asked, target, own, spelling, body)
    if asked.stream or (asked.stream is not None and own):
        body["stream"] = asked.stream
    _usage(asked, own, spelling, body)
    if target.quirks is not NO_QUIRKS:
        quirked(body, target)
    return Outgoing("v1/chat/completions", body)


def write_messages(asked: Conversation, writing: Writing) -> list[Json]:
    """The messages. The order of another dialect is made Chat's: results right behind their calls."""
    items: list[Item] = list(asked.items)
    if not writing.own:
        items = paired(identified(leading(items, writing.target)), writing.target.losses)
    elif any(isinstance(item, ToolCall) and not item.id and item.origin is None for item in items):
        items = identified(items)
    if writing.target.quirks.system_at_head:
        items = placed(items, writing.target)
    messages: list[Json] = []
    moved: list[Json] = []
    for group in grouped(items, NAME, merge=True):
        if moved and group.side != "tool":
            messages.append({"role": "user", "content": moved})
            moved = []
        if group.side == "assistant":
            said = [item for item in group.items if not is_message(item)]
            if said:
                messages.append(write_assistant(said, group.turn, writing))
            messages += (item.json for item in group.items if is_message(item))
        else:
            moved += _single(group.items, messages, writing)
    if moved:
        messages.append({"role": "user", "content": moved})
    return messages


def _single(items: list[Item], messages: list[Json], writing: Writing) -> list[Json]:
    """Append messages of one item each; what has to follow the results of tools."""
    moved: list[Json] = []
    for item in items:
        if isinstance(item, Message):
            messages.append(write_spoken(item, own_turn(item, NAME), writing))
        elif isinstance(item, ToolResult):
            message, media = write_result(item, own_turn(item, NAME), writing)
            messages.append(message)
            moved += _moved(item, media, writing) if media else []
        elif isinstance(item, Unknown):
            messages.append(item.json)
    return moved


def is_message(item: Item) -> TypeGuard[Unknown]:
    """True for a message of a role that is not known, as opposed to such an entry of `tool_calls`."""
    return isinstance(item, Unknown) and not (item.origin and item.origin.spelling.get("as") == "call")


def _moved(item: ToolResult, media: list[Part], writing: Writing) -> list[Json]:
    """The media of a result as parts of a message of the user, with a word on where they belong (case 28)."""
    shown = write_spoken(Message(Role.USER, tuple(media), origin=item.origin), None, writing)["content"]
    if not isinstance(shown, list) or not shown:
        return []
    return [{"type": "text", "text": f"Result of the tool call {writing.id_of(item.call_id)}:"}, *shown]


def _tools(asked: Conversation, target: Target, own: bool, body: Fields) -> None:
    for tool in asked.tools:
        if isinstance(tool, NativeTool):
            if tool.protocol == NAME:
                _listed(body, "tools").append(tool.json)
            continue
        older = own and tool.origin is not None and tool.origin.spelling.get("as") == "functions"
        written = write_tool(tool, own)
        mark_cache(written, tool.cache, target, tool.origin)
        _listed(body, "functions" if older else "tools").append(written)
    if asked.tool_choice is not None:
        name, value = write_choice(asked.tool_choice, asked.tools, own)
        body[name] = value


def _listed(body: Fields, name: str) -> list[Json]:
    found = body.get(name)
    if not isinstance(found, list):
        found = body[name] = []
    return found


def _options(
    asked: Conversation, target: Target, own: bool, spelling: Mapping[str, Json], body: Fields
) -> None:
    options = asked.options if own else with_short_user(asked.options, asked, target.losses)
    written = write_options(options, OPTIONS, body)
    for usual in ("max_completion_tokens", "seed"):
        older = spelling.get(usual)
        if isinstance(older, str) and usual in body and older not in body:
            body[older] = body.pop(usual)
            if asked.origin and usual in asked.origin.rest:
                body[usual] = asked.origin.rest[usual]
    if spelling.get("stop") == "text" and options.stop is not None and len(options.stop) == 1:
        body["stop"] = options.stop[0]
    if not own:
        unwritten(asked, written | {"user"}, target.losses)


def _usage(asked: Conversation, own: bool, spelling: Mapping[str, Json], body: Fields) -> None:
    """Streams of other dialects count tokens always, so that Chat's is asked to (case 36)."""
    told = spelling.get("stream_options")
    options: Fields = dict(told) if isinstance(told, dict) else {}
    counts = asked.counts_usage
    if counts is None and not own and asked.stream:
        counts = True
    if counts is not None:
        options["include_usage"] = counts
    if options or isinstance(told, dict):
        body["stream_options"] = options
