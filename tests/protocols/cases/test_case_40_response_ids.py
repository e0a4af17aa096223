"""Case 40: a response's id is the same in all events, and state of another provider is refused
(litellm#26167, #28587, #37956).
"""

from __future__ import annotations

import pytest

from tokentape.errors import UnsupportedFeature
from tokentape.protocols.canonical.events import Delta, Ended, Open, Started, Stopped
from tokentape.protocols.canonical.parts import Text
from tokentape.protocols.canonical.reply import Stop, StopReason
from tokentape.protocols.codec import Source, Target
from tokentape.protocols.translation import codec_of, translate_request

NAME = "openai.responses"
REST = (Open(0, Text("")), Delta(0, "Paris."), Stopped(Stop(StopReason.END)), Ended(True))


def ids(*events):
    writer = codec_of(NAME).writer(Target(NAME))
    wire = [event.json for given in events for event in writer.write(given)]
    responses = {event["response"]["id"] for event in wire if "response" in event}
    items = {event["item_id"] for event in wire if "item_id" in event}
    items |= {event["item"]["id"] for event in wire if "item" in event}
    return responses, items


@pytest.mark.parametrize(
    "begun",
    [
        (Started("openai.chat", "chatcmpl-1", "m", 5),),
        (Started(NAME, "resp_1", "m", 5),),
        (Started("gemini", None, "m", 5),),
        (Started("gemini"), Started("gemini", "later", "m", 5)),
        (),
    ],
)
def test_the_same_id_in_all_events(begun):
    responses, items = ids(*begun, *REST)
    assert len(responses) == 1
    assert len(items) == 1
    assert responses.pop().startswith("resp_")


def test_an_id_that_comes_after_the_first_event_changes_nothing():
    responses, _ = ids(
        Started("gemini", None, "m", 5), *REST[:2], Started("gemini", "late", "m", 5), *REST[2:]
    )
    assert len(responses) == 1


def test_an_own_id_is_kept():
    assert ids(Started(NAME, "resp_1", "m", 5), *REST)[0] == {"resp_1"}


@pytest.mark.parametrize("target", ["openai.chat", "anthropic.messages", "gemini"])
@pytest.mark.parametrize("state", [{"previous_response_id": "resp_0"}, {"conversation": "conv_1"}])
def test_state_at_another_provider_is_refused(target, state):
    body = {"model": "m", "input": "Hello", **state}
    with pytest.raises(UnsupportedFeature):
        translate_request(body, Source(NAME), Target(target, "m"))
    assert translate_request(body, Source(NAME), Target(NAME)).result.body == body
