"""Converse's replies as the events of their stream, and the events as replies."""

from __future__ import annotations

import json

import pytest
from folding_laws import extras, stream_of, synthesis, texts, there_and_back, tokens, unfolded, values
from hypothesis import given, settings
from hypothesis import strategies as st

from tokentape.protocols.bedrock_converse.form import neutral
from tokentape.protocols.codec import WireEvent
from tokentape.protocols.framing import eventstream
from tokentape.protocols.synthesis import Asked, NotConvertible
from tokentape.wire.message import Request

NAME = "bedrock.converse"
HOST = "https://bedrock-runtime.us-east-1.amazonaws.com/model/a.b"

uses = st.fixed_dictionaries(
    {"toolUseId": texts, "name": texts, "input": values}, optional={"type": st.just("server_tool_use")}
)
blocks = st.one_of(
    st.fixed_dictionaries({"text": texts}),
    st.fixed_dictionaries({"toolUse": uses}),
    st.fixed_dictionaries(
        {
            "toolResult": st.fixed_dictionaries(
                {"toolUseId": texts, "content": st.lists(extras, max_size=2)}, optional={"status": texts}
            )
        }
    ),
    st.fixed_dictionaries(
        {
            "reasoningContent": st.one_of(
                st.fixed_dictionaries({"redactedContent": texts}),
                st.fixed_dictionaries(
                    {"reasoningText": st.fixed_dictionaries({"text": texts}, optional={"signature": texts})}
                ),
            )
        }
    ),
    st.fixed_dictionaries(
        {
            "citationsContent": st.fixed_dictionaries(
                {
                    "content": texts.map(lambda said: [{"text": said}]),
                    "citations": st.lists(extras, min_size=1, max_size=2),
                }
            )
        }
    ),
    st.fixed_dictionaries({"image": st.fixed_dictionaries({"format": texts, "source": extras})}),
)
replies = st.builds(
    lambda content, role, given, more: {
        "output": {"message": {"role": "assistant", **role, "content": content}},
        **given,
        **more,
    },
    st.lists(blocks, max_size=4),
    extras,
    st.fixed_dictionaries(
        {
            "stopReason": texts,
            "usage": st.fixed_dictionaries({"inputTokens": tokens, "outputTokens": tokens}),
        },
        optional={"metrics": extras, "trace": extras, "additionalModelResponseFields": values},
    ),
    extras,
)


@settings(max_examples=60, deadline=None)
@given(replies)
def test_a_reply_made_a_stream_and_whole_again_is_the_same(reply):
    assert there_and_back(NAME, reply) == reply


def replied(*content, **more):
    return {"output": {"message": {"role": "assistant", "content": list(content)}}, "stopReason": "x", **more}


def test_the_events_are_those_of_the_api():
    reply = replied(
        {"text": "Pa ris"},
        {"toolUse": {"toolUseId": "a", "name": "b", "input": {}}},
        usage={"inputTokens": 1},
    )
    found = [(payload.name, payload.json) for payload in unfolded(NAME, reply)]
    assert found == [
        ("messageStart", {"role": "assistant"}),
        ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "Pa "}}),
        ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "ris"}}),
        ("contentBlockStop", {"contentBlockIndex": 0}),
        (
            "contentBlockStart",
            {"contentBlockIndex": 1, "start": {"toolUse": {"toolUseId": "a", "name": "b"}}},
        ),
        ("contentBlockDelta", {"contentBlockIndex": 1, "delta": {"toolUse": {"input": "{}"}}}),
        ("contentBlockStop", {"contentBlockIndex": 1}),
        ("messageStop", {"stopReason": "x"}),
        ("metadata", {"usage": {"inputTokens": 1}}),
    ]


@pytest.mark.parametrize(
    "reply",
    [
        {},
        {"output": {"message": {}}},
        {"output": {"message": {"content": []}, "more": 1}},
        replied("x"),
        replied({}),
        replied({"text": 5}),
        replied({"video": {}}),
        replied({"toolUse": {}}),
        replied({"image": {}}),
        replied({"reasoningContent": {}}),
        replied({"reasoningContent": {"reasoningText": {}}}),
        replied({"reasoningContent": {"reasoningText": {"text": "a", "signature": 5}}}),
        replied({"citationsContent": {"content": [{"text": "a"}], "citations": []}}),
        replied({"citationsContent": {"content": [{"text": "a"}, {"text": "b"}], "citations": [{}]}}),
    ],
    ids=json.dumps,
)
def test_what_does_not_stream_is_refused(reply):
    with pytest.raises(NotConvertible):
        synthesis(NAME).unfold(reply, Asked("https://h/", {}))


BEGIN = WireEvent("messageStart", {"role": "assistant"})


def block(name, **told):
    return WireEvent(name, {"contentBlockIndex": 0, **told})


@pytest.mark.parametrize(
    "events",
    [
        [],
        [WireEvent("metadata", {})],
        [BEGIN, WireEvent("throttlingException", {"message": "x"}, exception=True)],
        [BEGIN, block("contentBlockDelta", delta={"news": 1})],
        [BEGIN, block("contentBlockStart", start={"news": {}})],
        [BEGIN, block("contentBlockStart", start={"image": {}})],
        [
            BEGIN,
            block("contentBlockStart", start={"toolUse": {}}),
            block("contentBlockDelta", delta={"toolUse": {"input": "{"}}),
        ],
        [BEGIN, *[block("contentBlockDelta", delta={"reasoningContent": {"redactedContent": "AA"}})] * 2],
    ],
    ids=range(8),
)
def test_a_stream_that_is_no_reply_is_refused(events):
    with pytest.raises(NotConvertible):
        synthesis(NAME).fold(stream_of(NAME, list(map(eventstream, events))))


def test_padding_is_no_part_of_the_reply():
    padded = [
        WireEvent("messageStart", {"role": "assistant", "p": "abc"}),
        block("contentBlockDelta", delta={"text": "a"}, p="ab"),
        WireEvent("messageStop", {"stopReason": "x", "p": "abcd"}),
        WireEvent("metadata", {"p": "a"}),
    ]
    assert synthesis(NAME).fold(stream_of(NAME, list(map(eventstream, padded)))) == replied({"text": "a"})


def asks(operation, body):
    return Request(
        "POST", f"{HOST}/{operation}", (("Content-Type", "application/json"),), json.dumps(body).encode()
    )


def test_both_operations_ask_for_the_same():
    plain = asks("converse", {"messages": []})
    assert neutral(plain, {"messages": []}) == plain
    assert neutral(asks("converse-stream", {"messages": []}), {"messages": []}) == plain
    assert neutral(asks("count-tokens", {}), {}) is None


def test_how_a_guardrail_streams_is_no_part_of_what_is_asked():
    body = {"guardrailConfig": {"guardrailIdentifier": "a", "streamProcessingMode": "async"}}
    found = neutral(asks("converse-stream", body), body)
    assert json.loads(found.body) == {"guardrailConfig": {"guardrailIdentifier": "a"}}
