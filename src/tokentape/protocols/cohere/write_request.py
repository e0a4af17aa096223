"""A canonical request for chat, version 2."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.canonical.walk import note_ids, note_logprobs
from tokentape.protocols.codec import Outgoing
from tokentape.protocols.cohere.form import NAME, own, rest_from, spelling_from
from tokentape.protocols.cohere.options import OPTIONS, fitted, write_format, write_thinking
from tokentape.protocols.cohere.tools import write_choice, write_strict, write_tools
from tokentape.protocols.cohere.write_message import write_messages
from tokentape.protocols.options import unwritten, write_options

if TYPE_CHECKING:
    from tokentape.protocols.canonical.conversation import Conversation
    from tokentape.protocols.codec import Target
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

PATH = "v2/chat"


def write_request(asked: Conversation, target: Target) -> Outgoing:
    """The request. What it cannot say is in `target.losses`."""
    losses, spelling = target.losses, spelling_from(asked.origin)
    body: Fields = dict(rest_from(asked.origin))
    model = target.model or asked.model
    if model is not None:
        body["model"] = model
    body["messages"] = write_messages(asked.items, losses, is_own=own(asked.origin) is not None)
    note_ids(asked.items, NAME, losses)
    note_logprobs(asked.items, NAME, losses)
    names = write_choice(asked.tool_choice, body, losses)
    tools = write_tools(asked.tools, names, losses)
    if tools or "tools" in spelling:
        body["tools"] = tools
    if "strict_tools" in spelling:
        body["strict_tools"] = False
    write_strict(asked.tools, body, losses)
    options = asked.options if own(asked.origin) else fitted(asked, losses)
    written = write_options(options, OPTIONS, body)
    stop = options.stop
    if stop is not None and len(stop) == 1 and spelling.get("stop") == "text":
        body["stop_sequences"] = stop[0]
    unwritten(asked, written, losses)
    write_format(asked.output, body, losses)
    write_thinking(asked.thinking, model, body, losses)
    if asked.stream is not None and spelling.get("streams") is not asked.stream:
        body["stream"] = asked.stream
    return Outgoing(PATH, body)
