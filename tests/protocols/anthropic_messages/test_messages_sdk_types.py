"""What is written is what Anthropic's own SDK says a request, a message and an event are."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from messages_bodies import EVERYTHING, NAME, read, stream_of, written, written_reply

from tokentape.protocols.canonical.conversation import (
    Conversation,
    Options,
    OutputFormat,
    Thinking,
    Tool,
    ToolChoice,
)
from tokentape.protocols.canonical.failure import Failure, FailureKind
from tokentape.protocols.canonical.items import Message, Reasoning, Role, ToolCall, ToolResult
from tokentape.protocols.canonical.origin import Origin
from tokentape.protocols.canonical.parts import Document, Image, Inline, Plain, Text, Url
from tokentape.protocols.canonical.reply import Choice, Reply, Stop, StopReason
from tokentape.protocols.canonical.unfold import unfold
from tokentape.protocols.codec import Target
from tokentape.protocols.translation import codec_of
from tokentape.protocols.usage import Usage

types = pytest.importorskip("anthropic.types")
params = pytest.importorskip("anthropic.types.message_create_params")
pydantic = pytest.importorskip("pydantic")

ASKED = Conversation(
    (
        Message(Role.SYSTEM, (Text("Be brief."),)),
        Message(Role.DEVELOPER, (Text("In English."),)),
        Message(Role.USER, (
            Text("Look."), Image(Url("https://a/b.png")), Image(Inline("", "iVBORw0KGgo=")),
            Document(Inline("application/pdf", "JVBE"), "a.pdf"), Document(Plain("t"), cited=True),
            Document(Inline("text/csv", "YSxi"), "a.csv"),
        )),
        Reasoning("unsigned"),
        ToolCall("call:1", "f", '{"a": 1}'),
        ToolResult("call:1", (Text("a"), Image(Url("https://a/b.png"))), is_error=True),
        Message(Role.USER, (Text("Go on."),)),
    ),
    "claude-sonnet-4-5",
    tools=(Tool("f", "d", {"properties": {}}, True),),
    tool_choice=ToolChoice("auto"),
    output=OutputFormat("schema", {"type": "object"}, "answer", strict=True),
    thinking=Thinking(effort="medium"),
    options=Options(user="u", stop=("END",), parallel_tool_calls=False, top_p=0.99),
    stream=False,
    origin=Origin("openai.chat"),
)  # fmt: skip
ITEMS = (
    Reasoning("Hm."),
    Message(Role.ASSISTANT, (Text("a"),)),
    ToolCall("", "f", '{"a": 1}'),
    ToolCall("c2", "f", ""),
)
USAGE = Usage(100, 20, 60, 5, 30, 20, searches=1)


SAMPLING = {"temperature", "top_p", "top_k"}
"""Not in the SDK's types any more: the newest models have none. The API takes them for all others."""


def forced(value):
    """Everything inside is looked at: what may be iterated once is only checked when somebody does."""
    if isinstance(value, dict):
        return {name: forced(entry) for name, entry in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [forced(entry) for entry in value]
    return value.model_dump(exclude_unset=True) if isinstance(value, pydantic.BaseModel) else value


def test_a_request_has_only_fields_that_the_sdk_knows():
    body, losses = written(ASKED)
    adapter = pydantic.TypeAdapter(params.MessageCreateParamsNonStreaming)
    assert forced(adapter.validate_python(body)) == {
        name: body[name] for name in body if name not in SAMPLING
    }
    assert not losses.meaning


def test_everything_that_was_read_is_known_to_the_sdk_but_what_we_made_up():
    made_up = {"mcp_servers", "context_management", "x_of_tomorrow", "messages", "output_config", "metadata"}
    body = {
        name: value for name, value in written(read(EVERYTHING))[0].items() if name not in made_up | SAMPLING
    }
    adapter = pydantic.TypeAdapter(params.MessageCreateParamsNonStreaming)
    assert forced(adapter.validate_python({**body, "messages": []})) == {**body, "messages": []}


@pytest.mark.parametrize("reason", [*StopReason, None])
def test_a_reply_is_a_message(reason):
    stop = Stop(reason, "theirs", "END" if reason is StopReason.STOP_SEQUENCE else None) if reason else None
    reply = Reply((Choice(ITEMS, stop),), None, "gpt-5-mini", usage=USAGE, origin=Origin("openai.chat"))
    body, _ = written_reply(reply)
    assert types.Message.model_validate(body).model_dump(mode="json", exclude_unset=True) == body
    bare, _ = written_reply(Reply(()))
    assert types.Message.model_validate(bare).content == []


def test_a_stream_is_of_the_events_that_the_sdk_knows():
    adapter = pydantic.TypeAdapter(types.RawMessageStreamEvent)
    reply = Reply(
        (Choice(ITEMS, Stop(StopReason.END)),), "r", "gpt-5-mini", usage=USAGE, origin=Origin("openai.chat")
    )
    for event in stream_of(*unfold(reply)):
        assert adapter.validate_python(event).model_dump(mode="json", exclude_unset=True) == event


@pytest.mark.parametrize("kind", FailureKind)
def test_an_error_is_an_error_response(kind):
    shared = pytest.importorskip("anthropic.types.shared.error_response")
    _, body = codec_of(NAME).write_failure(Failure(kind, "no", 418))
    if body["error"]["type"] != "request_too_large":
        assert shared.ErrorResponse.model_validate(body).error.message == "no"


def test_the_losses_of_the_request_are_all_told():
    target = Target(NAME)
    written(ASKED, target)
    assert sorted(loss.what for loss in target.losses.report) == [
        "effort medium",
        "name of the schema",
        "thinking",
        "thought",
    ]
