"""A canonical request for `/api/chat`, or for `/api/generate` if it came from there and still fits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.canonical.items import Message, Role
from tokentape.protocols.canonical.origin import NOTHING
from tokentape.protocols.canonical.walk import note_ids, note_logprobs
from tokentape.protocols.codec import Outgoing
from tokentape.protocols.ollama.content import Content
from tokentape.protocols.ollama.form import NAME, is_generate
from tokentape.protocols.ollama.messages import write_messages
from tokentape.protocols.ollama.options import OPTIONS, write_format, write_thinking
from tokentape.protocols.ollama.tools import write_tools
from tokentape.protocols.options import unwritten, write_options

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tokentape.protocols.canonical.conversation import Conversation
    from tokentape.protocols.canonical.losses import Losses
    from tokentape.protocols.codec import Target
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_PROMPT_ONLY = ("raw", "template", "suffix", "context", "system", "images")
"""Fields that `/api/chat` does not have."""


def write_request(asked: Conversation, target: Target) -> Outgoing:
    """The request. What it cannot say is in `target.losses`."""
    origin = asked.origin
    own = origin is not None and origin.protocol == NAME
    spelling = origin.spelling if origin is not None and own else NOTHING
    zeros = spelling.get("zeros")
    body: Fields = dict(origin.rest) if origin is not None and own else {}
    if isinstance(zeros, dict):
        body.update(zeros)
    model = target.model or asked.model
    if model is not None:
        body["model"] = model
    prompt = _prompt(asked, target.losses) if is_generate(origin) else None
    if prompt is not None:
        body.update(prompt)
    else:
        _say(asked, body, target.losses, own=own)
    note_ids(asked.items, NAME, target.losses)
    note_logprobs(asked.items, NAME, target.losses)
    _write_options(asked, target, spelling, body)
    write_format(asked.output, body, target.losses)
    write_thinking(asked.thinking, model, body, target.losses)
    if "streams" not in spelling or spelling["streams"] is not asked.stream:
        # Absent means true here, and false in every other dialect.
        body["stream"] = asked.stream is True
    return Outgoing("api/generate" if prompt is not None else "api/chat", body)


def _say(asked: Conversation, body: Fields, losses: Losses, *, own: bool) -> None:
    """Messages and tools. What only a prompt can have has no place beside them."""
    if is_generate(asked.origin):
        for name in _PROMPT_ONLY:
            if body.pop(name, None):
                losses.meaning((name,), name, "a conversation of several turns cannot have it")
    body["messages"] = write_messages(asked.items, losses, own=own)
    if tools := write_tools(asked.tools, asked.tool_choice, losses):
        body["tools"] = tools


def _prompt(asked: Conversation, losses: Losses) -> Fields | None:
    """The prompt with what belongs to it; None if there is more to say than that."""
    *before, last = asked.items or (None,)
    if not isinstance(last, Message) or last.role is not Role.USER or asked.tools or len(before) > 1:
        return None
    written: Fields = {}
    for item in before:
        if not isinstance(item, Message) or item.role not in (Role.SYSTEM, Role.DEVELOPER):
            return None
        content = Content(losses, "\n\n")
        content.add(item.parts, item.origin)
        written["system"] = content.text
    content = Content(losses, "\n\n")
    content.add(last.parts, last.origin)
    written["prompt"] = content.text
    if content.images:
        written["images"] = content.images
    return written


def _write_options(asked: Conversation, target: Target, spelling: Mapping[str, Json], body: Fields) -> None:
    if isinstance(options := body.get("options"), dict):
        body["options"] = dict(options)
    written = write_options(asked.options, OPTIONS, body)
    stop = asked.options.stop
    if stop is not None and len(stop) == 1 and spelling.get("stop") == "text":
        body["options"]["stop"] = stop[0]  # type: ignore[index, call-overload]
    unwritten(asked, written, target.losses)
