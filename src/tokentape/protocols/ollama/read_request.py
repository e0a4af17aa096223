"""A request of `/api/chat` or `/api/generate` in canonical form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.errors import ProtocolError
from tokentape.protocols.canonical.conversation import Conversation
from tokentape.protocols.canonical.items import Message, Reasoning, Role, ToolResult
from tokentape.protocols.canonical.origin import NOTHING, Origin, Turn, rest_of
from tokentape.protocols.canonical.parts import Text, Unknown
from tokentape.protocols.checking import Where
from tokentape.protocols.ollama.content import read_images
from tokentape.protocols.ollama.form import GENERATE, NAME, zeros_of
from tokentape.protocols.ollama.options import KNOWN_OPTIONS, OPTIONS, read_format, read_thinking
from tokentape.protocols.ollama.tools import read_calls, read_tools
from tokentape.protocols.options import read_options

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tokentape.protocols.canonical.items import Item
    from tokentape.protocols.canonical.parts import Part
    from tokentape.protocols.codec import Source
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_ALWAYS = frozenset({"model", "stream", "format", "think", "options", "logprobs", "top_logprobs"})
_CHAT = _ALWAYS | {"messages", "tools"}
_GENERATE = _ALWAYS | {"prompt", "system", "images"}

_SPOKEN = frozenset({"role", "content", "images"})
_FIELDS = {
    "system": _SPOKEN,
    "user": _SPOKEN,
    "assistant": _SPOKEN | {"thinking", "tool_calls"},
    "tool": _SPOKEN | {"tool_name", "tool_call_id"},
}
"""What messages of a role can say."""


def read_request(body: Fields, source: Source) -> Conversation:
    """The request. Raises `ProtocolError`."""
    try:
        return _read(body, source, Where(NAME))
    except RecursionError:
        raise ProtocolError(NAME, "", "it is nested too deeply") from None


def _read(body: Fields, source: Source, where: Where) -> Conversation:
    chat = "messages" in body
    if not chat and body.get("prompt") is None:
        where.wrong("expected a list, found nothing", "messages")
    zeros = zeros_of(body)
    rest = dict(rest_of(body, _CHAT if chat else _GENERATE))
    spelling: Fields = {}
    if zeros:
        spelling["zeros"] = zeros
        rest = {name: value for name, value in rest.items() if name not in zeros}
    stream = where.flag_or_none(body.get("stream"), "stream")
    if stream is None:
        # Absent means true here, and false in every other dialect.
        stream = True if source.stream is None else source.stream
        spelling["streams"] = stream
    _read_rest_of_options(body, rest, spelling, where)
    if not chat:
        spelling["operation"] = GENERATE
    return Conversation(
        items=_messages(body, where) if chat else _prompt(body, zeros, where),
        model=source.model if body.get("model") is None else where.text(body["model"], "model"),
        tools=read_tools(body["tools"], where) if chat and body.get("tools") is not None else (),
        output=read_format(body.get("format"), where),
        thinking=read_thinking(body.get("think"), where),
        options=read_options(body, OPTIONS, where),
        stream=stream,
        origin=Origin(NAME, (), rest or NOTHING, spelling or NOTHING),
    )


def _read_rest_of_options(body: Fields, rest: Fields, spelling: Fields, where: Where) -> None:
    given = body.get("options")
    if given is None:
        return
    options = where.fields(given, "options")
    if others := rest_of(options, KNOWN_OPTIONS):
        rest["options"] = dict(others)
    if isinstance(options.get("stop"), str):
        spelling["stop"] = "text"


def _prompt(body: Fields, zeros: Mapping[str, Json], where: Where) -> tuple[Item, ...]:
    """The one turn that `/api/generate` asks about, with the system text before it."""
    items: list[Item] = []
    system = where.text_or_none(body.get("system"), "system")
    if system is not None and "system" not in zeros:
        items.append(Message(Role.SYSTEM, (Text(system),), origin=Origin(NAME, ("system",))))
    prompt = where.text(body["prompt"], "prompt")
    parts: list[Part] = [Text(prompt)] if prompt else []
    if body.get("images") is not None:
        parts += read_images(body["images"], where)
    items.append(Message(Role.USER, tuple(parts), origin=Origin(NAME, ("prompt",))))
    return tuple(items)


def _messages(body: Fields, where: Where) -> tuple[Item, ...]:
    items: list[Item] = []
    for nth, entry in enumerate(where.entries(body["messages"], "messages")):
        read_message(where.fields(entry, "messages", nth), where.at("messages", nth), items)
    return tuple(items)


def read_message(message: Fields, where: Where, items: list[Item]) -> None:
    """Add the items of one message: thought, text, calls, in this order."""
    role = where.text(message.get("role"), "role")
    known = _FIELDS.get(role)
    if known is None:
        items.append(Unknown(NAME, message, Origin(NAME, where.path)))
        return
    content = where.text_or_none(message.get("content"), "content")
    parts: tuple[Part, ...] = (Text(content),) if content else ()
    if message.get("images") is not None:
        parts += tuple(read_images(message["images"], where))
    turn = Turn(where.path, rest_of(message, known), _spelling(message, known))
    if role == "tool":
        items.append(_read_result(message, parts, turn, where))
        return
    origin = Origin(NAME, where.path, turn=turn)
    if role == "assistant":
        _read_assistant(message, parts, origin, where, items)
    else:
        items.append(Message(Role(role), parts, origin=origin))


_EMPTY: dict[str, Json] = {"content": "", "thinking": "", "images": [], "tool_calls": []}


def _spelling(message: Fields, known: frozenset[str]) -> Mapping[str, Json]:
    """Which fields are there although they say nothing; `content` is False where it is not."""
    found: Fields = {}
    for name, empty in _EMPTY.items():
        if name in known and name in message and message[name] == empty:
            found[name] = empty
    if message.get("content") is None:
        found["content"] = False
    return found or NOTHING


def _read_result(message: Fields, parts: tuple[Part, ...], turn: Turn, where: Where) -> ToolResult:
    call = where.text_or_none(message.get("tool_call_id"), "tool_call_id")
    name = where.text_or_none(message.get("tool_name"), "tool_name")
    spelling: Fields = {"tool_call_id": ""} if call == "" else {}
    origin = Origin(NAME, where.path, NOTHING, spelling or NOTHING, turn)
    return ToolResult(call or "", parts, name, origin=origin)


def _read_assistant(
    message: Fields, parts: tuple[Part, ...], origin: Origin, where: Where, items: list[Item]
) -> None:
    before = len(items)
    if thinking := where.text_or_none(message.get("thinking"), "thinking"):
        items.append(Reasoning(thinking, origin=origin))
    if parts:
        items.append(Message(Role.ASSISTANT, parts, origin=origin))
    if message.get("tool_calls") is not None and origin.turn is not None:
        items += read_calls(message["tool_calls"], origin.turn, where)
    if len(items) == before:
        items.append(Message(Role.ASSISTANT, (), origin=origin))
