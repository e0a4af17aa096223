"""What is written is valid by what the owners of the APIs publish, and by Open Responses.

Every feature of every other dialect, as request, as reply and as stream.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from schemas import problems

from tokentape.protocols.canonical.unfold import unfold
from tokentape.protocols.codec import Source, Target
from tokentape.protocols.framing import ENCODERS
from tokentape.protocols.payload import Payload
from tokentape.protocols.streaming import StreamTranslator
from tokentape.protocols.translation import codec_of, translate_failure, translate_reply, translate_request
from tokentape.wire.event import decode
from tokentape.wire.sse import SseDecoder

STONES = Path(__file__).parent.parent / "rosetta"
REQUEST = {
    "openai.chat": (("openai", "CreateChatCompletionRequest"),),
    "openai.responses": (("openai", "CreateResponse"), ("open-responses", "CreateResponseBody")),
    "anthropic.messages": (("anthropic", "CreateMessageParams"),),
    "cohere": (("cohere", "/v2/chat"),),
}
REPLY = {
    "openai.chat": (("openai", "CreateChatCompletionResponse"),),
    "openai.responses": (("openai", "Response"), ("open-responses", "ResponseResource")),
    "cohere": (("cohere", "ChatResponseV2"),),
}
EVENT = {
    "openai.chat": (("openai", "CreateChatCompletionStreamResponse"),),
    "openai.responses": (("openai", "ResponseStreamEvent"),),
    "cohere": (("cohere", "StreamedChatResponseV2"),),
}
"""Anthropic's schema wants every field of a reply, also those that say null and that the SDKs do without."""
OPENAI = ("openai.chat", "openai.responses")
MODELS = {"anthropic.messages": "claude-sonnet-4-5", "cohere": "command-a-03-2025"}


def cases(targets):
    return [
        pytest.param(path.parent.name, path.stem, target, id=f"{path.parent.name}-{path.stem}-{target}")
        for path in sorted(STONES.glob("*/*.json"))
        if path.stem != "errors"
        for target in targets
        if target != path.parent.name
    ]


def stone(dialect, feature):
    return json.loads((STONES / dialect / f"{feature}.json").read_text(encoding="utf-8"))


def source_of(dialect, found):
    return Source(dialect, found.get("model"))


@pytest.mark.parametrize(("dialect", "feature", "target"), cases(REQUEST))
def test_requests(dialect, feature, target):
    found = stone(dialect, feature)
    if "request" not in found:
        pytest.skip("the dialect cannot ask that")
    to = Target(target, MODELS.get(target, "gpt-5-mini"))
    body = translate_request(found["request"], source_of(dialect, found), to, allow_losses=True).result.body
    for file, name in REQUEST[target]:
        assert problems(file, name, body) == []


@pytest.mark.parametrize(("dialect", "feature", "target"), cases(REPLY))
def test_replies(dialect, feature, target):
    found = stone(dialect, feature)
    if "reply" not in found:
        pytest.skip("the dialect cannot say that")
    body = translate_reply(found["reply"], source_of(dialect, found), Target(target)).result
    for file, name in REPLY[target]:
        assert problems(file, name, body) == []


@pytest.mark.parametrize(("dialect", "feature", "target"), cases(EVENT))
def test_streams(dialect, feature, target):
    found = stone(dialect, feature)
    if "reply" not in found:
        pytest.skip("the dialect cannot say that")
    codec = codec_of(dialect)
    reply = codec.read_reply(found["reply"], source_of(dialect, found))
    writer, encode = codec.writer(Target(dialect)), ENCODERS[codec.framing]
    data = b"".join(encode(wire) for event in unfold(reply) for wire in writer.write(event))
    translator = StreamTranslator(source_of(dialect, found), Target(target))
    written = translator.feed(data) + translator.end()
    events = [Payload(event.name, event.data) for event in decode(SseDecoder(), (written,)) if event.data]
    assert len(events) > 2
    for event in events:
        if event.is_done:
            continue
        for file, name in EVENT[target]:
            assert problems(file, name, event.json) == []


@pytest.mark.parametrize("dialect", sorted({path.parent.name for path in STONES.glob("*/errors.json")}))
@pytest.mark.parametrize("target", OPENAI)
def test_errors(dialect, target):
    for status, body in stone(dialect, "errors").items():
        _, written = translate_failure(int(status), body, dialect, target)
        assert problems("openai", "ErrorResponse", written) == []
