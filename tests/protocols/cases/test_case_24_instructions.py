"""Case 24: instructions and a developer's input are one leading system message (litellm#39852)."""

from __future__ import annotations

import json

import pytest

from tokentape.protocols.canonical.conversation import Conversation
from tokentape.protocols.canonical.items import Message, Role
from tokentape.protocols.canonical.parts import Text
from tokentape.protocols.codec import Source, Target
from tokentape.protocols.quirks import Quirks
from tokentape.protocols.translation import codec_of, translate_request, write_request

NAME = "openai.responses"
BODY = {
    "model": "gpt-5-mini",
    "max_output_tokens": 100,
    "instructions": "Be brief.",
    "input": [{"role": "developer", "content": "Use English."}, {"role": "user", "content": "Hello"}],
}
HEADS = {
    "anthropic.messages": lambda body: (body["system"], body["messages"]),
    "gemini": lambda body: (body["systemInstruction"], body["contents"]),
    "bedrock.converse": lambda body: (body["system"], body["messages"]),
}


def test_they_lead_in_order():
    asked = codec_of(NAME).read_request(BODY, Source(NAME))
    assert asked.items == (
        Message(Role.SYSTEM, (Text("Be brief."),)),
        Message(Role.DEVELOPER, (Text("Use English."),)),
        Message(Role.USER, (Text("Hello"),)),
    )


@pytest.mark.parametrize("target", HEADS)
def test_they_are_one_head_elsewhere(target):
    body = translate_request(BODY, Source(NAME), Target(target, "some-model")).result.body
    head, turns = HEADS[target](body)
    said = json.dumps(head)
    assert said.index("Be brief.") < said.index("Use English.")
    assert len(turns) == 1
    assert "Use English." not in json.dumps(turns)


def test_they_come_back_as_they_were():
    assert translate_request(BODY, Source(NAME), Target(NAME)).result.body == BODY


def test_they_are_one_message_in_chat():
    written = translate_request(BODY, Source(NAME), Target("openai.chat")).result.body["messages"]
    assert written == [
        {"role": "system", "content": "Be brief.\n\nUse English."},
        {"role": "user", "content": "Hello"},
    ]


LATE = (
    Message(Role.SYSTEM, (Text("Be brief."),)),
    Message(Role.DEVELOPER, (Text("Use English."),)),
    Message(Role.USER, (Text("Hi."),)),
    Message(Role.DEVELOPER, (Text("Be kind."),)),
    Message(Role.USER, (Text("Again."),)),
)


def test_only_what_leads_is_put_together():
    done = write_request(Conversation(LATE), Target("openai.chat"))
    written = done.result.body["messages"]
    assert written[0] == {"role": "system", "content": "Be brief.\n\nUse English."}
    assert [message["role"] for message in written] == ["system", "user", "system", "user"]
    assert not done.losses.losses


def test_all_of_it_where_it_may_only_lead():
    done = write_request(Conversation(LATE), Target("openai.chat", quirks=Quirks(system_at_head=True)))
    written = done.result.body["messages"]
    assert written[0] == {"role": "system", "content": "Be brief.\n\nUse English.\n\nBe kind."}
    assert [message["role"] for message in written] == ["system", "user", "user"]
    assert [loss.what for loss in done.losses.tuning] == ["place of system text"]
