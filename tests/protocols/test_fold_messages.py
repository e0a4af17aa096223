"""Messages as the events of their stream, and the events as messages."""

from __future__ import annotations

import json

import pytest
from folding_laws import extras, stream_of, synthesis, texts, there_and_back, tokens, unfolded, values
from hypothesis import given, settings
from hypothesis import strategies as st

from tokentape.protocols.anthropic_messages.form import neutral
from tokentape.protocols.synthesis import Asked, NotConvertible
from tokentape.wire.message import Request

NAME = "anthropic.messages"
tools = st.sampled_from(["tool_use", "server_tool_use", "mcp_tool_use"])
blocks = st.one_of(
    st.fixed_dictionaries(
        {"type": st.just("text"), "text": texts},
        optional={"citations": st.none() | st.lists(extras, max_size=2)},
    ),
    st.fixed_dictionaries({"type": st.just("thinking"), "thinking": texts}, optional={"signature": texts}),
    st.fixed_dictionaries({"type": st.just("redacted_thinking"), "data": texts}),
    st.fixed_dictionaries(
        {"type": tools, "id": texts, "name": texts, "input": values}, optional={"caller": extras}
    ),
    st.fixed_dictionaries(
        {"type": st.just("web_search_tool_result"), "content": st.lists(values, max_size=2)}
    ),
    extras.map({"type": "x_new_block"}.__or__),
)
replies = st.builds(
    lambda given, more: {"type": "message", **given, **more},
    st.fixed_dictionaries(
        {
            "id": texts, "role": st.just("assistant"), "model": texts, "content": st.lists(blocks, max_size=4),
            "usage": st.fixed_dictionaries(
                {"input_tokens": tokens, "output_tokens": tokens},
                optional={
                    "cache_read_input_tokens": st.none() | tokens, "cache_creation": st.none() | extras,
                    "service_tier": st.none() | texts, "server_tool_use": st.none() | extras,
                },
            ),
        },
        optional={
            "stop_reason": texts, "stop_sequence": st.none() | texts, "stop_details": st.none() | extras,
            "container": st.none() | extras, "context_management": st.none() | extras,
        },
    ),
    extras,
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(replies)
def test_a_reply_made_a_stream_and_whole_again_is_the_same(reply):
    assert there_and_back(NAME, reply) == reply


def reply(*content):
    usage = {"input_tokens": 3, "output_tokens": 9, "service_tier": "standard"}
    head = {"id": "m", "type": "message", "role": "assistant", "model": "claude"}
    return {
        **head,
        "content": list(content),
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": usage,
    }


def events(*content):
    return [(payload.name, payload.json) for payload in unfolded(NAME, reply(*content))]


def test_the_events_of_a_text():
    cited = {"type": "text", "text": "One two.", "citations": [{"cited_text": "x"}]}
    assert [(name, event.get("delta")) for name, event in events(cited)] == [
        ("message_start", None), ("content_block_start", None), ("ping", None),
        ("content_block_delta", {"type": "text_delta", "text": "One "}),
        ("content_block_delta", {"type": "text_delta", "text": "two."}),
        ("content_block_delta", {"type": "citations_delta", "citation": {"cited_text": "x"}}),
        ("content_block_stop", None),
        ("message_delta", {"stop_reason": "end_turn", "stop_sequence": None}), ("message_stop", None),
    ]  # fmt: skip


def test_a_message_begins_without_what_it_will_say():
    found = dict(events({"type": "text", "text": "One."}))
    begun = found["message_start"]["message"]
    assert (begun["content"], begun["stop_reason"]) == ([], None)
    assert begun["usage"] == {"input_tokens": 3, "output_tokens": 1, "service_tier": "standard"}
    assert found["message_delta"]["usage"] == {"input_tokens": 3, "output_tokens": 9}


def test_blocks_begin_empty_and_are_told_by_index():
    thought = {"type": "thinking", "thinking": "Hm.", "signature": "abc"}
    used = {"type": "tool_use", "id": "t", "name": "f", "input": {"a": [1, "größe"]}}
    found = [event for _, event in events(thought, used)]
    opened = [event["content_block"] for event in found if event["type"] == "content_block_start"]
    assert opened == [{**thought, "thinking": "", "signature": ""}, {**used, "input": {}}]
    deltas = [(event["index"], event["delta"]) for event in found if event["type"] == "content_block_delta"]
    assert deltas[1] == (0, {"type": "signature_delta", "signature": "abc"})
    assert deltas[2] == (1, {"type": "input_json_delta", "partial_json": ""})
    assert json.loads("".join(delta["partial_json"] for _, delta in deltas[2:])) == used["input"]


@pytest.mark.parametrize("value", [{}, {"type": "message"}, {"type": "error", "error": {}}])
def test_what_is_no_message_has_no_stream(value):
    with pytest.raises(NotConvertible):
        synthesis(NAME).unfold(value, Asked("https://h/", {}))


def sse(*given):
    return stream_of(NAME, [b"data: " + json.dumps(event).encode() + b"\n\n" for event in given])


START = {
    "type": "message_start",
    "message": {"type": "message", "content": [], "usage": {"input_tokens": 2, "output_tokens": 1}},
}
TOOL = {"type": "content_block_start", "index": 0, "content_block": {"type": "tool_use", "input": {}}}


def delta(**fields):
    return {"type": "content_block_delta", "index": 0, "delta": fields}


def test_usage_is_what_was_told_last_and_not_null():
    last = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "context_management": {"n": 1}}
    last["usage"] = {"input_tokens": None, "output_tokens": 7, "server_tool_use": None}
    found = synthesis(NAME).fold(sse(START, last))
    assert found["usage"] == {"input_tokens": 2, "output_tokens": 7, "server_tool_use": None}
    assert (found["stop_reason"], found["context_management"]) == ("end_turn", {"n": 1})


def test_unknown_deltas_go_on_with_their_block():
    block = {
        "type": "content_block_start",
        "index": 0,
        "content_block": {"type": "compaction", "content": None},
    }
    parts = [delta(type="compaction_delta", content="a"), delta(type="compaction_delta", content="b")]
    assert synthesis(NAME).fold(sse(START, block, *parts))["content"] == [
        {"type": "compaction", "content": "ab"}
    ]


@pytest.mark.parametrize(
    "given",
    [
        [START, {"type": "error", "error": {"type": "overloaded_error"}}],
        [START, TOOL, delta(type="input_json_delta", partial_json='{"a"')],
        [{"type": "ping"}],
    ],
    ids=["error", "half an input", "no message"],
)
def test_what_is_no_whole_stream_has_no_whole_reply(given):
    with pytest.raises(NotConvertible):
        synthesis(NAME).fold(sse(*given))


def test_on_vertex_the_method_says_how_the_reply_comes():
    url = "https://h/v1/projects/p/locations/l/publishers/anthropic/models/claude:{}?a=1"
    asked = Request("POST", url.format("streamRawPredict"), (("Content-Encoding", "gzip"),), b"x")
    found = neutral(asked, {"stream": True, "messages": []})
    assert found == Request("POST", url.format("rawPredict"), (), b'{"messages":[]}')
