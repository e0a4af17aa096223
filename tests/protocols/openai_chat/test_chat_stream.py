"""Streams of Chat Completions in canonical form and back."""

from __future__ import annotations

from dataclasses import replace

import pytest
from chat_bodies import (
    CALL,
    DETAILS,
    NAME,
    NOTE,
    SIGNED,
    SOURCE,
    TOKEN,
    chunk,
    events,
    folded,
    payload,
    streamed,
    told,
)
from protocol_samples import samples

from tokentape.errors import ProtocolError
from tokentape.protocols.canonical.conversation import Conversation
from tokentape.protocols.canonical.events import (
    Amend,
    Close,
    Counted,
    Delta,
    Ended,
    Failed,
    Open,
    Ping,
    Started,
    Stopped,
)
from tokentape.protocols.canonical.failure import Failure, FailureKind
from tokentape.protocols.canonical.fold import fold
from tokentape.protocols.canonical.items import Message, Reasoning, Role, ToolCall
from tokentape.protocols.canonical.parts import Citation, Image, Inline, Refusal, Text
from tokentape.protocols.canonical.reply import Stop, StopReason
from tokentape.protocols.codec import Target
from tokentape.protocols.openai_chat.codec import CODEC
from tokentape.protocols.openai_chat.fold import fold as native_fold
from tokentape.protocols.payload import payloads
from tokentape.protocols.registry import recognise
from tokentape.protocols.usage import Usage


def recorded():
    for sample in samples():
        found = recognise(sample.request)
        if found.operation.full_name == "openai.chat/create":
            stream = payloads(sample.response, asked=found.operation.stream)
            if stream is not None:
                yield pytest.param(stream, id=sample.id)


REAL = list(recorded())


def read(stream):
    reader = CODEC.reader(SOURCE)
    found = [event for payload in stream for event in reader.read(payload)]
    return [*found, *reader.end()]


@pytest.mark.parametrize("stream", REAL)
def test_every_recorded_stream_amounts_to_its_reply(stream):
    whole = native_fold(stream)
    reply = fold(read(stream))
    assert reply == told(whole)
    assert CODEC.write_reply(reply, Target(NAME)) == whole


@pytest.mark.parametrize("stream", REAL)
def test_every_recorded_stream_says_the_same_when_written(stream):
    written = [
        payload(wire) if isinstance(wire, dict) else payload(wire.encode()) for wire in streamed(read(stream))
    ]
    assert written[-1].is_done
    assert fold(read(written)).choices == fold(read(stream)).choices


@pytest.mark.parametrize("stream", REAL)
def test_a_stream_that_is_cut_before_its_reason_is_incomplete(stream):
    reader = CODEC.reader(SOURCE)
    for found in stream:
        assert not any(isinstance(event, Ended) for event in reader.read(found) if not found.is_done)
        if any(choice.get("finish_reason") for choice in found.fields.get("choices", [])):
            break
        assert list(type(reader).end(_copy(reader))) == [Ended(False)]


def _copy(reader):
    import copy

    found = copy.copy(reader)
    found._over = False
    return found


def test_text_goes_through_at_once():
    reader = CODEC.reader(SOURCE)
    started, opened, delta = reader.read(payload(chunk({"role": "assistant", "content": "Pa"})))
    assert (type(started), type(opened), delta) == (Started, Open, Delta(0, "Pa"))
    assert list(reader.read(payload(chunk({"content": "ris"})))) == [Delta(0, "ris")]


def test_calls_by_index_in_any_order():
    a = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "a", "arguments": ""}}
    b = {"index": 1, "id": "call_2", "type": "function", "function": {"name": "b", "arguments": '{"x"'}}
    reply = folded(
        chunk({"tool_calls": [a]}),
        chunk({"tool_calls": [b]}),
        chunk({"tool_calls": [{"index": 0, "function": {"arguments": "{}"}}]}),
        chunk({"tool_calls": [{"index": 1, "function": {"arguments": ":1}"}}]}, "tool_calls"),
    )
    assert reply.items == (ToolCall("call_1", "a", "{}"), ToolCall("call_2", "b", '{"x":1}'))


@pytest.mark.parametrize("indices", [(0, 0), (None, None)])
def test_calls_that_are_all_numbered_alike(indices):
    parts = [
        {
            "id": f"call_{n}",
            "function": {"name": "a", "arguments": "{}"},
            **({} if i is None else {"index": i}),
        }
        for n, i in enumerate(indices)
    ]
    reply = folded(*(chunk({"tool_calls": [part]}) for part in parts), chunk(finish="stop"))
    assert [call.id for call in reply.items] == ["call_0", "call_1"]
    assert reply.stop.reason is StopReason.TOOL_CALLS


def test_a_call_whose_name_comes_late():
    reply = folded(
        chunk({"tool_calls": [{"index": 0, "function": {"arguments": '{"a":'}}]}),
        chunk({"tool_calls": [{"index": 0, "function": {"name": "f", "arguments": "1}"}}]}),
        chunk({"tool_calls": [{"index": 0, "id": "call_1", "function": {"name": None}}]}, "tool_calls"),
    )
    assert reply.items == (ToolCall("call_1", "f", '{"a":1}'),)


