"""Replies: why they ended, what they used, and what is written for replies of other dialects."""

from __future__ import annotations

from dataclasses import replace

import pytest
from responses_bodies import (
    COMPUTER,
    FAILED,
    MODEL,
    NAME,
    QUEUED,
    USAGE,
    call,
    message,
    read,
    read_reply,
    replied,
    said,
    thought,
    written_reply,
)

from tokentape.errors import ProtocolError
from tokentape.protocols.canonical.failure import Failure, FailureKind
from tokentape.protocols.canonical.items import Message, Reasoning, Role, ServerTool, ToolCall, ToolResult
from tokentape.protocols.canonical.origin import Maker, Opaque
from tokentape.protocols.canonical.parts import Text, Unknown
from tokentape.protocols.canonical.reply import Choice, Reply, Stop, StopReason
from tokentape.protocols.usage import Usage

SAID = Message(Role.ASSISTANT, (Text("Paris."),))


def reply(*items, stop=StopReason.END, **more):
    return Reply((Choice(items, Stop(stop) if stop else None),), "msg_1", "claude", 1_700_000_000, **more)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (replied(message(said("x"))), StopReason.END),
        (replied(call()), StopReason.TOOL_CALLS),
        (replied(status="incomplete", incomplete_details={"reason": "max_output_tokens"}), StopReason.LENGTH),
        (
            replied(status="incomplete", incomplete_details={"reason": "content_filter"}),
            StopReason.CONTENT_FILTER,
        ),
        (replied(status="incomplete", incomplete_details={"reason": "steered"}), StopReason.OTHER),
        (replied(status="incomplete", incomplete_details={"reason": ["x"]}), StopReason.OTHER),
        (replied(status="incomplete"), StopReason.OTHER),
        (replied(status="cancelled"), StopReason.CANCELLED),
        (FAILED, StopReason.ERROR),
    ],
)
def test_why_it_ended(body, reason):
    found = read_reply(body)
    assert (found.stop.reason, found.stop.raw) == (reason, body["status"])
    assert written_reply(found)[0] == body


def test_a_response_that_has_not_ended():
    found = read_reply(QUEUED)
    assert (found.stop, found.complete, found.failure) == (None, False, None)
    assert written_reply(found)[0] == QUEUED


def test_a_failed_response():
    found = read_reply(FAILED)
    assert (found.failure.kind, found.failure.message) == (FailureKind.SERVER, "it broke")
    assert not found.complete
    edited = replace(found, failure=replace(found.failure, message="no"))
    assert written_reply(edited)[0]["error"] == {"code": "server_error", "message": "no"}


@pytest.mark.parametrize(
    ("stop", "status", "details"),
    [
        (StopReason.END, "completed", None),
        (StopReason.STOP_SEQUENCE, "completed", None),
        (StopReason.TOOL_CALLS, "completed", None),
        (StopReason.LENGTH, "incomplete", {"reason": "max_output_tokens"}),
        (StopReason.CONTEXT_WINDOW, "incomplete", {"reason": "max_output_tokens"}),
        (StopReason.CONTENT_FILTER, "incomplete", {"reason": "content_filter"}),
        (StopReason.REFUSAL, "incomplete", {"reason": "content_filter"}),
        (StopReason.PAUSE, "incomplete", None),
        (StopReason.OTHER, "incomplete", None),
        (StopReason.ERROR, "failed", None),
        (StopReason.CANCELLED, "cancelled", None),
        (None, "completed", None),
    ],
)
def test_reasons_of_others(stop, status, details):
    body, losses = written_reply(reply(SAID, stop=stop))
    assert (body["status"], body["incomplete_details"]) == (status, details)
    assert bool(losses) is (stop in (StopReason.PAUSE, StopReason.OTHER))


def test_a_stop_sequence_is_not_told():
    stopped = Stop(StopReason.STOP_SEQUENCE, "stop_sequence", "END")
    _, losses = written_reply(Reply((Choice((SAID,), stopped),)))
    assert [loss.what for loss in losses.tuning] == ["stop sequence"]


def test_an_edited_reason_comes_out():
    found = read_reply(replied(message(said("x"))))
    edited = replace(
        found, choices=(replace(found.choices[0], stop=Stop(StopReason.CANCELLED, "cancelled")),)
    )
    assert written_reply(edited)[0]["status"] == "cancelled"


@pytest.mark.parametrize(
    ("stop", "statuses"),
    [(StopReason.END, ["completed", "completed"]), (StopReason.LENGTH, ["completed", "incomplete"])],
)
def test_items_have_ids_and_a_status(stop, statuses):
    body, _ = written_reply(reply(SAID, ToolCall("toolu_1", "f", ""), stop=stop))
    spoken, called = body["output"]
    assert [item["status"] for item in body["output"]] == statuses
    assert spoken["id"].startswith("msg_")
    assert called["id"].startswith("fc_")
    assert (called["call_id"], called["arguments"]) == ("toolu_1", "{}")
    assert body == written_reply(reply(SAID, ToolCall("toolu_1", "f", ""), stop=stop))[0]


