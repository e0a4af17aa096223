"""A -> canonical -> A is the identity, on every real recording."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace

import pytest
from law_dialects import PRESENT, SEVEN, calls

from tokentape.errors import ProtocolError
from tokentape.protocols.canonical.events import Stopped
from tokentape.protocols.canonical.fold import fold
from tokentape.protocols.codec import Target
from tokentape.protocols.payload import Payload
from tokentape.protocols.streaming import EventReader
from tokentape.protocols.synthesis import NotConvertible
from tokentape.protocols.table import dialect_named
from tokentape.testing.contracts.codec import called, read, said, written
from tokentape.wire.body import decoded_body

CALLS = {call.id: call for call in calls()}
WHOLE = [call.id for call in calls() if call.status == 200 and not call.is_stream]
STREAMS = [call.id for call in calls() if call.is_stream]
FAILED = [call.id for call in calls() if call.status >= 400 and call.whole is not None]

RECORDED = {
    "openai.chat": 50, "openai.responses": 18, "anthropic.messages": 8, "gemini": 12, "bedrock.converse": 5,
    "ollama": 4, "cohere": 3,
}  # fmt: skip


def test_every_recording_of_the_seven_is_here():
    found = Counter(call.dialect for call in calls())
    assert found == RECORDED


REFUSED = {"084-0": "a message is a string; the provider would not have it either"}
"""Recorded requests that are not of their dialect: refused by us as they were by the provider."""


@pytest.mark.parametrize("name", REFUSED)
def test_a_request_that_the_provider_refused_is_refused(name):
    call = CALLS[name]
    assert call.status == 400
    with pytest.raises(ProtocolError):
        call.codec.read_request(call.body, call.source)


@pytest.mark.parametrize("name", [name for name in CALLS if name not in REFUSED])
def test_a_request_comes_back(name):
    call = CALLS[name]
    target = Target(call.dialect)
    outgoing = call.codec.write_request(call.codec.read_request(call.body, call.source), target)
    assert outgoing.body == call.body
    assert str(target.losses.report) == "nothing is lost"


@pytest.mark.parametrize("name", WHOLE)
def test_a_reply_comes_back(name):
    call = CALLS[name]
    target = Target(call.dialect)
    assert call.codec.write_reply(call.codec.read_reply(call.whole, call.source), target) == call.whole
    assert str(target.losses.report) == "nothing is lost"


@pytest.mark.parametrize("name", FAILED)
def test_an_error_comes_back(name):
    call = CALLS[name]
    failure = call.codec.read_failure(call.status, call.whole)
    assert call.codec.write_failure(failure) == (call.status, call.whole)


RENAMED = {"053-0": "OpenRouter gives items other ids in its last event than in those before"}
"""Recorded streams that name one thing in two ways."""


def spelt(call, native):
    """The reply in one spelling. Gemini's is protobuf's JSON: a number that is 0 may be left out, and the
    values of an enumeration have a name and a number (protobuf.dev, "ProtoJSON Format"). In Chat a reason
    that is null is none.
    """
    if call.dialect == "openai.chat":
        for choice in native["choices"]:
            choice.setdefault("finish_reason", None)
    if call.dialect == "gemini":
        for candidate in native["candidates"]:
            candidate.setdefault("index", 0)
            if candidate.get("finishReason") == 1:
                candidate["finishReason"] = "STOP"
    return native


def nameless(value):
    """Without ids, where the recording has two for one thing."""
    if isinstance(value, dict):
        return {name: nameless(entry) for name, entry in value.items() if name not in ("id", "item_id")}
    return [nameless(entry) for entry in value] if isinstance(value, list) else value


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_comes_back(name):
    """Rewritten it amounts to the same reply, by the native fold too, and its text comes in the same pieces."""
    call = CALLS[name]
    events = events_of(call)
    counts = fold(events).usage is not None  # some count without being asked to
    asked = replace(call.codec.read_request(call.body, call.source), counts_usage=counts)
    again = written(call.codec, events, Target(call.dialect, asked=asked))
    back = read(call.codec, again, call.source)
    assert fold(back) == fold(events)
    assert texts(back) == texts(events)
    assert said(fold(events)) or called(fold(events)) or fold(events).failure
    native = native_fold(call.dialect, payloads_of(call.codec, again))
    if native is not None:
        native, own = spelt(call, native), spelt(call, native_fold(call.dialect, call.payloads))
        assert (nameless(native) == nameless(own)) if name in RENAMED else native == own


def events_of(call):
    """The canonical events of a recorded stream, read as a whole."""
    framing = "json-array" if decoded_body(call.response).lstrip().startswith(b"[") else None
    reader = EventReader(call.source, framing)
    return [*reader.feed(decoded_body(call.response)), *reader.end()]


def texts(events):
    return [event.text for event in events if type(event).__name__ == "Delta" and event.text]


def payloads_of(codec, wire):
    from tokentape.protocols.framing import decoder

    frames = decoder(codec.framing)
    found = [*frames.feed(b"".join(wire)), *frames.close()]
    return [Payload(event.name, event.data) for event in found if event.data is not None]


def native_fold(name, payloads):
    """The whole reply, as the dialect's own synthesis makes it; None where there is none."""
    synthesis = dialect_named(name).synthesis
    if synthesis is None:
        return None
    try:
        return synthesis().fold(payloads)
    except NotConvertible:
        return None


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_amounts_to_what_the_whole_reply_says(name):
    call = CALLS[name]
    native = native_fold(call.dialect, call.payloads)
    if native is None:
        pytest.skip("the dialect has no fold of its own")
    if name in RENAMED:
        native, call = nameless(native), replace(call, response=nameless_response(call))
    assert fold(events_of(call)) == call.codec.read_reply(native, call.source)


def nameless_response(call):
    """The recorded stream without ids."""
    told = [
        json.dumps(nameless(payload.json)).encode() for payload in call.payloads if payload.json is not None
    ]
    body = b"".join(b"data: " + data + b"\n\n" for data in told)
    return replace(call.response, body=body, chunks=(len(body),))


@pytest.mark.parametrize("name", WHOLE)
def test_a_reply_that_is_made_a_stream_reads_the_same(name):
    from tokentape.protocols.synthesis import Asked

    call = CALLS[name]
    synthesis = dialect_named(call.dialect).synthesis
    if synthesis is None:
        pytest.skip("the dialect has no unfold of its own")
    asked = Asked(
        "https://h/v1beta/models/m:streamGenerateContent?alt=sse", {"stream_options": {"include_usage": True}}
    )
    try:
        wire = synthesis().unfold(call.whole, asked)
    except NotConvertible as reason:
        pytest.skip(str(reason))
    assert fold(read(call.codec, wire, call.source)) == call.codec.read_reply(call.whole, call.source)


@pytest.mark.parametrize("name", STREAMS)
def test_the_bytes_may_come_in_any_pieces(name):
    call = CALLS[name]
    data = decoded_body(call.response)
    framing = "json-array" if data.lstrip().startswith(b"[") else None
    if len(data) > 60_000:
        data = data[:60_000]
    whole = EventReader(call.source, framing)
    expected = [*whole.feed(data), *whole.end()]
    bytewise = EventReader(call.source, framing)
    found = [event for at in range(len(data)) for event in bytewise.feed(data[at : at + 1])]
    assert list(map(placeless, [*found, *bytewise.end()])) == list(map(placeless, expected))


def placeless(event):
    """The event without where it came from, which is an object of its own in each reading."""
    return event._replace(origin=None) if isinstance(event, Stopped) else event


def test_all_seven_have_codecs():
    assert PRESENT == SEVEN
