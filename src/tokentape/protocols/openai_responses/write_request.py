"""Writing a request (API reference, "Create a model response")."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tokentape.protocols.canonical.items import Message, Role, ToolCall, ToolResult
from tokentape.protocols.canonical.parts import Text
from tokentape.protocols.codec import Outgoing
from tokentape.protocols.limits import budget_effort
from tokentape.protocols.openai_chat.quirked import quirked, within_subset
from tokentape.protocols.openai_responses.names import BY_USER, LOGPROBS, NAME, OPTIONS, TIERS
from tokentape.protocols.openai_responses.tools import write_choice, write_format, write_tool
from tokentape.protocols.openai_responses.write_content import own
from tokentape.protocols.openai_responses.write_items import Items
from tokentape.protocols.options import path_of, unwritten, with_short_user, write_options
from tokentape.protocols.quirks import NO_QUIRKS
from tokentape.protocols.tool_ids import identified

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tokentape.protocols.canonical.conversation import Conversation, Options, Thinking
    from tokentape.protocols.canonical.items import Item
    from tokentape.protocols.canonical.origin import Origin
    from tokentape.protocols.codec import Target
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

LEAST = 16
"""The lowest `max_output_tokens` (API reference)."""
_NOTHING: Mapping[str, Json] = {}


def write_request(asked: Conversation, target: Target) -> Outgoing:
    """The request; what it cannot say is noted in the target's losses."""
    known = own(asked.origin)
    spelling = known.spelling if known is not None else _NOTHING
    written: Fields = {name: spelling[name] for name in ("background",) if name in spelling}
    model = target.model or asked.model
    if model is not None:
        written["model"] = model
    _input(asked, target, known, written)
    written.update(settings(within_subset(asked, target), target))
    if asked.stream is not None:
        written["stream"] = asked.stream
    _continuation(asked, target, written)
    if known is not None:
        rest = {name: value for name, value in known.rest.items() if name not in ("include", "text")}
        written = {**rest, **written, **_null(known, written)}
    if target.quirks is not NO_QUIRKS:
        quirked(written, target)
    return Outgoing("v1/responses", written)


def _null(known: Origin, written: Fields) -> Fields:
    """`include` and `text` where they are null."""
    return {
        name: None
        for name in ("include", "text")
        if name in known.rest and known.rest[name] is None and name not in written
    }


def settings(asked: Conversation, target: Target) -> Fields:
    """All that a request says of the answer, without the input: tools, form, thinking, options."""
    known = own(asked.origin)
    spelling = known.spelling if known is not None else _NOTHING
    written: Fields = {}
    tools: list[Json] = [
        tool for found in asked.tools if (tool := write_tool(found, target.losses)) is not None
    ]
    if tools or spelling.get("tools") == []:
        written["tools"] = tools
    if asked.tool_choice is not None:
        written["tool_choice"] = write_choice(asked.tool_choice, asked.tools)
    text = _text(asked, known, spelling)
    if text is not None:
        written["text"] = text
    if (thinking := asked.thinking) is not None:
        reasoning = _reasoning(thinking, target, target.model or asked.model)
        if reasoning or own(thinking.origin) is not None:
            written["reasoning"] = reasoning
    _options(asked, target, spelling, written)
    _include(asked, known, spelling, written)
    return written


def _text(asked: Conversation, known: Origin | None, spelling: Mapping[str, Json]) -> Fields | None:
    text: Fields = {}
    for found in (spelling.get("text"), known.rest.get("text") if known is not None else None):
        if isinstance(found, dict):
            text.update(found)
    if asked.output is not None:
        text["format"] = write_format(asked.output)
    return text if text or isinstance(spelling.get("text"), dict) else None


def _options(asked: Conversation, target: Target, spelling: Mapping[str, Json], written: Fields) -> None:
    options = asked.options
    places = BY_USER if "user" in spelling else OPTIONS
    tier = options.service_tier
    if tier is not None and own(asked.origin) is None and tier not in TIERS:
        places = tuple(place for place in places if place.option != "service_tier")
    options = _enough(options, asked, target)
    if own(asked.origin) is None:
        options = with_short_user(options, asked, target.losses)
    done = write_options(options, places, written)
    unwritten(asked, done | {"logprobs", "user"}, target.losses)


