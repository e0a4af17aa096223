"""Whole replies."""

from __future__ import annotations

import pytest
from messages_bodies import ASSISTANT, CODEC, NAME, message, reply_of, text, written_reply

from tokentape.errors import ProtocolError
from tokentape.protocols.canonical.items import Message, Reasoning, Role, ToolCall
from tokentape.protocols.canonical.origin import Maker, Opaque, Origin
from tokentape.protocols.canonical.parts import Citation, Image, Refusal, Text, Url
from tokentape.protocols.canonical.reply import Choice, Reply, Stop, StopReason
from tokentape.protocols.codec import Target
from tokentape.protocols.usage import Usage

USAGE = {
    "input_tokens": 4, "cache_creation_input_tokens": 30, "cache_read_input_tokens": 60, "output_tokens": 20,
    "cache_creation": {"ephemeral_5m_input_tokens": 10, "ephemeral_1h_input_tokens": 20},
    "output_tokens_details": {"thinking_tokens": 5},
    "server_tool_use": {"web_search_requests": 2, "web_fetch_requests": 0},
}  # fmt: skip


@pytest.mark.parametrize(
    "body",
    [
        message(*ASSISTANT, stop="tool_use", usage={**USAGE, "service_tier": "standard", "x": {}}),
        message(text("a"), text(""), stop=None, container={"id": "c"}, x=1),
        message(stop="refusal", stop_details={"type": "refusal", "category": "cyber", "explanation": None}),
        message(text("a"), stop="of_tomorrow", usage=None, context_management=None),
        message(text("a"), usage={}, stop_sequence="x", stop=None),
        {"content": []},
        {
            "type": "x",
            "role": None,
            "id": None,
            "model": None,
            "content": [text("a")],
            "stop_reason": "end_turn",
        },
        message({"type": "compaction", "content": "short", "encrypted_content": None}, stop="compaction"),
    ],
)
def test_a_reply_comes_back_as_it_was(body):
    again, losses = written_reply(reply_of(body))
    assert again == body
    assert not losses


def test_counts_include_the_cache_once():
    usage = reply_of(message(usage=USAGE)).usage
    assert usage == Usage(94, 20, 60, 5, 30, 20, searches=2)
    assert written_reply(Reply((Choice(()),), usage=usage))[0]["usage"] == USAGE


def reply(*items, stop=None, **more):
    return Reply((Choice(items, stop),), "r1", "gpt-5-mini", origin=Origin("openai.chat"), **more)


def test_a_reply_of_another_dialect():
    items = (
        Reasoning("Hm."), Message(Role.ASSISTANT, (Text("a"), Text(""))), ToolCall("call:1", "f", '{"a": 1}'),
        ToolCall("", "g", ""),
    )  # fmt: skip
    body, losses = written_reply(reply(*items, stop=Stop(StopReason.TOOL_CALLS, "tool_calls")))
    calls = body["content"][2:]
    assert body["content"][:2] == [{"type": "thinking", "thinking": "Hm.", "signature": ""}, text("a")]
    assert calls[0]["id"].startswith("call_1_")
    assert calls[1]["id"].startswith("toolu_")
    assert [call["input"] for call in calls] == [{"a": 1}, {}]
    assert (body["id"], body["model"], body["stop_reason"], body["stop_sequence"]) == (
        "r1",
        "gpt-5-mini",
        "tool_use",
        None,
    )
    assert body["usage"] == {"input_tokens": 0, "output_tokens": 0}
    assert not losses


def test_what_a_message_cannot_say():
    cited = Citation("openai.chat", "url_citation", {}, url="https://a")
    parts = (Text("a", (cited,), logprobs=()), Image(Url("https://a/b.png")))
    opaque = (Opaque("encrypted", "e", Maker("openai", "gpt")), Opaque("x", "y", Maker("", "gemini")))
    first = Choice(
        (Reasoning(summary=("One.", "Two."), opaque=opaque, id="rs_1"), Message(Role.ASSISTANT, parts))
    )
    body, losses = written_reply(
        Reply((first, Choice((), index=1)), model="gpt-5-mini", origin=Origin("openai.chat"))
    )
    assert body["content"] == [{"type": "thinking", "thinking": "One.\n\nTwo.", "signature": ""}, text("a")]
    assert {loss.what for loss in losses.meaning} == {"choices", "image"}
    assert {loss.what for loss in losses.tuning} == {"citation", "logprobs", "id", "x", "encrypted"}


@pytest.mark.parametrize(
    ("reason", "raw"),
    [
        (StopReason.END, "end_turn"), (StopReason.LENGTH, "max_tokens"), (StopReason.PAUSE, "pause_turn"),
        (StopReason.STOP_SEQUENCE, "stop_sequence"), (StopReason.CONTENT_FILTER, "refusal"),
        (StopReason.REFUSAL, "refusal"), (StopReason.CONTEXT_WINDOW, "model_context_window_exceeded"),
        (StopReason.TOOL_CALLS, "tool_use"), (None, "end_turn"),
    ],
)  # fmt: skip
def test_reasons_of_other_dialects(reason, raw):
    body, losses = written_reply(reply(stop=Stop(reason, "theirs") if reason else None))
    assert body["stop_reason"] == raw
    assert not losses


@pytest.mark.parametrize("reason", [StopReason.ERROR, StopReason.CANCELLED, StopReason.OTHER])
def test_reasons_that_have_no_word(reason):
    body, losses = written_reply(reply(stop=Stop(reason, "theirs")))
    assert body["stop_reason"] == "end_turn"
    assert [loss.what for loss in losses.meaning] == ["stop reason theirs"]


def test_an_edited_reason_is_written():
    first = reply_of(message(text("a")))
    edited = Reply((Choice(first.items, Stop(StopReason.LENGTH, "end_turn")),), origin=first.origin)
    assert written_reply(edited)[0]["stop_reason"] == "max_tokens"


def test_a_refusal_is_a_text_that_ends_with_one():
    refused = reply(Message(Role.ASSISTANT, (Refusal("I will not."),)), stop=Stop(StopReason.END, "stop"))
    body, _ = written_reply(refused)
    assert (body["content"], body["stop_reason"]) == ([text("I will not.")], "refusal")


def test_a_call_that_ended_normally_is_a_stop_for_calls():
    body = message(ASSISTANT[3], stop="end_turn")
    assert reply_of(body).stop.reason is StopReason.TOOL_CALLS
    assert written_reply(reply_of(body))[0] == body


@pytest.mark.parametrize("arguments", ["{", "[1]", '{"a": NaN}', "[" * 100_000])
def test_arguments_that_are_no_object(arguments):
    body, losses = written_reply(reply(ToolCall("c", "f", arguments)))
    assert body["content"][0]["input"] == {}
    assert [loss.what for loss in losses.meaning] == ["arguments"]
    body, losses = written_reply(reply(ToolCall("c", "f", arguments, kind="custom")))
    assert body["content"][0]["input"] == {"input": arguments}
    assert len(losses.meaning) == 1


@pytest.mark.parametrize("body", [[], {}, {"content": "x"}, {"content": [], "usage": 1}, {"content": [], "model": 1},
                                  {"type": "error", "error": {}}, {"content": [], "stop_reason": []}])  # fmt: skip
def test_what_cannot_be_read(body):
    with pytest.raises(ProtocolError, match=NAME):
        reply_of(body)


def test_losses_are_noted_at_the_target():
    target = Target(NAME)
    CODEC.write_reply(reply(Message(Role.ASSISTANT, (Text("a"),), id="m")), target)
    assert [loss.what for loss in target.losses.report] == ["id"]
