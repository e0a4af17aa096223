"""Ids that are minted: the same for the same reply, another for every reply of a conversation (case 4)."""

from __future__ import annotations

import json
import re

import pytest

from tokentape.protocols.canonical.conversation import Conversation
from tokentape.protocols.canonical.events import Close, Delta, Ended, Open, Started, Stopped
from tokentape.protocols.canonical.items import Message, Role, ToolCall
from tokentape.protocols.canonical.parts import Text
from tokentape.protocols.canonical.reply import Choice, Reply, Stop, StopReason
from tokentape.protocols.codec import Target
from tokentape.protocols.translation import codec_of

NEED_IDS = ("openai.chat", "openai.responses", "anthropic.messages", "bedrock.converse", "cohere")
IDS = re.compile(r'"(?:id|call_id|toolUseId)": "((?:call|toolu|tooluse)_[^"]+)"')
STOP = Stop(StopReason.TOOL_CALLS, "stop")
CALL = ToolCall("", "get_weather", "{}")


def target(dialect, turns):
    """What answers a conversation of so many turns."""
    return Target(dialect, asked=Conversation((Message(Role.USER, (Text("?"),)),) * turns, "qwen3"))


def whole(dialect, turns):
    reply = Reply((Choice((CALL, CALL), STOP),), None, "qwen3", 1_700_000_000)
    return codec_of(dialect).write_reply(reply, target(dialect, turns))


def streamed(dialect, turns):
    writer = codec_of(dialect).writer(target(dialect, turns))
    events = [Started("ollama", None, "qwen3", 1_700_000_000)]
    for key in (0, 1):
        events += [Open(key, CALL), Delta(key, "{}"), Close(key)]
    return [wire.json for event in (*events, Stopped(STOP), Ended(True)) for wire in writer.write(event)]


def ids(told):
    return set(IDS.findall(json.dumps(told)))


@pytest.mark.parametrize("write", [whole, streamed])
@pytest.mark.parametrize("dialect", NEED_IDS)
def test_calls_of_replies_without_ids(dialect, write):
    first, again, later = (ids(write(dialect, turns)) for turns in (1, 1, 3))
    assert len(first) == len(later) == 2
    assert first == again
    assert not first & later
