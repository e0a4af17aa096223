"""Values that tools gave back, where a dialect has only text for them: never an exception, never a silent loss."""

from __future__ import annotations

import math

import pytest

from tokentape.protocols.canonical.conversation import Conversation
from tokentape.protocols.canonical.items import Message, Role, ToolCall, ToolResult
from tokentape.protocols.canonical.parts import Data, Text
from tokentape.protocols.codec import Target
from tokentape.protocols.translation import write_request

TEXT_ONLY = ("openai.chat", "openai.responses", "anthropic.messages", "ollama", "cohere")


def nested(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


def written(target, value):
    items = (
        Message(Role.USER, (Text("Go."),)),
        ToolCall("call_1", "look", "{}"),
        ToolResult("call_1", (Data(value),)),
    )
    return write_request(Conversation(items, "m"), Target(target), allow_losses=True)


@pytest.mark.parametrize("target", TEXT_ONLY)
def test_a_value_is_told_as_json(target):
    assert '[1,"é"]' in str(written(target, [1, "é"]).result.body)


@pytest.mark.parametrize("value", [nested(100_000), math.inf, [math.nan]], ids=["deep", "inf", "nan"])
@pytest.mark.parametrize("target", TEXT_ONLY)
def test_what_cannot_be_told_is_a_loss_of_meaning(target, value):
    assert written(target, value).losses.meaning
