"""A conversation made short: the upstream is asked for a summary, which takes the place of what it sums up.

output = the user's messages, as they are, then one `compaction` item that holds the summary, sealed
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.errors import ProtocolError
from tokentape.gateway.responses.errors import NotDone
from tokentape.gateway.responses.ids import random_id
from tokentape.gateway.responses.items import kind_of
from tokentape.gateway.responses.lists import numbered
from tokentape.gateway.responses.seal import seal
from tokentape.protocols.codec import Source
from tokentape.protocols.openai_responses.names import NAME
from tokentape.protocols.openai_responses.write_usage import write_usage
from tokentape.protocols.reading import at, fields, objects, text
from tokentape.protocols.transcript import said
from tokentape.protocols.translation import read_request
from tokentape.protocols.usage import Usage

if TYPE_CHECKING:
    from tokentape.gateway.collecting import Collecting
    from tokentape.gateway.outlet import Outlet
    from tokentape.gateway.responses.asked import Asked
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

INSTRUCTIONS = """\
You write the memory of an assistant. Below is a conversation that became too long. Your summary will take
its place: the assistant goes on from it without seeing the conversation again.

Write down, in plain text and without a greeting:
1. What the user wants, and every constraint, preference and decision that was stated, in the user's terms.
2. What was done, and what came of it: results of tools, names of files, ids, numbers, errors; exactly.
3. What is still open, and the very next step.
Do not answer the user, and do not call tools. Leave out nothing that would have to be asked for again."""
ASK = "This is the conversation:\n\n{said}\n\nWrite the summary now."

_PASSED_ON = (
    "model",
    "prompt_cache_key",
    "prompt_cache_retention",
    "service_tier",
    "safety_identifier",
    "user",
)


async def pass_on(reply: Collecting, outlet: Outlet) -> None:
    """A reply without a summary as it is. Raises `NotDone` for one that broke off."""
    if not reply.is_whole:
        raise NotDone(502, "The reply with the summary broke off.", code="server_error")
    await outlet.start(reply.status, reply.headers)
    await outlet.chunk(reply.body)
    await outlet.end()


def asking(asked: Asked, items: list[Json]) -> Fields:
    """The request for a summary. Raises `NotDone` for a request that cannot be read, or says nothing."""
    body = {**asked.fields, "input": items}
    try:
        conversation = read_request(body, Source(NAME))
    except ProtocolError as error:
        raise NotDone(400, str(error)) from error
    if not items:
        raise NotDone(
            400, "There is nothing to compact: send `input` or `previous_response_id`.", param="input"
        )
    turns = "\n\n".join(f"[{turn.role}]\n{turn.text}" for turn in said(conversation.items))
    parts: list[Json] = [{"type": "input_text", "text": ASK.format(said=turns)}, *_images(items)]
    message: Fields = {"type": "message", "role": "user", "content": parts}
    passed: Fields = {name: asked.fields[name] for name in _PASSED_ON if name in asked.fields}
    return {**passed, "instructions": INSTRUCTIONS, "input": [message], "stream": False}


def _images(items: list[Json]) -> list[Json]:
    """Pictures go along: the transcript only says that they were there."""
    parts = (part for item in objects(items) for part in objects(item.get("content")))
    return [part for part in parts if part.get("type") == "input_image"]


def compacted(asked: Asked, items: list[Json], reply: Fields, key: bytes, now: float) -> Fields:
    """The compaction. Raises `NotDone` for a reply without a summary."""
    summary = "\n".join(filter(None, map(_text, objects(reply.get("output")))))
    if reply.get("status") != "completed" or not summary:
        raise NotDone(502, f"The model wrote no summary: its response is {reply.get('status')}.")
    identity = asked.id
    kept = [item for item in items if kind_of(item) == "message" and fields(item).get("role") == "user"]
    found: list[Json] = [*numbered(kept, identity)]
    found.append(
        {
            "id": random_id("cmp"),
            "type": "compaction",
            "encrypted_content": seal(summary, asked.client, key),
        }
    )
    return {
        "id": identity,
        "object": "response.compaction",
        "created_at": int(now),
        "output": found,
        "usage": reply.get("usage") or write_usage(Usage(), own=False),
    }


def _text(item: Fields) -> str:
    if item.get("type") != "message":
        return ""
    return "".join(text(at(part, "text")) for part in objects(item.get("content")))
