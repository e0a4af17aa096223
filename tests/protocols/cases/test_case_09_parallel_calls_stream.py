"""Case 9: calls that stream in parallel are blocks of their own, one after the other: each ends before the
next begins, and each fragment stays with its call.
"""

from __future__ import annotations

import json

import pytest
from messages_cases import events_of, stream_of, translated

from tokentape.protocols.canonical.fold import fold
from tokentape.wire.event import decode
from tokentape.wire.sse import SseDecoder

ARGUMENTS = ('{"city": "Paris"}', '{"city": "Rome"}', "{}")


def chunk(**delta):
    return {
        "id": "c",
        "object": "chat.completion.chunk",
        "model": "m",
        "choices": [{"index": 0, "delta": delta}],
    }


def opened(index):
    function = {"name": "f", "arguments": ""}
    return chunk(
        tool_calls=[{"index": index, "id": f"call_{index}", "type": "function", "function": function}]
    )


def more(index, text):
    return chunk(tool_calls=[{"index": index, "function": {"arguments": text}}])


END = {**chunk(), "choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]}
IN_TURN = [
    event for n, said in enumerate(ARGUMENTS) for event in (opened(n), more(n, said[:5]), more(n, said[5:]))
]
INTERLEAVED = [
    *(opened(n) for n in range(3)),
    *(more(n, said[at]) for at in range(17) for n, said in enumerate(ARGUMENTS) if at < len(said)),
]


@pytest.mark.parametrize("chunks", [IN_TURN, INTERLEAVED], ids=["in turn", "interleaved"])
def test_calls_of_chat_are_blocks_in_turn(chunks):
    data = translated([*chunks, END], "openai.chat", "anthropic.messages")
    wire = [json.loads(event.data) for event in decode(SseDecoder(), (data,)) if event.data]
    found, current = {}, None
    for event in wire:
        if event["type"] == "content_block_start":
            assert current is None
            current = event["index"]
            found[current] = [event["content_block"]["id"], ""]
        elif event["type"] == "content_block_delta":
            assert event["index"] == current
            found[current][1] += event["delta"]["partial_json"]
        elif event["type"] == "content_block_stop":
            assert event["index"] == current
            current = None
    assert found == {n: [f"call_{n}", said] for n, said in enumerate(ARGUMENTS)}
    assert wire[-1]["type"] == "message_stop"


def test_blocks_read_and_written_keep_their_calls():
    use = [{"type": "tool_use", "id": f"toolu_{n}", "name": "f", "input": {}} for n in range(3)]
    wire = [{"type": "message_start", "message": {"id": "m", "model": "claude"}}]
    for n, said in enumerate(ARGUMENTS):
        wire.append({"type": "content_block_start", "index": n, "content_block": use[n]})
        for piece in (said[:4], said[4:]):
            delta = {"type": "input_json_delta", "partial_json": piece}
            wire.append({"type": "content_block_delta", "index": n, "delta": delta})
        wire.append({"type": "content_block_stop", "index": n})
    events = events_of(*wire, {"type": "message_stop"})
    assert [(item.id, item.arguments) for item in fold(events).items] == [
        (f"toolu_{n}", said) for n, said in enumerate(ARGUMENTS)
    ]
    blocks = [event for event in stream_of(*events) if event["type"].startswith("content_block")]
    assert [event["index"] for event in blocks] == sorted(event["index"] for event in blocks)
