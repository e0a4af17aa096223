"""Streams of every dialect feed the memory as whole replies do, and nothing that comes in breaks it."""

from __future__ import annotations

import json

import pytest
from gw_fields_clients import (
    CLAUDE_REPLY,
    HI,
    OPENAI_REPLY,
    Setting,
    deepseek_reply,
    gemini_reply,
    plain,
    result,
    streamed,
    upstream,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from tokentape.gateway.fields.memory import FieldMemory
from tokentape.gateway.fields.rule import FieldRule, Inject
from tokentape.gateway.fields.scope import Scope
from tokentape.gateway.fields.watch import Going
from tokentape.protocols.codec import Source
from tokentape.protocols.compatible import quirks_of
from tokentape.protocols.translation import read_request

CASES = [
    pytest.param("gemini", "gemini-3-pro", gemini_reply(), {}, "SIG", id="gemini"),
    pytest.param("anthropic.messages", "claude-opus-4-5", CLAUDE_REPLY, {}, "SEAL", id="claude"),
    pytest.param("openai.responses", "gpt-5", OPENAI_REPLY, {}, "SEALED", id="responses"),
    pytest.param(
        "openai.chat",
        "m",
        deepseek_reply("Thought so."),
        {"quirks": quirks_of("deepseek")},
        "Thought so.",
        id="deepseek",
    ),
]


@pytest.mark.parametrize(("dialect", "model", "reply", "more", "secret"), CASES)
@pytest.mark.parametrize("size", [5, 100_000])
def test_a_stream_teaches_what_the_whole_reply_teaches(dialect, model, reply, more, secret, size):
    setting = Setting(upstream(dialect, **more), model)
    setting.ask(HI)
    watch, data = setting.watch(), streamed(dialect, reply)
    for at in range(0, len(data), size):
        watch.feed(data[at : at + size])
    notes = watch.done(complete=True)
    assert [note.what for note in notes] == ["kept"]
    message = plain(setting.told(reply))
    body, _ = setting.ask([*HI, message, result(message)])
    assert secret in json.dumps(body)
    assert secret not in repr(notes)


@pytest.mark.parametrize(("dialect", "model", "reply", "more", "secret"), CASES)
def test_a_cut_stream_teaches_nothing(dialect, model, reply, more, secret):
    data = streamed(dialect, reply)
    for end in (len(data) // 3, len(data) // 2):
        setting = Setting(upstream(dialect, **more), model)
        setting.ask(HI)
        watch = setting.watch()
        watch.feed(data[:end])
        assert not any(note.what == "kept" for note in watch.done(complete=False))
        assert len(setting.memory.values) == 0


@pytest.mark.parametrize(("dialect", "model", "reply", "more", "secret"), CASES[1:])
def test_a_client_that_leaves_at_the_streams_own_end_leaves_a_whole_one(dialect, model, reply, more, secret):
    setting = Setting(upstream(dialect, **more), model)
    setting.ask(HI)
    watch = setting.watch()
    watch.feed(streamed(dialect, reply))
    assert [note.what for note in watch.done(complete=False)] == ["kept"]


def test_the_whole_reply_of_a_stream_that_is_none_is_noted():
    rule = FieldRule("r", "response", "id", Inject("request", "state"))
    memory = FieldMemory((rule,), clock=lambda: 0.0)
    scope = Scope("a", "k", conversation="c")
    watch = memory.watch(Going(upstream("openai.chat"), "m", scope, {}, lambda: None, "openai.chat"))
    watch.feed(b'data: {"error": {"message": "no"}}\n\n')
    assert [note.what for note in watch.done(complete=True)] == ["skipped"]
    assert len(memory.values) == 0


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "type", "choices", "delta", "message", "tool_calls", "content", "output"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


def everything(dialect):
    sources = ("request", "response", "stream_event", "canonical_request", "canonical_reply")
    return tuple(
        FieldRule(f"{source}-{mode}", source, "*.*", Inject("request", "messages[*].x"), mode=mode)
        for source in sources
        for mode in ("last", "all", "last_user_turn", "last_assistant_turn", "per_tool_call")
    )


@pytest.mark.parametrize(
    ("dialect", "model"),
    [
        ("openai.chat", "gemini-3"),
        ("openai.responses", "gpt-5"),
        ("anthropic.messages", "claude"),
        ("gemini", "gemini-3"),
    ],
)
@settings(max_examples=60, deadline=None)
@given(events=st.lists(JSON, max_size=3), body=JSON, data=st.binary(max_size=40))
def test_whatever_comes_in_it_does_not_raise(dialect, model, events, body, data):
    memory = FieldMemory(everything(dialect), clock=lambda: 0.0)
    up, scope = upstream(dialect), Scope("a", "k", conversation="c")
    sent = body if isinstance(body, dict) else {}
    asked = read_request({"model": "m", "messages": HI}, Source("openai.chat"))
    for way in ("events", "bytes", "whole"):
        watch = memory.watch(Going(up, model, scope, sent, lambda: asked, dialect), passed=False)
        for event in events if way == "events" else ():
            watch.event(event)
        if way == "bytes":
            watch.feed(b"data: " + data + b"\n\n" + data)
        if way == "whole":
            watch.reply(body)
        watch.done(complete=True)
        memory.inject(up, model, scope, sent, ())
        memory.passed_on(up, model, scope, sent, dialect)
