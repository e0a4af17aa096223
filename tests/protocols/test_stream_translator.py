"""Streams as bytes: what keeps a connection alive, how a stream is framed, and what an error leaves."""

from __future__ import annotations

import json

import pytest

from tokentape.errors import ProtocolError
from tokentape.protocols.canonical.events import Ended, Open, Ping, Started
from tokentape.protocols.canonical.fold import fold
from tokentape.protocols.canonical.parts import Text
from tokentape.protocols.codec import Source, Target
from tokentape.protocols.framing import ENCODERS
from tokentape.protocols.streaming import EventReader, StreamTranslator
from tokentape.protocols.translate import translate_stream
from tokentape.protocols.translation import codec_of

COMMENTS = ("anthropic.messages", "cohere", "openai.chat", "openai.responses")
"""Dialects whose clients skip comments. Google's takes them for JSON, the others have no server-sent events."""


def chunk(**delta: str) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": None}
    return b"data: " + json.dumps({"id": "c", "model": "m", "choices": [choice]}).encode() + b"\n\n"


def part(text: str, **more: str) -> dict[str, object]:
    candidate = {"content": {"role": "model", "parts": [{"text": text}]}, "index": 0, **more}
    return {"candidates": [candidate], "modelVersion": "gemini-2.5-flash", "responseId": "r"}


# ---- heartbeats


@pytest.mark.parametrize("dialect", COMMENTS)
def test_a_ping_before_anything_is_a_comment(dialect: str) -> None:
    writer = codec_of(dialect).writer(Target(dialect))
    assert b"".join(map(ENCODERS["sse"], writer.write(Ping()))) == b": ping\n\n"


@pytest.mark.parametrize("dialect", ["gemini", "ollama", "bedrock.converse"])
def test_a_ping_is_nothing_where_no_client_skips_it(dialect: str) -> None:
    writer = codec_of(dialect).writer(Target(dialect))
    assert not list(writer.write(Ping()))


@pytest.mark.parametrize("dialect", COMMENTS)
def test_nothing_pings_after_the_end(dialect: str) -> None:
    writer = codec_of(dialect).writer(Target(dialect))
    for event in (Started("elsewhere", "r", "m"), Open(0, Text("x")), Ended(True)):
        list(writer.write(event))
    assert not list(writer.write(Ping()))


def test_a_ping_takes_no_sequence_number() -> None:
    writer = codec_of("openai.responses").writer(Target("openai.responses"))
    events = (Started("elsewhere", "r", "m"), Ping(), Open(0, Text("x")), Ping(), Ended(True))
    wires = [wire for event in events for wire in writer.write(event) if wire.raw is None]
    numbers = [wire.json["sequence_number"] for wire in wires]  # type: ignore[index, call-overload]
    assert numbers == list(range(len(wires)))


def test_a_comment_of_the_source_keeps_the_target_alive() -> None:
    translator = StreamTranslator(Source("openai.chat"), Target("anthropic.messages"))
    assert translator.feed(b": OPENROUTER PROCESSING\n\n") == b": ping\n\n"
    translator.feed(chunk(role="assistant", content="Hi"))
    assert translator.feed(b": OPENROUTER PROCESSING\n\n") == b'event: ping\ndata: {"type":"ping"}\n\n'


def test_blank_lines_are_no_heartbeat() -> None:
    translator = StreamTranslator(Source("openai.chat"), Target("anthropic.messages"))
    assert translator.feed(b"\n\n\n\n") == b""


# ---- how a stream is framed


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_an_array_of_gemini_is_found_out(size: int) -> None:
    body = b"\r\n " + json.dumps([part("Par"), part("is.", finishReason="STOP")], indent=1).encode()
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    written = b"".join(translate_stream(pieces, "chat", source="gemini"))
    assert b'"content":"Par"' in written
    assert b'"content":"is."' in written
    assert written.endswith(b"data: [DONE]\n\n")


@pytest.mark.parametrize("body", [b"", b"\n", b" ", b"[", b"data", b"{}"])
def test_no_stream_at_all_is_incomplete(body: bytes) -> None:
    reader = EventReader(Source("gemini"))
    assert [*reader.feed(body), *reader.end()] == [Ended(False)]


# ---- errors


@pytest.mark.parametrize("word", ["error", "network_error", "abort"])
@pytest.mark.parametrize(
    "target", sorted({*COMMENTS, "gemini", "ollama", "bedrock.converse"} - {"openai.chat"})
)
def test_an_error_told_as_a_reason_to_stop_is_no_success(target: str, word: str) -> None:
    choice = {"index": 0, "delta": {}, "finish_reason": word}
    end = (
        b"data: "
        + json.dumps({"id": "c", "model": "m", "choices": [choice]}).encode()
        + b"\n\ndata: [DONE]\n\n"
    )
    translator = StreamTranslator(Source("openai.chat"), Target(target))
    wire = translator.feed(chunk(role="assistant", content="Hi") + end) + translator.end()
    reader = EventReader(Source(target))
    again = fold([*reader.feed(wire), *reader.end()])
    assert not again.complete
    assert again.failure is not None
    assert word in again.failure.message


def test_what_was_written_before_an_error_is_not_lost() -> None:
    translator = StreamTranslator(Source("openai.chat"), Target("anthropic.messages"))
    with pytest.raises(ProtocolError):
        translator.feed(chunk(role="assistant", content="Hi") + b"data: {nonsense\n\n")
    names = [line[7:] for line in translator.fail("it broke").decode().splitlines() if line[:6] == "event:"]
    assert names == ["message_start", "content_block_start", "content_block_delta", "error"]
