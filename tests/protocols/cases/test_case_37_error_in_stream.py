"""Case 37: an error inside a stream that began with status 200 is an error event of the target dialect.

Before output and after it: what was open is closed, nothing is retried, nothing looks like a success.
"""

from __future__ import annotations

import pytest

from tokentape.protocols.canonical.events import Delta, Ended, Failed, Open, Started
from tokentape.protocols.canonical.failure import Failure, FailureKind
from tokentape.protocols.canonical.fold import fold
from tokentape.protocols.canonical.parts import Text
from tokentape.protocols.codec import Source, Target
from tokentape.protocols.framing import ENCODERS
from tokentape.protocols.streaming import EventReader, StreamTranslator
from tokentape.protocols.translation import codec_of

DIALECTS = (
    "openai.chat",
    "openai.responses",
    "anthropic.messages",
    "gemini",
    "bedrock.converse",
    "ollama",
    "cohere",
)
OUTPUT = (Open(0, Text("")), Delta(0, "Par"))
BUSY = Failure(FailureKind.OVERLOADED, "Overloaded, try later")


def stream_of(dialect, output):
    codec = codec_of(dialect)
    writer, encode = codec.writer(Target(dialect)), ENCODERS[codec.framing]
    events = (Started("", "r1", "m", 1), *output, Failed(BUSY), Ended(False))
    return b"".join(encode(wire) for event in events for wire in writer.write(event))


def read(dialect, data):
    reader = EventReader(Source(dialect))
    return fold([*reader.feed(data), *reader.end()])


@pytest.mark.parametrize("output", [(), OUTPUT], ids=["before", "after"])
@pytest.mark.parametrize("target", DIALECTS)
@pytest.mark.parametrize("source", DIALECTS)
def test_an_error_in_a_stream_is_one_in_every_dialect(source, target, output):
    translator = StreamTranslator(Source(source), Target(target))
    written = translator.feed(stream_of(source, output)) + translator.end()
    reply = read(target, written)
    assert reply.failure is not None
    assert "Overloaded, try later" in reply.failure.message
    assert not reply.complete
    assert reply.stop is None or reply.stop.reason.value == "error"
    said = [part.text for item in reply.items for part in getattr(item, "parts", ())]
    assert "".join(said) == ("Par" if output else "")


@pytest.mark.parametrize("target", DIALECTS)
def test_a_source_that_breaks_is_an_error_too(target):
    translator = StreamTranslator(Source("openai.chat"), Target(target))
    chunk = b'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":'
    chunk += b'[{"index":0,"delta":{"role":"assistant","content":"Par"},"finish_reason":null}]}\n\n'
    written = translator.feed(chunk) + translator.fail("the connection was reset")
    assert translator.feed(chunk) == b"", "nothing is written after the end"
    reply = read(target, written)
    assert reply.failure is not None
    assert "the connection was reset" in reply.failure.message


@pytest.mark.parametrize("target", DIALECTS)
@pytest.mark.parametrize("source", DIALECTS)
def test_a_stream_that_is_cut_is_no_success(source, target):
    codec = codec_of(source)
    writer, encode = codec.writer(Target(source)), ENCODERS[codec.framing]
    events = (Started("", "r1", "m", 1), *OUTPUT)
    cut = b"".join(encode(wire) for event in events for wire in writer.write(event))
    translator = StreamTranslator(Source(source), Target(target))
    reply = read(target, translator.feed(cut) + translator.end())
    assert not reply.complete or reply.failure is not None
    assert reply.stop is None or reply.stop.reason.value not in ("end", "tool_calls", "stop_sequence")
