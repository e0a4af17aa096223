"""Usage in streams (case 36): upstream is asked for it, the caller sees it if it asked, the last count wins."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tokentape.protocols.canonical.conversation import Conversation
from tokentape.protocols.canonical.fold import fold
from tokentape.protocols.canonical.items import Message, Role
from tokentape.protocols.canonical.parts import Text
from tokentape.protocols.codec import Source, Target
from tokentape.protocols.streaming import EventReader, StreamTranslator
from tokentape.protocols.translation import codec_of
from tokentape.protocols.usage import Usage

if TYPE_CHECKING:
    from tokentape.protocols.canonical.reply import Reply
    from tokentape.wire.interaction import Json

HELLO = Message(Role.USER, (Text("Hi"),))
OTHERS = ["openai.responses", "anthropic.messages", "gemini", "bedrock.converse", "ollama", "cohere"]


def sse(*events: Json) -> bytes:
    return b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in events)


def chunk(delta: Json, reason: str | None = None) -> Json:
    choice: Json = {"index": 0, "delta": delta, "finish_reason": reason}
    return {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}


def counting(usage: Json) -> Json:
    return {
        "id": "c1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "m",
        "choices": [],
        "usage": usage,
    }


SAID = sse(chunk({"role": "assistant", "content": "Hello"}), chunk({}, "stop"))
DONE = b"data: [DONE]\n\n"


def folded(dialect: str, data: bytes) -> Reply:
    reader = EventReader(Source(dialect, model="m"))
    return fold([*reader.feed(data), *reader.end()])


@pytest.mark.parametrize("source", OTHERS)
def test_the_upstream_is_asked_to_count(source: str) -> None:
    """Streams of the other dialects count always, so Chat's has to."""
    asked = codec_of(source).read_request(
        dict(
            codec_of(source)
            .write_request(Conversation((HELLO,), "m", stream=True), Target(source, model="m"))
            .body
        ),
        Source(source, model="m", stream=True),
    )
    body = codec_of("openai.chat").write_request(asked, Target("openai.chat", model="m")).body
    assert body["stream_options"] == {"include_usage": True}


def test_a_chat_caller_is_asked_nothing_that_it_did_not_ask() -> None:
    body: dict[str, Json] = {"model": "m", "stream": True, "messages": [{"role": "user", "content": "Hi"}]}
    codec = codec_of("openai.chat")
    assert (
        codec.write_request(codec.read_request(body, Source("openai.chat")), Target("openai.chat")).body
        == body
    )


@pytest.mark.parametrize(("wanted", "shown"), [(True, 1), (False, 0), (None, 0)])
def test_usage_is_shown_to_those_who_asked(wanted: bool | None, shown: int) -> None:
    asked = Conversation((HELLO,), "m", stream=True, counts_usage=wanted)
    translator = StreamTranslator(Source("openai.chat"), Target("openai.chat", asked=asked))
    data = SAID + sse(counting({"prompt_tokens": 4, "completion_tokens": 2, "total_tokens": 6})) + DONE
    written = translator.feed(data) + translator.end()
    assert written.count(b'"prompt_tokens":4') == shown


def test_the_last_that_is_not_null_wins_and_absent_is_not_zero() -> None:
    data = SAID + sse(
        counting({"prompt_tokens": 4, "completion_tokens": 1, "prompt_tokens_details": {"cached_tokens": 3}}),
        counting({"prompt_tokens": None, "completion_tokens": 2}),
        counting(None),
    )
    assert folded("openai.chat", data + DONE).usage == Usage(4, 2, 3)


def test_a_stream_that_does_not_count_is_unknown() -> None:
    assert folded("openai.chat", SAID + DONE).usage is None


@pytest.mark.parametrize("target", OTHERS)
def test_counts_come_through_in_every_dialect(target: str) -> None:
    from tokentape.testing.contracts.codec import read

    translator = StreamTranslator(Source("openai.chat"), Target(target, model="m"))
    data = SAID + sse(counting({"prompt_tokens": 4, "completion_tokens": 2, "total_tokens": 6})) + DONE
    found = fold(read(codec_of(target), [translator.feed(data), translator.end()]))
    assert found.usage is not None
    assert (found.usage.input, found.usage.output) == (4, 2)
