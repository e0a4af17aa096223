"""Ollama's bodies for tests, and the shortest ways to read and write them."""

from __future__ import annotations

import json

from tokentape.protocols.canonical.fold import fold
from tokentape.protocols.codec import Source, Target
from tokentape.protocols.framing import ndjson
from tokentape.protocols.ollama.codec import CODEC
from tokentape.protocols.payload import Payload

SOURCE = Source("ollama")
PNG = "iVBORw0KGgo="


def chat(*messages, **more):
    return {"model": "qwen3", "messages": list(messages), **more}


def user(text, **more):
    return {"role": "user", "content": text, **more}


def call(name, arguments, **more):
    return {"function": {"name": name, "arguments": arguments}, **more}


def answer(message, **more):
    told = {
        "model": "qwen3",
        "created_at": "2025-11-21T09:30:00.5Z",
        "message": {"role": "assistant", **message},
    }
    return {**told, "done": True, "done_reason": "stop", **more}


def read(body):
    return CODEC.read_request(body, SOURCE)


def write(asked, **target):
    """The body, and the losses as text."""
    target = Target("ollama", **target)
    return CODEC.write_request(asked, target).body, [str(loss) for loss in target.losses.report]


def read_reply(body):
    return CODEC.read_reply(body, SOURCE)


def write_reply(reply, **target):
    target = Target("ollama", **target)
    return CODEC.write_reply(reply, target), [str(loss) for loss in target.losses.report]


def events(lines):
    reader = CODEC.reader(SOURCE)
    found = [event for line in lines for event in reader.read(Payload(None, json.dumps(line).encode()))]
    return [*found, *reader.end()]


def folded(lines):
    return fold(events(lines))


def written(stream, **target):
    """The lines that say the events, and the losses."""
    target = Target("ollama", **target)
    writer = CODEC.writer(target)
    lines = [json.loads(ndjson(wire)) for event in stream for wire in writer.write(event)]
    return lines, [str(loss) for loss in target.losses.report]
