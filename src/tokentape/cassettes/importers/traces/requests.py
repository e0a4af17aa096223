"""What was asked: a body as an SDK sent it, read by its dialect, or messages and parameters of any making."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tokentape.cassettes.importers.notes import LeftOut
from tokentape.cassettes.importers.traces.messages import items_of
from tokentape.cassettes.importers.traces.servers import server_of
from tokentape.cassettes.importers.traces.settings import settings_of
from tokentape.errors import ProtocolError
from tokentape.protocols.canonical.conversation import Conversation
from tokentape.protocols.canonical.items import Message, Role
from tokentape.protocols.codec import Source
from tokentape.protocols.detection import dialect_of_request
from tokentape.protocols.reading import at, fields, objects, text
from tokentape.protocols.translation import codec_of

if TYPE_CHECKING:
    from tokentape.cassettes.importers.notes import Notes
    from tokentape.protocols.canonical.items import Item
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_SPOKEN = {
    "openai.chat": frozenset({"system", "developer", "user", "assistant", "tool", "function"}),
    "anthropic.messages": frozenset({"user", "assistant"}),
    "openai.responses": frozenset({"system", "developer", "user", "assistant"}),
}
"""Dialects whose bodies are read as they are, and who speaks in them."""
_PARTS = {
    "openai.chat": frozenset({"text", "image_url", "input_audio", "file", "refusal"}),
    "anthropic.messages": frozenset(
        {"text", "image", "document", "tool_use", "tool_result", "thinking", "redacted_thinking"}
    ),
    "openai.responses": frozenset({"input_text", "input_image", "input_file", "output_text", "refusal"}),
}
_SDK = frozenset({"timeout", "extra_headers", "extra_query", "extra_body", "_type", "model_name"})
"""Arguments of SDKs that are not sent."""


def asked_of(
    said: Json, given: Fields, notes: Notes, dialect: str, *, system: Json = None, model: str | None = None
) -> Conversation:
    """The conversation of messages `said` under the parameters `given`. Raises `LeftOut`."""
    items: list[Item] = []
    if system not in (None, "", []):
        items += items_of([{"role": "system", "content": system}], notes)
    items += items_of(said, notes)
    if not any(_says(item) for item in items):
        raise LeftOut(NO_PROMPT)
    settings = settings_of(given, notes, dialect)
    return Conversation(
        tuple(items),
        model or settings.model,
        settings.tools,
        settings.choice,
        settings.output,
        settings.thinking,
        settings.options,
        settings.stream,
    )


NO_PROMPT = "it holds no prompt (was the content of messages captured?)"
NO_REPLY = "it holds no reply (was the content of messages captured?)"


def _says(item: Item) -> bool:
    return not isinstance(item, Message) or bool(item.parts)


def sent_body(body: Json, provider: str, model: str | None = None) -> Conversation | None:
    """A request as an SDK sent it, so that it is written again as it was; None where it is none.

    Wrappers give the messages of one API to another: the dialect has to be one of the provider's.
    """
    if not isinstance(body, dict):
        return None
    sent: Fields = {name: value for name, value in body.items() if value is not None and name not in _SDK}
    if model and "model" not in sent:
        sent["model"] = model
    dialect = dialect_of_request(sent)
    usual = server_of(provider, text(sent.get("model"))).dialect
    is_own = dialect == usual or (dialect, usual) == ("openai.responses", "openai.chat")
    if dialect not in _SPOKEN or not is_own or not _is_native(sent, dialect):
        return None
    try:
        asked = codec_of(dialect).read_request(sent, Source(dialect))
    except ProtocolError:
        return None
    return asked if any(_is_said(item) for item in asked.items) else None


def _is_said(item: Item) -> bool:
    return not isinstance(item, Message) or (item.role is not Role.SYSTEM and bool(item.parts))


def _is_native(body: Fields, dialect: str) -> bool:
    turns = body.get("messages", body.get("input"))
    if isinstance(turns, str):
        return dialect == "openai.responses"
    if not isinstance(turns, list) or not all(isinstance(turn, dict) for turn in turns):
        return False
    return all(_is_turn(turn, dialect) for turn in objects(turns))


def _is_turn(turn: Fields, dialect: str) -> bool:
    role, content = text(turn.get("role")), turn.get("content")
    if not role:
        return dialect == "openai.responses" and "type" in turn and "lc" not in turn
    if role not in _SPOKEN[dialect] or not (content is None or isinstance(content, str | list)):
        return False
    blocks = content if isinstance(content, list) else []
    return all(_is_whole(fields(block), dialect) for block in blocks)


def _is_whole(block: Fields, dialect: str) -> bool:
    """A part of the dialect; of an image or a file that the trace keeps elsewhere only a mark is left."""
    kind = text(block.get("type"))
    if kind not in _PARTS[dialect]:
        return False
    addresses = (at(block, "image_url", "url"), block.get("image_url"), at(block, "file", "file_data"))
    return all(text(one).startswith(("data:", "http")) for one in addresses if isinstance(one, str))


def streamed(asked: Conversation, stream: bool | None) -> Conversation:
    """The conversation with word of whether the reply was streamed, if it does not say."""
    return asked if asked.stream is not None or stream is None else replace(asked, stream=stream)