def _enough(options: Options, asked: Conversation, target: Target) -> Options:
    """A limit of another dialect may be lower than any that is taken here; many ask for one token only."""
    limit = options.max_output_tokens
    if limit is None or limit >= LEAST or own(asked.origin) is not None:
        return options
    why = f"{limit} became {LEAST}, the least that is taken"
    target.losses.tuning(path_of(asked, "max_output_tokens"), "max output tokens", why)
    return replace(options, max_output_tokens=LEAST)


def _include(
    asked: Conversation, known: Origin | None, spelling: Mapping[str, Json], written: Fields
) -> None:
    """`include`: what it said, with or without the logprobs."""
    spelled = spelling.get("include")
    others = known.rest.get("include") if known is not None else None
    entries = list(others) if isinstance(others, list) else []
    if isinstance(spelled, list) and bool(asked.options.logprobs) == (LOGPROBS in spelled):
        entries = spelled
    elif asked.options.logprobs:
        entries = [*entries, LOGPROBS]
    if entries or spelled is not None or isinstance(others, list):
        written["include"] = entries


def _reasoning(thinking: Thinking, target: Target, model: str | None) -> Fields:
    """How much it shall think, in words: a budget becomes the most effort that it holds (case 31)."""
    known = own(thinking.origin)
    written: Fields = {}
    effort = thinking.effort
    if effort is None and thinking.mode == "off":
        effort = "none"
    elif effort is None and thinking.budget is not None:
        effort = budget_effort(thinking.budget, model)
    if thinking.budget is not None:
        said = f"{thinking.budget} became effort {effort!r}" if effort else "there is only effort, in words"
        target.losses.tuning(thinking.origin, "thinking budget", said)
    if effort is not None:
        written["effort"] = effort
    if thinking.summary is not None:
        written["summary"] = thinking.summary
    elif thinking.shown and known is None:
        written["summary"] = "auto"
    return {**known.rest, **written} if known is not None else written


def _continuation(asked: Conversation, target: Target, written: Fields) -> None:
    """State at the provider: its ids stay as they are, those of another provider never get here."""
    kept = asked.continuation
    if kept is None or kept.protocol != NAME:
        return
    if kept.previous_response_id is not None:
        written["previous_response_id"] = kept.previous_response_id
    if kept.conversation is not None:
        written["conversation"] = kept.conversation


def _input(asked: Conversation, target: Target, known: Origin | None, written: Fields) -> None:
    items: Sequence[Item] = asked.items
    if known is None:
        seed = str(target.model or asked.model or "")
        if any(isinstance(item, ToolCall | ToolResult) and not _id(item) for item in items):
            items = identified(items, seed)
    writer = Items(target, target.model or asked.model, own_ids=known is not None, seed="input")
    if items and (instructions := _instructions(items[0], asked)) is not None:
        written["instructions"] = instructions
        writer.unnamed(items[0])
        writer.uncached(items[0])
        items = items[1:]
    spelled = known.spelling.get("input", items) if known is not None else items
    entries: list[Json] = []
    for place, item in enumerate(items):
        entry = writer.write(item, place)
        if entry is not None:
            entries.append(entry)
    if spelled is None and not entries:
        return
    written["input"] = _spelled(spelled, items, entries)


def _id(item: ToolCall | ToolResult) -> str:
    return item.id if isinstance(item, ToolCall) else item.call_id


def _instructions(item: Item, asked: Conversation) -> str | None:
    """The text of a leading message that is, or can be, the instructions."""
    if not isinstance(item, Message) or item.role is not Role.SYSTEM:
        return None
    origin = own(item.origin)
    if origin is None and own(asked.origin) is not None:
        return None
    if origin is not None and origin.path != ("instructions",):
        return None
    texts = [part.text for part in item.parts if isinstance(part, Text) and own(part.origin) is None]
    whole = len(texts) == len(item.parts) and (origin is not None or len(texts) == 1)
    return "\n\n".join(texts) if whole else None


def _spelled(spelled: object, items: Sequence[Item], entries: list[Json]) -> Json:
    """The input in the form it had, if it can still have it."""
    one = items[0] if len(items) == 1 == len(entries) else None
    if isinstance(spelled, str) and one is not None:
        if spelled == "item":
            return entries[0]
        if isinstance(one, Message) and one.role is Role.USER:
            only = one.parts[0] if len(one.parts) == 1 else None
            if spelled == "text" and isinstance(only, Text) and only.origin is None:
                return only.text
            first = entries[0]
            if spelled == "parts" and isinstance(first, dict):
                return first["content"]
    return entries
