"""Configured field rules: sources, modes, and where values go."""

from __future__ import annotations

import pytest
from gw_fields_setting import ALICE, UP, chat_body, exchange, given, memory, rule

from tokentape.protocols.codec import Source
from tokentape.protocols.translation import read_request

# ---- sources and goals


def test_a_value_of_a_reply_goes_into_the_next_request():
    held = memory(rule())
    assert exchange(held, {"state": "S1"}) == ["r: kept 1"]
    found = given(held)
    assert found.body == {"model": "m", "state": "S1"}
    assert [str(note) for note in found.notes] == ["r: injected 1"]


def test_nothing_hit_gives_the_same_objects():
    held = memory(rule())
    body, headers = {"model": "m"}, (("a", "b"),)
    found = given(held, body, headers=headers)
    assert found.body is body
    assert found.headers is headers
    assert found.notes == ()


def test_without_rules_nobody_watches():
    assert exchange(memory(), {"state": 1}) is None


def test_the_client_is_never_overruled_unless_the_rule_says_so():
    held = memory(rule())
    exchange(held, {"state": "S1"})
    body = {"model": "m", "state": "mine"}
    assert given(held, body).body is body
    bold = memory(rule(when_missing_only=False))
    exchange(bold, {"state": "S1"})
    assert given(bold, body).body["state"] == "S1"


def test_objects_on_the_way_are_made_and_the_rest_is_the_same():
    held = memory(rule(to="extra.body.state"))
    exchange(held, {"state": "S1"})
    messages = []
    body = {"model": "m", "messages": messages, "extra": {"a": 1}}
    found = given(held, body).body
    assert found["extra"] == {"a": 1, "body": {"state": "S1"}}
    assert found["messages"] is messages
    assert body["extra"] == {"a": 1}


def test_a_value_of_the_request_that_was_sent_is_kept_once_it_was_answered():
    held = memory(rule("request", "user", "user"))
    body = chat_body([("user", "hi")], user="u1")
    exchange(held, {}, body, complete=False)
    assert "user" not in given(held).body
    exchange(held, {}, body)
    assert given(held).body["user"] == "u1"


def test_canonical_sources_and_options():
    options = rule("canonical_request", "options.user", "options.cache_key", "canonical_request")
    replies = rule("canonical_reply", "id", "options.user", "canonical_request", name="q")
    held = memory(options, replies)
    reply = {"id": "c9", "choices": [{"message": {"role": "assistant", "content": "x"}, "index": 0}]}
    exchange(held, {**reply, "model": "m"}, chat_body([("user", "hi")], user="u1"))
    asked = read_request(chat_body([("user", "more")]), Source("openai.chat"))
    found = held.restore(UP, "m", ALICE, asked)
    assert found.asked.options.cache_key == "u1"
    assert found.asked.options.user == "c9"
    kept = read_request(chat_body([("user", "more")], user="me", prompt_cache_key="k"), Source("openai.chat"))
    assert held.restore(UP, "m", ALICE, kept).asked is kept


def test_a_value_that_cannot_be_the_option_stays_out_and_is_noted():
    held = memory(rule("response", "state", "options.cache_key", "canonical_request"))
    exchange(held, {"state": {"an": "object"}})
    asked = read_request(chat_body([("user", "more")]), Source("openai.chat"))
    found = held.restore(UP, "m", ALICE, asked)
    assert found.asked is asked
    assert [note.why for note in found.notes] == ["the value cannot be that option"]


def test_a_header_field():
    held = memory(rule(to="X-Upstream-Session", target="metadata"))
    exchange(held, {"state": "s-1"})
    assert given(held).headers == (("X-Upstream-Session", "s-1"),)
    own = (("x-upstream-session", "mine"),)
    assert given(held, headers=own).headers is own


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "é", {"a": 1}, True, "x" * 10_000])
def test_what_cannot_stand_in_a_header_field_does_not(value):
    held = memory(rule(to="X-State", target="metadata"))
    exchange(held, {"state": value})
    found = given(held)
    assert found.headers == ()
    assert [note.what for note in found.notes] == ["skipped"]


# ---- streams


EVENTS = [
    {"id": "c", "model": "m", "choices": [{"index": 0, "delta": {"role": "assistant", "content": "a"}}]},
    {"id": "c", "model": "m", "choices": [{"index": 0, "delta": {"content": "b"}, "finish_reason": "stop"}]},
]


def test_stream_and_non_stream_do_not_diverge():
    """The defect: stream vs non-stream caches diverging. The same rule, the same memory, both ways."""
    whole, streamed = memory(rule(path="id")), memory(rule(path="id"))
    exchange(whole, {"id": "c", "choices": []})
    exchange(streamed, None, events=EVENTS)
    assert given(whole).body == given(streamed).body == {"model": "m", "state": "c"}


def test_a_cut_stream_teaches_nothing():
    held = memory(rule(path="id"), rule("stream_event", "id", name="q"))
    assert exchange(held, None, events=EVENTS[:1], complete=False) == []
    assert given(held).body == {"model": "m"}


