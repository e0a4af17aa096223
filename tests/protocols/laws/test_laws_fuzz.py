"""Readers and what nobody should send them: `ProtocolError` with dialect and path, never anything else."""

from __future__ import annotations

import json
import sys
from itertools import islice

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from law_dialects import PRESENT, calls

from tokentape.errors import ProtocolError
from tokentape.protocols.canonical.conversation import Conversation
from tokentape.protocols.canonical.events import Close, Delta, Ended, Open, Started, Stopped
from tokentape.protocols.canonical.fold import fold
from tokentape.protocols.canonical.items import ToolCall
from tokentape.protocols.canonical.reply import Stop, StopReason
from tokentape.protocols.codec import Source, Target
from tokentape.protocols.framing import ENCODERS, decoder
from tokentape.protocols.payload import Payload
from tokentape.protocols.streaming import StreamTranslator
from tokentape.protocols.translation import codec_of, write_request
from tokentape.testing.contracts.codec import said, survives
from tokentape.testing.contracts.mutations import mutations, places
from tokentape.wire.eventstream import EventHeader, encode_message

CALLS = {call.id: call for call in calls()}
STREAMS = [call.id for call in calls() if call.is_stream]
WHOLE = [call.id for call in calls() if call.status == 200 and not call.is_stream]
LARGE = 150
"""Places of a body beyond which only some are changed."""