def test_an_id_of_another_dialect_becomes_one_of_this():
    body, _ = written_reply(reply(SAID))
    assert body["id"].startswith("resp_")
    assert body["created_at"] == 1_700_000_000
    assert written_reply(replace(reply(SAID), id="resp_7"))[0]["id"] == "resp_7"
    unnamed = Reply((Choice((SAID,)),), created=5)
    assert written_reply(unnamed)[0]["id"] == written_reply(unnamed)[0]["id"]


def test_thoughts_of_others():
    signature = Opaque("signature", "c2ln", Maker("anthropic", "claude"))
    sealed = Opaque("encrypted", "x", Maker("openai", "gpt"))
    body, losses = written_reply(reply(Reasoning("Yes.", ("Short.",), (signature, sealed)), SAID))
    thinking = body["output"][0]
    assert thinking["content"] == [{"type": "reasoning_text", "text": "Yes."}]
    assert thinking["summary"] == [{"type": "summary_text", "text": "Short."}]
    assert "encrypted_content" not in thinking
    assert [loss.what for loss in losses.tuning] == ["encrypted", "signature"]


def test_state_on_texts_and_calls_stays_behind():
    blob = Opaque("thought_signature", "c2ln", Maker("google", "claude"))
    _, losses = written_reply(
        reply(Message(Role.ASSISTANT, (Text("x", opaque=(blob,)),)), ToolCall("a", "f", "{}", opaque=(blob,)))
    )
    assert {loss.what for loss in losses.tuning} == {"thought signature"}


def test_results_and_native_items_of_a_reply():
    custom = ToolCall("call_2", "run", "x", "custom")
    answer = ToolResult("call_1", (Text("18 C"),))
    native = ServerTool(NAME, "mcp", {"type": "mcp_call", "id": "mcp_1"}, "{}")
    body, _ = written_reply(reply(custom, answer, native, Unknown(NAME, COMPUTER), Unknown(NAME, 5)))
    assert body["output"][0]["input"] == "x"
    assert (body["output"][1]["output"], body["output"][1]["status"]) == ("18 C", "completed")
    assert body["output"][2:] == [{"type": "mcp_call", "id": "mcp_1", "arguments": "{}"}, COMPUTER]


def test_other_choices_are_a_loss():
    body, losses = written_reply(Reply((Choice((SAID,)), Choice((SAID,), index=1))))
    assert len(body["output"]) == 1
    assert [loss.what for loss in losses.meaning] == ["other choices"]


def test_usage_as_it_was_and_as_it_is_counted():
    found = read_reply(replied(message(said("x"))))
    assert written_reply(found)[0]["usage"] == USAGE
    used = Usage(100, 20, cache_read=60, reasoning=5)
    assert written_reply(replace(found, usage=used))[0]["usage"] == {
        "input_tokens": 100,
        "input_tokens_details": {"cached_tokens": 60, "cache_write_tokens": 0},
        "output_tokens": 20,
        "output_tokens_details": {"reasoning_tokens": 5},
        "total_tokens": 120,
    }
    assert written_reply(read_reply(replied(usage={"odd": 1})))[0]["usage"] == {"odd": 1}


def test_what_it_repeats_of_the_request():
    tool = {"type": "function", "name": "f", "parameters": None, "strict": None}
    asked = read({"model": MODEL, "input": "x", "instructions": "Be brief.", "tools": [tool], "temperature": 0.5,
                  "text": {"verbosity": "low"}, "previous_response_id": "resp_0", "store": False})  # fmt: skip
    body, losses = written_reply(Reply((Choice((SAID,)),)), asked=asked)
    assert body["model"] == MODEL
    assert body["instructions"] == "Be brief."
    assert body["tools"][0]["name"] == "f"
    assert body["text"] == {"format": {"type": "text"}, "verbosity": "low"}
    assert (body["temperature"], body["store"], body["previous_response_id"]) == (0.5, False, "resp_0")
    assert not losses


@pytest.mark.parametrize("kind", FailureKind)
def test_failures_of_others(kind):
    failed = reply(SAID, complete=False, failure=Failure(kind, "it broke"))
    body, _ = written_reply(failed)
    assert body["status"] == ("incomplete" if kind is FailureKind.INCOMPLETE else "failed")
    assert body["error"]["message"] == "it broke"
    assert body["output"][0]["status"] == "incomplete"
    assert read_reply(body).failure.message == "it broke"


def test_a_cut_reply_is_never_a_whole_one():
    body, _ = written_reply(reply(SAID, stop=None, complete=False))
    again = read_reply(body)
    assert body["status"] == "incomplete"
    assert not again.complete
    assert again.failure.kind is FailureKind.INCOMPLETE


def test_an_edited_thought():
    found = read_reply(replied(thought("a", content=["", "x"])))
    item = replace(found.items[0], text="y")
    body, _ = written_reply(replace(found, choices=(replace(found.choices[0], items=(item,)),)))
    assert body["output"][0]["content"] == [
        {"type": "reasoning_text", "text": ""},
        {"type": "reasoning_text", "text": "y"},
    ]


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (replied(5), "output[0]"),
        (replied(output="x"), "output"),
        (replied(id=5), "id"),
        (replied(status=5), "status"),
        (replied(error="x"), "error"),
        (replied(incomplete_details=5), "incomplete_details"),
        (replied(message(said("x", 5))), "output[0].content[0].annotations[0]"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(body, path):
    with pytest.raises(ProtocolError) as caught:
        read_reply(body)
    assert caught.value.path == path