def test_a_call_without_a_name_is_there_all_the_same():
    assert folded(chunk({"tool_calls": [{"index": 0, "id": "c"}]}, "stop")).items == (ToolCall("c", "", ""),)


def test_signatures_custom_tools_and_older_calls():
    custom = {"index": 1, "id": "c", "type": "custom", "custom": {"name": "run", "input": "ls"}}
    reply = folded(
        chunk({"tool_calls": [{"index": 0, **SIGNED}, custom]}),
        chunk({"function_call": {"name": "old", "arguments": ""}}),
        chunk({"function_call": {"arguments": "{}"}}, "function_call"),
    )
    whole = {
        "role": "assistant",
        "tool_calls": [SIGNED, {k: v for k, v in custom.items() if k != "index"}],
        "function_call": {"name": "old", "arguments": "{}"},
    }
    assert CODEC.write_reply(reply, Target(NAME))["choices"][0]["message"] == whole
    assert reply.items[0].opaque[0].kind == "thought_signature"


def test_all_that_a_message_may_hold():
    reply = folded(
        chunk({"reasoning": "Hm.", "reasoning_content": "Hm.", "reasoning_details": DETAILS[:1]}),
        chunk({"reasoning_details": DETAILS[1:]}),
        chunk({"content": "Pa", "annotations": [NOTE]}),
        {**chunk({"content": "ris"}), "x_head": 1, "obfuscation": "aaa"},
        chunk({"refusal": "No."}),
        chunk({"audio": {"id": "a", "transcript": "h"}}),
        chunk({"audio": {"transcript": "i", "data": "UklG"}}, "stop", native="end"),
        {**chunk(), "choices": [{"index": 0, "delta": {}, "x_choice": {"a": 1}}]},
    )
    thought, said = reply.items
    assert thought.text == "Hm."
    assert [blob.data for blob in thought.opaque] == DETAILS
    assert said.parts[:2] == (Text("Paris", said.parts[0].citations), Refusal("No."))
    body = CODEC.write_reply(reply, Target(NAME))
    assert body["x_head"] == 1
    assert body["choices"][0]["x_choice"] == {"a": 1}
    assert (
        body["choices"][0]["message"]["reasoning"]
        == body["choices"][0]["message"]["reasoning_content"]
        == "Hm."
    )
    assert body["choices"][0]["message"]["audio"] == {"id": "a", "transcript": "hi", "data": "UklG"}


def test_details_may_be_all_there_is_of_a_thought():
    reply = folded(chunk({"reasoning_details": DETAILS[:1]}), chunk({"content": "4"}, "stop"))
    assert reply.items[0].text == "Hm."
    assert "reasoning" not in CODEC.write_reply(reply, Target(NAME))["choices"][0]["message"]


def test_probabilities_find_their_text():
    first = chunk({"content": ""})
    first["choices"][0]["logprobs"] = {"content": [TOKEN], "refusal": None}
    second = chunk({"content": "Paris"}, "stop")
    second["choices"][0]["logprobs"] = {"content": [TOKEN], "refusal": None}
    reply = folded(first, second)
    assert reply.items[0].parts[0].logprobs == (TOKEN, TOKEN)
    body = CODEC.write_reply(reply, Target(NAME))
    assert body["choices"][0]["logprobs"] == {"content": [TOKEN, TOKEN], "refusal": None}


def test_probabilities_without_a_text_stay():
    only = chunk({"tool_calls": [{"index": 0, **CALL}]}, "tool_calls")
    only["choices"][0]["logprobs"] = {"content": [TOKEN], "refusal": None}
    body = CODEC.write_reply(folded(only), Target(NAME))
    assert body["choices"][0]["logprobs"]["content"] == [TOKEN]


def test_thoughts_among_the_parts():
    def thought(text, **more):
        return {"type": "thinking", "thinking": [{"type": "text", "text": text}], **more}

    reply = folded(
        chunk({"content": [thought("O")]}),
        chunk({"content": [thought("ne.", closed=True)]}),
        chunk({"content": "Sa"}),
        chunk({"content": [{"type": "text", "text": "id."}]}),
        chunk({"content": [thought("Two.")]}),
        chunk({"content": "More."}, "stop"),
    )
    assert [type(item) for item in reply.items] == [Reasoning, Message, Reasoning, Message]
    assert reply.items[0].text == "One."
    assert reply.items[1].parts == (Text("Said."),)


def test_several_choices():
    reply = folded(
        chunk({"content": "a"}),
        chunk({"content": "b"}, index=1),
        chunk(finish="stop", index=1),
        chunk(finish="length"),
    )
    assert [choice.stop.reason for choice in reply.choices] == [StopReason.LENGTH, StopReason.END]


