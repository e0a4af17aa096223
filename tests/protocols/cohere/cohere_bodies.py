"""Cohere's bodies for tests, and the shortest ways to read and write them."""

from __future__ import annotations

import json

from tokentape.protocols.canonical.fold import fold
from tokentape.protocols.codec import Source, Target
from tokentape.protocols.cohere.codec import CODEC
from tokentape.protocols.framing import sse
from tokentape.protocols.payload import Payload
from tokentape.wire.event import decode
from tokentape.wire.sse import SseDecoder

SOURCE = Source("cohere")
PNG = "iVBORw0KGgo="


def chat(*messages, **more):
    return {"model": "command-a-03-2025", "messages": list(messages), **more}


def user(content, **more):
    return {"role": "user", "content": content, **more}


def call(given, name, arguments, **more):
    return {"id": given, "type": "function", "function": {"name": name, "arguments": arguments}, **more}


def answer(message, reason="COMPLETE", **more):
    return {"id": "r-1", "message": {"role": "assistant", **message}, "finish_reason": reason, **more}


def text(said, **more):
    return {"type": "text", "text": said, **more}


def read(body):
    return CODEC.read_request(body, SOURCE)


def write(asked, **target):
    """The body, and the losses as text."""
    target = Target("cohere", **target)
    return CODEC.write_request(asked, target).body, [str(loss) for loss in target.losses.report]


def read_reply(body):
    return CODEC.read_reply(body, SOURCE)


def write_reply(reply, **target):
    target = Target("cohere", **target)
    return CODEC.write_reply(reply, target), [str(loss) for loss in target.losses.report]


def events(stream):
    reader = CODEC.reader(SOURCE)
    found = [
        event for one in stream for event in reader.read(Payload(one.get("type"), json.dumps(one).encode()))
    ]
    return [*found, *reader.end()]


def folded(stream):
    return fold(events(stream))


def written(stream, **target):
    """The events' JSON, whether `[DONE]` came, and the losses."""
    target = Target("cohere", **target)
    writer = CODEC.writer(target)
    wire = b"".join(sse(event) for one in stream for event in writer.write(one))
    found = [(event.name, event.data) for event in decode(SseDecoder(), (wire,)) if event.data is not None]
    done = [data for _, data in found][-1:] == [b"[DONE]"]
    told = [json.loads(data) for _, data in found if data != b"[DONE]"]
    assert [name for name, data in found if data != b"[DONE]"] == [one["type"] for one in told]
    return told, done, [str(loss) for loss in target.losses.report]


USED = {
    "billed_units": {"input_tokens": 5, "output_tokens": 3},
    "tokens": {"input_tokens": 14, "output_tokens": 3},
}
TOKEN = {"text": "Hi", "token_ids": [1], "logprobs": [-0.1]}
CITED = {
    "start": 0,
    "end": 3,
    "text": "Par",
    "sources": [{"type": "document", "id": "d", "document": {"title": "T"}}],
}

REPLIES = {
    "text": answer({"content": [text("Paris.")]}, usage=USED),
    "cached": answer({"content": [text("Paris.")]}, usage={**USED, "cached_tokens": 8}),
    "thought": answer({"content": [{"type": "thinking", "thinking": "Hm."}, text("Yes.")]}),
    "plan and calls": answer(
        {"tool_plan": "I look.", "tool_calls": [call("c1", "f", '{"a":1}'), call("c2", "g", "{}")]},
        "TOOL_CALL",
    ),
    "length": answer({"content": [text("Pari")]}, "MAX_TOKENS"),
    "sequence": answer({"content": [text("Pari")]}, "STOP_SEQUENCE"),
    "logprobs": answer({"content": [text("Hi")]}, logprobs=[TOKEN]),
    "logprobs of nothing": answer({"content": []}, logprobs=[TOKEN]),
    "citations": answer({"content": [text("Paris.")], "citations": [CITED]}),
    "empty fields": answer({"content": [], "tool_plan": "", "tool_calls": [], "citations": []}),
    "unknown fields": answer({"content": [text("Hi", x=1)], "mood": "glad"}, meta={"x": 1}, warnings=None),
    "counts of another kind": answer({"content": [text("Hi")]}, usage={"tokens": {"input_tokens": 5.5}}),
    "failed": answer({"content": [text("Pa")]}, "ERROR"),
    "too late": answer({"content": []}, "TIMEOUT"),
    "toxic": answer({"content": []}, "ERROR_TOXIC"),
    "a new word": answer({"content": []}, "TIRED"),
    "text content": answer({"content": "Paris."}),
    "odd logprobs": answer({"content": [text("Hi")]}, logprobs=[{"text": "Hi"}], id=""),
    "no logprobs": answer({"content": [text("Hi")]}, logprobs=[]),
    "nearly nothing": {"message": {}},
    "nulls": {
        "message": {"role": None, "content": None, "tool_calls": None},
        "id": None,
        "finish_reason": None,
    },
}
