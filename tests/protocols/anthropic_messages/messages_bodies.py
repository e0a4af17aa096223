"""Bodies with everything that Messages can say, and short ways to read and write."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from folding_laws import unfolded  # noqa: F401
from test_fold_messages import replies  # noqa: F401

from tokentape.protocols.canonical.fold import fold
from tokentape.protocols.codec import Source, Target
from tokentape.protocols.framing import sse
from tokentape.protocols.payload import Payload
from tokentape.protocols.streaming import EventReader
from tokentape.protocols.translation import codec_of

NAME = "anthropic.messages"
CODEC = codec_of(NAME)
SOURCE = Source(NAME, provider="anthropic")
MARK = {"type": "ephemeral", "ttl": "1h"}

CITED = {
    "type": "char_location", "cited_text": "t", "document_index": 0, "document_title": None,
    "start_char_index": 0, "end_char_index": 1,
}  # fmt: skip
ASSISTANT = [
    {"type": "thinking", "thinking": "", "signature": "c2ln"},
    {"type": "redacted_thinking", "data": "cmVk"},
    {"type": "text", "text": "It says t.", "citations": [CITED]},
    {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {"at": 1.5}, "caller": {"type": "direct"}},
    {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "q"}},
    {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": []},
    {"type": "mcp_tool_use", "id": "mcptoolu_1", "name": "m", "server_name": "s", "input": {}},
    {"type": "x_of_tomorrow", "value": {"deep": [1]}},
]
USER = [
    {"type": "text", "text": "Look.", "cache_control": MARK, "x_field": 1},
    {"type": "image", "source": {"type": "url", "url": "https://example.com/cat.png"}},
    {"type": "image", "source": {"type": "file", "file_id": "file_1"}, "cache_control": None},
    {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBE"},
     "title": "report.pdf", "context": "old", "citations": {"enabled": True, "x_more": 1}},
    {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "t", "x_more": 1}},
    {"type": "document", "source": {"type": "content", "content": [{"type": "text", "text": "t"}]}},
    {"type": "search_result", "source": "https://a", "title": "A", "content": [{"type": "text", "text": "t"}]},
    {"type": "container_upload", "file_id": "file_2"},
]  # fmt: skip
RESULTS = [
    {
        "type": "tool_result",
        "tool_use_id": "toolu_1",
        "content": [
            {"type": "text", "text": "seen"},
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBOR"}},
        ],
        "is_error": False,
        "cache_control": {"type": "ephemeral"},
    },
    {"type": "tool_result", "tool_use_id": "toolu_2", "content": "gone", "is_error": True},
    {"type": "tool_result", "tool_use_id": "toolu_3"},
    {"type": "tool_result", "tool_use_id": "toolu_4", "content": []},
    {"type": "tool_result", "tool_use_id": "toolu_5", "content": None},
    {"type": "text", "text": "Go on."},
]
EVERYTHING = {
    "model": "claude-sonnet-4-5",
    "max_tokens": 4096,
    "system": [
        {"type": "text", "text": "Be brief.", "cache_control": MARK},
        {"type": "text", "text": "Yes."},
    ],
    "messages": [
        {"role": "user", "content": USER},
        {"role": "assistant", "content": ASSISTANT},
        {"role": "user", "content": RESULTS, "x_field": [1]},
        {"role": "system", "content": "From here on in French."},
        {"role": "assistant", "content": "Il"},
    ],
    "tools": [
        {"name": "look", "input_schema": {"type": "object"}, "strict": False, "eager_input_streaming": True},
        {"type": "custom", "name": "see", "description": "d", "input_schema": {}, "cache_control": MARK},
        {"type": "web_search_20250305", "name": "web_search", "max_uses": 2},
    ],
    "tool_choice": {"type": "tool", "name": "look", "disable_parallel_tool_use": False},
    "thinking": {"type": "enabled", "budget_tokens": 2048, "display": "omitted"},
    "output_config": {
        "effort": "low",
        "format": {"type": "json_schema", "schema": {"type": "object"}},
        "task_budget": {"type": "tokens", "total": 9},
    },
    "metadata": {"user_id": "u", "x_more": 1},
    "stop_sequences": ["END"],
    "service_tier": "auto",
    "temperature": 0.5,
    "top_p": 0.9,
    "top_k": 40,
    "stream": False,
    "container": "container_1",
    "mcp_servers": [{"type": "url", "name": "s", "url": "https://mcp"}],
    "context_management": {"edits": []},
    "x_of_tomorrow": None,
}


def message(*content, stop="end_turn", **more):
    return {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-sonnet-4-5",
        "content": list(content), "stop_reason": stop, "stop_sequence": None,
        "usage": {"input_tokens": 14, "output_tokens": 3}, **more,
    }  # fmt: skip


def text(said):
    return {"type": "text", "text": said}


def request(*messages, **more):
    return {"model": "claude-sonnet-4-5", "max_tokens": 100, "messages": list(messages), **more}


def read(body, source=SOURCE):
    return CODEC.read_request(body, source)


def written(conversation, target=None):
    target = target or Target(NAME)
    return CODEC.write_request(conversation, target).body, target.losses.report


def reply_of(body, source=SOURCE):
    return CODEC.read_reply(body, source)


def written_reply(reply, target=None):
    target = target or Target(NAME)
    return CODEC.write_reply(reply, target), target.losses.report


def events_of(*wire):
    """The canonical events of a stream whose events are these JSON objects."""
    reader = CODEC.reader(SOURCE)
    found = [event for json in wire for event in reader.read(Payload.read(json.get("type"), b"{}", json))]
    return [*found, *reader.end()]


def stream_of(*events, target=None):
    """The JSON of the wire events that say these canonical events."""
    writer = CODEC.writer(target or Target(NAME))
    found = [wire for event in events for wire in writer.write(event)]
    assert all(wire.name == wire.json["type"] for wire in found)
    return [wire.json for wire in found]


def folded(wire, pieces=None):
    """What a stream amounts to, when it comes in pieces."""
    data = b"".join(sse(event) for event in wire) if not isinstance(wire, bytes) else wire
    reader = EventReader(SOURCE)
    size = pieces or len(data)
    chunks = (data[at : at + size] for at in range(0, len(data), size))
    return fold([*(event for chunk in chunks for event in reader.feed(chunk)), *reader.end()])


def started(**more):
    return {"type": "message_start", "message": {**message(stop=None), "content": [], **more}}


def begun(index, block):
    return {"type": "content_block_start", "index": index, "content_block": block}


def delta(index, kind, **told):
    return {"type": "content_block_delta", "index": index, "delta": {"type": kind, **told}}


def stopped(index):
    return {"type": "content_block_stop", "index": index}


def ended(reason="end_turn", output=3, **more):
    return {
        "type": "message_delta",
        "delta": {"stop_reason": reason, **more},
        "usage": {"output_tokens": output},
    }


OVER = {"type": "message_stop"}