def test_an_end_without_done_counts_where_all_choices_ended():
    assert events(chunk({"content": "a"}, "stop"))[-1] == Ended(True)
    assert events(chunk({"content": "a"}, "stop"), chunk({"content": "b"}, index=1))[-1] == Ended(False)
    assert events()[-1] == Ended(False)


@pytest.mark.parametrize("error", [{"error": {"message": "no", "code": 502}}, {"error": "no"}])
def test_an_error_in_a_stream_ends_it(error):
    *_, failed, ended = events(chunk({"content": "a"}), error, chunk({"content": "b"}))
    assert failed.failure.message == "no"
    assert ended == Ended(False)


@pytest.mark.parametrize(
    "data",
    [
        b"[1]",
        b"{",
        b"1",
        {"choices": 1},
        {"choices": [1]},
        chunk({"tool_calls": 1}),
        {"id": 1, "choices": []},
    ],
)
def test_what_is_no_chunk(data):
    with pytest.raises(ProtocolError):
        events(data)


STARTED = Started("anthropic.messages", "msg_1", "claude", 5.5)
USED = Counted(Usage(input=14, output=3))
SAID = (Open(0, Text("")), Delta(0, "Pa"), Delta(0, "ris."), Close(0))
END = (Stopped(Stop(StopReason.END)), Ended(True))


def test_a_text_of_another_dialect():
    written = streamed([STARTED, Ping(), *SAID, *END])
    assert written[-1] == "[DONE]"
    assert written[0]["choices"][0]["delta"] == {"role": "assistant", "content": None}
    assert {wire["id"] for wire in written[:-1]} == {"msg_1"}
    assert native_fold([payload(wire) for wire in written[:-1]])["choices"] == [
        {"index": 0, "message": {"role": "assistant", "content": "Paris."}, "finish_reason": "stop"}
    ]


@pytest.mark.parametrize(("counts", "shown"), [(True, 1), (False, 0), (None, 0)])
def test_usage_for_who_asked(counts, shown):
    written = streamed([STARTED, *SAID, USED, *END], asked=Conversation((), counts_usage=counts))
    assert len([wire for wire in written[:-1] if wire.get("usage")]) == shown
    assert all("usage" in wire for wire in written[:-1]) is bool(shown)


def test_calls_thoughts_and_all_else():
    found = [
        STARTED,
        Open(0, Reasoning()),
        Delta(0, "Hm."),
        Amend(0, "opaque", None),
        Open(1, Reasoning()),
        Delta(1, "One.", 0),
        Delta(1, "Two.", 1),
        Open(2, ToolCall("toolu_1", "now", "")),
        Open(3, ToolCall("toolu_2", "later", "")),
        Delta(2, "{"),
        Delta(3, ""),
        Delta(2, "}"),
        Open(4, Text("So.", (Citation("gemini", "web", {}, url="https://a/"),))),
        Amend(4, "logprobs", TOKEN),
        Open(5, Image(Inline("image/png", "AA=="))),
        Delta(5, "?"),
        Open(6, Refusal("No.")),
        Stopped(Stop(StopReason.TOOL_CALLS)),
        Ended(True),
    ]
    written = streamed(found)
    whole = native_fold([payload(wire) for wire in written[:-1]])["choices"][0]
    message = whole["message"]
    assert message["reasoning_content"] == "Hm.\n\nOne.\n\nTwo."
    assert [call["function"]["arguments"] for call in message["tool_calls"]] == ["{}", "{}"]
    assert message["annotations"][0]["url_citation"]["end_index"] == 3
    assert whole["logprobs"]["content"] == [TOKEN]
    assert whole["finish_reason"] == "tool_calls"


def test_a_stream_that_stops_short_is_never_a_success():
    written = streamed([STARTED, *SAID[:2], Ended(False), *END])
    assert written[-1]["error"]["code"] == "stream_incomplete"
    assert not any(wire["choices"][0]["finish_reason"] for wire in written[:-1])


def test_an_error_is_told_once():
    failed = Failed(Failure(FailureKind.OVERLOADED, "no"))
    written = streamed([STARTED, *SAID[:2], failed, Ended(False)])
    assert [wire for wire in written if "error" in wire] == [written[-1]]
    assert "[DONE]" not in written


def test_an_end_without_a_reason_has_one():
    assert streamed([Ended(True)])[-2]["choices"][0]["finish_reason"] == "stop"
    written = streamed([STARTED, Open(0, ToolCall("c", "f", "")), Ended(True)])
    assert written[-2]["choices"][0]["finish_reason"] == "tool_calls"


def test_unknown_blocks_and_keys_are_survived():
    assert (
        streamed([Delta(9, "x"), Close(9), Amend(9, "text", "x"), Stopped(None), Stopped(None), Ended(True)])[
            -1
        ]
        == "[DONE]"
    )


def test_a_reply_is_the_same_streamed_or_whole():
    message = Message(Role.ASSISTANT, (Text("a"),))
    reply = fold([STARTED, *SAID, *END])
    assert replace(reply, choices=()).id == "msg_1"
    assert message.parts[0].text == "a"
