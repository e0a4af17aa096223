"""Streams of generateContent: read as they come, written as the dialect has them."""

from __future__ import annotations

import json

import pytest
from folding_laws import unfolded
from gemini_bodies import (
    CALL,
    MODEL,
    SOURCE,
    answer,
    candidate,
    chunks_of,
    events_of,
    parts_of,
    payload,
    replied,
)  # isort: skip
from hypothesis import given, settings
from test_fold_gemini import ARRAY, SSE, chunk, replies

from tokentape.errors import ProtocolError
from tokentape.protocols.canonical.events import (
    Amend,
    Close,
    Counted,
    Delta,
    Ended,
    Failed,
    Open,
    Ping,
    Remark,
    Started,
    Stopped,
)
from tokentape.protocols.canonical.failure import Failure, FailureKind
from tokentape.protocols.canonical.fold import fold
from tokentape.protocols.canonical.items import Message, Reasoning, Role, ToolCall
from tokentape.protocols.canonical.origin import Maker, Opaque
from tokentape.protocols.canonical.parts import Citation, Data, Image, Inline, Refusal, Text
from tokentape.protocols.canonical.reply import Stop, StopReason
from tokentape.protocols.codec import Target
from tokentape.protocols.gemini.codec import CODEC
from tokentape.protocols.gemini.fold import fold as natively
from tokentape.protocols.payload import Payload
from tokentape.protocols.streaming import EventReader
from tokentape.protocols.usage import Usage

CHUNKS = [
    {**chunk({"text": "Hm", "thought": True}), "modelVersion": MODEL, "responseId": "r", "createTime": "2025-10-10T15:57:12Z"},
    chunk({"text": " hm.", "thought": True}),
    chunk({"text": "One"}),
    chunk({"text": ".", "thoughtSignature": "c2ln"}),
    chunk({"text": "Two"}, CALL, CALL),
    {**chunk({"text": ""}, finishReason="STOP", safetyRatings=[]), "usageMetadata": {"promptTokenCount": 2, "candidatesTokenCount": 3, "totalTokenCount": 5}},
]  # fmt: skip


def test_a_stream_amounts_to_the_reply():
    whole = natively([payload(each) for each in CHUNKS])
    found = fold(events_of(*CHUNKS))
    assert found == replied(whole)
    assert [type(item) for item in found.items] == [Reasoning, Message, ToolCall, ToolCall, Message]
    assert found.items[1].parts[0] == Text("One.", opaque=found.items[1].parts[0].opaque)
    assert found.complete


@settings(max_examples=80, deadline=None)
@given(replies)
def test_any_stream_amounts_to_its_reply(body):
    stream = unfolded("gemini", body, SSE)
    try:
        whole = replied(natively(stream))
    except ProtocolError:
        return
    reader = CODEC.reader(SOURCE)
    events = [event for each in stream for event in reader.read(each)]
    found = fold([*events, *reader.end()])
    assert [choice.items for choice in found.choices] == [choice.items for choice in whole.choices]
    assert [choice.stop for choice in found.choices] == [choice.stop for choice in whole.choices]
    assert (found.id or None, found.model or None) == (whole.id or None, whole.model or None)
    again = fold(events_of(*chunks_of([*events, Ended(True)])))
    assert again.complete


@pytest.mark.parametrize("asked", [SSE, ARRAY])
def test_both_framings_in_bytes(asked):
    from tokentape.protocols.gemini.unfold import unfold

    body = answer({"text": "Eins zwei."}, CALL)
    data = b"".join(unfold(body, asked))
    for size in (1, 3, len(data)):
        reader = EventReader(SOURCE, None if asked is SSE else "json-array")
        events = [e for at in range(0, len(data), size) for e in reader.feed(data[at : at + size])]
        assert fold([*events, *reader.end()]) == replied(body)


def test_text_comes_at_once():
    reader = CODEC.reader(SOURCE)
    events = list(reader.read(payload(CHUNKS[0])))
    assert [type(event) for event in events] == [Started, Open, Delta]
    assert list(reader.read(payload(CHUNKS[1]))) == [Delta(events[1].key, " hm.")]


def test_a_cut_stream_is_not_complete():
    for at in range(len(CHUNKS)):
        events = events_of(*CHUNKS[:at])
        assert events[-1] == Ended(False)
    assert events_of(*CHUNKS)[-1] == Ended(True)


def test_every_candidate_has_to_finish():
    two = {"candidates": [candidate({"text": "a"}), {"content": {"parts": [{"text": "b"}]}, "index": 1}]}
    assert events_of(two)[-1] == Ended(False)
    found = fold(events_of(two, {"candidates": [{"index": 1, "finishReason": "MAX_TOKENS"}]}))
    assert [choice.stop.reason for choice in found.choices] == [StopReason.END, StopReason.LENGTH]
    assert found.complete


def test_an_error_inside():
    events = events_of(
        CHUNKS[0], {"error": {"code": 503, "message": "no", "status": "UNAVAILABLE"}}, CHUNKS[1]
    )
    assert isinstance(events[-2], Failed)
    assert events[-2].failure.kind is FailureKind.OVERLOADED
    assert events[-1] == Ended(False)


def test_a_blocked_prompt():
    body = {
        "promptFeedback": {"blockReason": "SAFETY"},
        "usageMetadata": {"promptTokenCount": 2},
        "modelVersion": MODEL,
    }
    events = events_of(body)
    found = fold(events)
    assert found == replied(body)
    assert chunks_of(events) == [body]