def some_mutations(body, most=3000):
    """Every wrong value in every place, or in as many places as stand for the others."""
    step = max(1, sum(1 for _ in places(body)) // LARGE)
    return islice((found for nth, found in enumerate(mutations(body)) if nth // 22 % step == 0), most)


@pytest.mark.parametrize("name", CALLS)
def test_a_wrong_request(name):
    call = CALLS[name]
    for path, body in some_mutations(call.body):
        survives(call.codec, path, call.codec.read_request, body, call.source)


@pytest.mark.parametrize("name", WHOLE)
def test_a_wrong_reply(name):
    call = CALLS[name]
    for path, body in some_mutations(call.whole):
        survives(call.codec, path, call.codec.read_reply, body, call.source)


@pytest.mark.parametrize("name", STREAMS)
def test_a_wrong_event(name):
    call = CALLS[name]
    told = call.payloads
    for at in _telling(told):
        for path, body in some_mutations(told[at].fields, 600):
            wrong = Payload(told[at].name, json.dumps(body).encode())
            survives(call.codec, path, reads, call, [*told[max(0, at - 8) : at], wrong])


def _telling(told):
    """One event of each shape."""
    shapes = {}
    for at, payload in enumerate(told):
        shapes.setdefault(str([path for path, _ in places(payload.fields)]), at)
    return list(shapes.values())[:12]


def reads(call, payloads):
    reader = call.codec.reader(call.source)
    return [*(event for payload in payloads for event in reader.read(payload)), *reader.end()]


@pytest.mark.parametrize("name", STREAMS)
def test_an_event_that_breaks_off(name):
    call = CALLS[name]
    told = call.payloads
    for at in _telling(told):
        if not isinstance(told[at].json, dict):
            continue
        data = told[at].data.rstrip()
        for end in range(1, len(data), max(1, len(data) // 40)):
            with pytest.raises(ProtocolError):
                reads(call, [*told[:at], Payload(told[at].name, data[:end])])


@pytest.mark.parametrize("name", STREAMS)
def test_an_event_that_nobody_knows(name):
    call = CALLS[name]
    told = call.payloads
    unknown = Payload("no.such.event", b'{"type":"no.such.event","x":[1]}')
    expected = said(fold(reads(call, told)))
    for at in range(0, len(told), max(1, len(told) // 6)):
        if call.dialect not in UNNAMED:
            assert said(fold(reads(call, [*told[:at], unknown, *told[at:]]))) == expected
        survives(call.codec, (at,), reads, call, [*told[:at], unknown, *told[at:]])


UNNAMED = {
    "openai.chat": "its events have no type",
    "gemini": "its events have no type",
    "ollama": "its lines have no type",
}

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)
many = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize("name", PRESENT)
@many
@given(value=st.dictionaries(st.text(max_size=8), json_values, max_size=5), status=st.integers(400, 599))
def test_any_object(name, value, status):
    codec, source = codec_of(name), Source(name, model="m")
    survives(codec, (), codec.read_request, value, source)
    survives(codec, (), codec.read_reply, value, source)
    failure = codec.read_failure(status, value)
    assert codec.write_failure(failure)[0] == status


@pytest.mark.parametrize("name", PRESENT)
@many
@given(data=st.binary(max_size=200), cut=st.integers(0, 200))
def test_any_bytes(name, data, cut):
    codec = codec_of(name)
    frames = decoder(codec.framing)
    reader = codec.reader(Source(name))
    found = [*frames.feed(data[:cut]), *frames.feed(data[cut:]), *frames.close()]
    for event in found:
        if event.data is not None:
            survives(codec, (), next_events, reader, Payload(event.name, event.data))
    assert not fold(reader.end()).complete


def next_events(reader, payload):
    return list(reader.read(payload))


PIECE = "x" * (1 << 16)
PIECES = 1600
"""A hundred megabytes in all."""


@pytest.mark.parametrize("name", PRESENT)
def test_a_hundred_megabytes_of_arguments(name):
    """Read and written piece by piece: a stream that is quadratic in its length would not come to its end."""
    codec = codec_of(name)
    reader, writer = codec.reader(Source(name)), codec.writer(Target(name))
    frames, encode = decoder(codec.framing), ENCODERS[codec.framing]
    length, before = 0, peak()
    for event in huge_call():
        for wire in writer.write(event):
            for found in frames.feed(encode(wire)):
                if found.data is not None:
                    length += sum(map(arguments_in, reader.read(Payload(found.name, found.data))))
    assert length == len('{"city":""}') + PIECES * len(PIECE)
    assert peak() - before < MOST


MOST = 12 * PIECES * (1 << 16)
"""Bytes of memory: the arguments a few times over, where they are written and read in one piece."""


def peak():
    """The most memory that this process has had, in bytes; 0 where the system does not say."""
    try:
        import resource
    except ImportError:  # Windows
        return 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def huge_call():
    yield Started("elsewhere", "reply-1", "model-1", 1_700_000_000)
    yield Open(0, ToolCall("call_1", "get_weather", ""))
    yield Delta(0, '{"city":"')
    for _ in range(PIECES):
        yield Delta(0, PIECE)
    yield Delta(0, '"}')
    yield Close(0)
    yield Stopped(Stop(StopReason.TOOL_CALLS, "tools"))
    yield Ended(True)


def arguments_in(event):
    if isinstance(event, Delta):
        return len(event.text)
    return len(event.block.arguments) if isinstance(event, Open) and isinstance(event.block, ToolCall) else 0


@pytest.mark.parametrize("name", PRESENT)
def test_bytes_that_are_no_stream_end_a_translation_as_an_error_of_the_dialect(name):
    target = next(other for other in (*PRESENT, name) if other != name or len(PRESENT) == 1)
    translator = StreamTranslator(Source(name), Target(target))
    with pytest.raises(ProtocolError) as caught:
        translator.feed(WRONG[codec_of(name).framing])
        translator.end()
    assert caught.value.dialect == name


@pytest.mark.parametrize("name", ["gemini", "bedrock.converse"])
def test_a_model_of_odd_letters_stands_in_the_path(name):
    asked = Conversation((), "a/\ud800 é?#")
    path = write_request(asked, Target(name), allow_losses=True).result.path
    assert path.isascii()
    assert not {" ", "?", "#"} & set(path)


WRONG = {
    "sse": b"data: {\n\n",
    "ndjson": b"{\n",
    "eventstream": encode_message([EventHeader(":event-type", "contentBlockDelta")], b"{"),
}
