"""Every real recording of Messages: the same when read and written again."""

from __future__ import annotations

import pytest
from messages_bodies import CODEC, NAME, SOURCE, read, reply_of, stream_of, written, written_reply
from protocol_samples import samples

from tokentape.errors import ProtocolError
from tokentape.protocols.canonical.fold import fold
from tokentape.protocols.payload import payloads
from tokentape.protocols.registry import recognise
from tokentape.protocols.synthesis import synthesis_of
from tokentape.wire.body import decoded_body
from tokentape.wire.jsontext import parse

FOUND = [(sample, recognise(sample.request)) for sample in samples()]
MINE = [(sample, found) for sample, found in FOUND if found.operation.dialect == NAME]
REFUSED = "084-0"
"""A request that Anthropic itself refused: a turn that is a string."""


def those(wanted):
    return [pytest.param(sample, found, id=sample.id) for sample, found in MINE if wanted(sample, found)]


def is_whole(sample, found):
    return sample.response.status == 200 and found.operation.name == "create" and not found.operation.stream


def is_stream(sample, found):
    return sample.response.status == 200 and found.operation.name == "create" and found.operation.stream


def test_there_are_recordings_of_all_kinds():
    assert (len(MINE), len(those(is_whole)), len(those(is_stream))) == (10, 1, 4)


@pytest.mark.parametrize(("sample", "found"), those(lambda sample, _: sample.id != REFUSED))
def test_a_request(sample, found):
    body, losses = written(read(found.body))
    assert body == found.body
    assert not losses


def test_the_request_that_was_refused_there_is_refused_here():
    body = next(found.body for sample, found in MINE if sample.id == REFUSED)
    with pytest.raises(ProtocolError, match=r"messages\[0\]: expected an object, found text"):
        read(body)


@pytest.mark.parametrize(("sample", "found"), those(is_whole))
def test_a_reply(sample, found):
    del found
    body = parse(decoded_body(sample.response))
    assert written_reply(reply_of(body)) == (body, written_reply(reply_of(body))[1])


@pytest.mark.parametrize(("sample", "found"), those(lambda sample, _: sample.response.status != 200))
def test_an_error(sample, found):
    del found
    body = parse(decoded_body(sample.response))
    failure = CODEC.read_failure(sample.response.status, body)
    assert CODEC.write_failure(failure) == (sample.response.status, body)


@pytest.mark.parametrize(("sample", "found"), those(is_stream))
def test_a_stream(sample, found):
    wire = payloads(sample.response, asked=True)
    reader = CODEC.reader(SOURCE)
    events = [*(event for payload in wire for event in reader.read(payload)), *reader.end()]
    whole = synthesis_of(found).fold(wire)
    assert fold(events) == reply_of(whole)
    assert written_reply(fold(events))[0] == whole
    again = stream_of(*events)
    # A delta of nothing is not told; a later count repeats the earlier ones.
    told = [payload.json for payload in wire if not says_nothing(payload.json)]
    assert without_usage(again) == without_usage(told)


def says_nothing(event):
    return event.get("delta", {}).get("thinking") == ""


def without_usage(events):
    return [{name: value for name, value in event.items() if name != "usage"} for event in events]
