"""Replies of Cohere's chat, whole."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cohere_bodies import (
    REPLIES,
    TOKEN,
    read_reply,
    text,
    write_reply,
)

from tokentape.errors import ProtocolError
from tokentape.protocols.canonical.failure import Failure, FailureKind
from tokentape.protocols.canonical.items import Message, Role, ServerTool, ToolCall
from tokentape.protocols.canonical.parts import Text
from tokentape.protocols.canonical.reply import Choice, Reply, Stop, StopReason
from tokentape.protocols.codec import Source
from tokentape.protocols.cohere.codec import CODEC
from tokentape.protocols.usage import Usage


@pytest.mark.parametrize("name", REPLIES)
def test_a_reply_comes_back(name):
    assert write_reply(read_reply(REPLIES[name])) == (REPLIES[name], [])


def test_what_it_says_in_canonical_form():
    assert read_reply(REPLIES["cached"]) == Reply(
        (Choice((Message(Role.ASSISTANT, (Text("Paris."),)),), Stop(StopReason.END, "COMPLETE")),),
        "r-1",
        usage=Usage(14, 3, 8),
    )
    cited = read_reply(REPLIES["citations"]).items[0].parts[0].citations[0]
    assert (cited.start, cited.end, cited.title) == (0, 3, "T")
    assert CODEC.read_reply(REPLIES["text"], Source("cohere", model="command-a")).model == "command-a"


def test_why_it_ended():
    reasons = {
        name: (found := read_reply(REPLIES[name])).stop and found.stop.reason.value for name in REPLIES
    }
    assert {name: reason for name, reason in reasons.items() if reason != "end"} == {
        "plan and calls": "tool_calls", "length": "length", "sequence": "stop_sequence", "failed": "error",
        "too late": "error", "toxic": "content_filter", "a new word": "other", "nearly nothing": None, "nulls": None,
    }  # fmt: skip
    assert [name for name in REPLIES if not read_reply(REPLIES[name]).complete] == ["failed", "too late"]
    assert read_reply(REPLIES["too late"]).failure.kind is FailureKind.TIMEOUT


def test_an_edited_reply_is_written_as_it_is_now():
    reply = read_reply(REPLIES["text"])
    choice = replace(
        reply.choices[0], items=(Message(Role.ASSISTANT, (Text("Rome."),)),), stop=Stop(StopReason.LENGTH)
    )
    body, losses = write_reply(replace(reply, choices=(choice,), usage=Usage(20, 4, 2, raw=reply.usage.raw)))
    assert body == {
        "id": "r-1", "message": {"role": "assistant", "content": [text("Rome.")]}, "finish_reason": "MAX_TOKENS",
        "usage": {"tokens": {"input_tokens": 20, "output_tokens": 4}, "cached_tokens": 2},
    }  # fmt: skip
    assert losses == []


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"message": None}, "message"),
        ({"message": {"role": 5}}, "message.role"),
        ({"message": {"content": 5}}, "message.content"),
        ({"message": {"content": ["x"]}}, "message.content[0]"),
        ({"message": {"tool_calls": [5]}}, "message.tool_calls[0]"),
        ({"id": 5}, "id"),
        ({"finish_reason": 5}, "finish_reason"),
        ({"logprobs": 5}, "logprobs"),
    ],
)
def test_a_wrong_type_says_where(change, path):
    with pytest.raises(ProtocolError) as caught:
        read_reply({**REPLIES["text"], **change})
    assert caught.value.path == path


def told(reason, items=(), **more):
    return Reply((Choice(items, Stop(reason, "raw")),), "reply-1", "m", 1_700_000_000, **more)


@pytest.mark.parametrize(
    ("reason", "word", "severity"),
    [
        (StopReason.END, "COMPLETE", None),
        (StopReason.TOOL_CALLS, "TOOL_CALL", None),
        (StopReason.LENGTH, "MAX_TOKENS", None),
        (StopReason.STOP_SEQUENCE, "STOP_SEQUENCE", None),
        (StopReason.ERROR, "ERROR", None),
        (StopReason.CONTEXT_WINDOW, "MAX_TOKENS", "tuning"),
        (StopReason.OTHER, "COMPLETE", "tuning"),
        (StopReason.CANCELLED, "ERROR", "tuning"),
        (StopReason.CONTENT_FILTER, "COMPLETE", "meaning"),
        (StopReason.REFUSAL, "COMPLETE", "meaning"),
        (StopReason.PAUSE, "COMPLETE", "meaning"),
    ],
)
def test_reasons_of_others(reason, word, severity):
    body, losses = write_reply(told(reason))
    assert body["finish_reason"] == word
    assert [f"[{severity}]" in loss for loss in losses] == ([True] if severity else [])


def test_a_reply_that_failed_or_was_cut_never_ended_well():
    assert write_reply(told(StopReason.END, complete=False))[0]["finish_reason"] == "ERROR"
    failed = told(StopReason.END, failure=Failure(FailureKind.SERVER, "it broke"))
    assert write_reply(failed)[0]["finish_reason"] == "ERROR"


def test_what_has_no_place():
    reply = told(StopReason.END, (Message(Role.ASSISTANT, (Text("Hi", logprobs=(TOKEN, {"token": "Hi"})),)),))
    reply = replace(
        reply, id=None, usage=Usage(100, 20, 60, 5), choices=(*reply.choices, Choice((), index=1))
    )
    reply = replace(
        reply,
        choices=(
            replace(reply.choices[0], stop=Stop(StopReason.STOP_SEQUENCE, sequence="E")),
            reply.choices[1],
        ),
    )
    body, losses = write_reply(reply)
    assert body["logprobs"] == [TOKEN]
    assert body["id"] == write_reply(reply)[0]["id"] != ""
    assert body["usage"] == {"tokens": {"input_tokens": 100, "output_tokens": 20}, "cached_tokens": 60}
    assert [loss.rpartition("[")[2] for loss in losses] == ["meaning]", *["tuning]"] * 3]


def test_a_reply_may_be_nothing_but_calls():
    foreign = replace(
        told(StopReason.TOOL_CALLS, (ToolCall("c", "f", "{}"), ServerTool("cohere", "x", {}))), origin=None
    )
    assert "content" not in write_reply(foreign)[0]["message"]
    assert write_reply(told(StopReason.END))[0]["message"] == {"role": "assistant", "content": []}
