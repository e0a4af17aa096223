"""Case 24: instructions and developer text of another dialect are one leading system message in Chat."""

from __future__ import annotations

from tokentape.protocols.canonical.conversation import Conversation
from tokentape.protocols.canonical.items import Message, Role
from tokentape.protocols.canonical.parts import Text
from tokentape.protocols.codec import Source, Target
from tokentape.protocols.quirks import Quirks
from tokentape.protocols.translation import translate_request, write_request

SAID = (
    Message(Role.SYSTEM, (Text("Be brief."),)),
    Message(Role.DEVELOPER, (Text("Use English."),)),
    Message(Role.USER, (Text("Hi."),)),
    Message(Role.DEVELOPER, (Text("Be kind."),)),
    Message(Role.USER, (Text("Again."),)),
)


def messages(**target):
    done = write_request(Conversation(SAID), Target("openai.chat", **target))
    return done.result.body["messages"], done.losses


def test_one_leading_message():
    written, losses = messages()
    assert written[0] == {"role": "system", "content": "Be brief.\n\nUse English."}
    assert [message["role"] for message in written] == ["system", "user", "system", "user"]
    assert not losses.losses


def test_where_it_may_only_lead():
    written, losses = messages(quirks=Quirks(system_at_head=True))
    assert written[0] == {"role": "system", "content": "Be brief.\n\nUse English.\n\nBe kind."}
    assert [message["role"] for message in written] == ["system", "user", "user"]
    assert [loss.what for loss in losses.tuning] == ["place of system text"]


def test_responses_instructions_and_input():
    body = {
        "model": "gpt-5-mini",
        "instructions": "Be brief.",
        "input": [{"role": "developer", "content": "Use English."}, {"role": "user", "content": "Hi."}],
    }
    done = translate_request(body, Source("openai.responses"), Target("openai.chat"))
    assert done.result.body["messages"] == [
        {"role": "system", "content": "Be brief.\n\nUse English."},
        {"role": "user", "content": "Hi."},
    ]
