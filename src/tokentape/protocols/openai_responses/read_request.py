"""Reading a request (API reference, "Create a model response")."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tokentape.protocols.canonical.conversation import Continuation, Conversation, Thinking
from tokentape.protocols.canonical.items import Message, Role
from tokentape.protocols.canonical.origin import Origin, rest_of
from tokentape.protocols.canonical.parts import Text
from tokentape.protocols.checking import Where
from tokentape.protocols.openai_responses.content import read_parts
from tokentape.protocols.openai_responses.names import BY_USER, LOGPROBS, NAME, OPTIONS
from tokentape.protocols.openai_responses.read_items import read_item
from tokentape.protocols.openai_responses.tools import read_choice, read_format, read_tools
from tokentape.protocols.options import read_options

if TYPE_CHECKING:
    from tokentape.protocols.canonical.conversation import Options
    from tokentape.protocols.canonical.items import Item
    from tokentape.protocols.canonical.origin import Maker
    from tokentape.protocols.codec import Source
    from tokentape.protocols.options import Place
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_FIELDS = frozenset({place.path[0] for place in OPTIONS}) | {
    "input", "instructions", "model", "stream", "tools", "tool_choice", "text", "reasoning",
    "previous_response_id", "conversation", "include",
}  # fmt: skip
_TEXT = frozenset({"format", "verbosity"})
_REASONING = frozenset({"effort", "summary"})
_PARTS = frozenset({"input_text", "input_image", "input_file", "input_audio"})
_USUAL: tuple[tuple[str, Json], ...] = (("background", False),)
"""Fields that say what happens anyway."""


def read_request(body: Fields, source: Source) -> Conversation:
    """The request. Raises `ProtocolError` for what is none."""
    where = Where(NAME)
    where.fields(body)
    model = where.text_or_none(body.get("model"), "model") or source.model
    spelling: Fields = {}
    rest = dict(rest_of(body, _FIELDS))
    options = _options(body, rest, spelling, where)
    items = _items(body, spelling, source.maker(model), where)
    output = _text(body, rest, spelling, where)
    for name, usual in _USUAL:
        if rest.get(name) is usual:
            spelling[name] = rest.pop(name)
    return Conversation(
        items,
        model,
        read_tools(body.get("tools"), where),
        read_choice(body.get("tool_choice"), where),
        read_format(output, where),
        _thinking(body.get("reasoning"), where),
        options,
        where.flag_or_none(body.get("stream"), "stream"),
        continuation=_continuation(body, where),
        origin=Origin(NAME, (), rest, _spelled(body, spelling)),
    )


def _spelled(body: Fields, spelling: Fields) -> Fields:
    if body.get("tools") == []:
        spelling["tools"] = []
    return spelling


def _options(body: Fields, rest: Fields, spelling: Fields, where: Where) -> Options:
    places: tuple[Place, ...] = OPTIONS
    if body.get("user") is not None and body.get("safety_identifier") is None:
        places = BY_USER
        spelling["user"] = "user"
        del rest["user"]
    options = read_options(body, places, where)
    include = body.get("include")
    if include is None:
        return options
    wanted = where.entries(include, "include")
    if LOGPROBS not in wanted:
        rest["include"] = include
        if not wanted:
            spelling["include"] = rest.pop("include")
        return options
    spelling["include"] = include
    others: list[Json] = [name for name in wanted if name != LOGPROBS]
    if others:
        rest["include"] = others
    return replace(options, logprobs=True)


def _text(body: Fields, rest: Fields, spelling: Fields, where: Where) -> Json:
    """The form of the answer, as written; what else stands beside it is noted."""
    text = body.get("text")
    if text is None:
        return None
    found = where.fields(text, "text")
    form = found.get("format")
    more = dict(rest_of(found, _TEXT))
    if read_format(form, where) is None and form is not None:
        more["format"] = form
        form = None
    silent: Fields = {name: None for name, value in more.items() if value is None}
    if silent or not found:
        spelling["text"] = silent
    telling: Fields = {name: value for name, value in more.items() if value is not None}
    if telling:
        rest["text"] = telling
    return form


def _thinking(value: Json, where: Where) -> Thinking | None:
    if value is None:
        return None
    found = where.fields(value, "reasoning")
    effort = where.text_or_none(found.get("effort"), "reasoning", "effort")
    return Thinking(
        "off" if effort == "none" else None,
        effort,
        summary=where.text_or_none(found.get("summary"), "reasoning", "summary"),
        origin=Origin(NAME, ("reasoning",), rest_of(found, _REASONING)),
    )


def _continuation(body: Fields, where: Where) -> Continuation | None:
    previous = where.text_or_none(body.get("previous_response_id"), "previous_response_id")
    conversation = body.get("conversation")
    return None if previous is None and conversation is None else Continuation(NAME, previous, conversation)


def _items(body: Fields, spelling: Fields, maker: Maker, where: Where) -> tuple[Item, ...]:
    """The instructions, which lead as a system message, and the input."""
    items: list[Item] = []
    instructions = where.text_or_none(body.get("instructions"), "instructions")
    if instructions is not None:
        items.append(Message(Role.SYSTEM, (Text(instructions),), origin=Origin(NAME, ("instructions",))))
    given = body.get("input")
    match given:
        case None:
            spelling["input"] = None
        case str():
            spelling["input"] = "text"
            items.append(Message(Role.USER, (Text(given),), origin=Origin(NAME, ("input",))))
        case dict():
            spelling["input"] = "item"
            items.append(read_item(given, where.at("input"), maker))
        case list() if given and all(_is_part(entry) for entry in given):
            spelling["input"] = "parts"
            parts = read_parts(given, "user", where, "input")
            items.append(Message(Role.USER, parts, origin=Origin(NAME, ("input",))))
        case _:
            entries = where.entries(given, "input")
            items += [read_item(entry, where.at("input", n), maker) for n, entry in enumerate(entries)]
    return tuple(items)


def _is_part(entry: Json) -> bool:
    """True for a part of a message that stands by itself."""
    kind = entry.get("type") if isinstance(entry, dict) else None
    return isinstance(kind, str) and kind in _PARTS