def test_rules_for_events_collect_and_keep_at_the_end():
    held = memory(rule("stream_event", "choices[0].delta.content", mode="all", as_list=True))
    exchange(held, None, events=EVENTS)
    assert given(held).body["state"] == ["a", "b"]


# ---- modes


def test_last():
    held = memory(rule(path="output[*].state"))
    exchange(held, {"output": [{"state": 1}, {"state": 2}]})
    assert given(held).body["state"] == 2
    exchange(held, {"output": []})
    assert given(held).body["state"] == 2


def test_all_is_bounded():
    """The defect: unbounded append."""
    held = memory(rule(mode="all", as_list=True, max_values=3))
    for number in range(10):
        exchange(held, {"state": number})
    assert given(held).body["state"] == [7, 8, 9]
    small = memory(rule(mode="all", as_list=True, max_bytes=10))
    for letter in "abcd":
        notes = exchange(small, {"state": letter * 4})
    assert given(small).body["state"] == ["cccc", "dddd"]
    assert "r: skipped: there was more than it may keep" in notes


def test_a_value_that_is_too_large_is_not_kept():
    held = memory(rule(max_bytes=10))
    exchange(held, {"state": "x" * 11})
    assert given(held).body == {"model": "m"}


def test_last_assistant_turn_is_what_the_last_reply_said():
    held = memory(rule(path="output[*].state", mode="last_assistant_turn", as_list=True))
    exchange(held, {"output": [{"state": 1}, {"state": 2}]})
    assert given(held).body["state"] == [1, 2]
    exchange(held, {"output": [{"state": 3}]})
    assert given(held).body["state"] == [3]
    exchange(held, {"output": []})
    assert "state" not in given(held).body


def test_last_user_turn_begins_anew_when_the_user_speaks():
    held = memory(rule(mode="last_user_turn", as_list=True))
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    first = chat_body([("user", "hi")])
    loop = chat_body([("user", "hi")])
    loop["messages"] += [
        {"role": "assistant", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "x"},
    ]
    exchange(held, {"state": 1}, first)
    exchange(held, {"state": 2}, loop)
    assert given(held).body["state"] == [1, 2]
    spoke = {**loop, "messages": [*loop["messages"], {"role": "user", "content": "and now"}]}
    exchange(held, {"state": 3}, spoke)
    assert given(held).body["state"] == [3]


def calls(*ids, **more):
    found = [{"id": each, "type": "function", "function": {"name": "f", "arguments": "{}"}} for each in ids]
    return {"role": "assistant", "content": None, "tool_calls": found, **more}


def test_per_tool_call_goes_to_the_message_of_that_call():
    held = memory(rule(path="choices[0].message.thought", to="messages[*].thought", mode="per_tool_call"))
    exchange(held, {"choices": [{"message": calls("c1", thought="one")}]})
    exchange(held, {"choices": [{"message": calls("c2", thought="two")}]})
    messages = [{"role": "user", "content": "x"}, calls("c2"), calls("c1"), calls("c9")]
    found = given(held, {"messages": messages}).body["messages"]
    assert [each.get("thought") for each in found] == [None, "two", "one", None]
    assert found[0] is messages[0]


def test_per_tool_call_at_the_call_itself():
    held = memory(
        rule(
            path="choices[0].message.tool_calls[*].seal",
            to="messages[*].tool_calls[*].seal",
            mode="per_tool_call",
        )
    )
    message = calls("c1", "c2")
    for call in message["tool_calls"]:
        call["seal"] = f"seal of {call['id']}"
    exchange(held, {"choices": [{"message": message}]})
    found = given(held, {"messages": [calls("c2", "c1")]}).body["messages"][0]["tool_calls"]
    assert [call["seal"] for call in found] == ["seal of c2", "seal of c1"]


def test_per_tool_call_in_a_stream_whose_events_tell_id_and_value_apart():
    held = memory(rule("stream_event", "choices[0].delta.seal", "messages[*].seal", mode="per_tool_call"))
    call = {"index": 0, "id": "c1", "function": {"name": "f", "arguments": "{}"}}
    events = [
        {"choices": [{"index": 0, "delta": {"tool_calls": [call]}}]},
        {"choices": [{"index": 0, "delta": {"seal": "S"}, "finish_reason": "tool_calls"}]},
    ]
    exchange(held, None, events=events)
    assert given(held, {"messages": [calls("c1")]}).body["messages"][0]["seal"] == "S"


def test_a_value_far_from_any_call_is_not_kept_for_one():
    held = memory(rule(mode="per_tool_call"))
    assert exchange(held, {"state": 1}) == ["r: skipped: no tool call is near the value"]


@pytest.mark.parametrize(("insert", "expected"), [(0, ["S", 1, 2]), (1, [1, "S", 2]), (-1, [1, 2, "S"])])
def test_insert(insert, expected):
    held = memory(rule(to="input", insert=insert))
    exchange(held, {"state": "S"})
    assert given(held, {"input": [1, 2]}).body["input"] == expected
    again = {"input": expected}
    assert given(held, again).body is again
