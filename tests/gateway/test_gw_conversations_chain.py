"""Histories are compared by what was said, whatever dialect or spelling a client sends them back in."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokentape.gateway.call import Naming
from tokentape.gateway.conversations.chain import chained
from tokentape.gateway.conversations.identity import Seen
from tokentape.gateway.conversations.tracker import Tracker
from tokentape.protocols.canonical.items import Message, Reasoning, Role, ToolCall, ToolResult
from tokentape.protocols.canonical.parts import Audio, Data, FileId, Image, Inline, Plain, Text, Unknown, Url
from tokentape.protocols.canonical.reply import Choice, Reply, Stop, StopReason
from tokentape.protocols.codec import Source, Target
from tokentape.protocols.translation import codec_of, read_request, write_reply

DIALECTS = ("openai.chat", "openai.responses", "anthropic.messages", "gemini", "ollama", "cohere")


def user(said):
    return Message(Role.USER, (Text(said),))


def model(said):
    return Message(Role.ASSISTANT, (Text(said),))


def call(given="c1", arguments='{"a": 1}', name="f"):
    return ToolCall(given, name, arguments)


def result(given="c1", said="ok"):
    return ToolResult(given, (Text(said),))


def link(*items):
    return chained(items).link


BASE = (user("hi"), model("hello"), user("more"))


@pytest.mark.parametrize(
    "other",
    [
        (user("hi"), model("hello"), user("more!")),
        (user("hi"), model("hello"), user(" more")),
        (user("hi"), model("Hello"), user("more")),
        (user("hi"), user("hello"), user("more")),
        (user("hi"), model("hello")),
        (user("hi"), model("hello"), user("more"), model("x")),
        (user("hi"), model("hello"), call(), user("more")),
        (user("hi"), model("hello"), Message(Role.SYSTEM, (Text("x"),)), user("more")),
    ],
)
def test_what_was_said_otherwise_is_another_history(other):
    assert link(*BASE) != link(*other)


@pytest.mark.parametrize(
    "other",
    [
        (Message(Role.SYSTEM, (Text("be kind"),)), *BASE),
        (Message(Role.DEVELOPER, (Text("a"),)), Message(Role.SYSTEM, (Text("b"),)), *BASE),
        (user("hi"), Reasoning("hm"), model("hello"), user("more")),
        (user("hi"), Message(Role.ASSISTANT, (Text("hel"), Text("lo"))), user("more")),
        (user("hi"), model("hel"), model("lo"), user("more")),
        (
            user("hi"),
            Message(Role.ASSISTANT, (Text("hello"),), id="msg_1"),
            Message(Role.USER, (Text("more"),)),
        ),
        (user("hi"), model("hello"), user("mo"), user("re")),
        (user("hi"), model("hello"), user(""), user("more")),
    ],
)
def test_what_was_said_the_same_is_the_same_history(other):
    assert link(*BASE) == link(*other)


def test_arguments_are_compared_as_json_and_ids_by_the_order_of_the_calls():
    one = (user("hi"), call("a", '{"x": 1, "y": "ä"}'), call("b", ""), result("a", "1"), result("b", "2"))
    two = (
        user("hi"),
        call("other", '{"y":"\\u00e4","x":1}'),
        call("ids", "{}"),
        result("ids", "2"),
        result("other", "1"),
    )
    swapped = (user("hi"), call("a", '{"x": 1, "y": "ä"}'), call("b"), result("a", "2"), result("b", "1"))
    assert link(*one) == link(*two)
    assert link(*one) != link(*swapped)


def test_arguments_that_are_no_json_are_compared_as_they_are():
    assert link(call("a", '{"x" : 1')) != link(call("a", '{"x": 1'))
    assert link(replace(call("a", "{}"), kind="custom")) != link(call("a", "{}"))
    deep = "[" * 100_000
    assert link(call("a", deep)) == link(call("b", deep))


def test_text_and_calls_of_one_turn_may_come_in_another_order():
    assert link(user("x"), call(), model("y")) == link(user("x"), model("y"), call())


def test_results_are_compared_as_values():
    assert link(call(), ToolResult("c1", (Data({"b": 1, "a": 2}),))) == link(
        call(), result("c1", '{"a":2, "b":1}')
    )


PNG = "iVBORw0KGgo="


def test_media_are_their_bytes():
    inline = Message(Role.USER, (Image(Inline("image/png", PNG)),))
    data = Message(Role.USER, (Image(Url(f"data:image/png;base64,{PNG}"), detail="low"),))
    other = Message(Role.USER, (Image(Inline("image/png", "AAAA")),))
    assert link(inline) == link(data) != link(other)
    sources = (Url("https://a"), FileId("f", "gemini"), Plain("text"), Inline("image/png", PNG))
    assert len({link(Message(Role.USER, (Image(each),))) for each in sources}) == 4
    assert link(Message(Role.USER, (Audio(None, "id", "said"),))) != link(
        Message(Role.USER, (Audio(None, "id", "x"),))
    )


def test_what_only_one_dialect_knows_counts_as_it_is():
    one, two = (Message(Role.USER, (Unknown("gemini", {"x": n}),)) for n in (1, 2))
    assert link(one) != link(two)
    assert link(user("a"), Unknown("openai.responses", {"type": "x"})) != link(user("a"))


def test_lengths_keep_texts_apart():
    assert link(call("a", '"x"', "fg")) != link(call("a", 'g"x"', "f"))


def test_a_reply_that_says_nothing_is_no_place_to_go_on_from():
    place = chained([user("hi")])
    assert place.after([]) is None
    assert place.after([Reasoning("hm"), Message(Role.ASSISTANT, (Text(""),))]) is None


def test_what_the_request_put_into_the_models_mouth_is_part_of_its_turn():
    place = chained([user("hi"), model("I think")])
    assert place.after([model(" so")]) == link(user("hi"), model("I think so"))
    assert chained([model("a")]).after([model("b")]) == link(model("ab"))


@given(st.lists(st.tuples(st.sampled_from(["u", "a"]), st.text(max_size=3)), max_size=6))
def test_links_of_a_prefix_are_links_of_the_whole(said):
    items = [user(text) if side == "u" else model(text) for side, text in said]
    whole = chained(items)
    for turn in whole.turns:
        assert chained(items[: turn.end]).link == turn.link


# ---- every dialect of a client, whatever the upstream said it in

SAID = Reply(
    (
        Choice(
            (
                Reasoning("hm"),
                Message(Role.ASSISTANT, (Text("Let me "), Text("see."))),
                ToolCall("call_a", "look", '{"at": "sea", "n": 1}'),
                ToolCall("call_b", "look", "{}"),
            ),
            Stop(StopReason.TOOL_CALLS),
        ),
    ),
    id="r1",
    model="m",
    created=1,
)


def history(dialect, body):
    """The reply in the client's dialect, as part of its next request."""
    if dialect == "openai.responses":
        results = [
            {"type": "function_call_output", "call_id": item["call_id"], "output": "ok"}
            for item in body["output"]
            if item["type"] == "function_call"
        ]
        return {"input": [{"role": "user", "content": "hi"}, *body["output"], *results]}
    if dialect == "anthropic.messages":
        results = [
            {"type": "tool_result", "tool_use_id": block["id"], "content": "ok"}
            for block in body["content"]
            if block["type"] == "tool_use"
        ]
        said = [{"role": "assistant", "content": body["content"]}, {"role": "user", "content": results}]
        return {"messages": [{"role": "user", "content": "hi"}, *said], "max_tokens": 9}
    if dialect == "gemini":
        content = body["candidates"][0]["content"]
        results = [
            {"functionResponse": {"name": "look", "response": {"result": "ok"}}}
            for part in content["parts"]
            if "functionCall" in part
        ]
        hi = {"role": "user", "parts": [{"text": "hi"}]}
        return {"contents": [hi, content, {"role": "user", "parts": results}]}
    message = body["choices"][0]["message"] if "choices" in body else body["message"]
    results = [
        {"role": "tool", "content": "ok", **({"tool_call_id": each["id"]} if "id" in each else {})}
        for each in message["tool_calls"]
    ]
    return {"messages": [{"role": "user", "content": "hi"}, message, *results]}


def beginning(dialect):
    if dialect == "openai.responses":
        return {"input": "hi"}
    if dialect == "gemini":
        return {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]}
    return {"messages": [{"role": "user", "content": "hi"}], "max_tokens": 9}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_client_of_any_dialect_goes_on_with_its_conversation(dialect):
    tracker = Tracker(clock=lambda: 0.0)

    def seen(body):
        body = {"model": "m", **body}
        return Seen("a", Naming(), (), dialect, body, lambda: read_request(body, Source(dialect)))

    first = seen(beginning(dialect))
    identity = tracker.identify(first)
    tracker.answered(identity, first, lambda: SAID)
    told = write_reply(SAID, Target(dialect, asked=first.conversation())).result
    told = json.loads(json.dumps(told))
    assert tracker.identify(seen(history(dialect, told))).id == identity.id


@pytest.mark.parametrize("dialect", ["openai.chat", "anthropic.messages"])
def test_a_reply_read_from_its_own_dialect_is_known_too(dialect):
    told = write_reply(SAID, Target(dialect)).result
    said = codec_of(dialect).read_reply(told, Source(dialect))
    assert chained([user("hi")]).after(said.items) == chained([user("hi")]).after(SAID.items)