def test_sources_that_come_last():
    support = {"segment": {"endIndex": 3, "text": "One"}, "groundingChunkIndices": [0]}
    last = chunk({"text": "."}, finishReason="STOP", groundingMetadata={
        "groundingChunks": [{"web": {"uri": "https://a", "title": "A"}}], "groundingSupports": [support]})  # fmt: skip
    stream = [chunk({"text": "One"}), last]
    whole = natively([payload(each) for each in stream])
    events = events_of(*stream)
    assert fold(events) == replied(whole)
    assert fold(events_of(*chunks_of(events))) == replied(whole)


def test_arguments_in_pieces():
    def piece(path, value, **more):
        return chunk({"functionCall": {"partialArgs": [{"jsonPath": path, "stringValue": value}], **more}})

    stream = [
        chunk({"functionCall": {"name": "f", "id": "c", "willContinue": True}, "thoughtSignature": "YQ=="}),
        piece("$.city", "Par", willContinue=True),
        piece("$.city", "is", willContinue=True),
        chunk({"functionCall": {"partialArgs": [{"jsonPath": "$.days[0].n", "numberValue": 2}, {"jsonPath": "$.x", "nullValue": "NULL_VALUE"}], "willContinue": True}}),
        chunk({"functionCall": {}}),
        chunk(finishReason="STOP"),
    ]  # fmt: skip
    found = fold(events_of(*stream))
    [call] = found.items
    assert json.loads(call.arguments) == {"city": "Paris", "days": [{"n": 2}], "x": None}
    assert (call.id, call.name, call.opaque[0].data) == ("c", "f", "YQ==")


@pytest.mark.parametrize(
    "data", [b"[]", b"5", b'"x"', b"{}", b'{"candidates":5}', b'{"candidates":[{"content":{"parts":[1]}}]}']
)
def test_a_wrong_chunk_is_a_protocol_error(data):
    with pytest.raises(ProtocolError):
        list(CODEC.reader(SOURCE).read(Payload(None, data)))


# ---- writing


def test_a_foreign_stream_is_one_of_ours():
    mine = Opaque("thought_signature", "c2ln", Maker("", "gemini"))
    events = [
        Started("openai.chat", "id", "gpt-5", 1),
        Open(1, Reasoning()), Delta(1, "Hm"), Delta(1, "a", 0), Delta(1, "b", 1), Ping(),
        Open(2, Text("")), Delta(2, "One"),
        Open(3, ToolCall("c1", "f", "")), Open(4, ToolCall("c2", "g", "")), Delta(3, '{"a"'), Delta(4, ""), Delta(3, ":1}"),
        Delta(2, " two"), Amend(2, "opaque", mine), Close(2), Close(3),
        Open(5, Image(Inline("image/png", "AAAA"))), Close(5), Open(6, Refusal("No")), Close(6),
        Open(7, Data({"a": 1})), Close(7), Remark("openai.chat", "x", {}),
        Counted(Usage(input=3)), Stopped(Stop(StopReason.TOOL_CALLS, "tool_calls")), Counted(Usage(output=4, reasoning=1)),
        Ended(True), Delta(2, "late"),
    ]  # fmt: skip
    chunks = chunks_of(events, Target("gemini", model="gemini-3-pro"))
    assert parts_of(chunks) == [
        {"text": "Hm", "thought": True}, {"text": "a", "thought": True}, {"text": "\n\nb", "thought": True},
        {"text": "One"}, {"text": " two"}, {"text": "", "thoughtSignature": "c2ln"},
        {"functionCall": {"name": "f", "args": {"a": 1}, "id": "c1"}},
        {"inlineData": {"mimeType": "image/png", "data": "AAAA"}}, {"text": "No"}, {"text": '{"a":1}'},
        {"functionCall": {"name": "g", "args": {}, "id": "c2"}},
    ]  # fmt: skip
    assert all(each["modelVersion"] == "gpt-5" and each["responseId"] == "id" for each in chunks)
    assert [each["candidates"][0].get("finishReason") for each in chunks] == [None] * 11 + ["STOP"]
    assert chunks[-1]["usageMetadata"] == {
        "promptTokenCount": 3, "candidatesTokenCount": 3, "thoughtsTokenCount": 1, "totalTokenCount": 7
    }  # fmt: skip


@pytest.mark.parametrize("failed", [True, False])
def test_a_cut_or_failed_stream_ends_with_an_error_and_no_reason(failed):
    events = [Started("x"), Open(1, Text("")), Delta(1, "On"), Stopped(Stop(StopReason.END))]
    events += [Failed(Failure(FailureKind.RATE_LIMIT, "slow"))] if failed else []
    chunks = chunks_of([*events, Ended(False)])
    assert "finishReason" not in json.dumps(chunks)
    code = 429 if failed else 503
    assert [each["error"]["code"] for each in chunks if "error" in each] == [code]
    assert chunks[-1]["error"]["code"] == code


def test_several_choices_and_none():
    events = [Open(1, Text("a"), 1), Open(2, Text("b"), 0), Stopped(None, 0), Ended(True)]
    chunks = chunks_of(events)
    assert [found["candidates"][0]["index"] for found in chunks[:2]] == [1, 0]
    assert [(one["index"], one["finishReason"]) for one in chunks[-1]["candidates"]] == [
        (0, "STOP"),
        (1, "STOP"),
    ]
    assert fold(events_of(*chunks_of([Ended(True)]))).complete


def test_citations_of_others_are_sources():
    cited = Citation("anthropic.messages", "url", {}, "https://a", "A", "x", 0, 3)
    events = [Open(1, Text("")), Delta(1, "One"), Close(1), Amend(1, "citations", cited), Ended(True)]
    [message] = fold(events_of(*chunks_of(events))).items
    assert message == Message(Role.ASSISTANT, (Text("One", message.parts[0].citations),))
    assert (message.parts[0].citations[0].url, message.parts[0].citations[0].end) == ("https://a", 3)
