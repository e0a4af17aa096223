"""Responses as the events of their life, and the events as responses."""

from __future__ import annotations

import json

import pytest
from folding_laws import extras, stream_of, synthesis, texts, there_and_back, tokens, unfolded, values
from hypothesis import given, settings
from hypothesis import strategies as st

from tokentape.protocols.synthesis import Asked, NotConvertible

NAME = "openai.responses"
KNOWN = [
    "message", "reasoning", "function_call", "custom_tool_call", "web_search_call", "file_search_call", "mcp_call",
    "code_interpreter_call", "image_generation_call", "mcp_list_tools", "computer_call", "x_new_item",
]  # fmt: skip
parts = st.fixed_dictionaries(
    {"type": st.sampled_from(["output_text", "refusal", "reasoning_text", "x_part"])},
    optional={
        "text": texts, "refusal": texts, "logprobs": st.none() | st.lists(extras, max_size=2),
        "annotations": st.lists(extras, max_size=2),
    },
)  # fmt: skip
items = st.builds(
    lambda kind, given, more: {"type": kind, **given, **more},
    st.sampled_from(KNOWN),
    st.fixed_dictionaries(
        {},
        optional={
            "id": texts, "status": st.sampled_from(["completed", "incomplete", None]), "role": st.just("assistant"),
            "content": st.none() | st.lists(parts, max_size=2), "encrypted_content": st.none() | texts,
            "summary": st.lists(st.fixed_dictionaries({"type": st.just("summary_text"), "text": texts}), max_size=2),
            "arguments": texts, "input": texts, "code": st.none() | texts, "error": st.none() | texts, "name": texts,
        },
    ),
    extras,
)  # fmt: skip
replies = st.builds(
    lambda given, more: {"object": "response", **given, **more},
    st.fixed_dictionaries(
        {"id": texts, "output": st.lists(items, max_size=3)},
        optional={
            "status": st.sampled_from(["completed", "incomplete", "failed"]),
            "error": st.none() | extras, "usage": st.none() | st.fixed_dictionaries({"total_tokens": tokens}),
            "tools": st.lists(values, max_size=2), "metadata": st.none() | extras,
        },
    ),
    extras,
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(replies)
def test_a_reply_made_a_stream_and_whole_again_is_the_same(reply):
    assert there_and_back(NAME, reply) == reply


def events(*output, **more):
    reply = {
        "id": "r",
        "object": "response",
        "status": "completed",
        "output": list(output),
        "usage": {"n": 1},
        **more,
    }
    return [(payload.name, payload.json) for payload in unfolded(NAME, reply)]


def kinds(*output, **more):
    found = events(*output, **more)
    assert [event["sequence_number"] for _, event in found] == list(range(len(found)))
    assert all(name == event["type"] for name, event in found)
    return [name.removeprefix("response.") for name, _ in found][2:-1]


def test_a_response_begins_without_what_it_will_say():
    (first, begun), (second, _), (last, ended) = events(completed_at=5, tools=[1])
    assert (first, second, last) == ("response.created", "response.in_progress", "response.completed")
    assert begun["response"] == {
        "id": "r", "object": "response", "status": "in_progress", "output": [], "usage": None, "completed_at": None,
        "tools": [1],
    }  # fmt: skip
    assert ended["response"]["completed_at"] == 5


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (
            {"type": "message", "content": [{"type": "output_text", "text": "a b", "annotations": [{"u": 1}]}]},
            ["content_part.added", "output_text.delta", "output_text.delta", "output_text.annotation.added",
             "output_text.done", "content_part.done"],
        ),
        (
            {"type": "message", "content": [{"type": "refusal", "refusal": "no"}]},
            ["content_part.added", "refusal.delta", "refusal.done", "content_part.done"],
        ),
        (
            {"type": "reasoning", "summary": [{"type": "summary_text", "text": "hm"}],
             "content": [{"type": "reasoning_text", "text": "hmm"}]},
            ["reasoning_summary_part.added", "reasoning_summary_text.delta", "reasoning_summary_text.done",
             "reasoning_summary_part.done", "content_part.added", "reasoning_text.delta", "reasoning_text.done",
             "content_part.done"],
        ),
        (
            {"type": "function_call", "name": "f", "arguments": "{}"},
            ["function_call_arguments.delta", "function_call_arguments.done"],
        ),
        ({"type": "custom_tool_call", "input": "x"}, ["custom_tool_call_input.delta", "custom_tool_call_input.done"]),
        (
            {"type": "web_search_call"},
            ["web_search_call.in_progress", "web_search_call.searching", "web_search_call.completed"],
        ),
        (
            {"type": "code_interpreter_call", "code": "1"},
            ["code_interpreter_call.in_progress", "code_interpreter_call_code.delta", "code_interpreter_call_code.done",
             "code_interpreter_call.interpreting", "code_interpreter_call.completed"],
        ),
        (
            {"type": "mcp_call", "arguments": "1", "error": "x"},
            ["mcp_call.in_progress", "mcp_call_arguments.delta", "mcp_call_arguments.done", "mcp_call.failed"],
        ),
        ({"type": "computer_call", "action": {}}, []),
    ],
)  # fmt: skip
def test_the_life_of_an_item(item, expected):
    assert kinds(item) == ["output_item.added", *expected, "output_item.done"]


def test_an_item_begins_empty():
    item = {
        "id": "i",
        "type": "function_call",
        "status": "completed",
        "arguments": "{}",
        "call_id": "c",
        "name": "f",
    }
    found = dict(events(item))
    assert found["response.output_item.added"]["item"] == {**item, "status": "in_progress", "arguments": ""}
    assert found["response.function_call_arguments.done"]["arguments"] == "{}"
    assert found["response.function_call_arguments.done"]["item_id"] == "i"


@pytest.mark.parametrize("status", ["completed", "incomplete", "failed"])
def test_a_response_ends_as_it_did(status):
    assert events(status=status)[-1][0] == f"response.{status}"


@pytest.mark.parametrize(
    "reply", [{}, {"output": [], "status": "queued"}, {"output": [], "status": "in_progress"}]
)
def test_what_has_not_ended_has_no_stream(reply):
    with pytest.raises(NotConvertible):
        synthesis(NAME).unfold(reply, Asked("https://h/", {}))


def sse(*given):
    return stream_of(NAME, [b"data: " + json.dumps(event).encode() + b"\n\n" for event in given])


def test_finished_items_fill_an_ending_event_without_output():
    items = [{"type": "response.output_item.done", "output_index": n, "item": {"id": n}} for n in (1, 0)]
    found = synthesis(NAME).fold(
        sse(*items, {"type": "response.completed", "response": {"id": "r", "output": []}})
    )
    assert found["output"] == [{"id": 0}, {"id": 1}]


@pytest.mark.parametrize(
    "given",
    [
        [{"type": "response.created", "response": {"id": "r", "output": []}}],
        [{"type": "response.created", "response": {}}, {"type": "error", "message": "x"}],
        [{"type": "response.completed"}],
    ],
    ids=["cut", "error", "no response"],
)
def test_what_is_no_whole_stream_has_no_whole_reply(given):
    with pytest.raises(NotConvertible):
        synthesis(NAME).fold(sse(*given))
