"""Every recorded call of Responses: the same there and back, and its stream amounts to its whole reply."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1]))

from protocol_samples import samples
from responses_bodies import NAME, read, read_reply, streamed, written, written_reply

from tokentape.protocols.canonical.fold import fold
from tokentape.protocols.codec import Source
from tokentape.protocols.openai_responses.codec import CODEC
from tokentape.protocols.openai_responses.fold import fold as native
from tokentape.protocols.payload import payloads
from tokentape.protocols.registry import recognise
from tokentape.wire.body import decoded_body

CALLS = [
    pytest.param(sample.request, sample.response, id=sample.id)
    for sample in samples()
    if recognise(sample.request).operation.full_name == "openai.responses/create"
]
STREAMS = [case for case in CALLS if recognise(case.values[0]).operation.stream]
REPLIES = [case for case in CALLS if case not in STREAMS and case.values[1].status == 200]
ERRORS = [case for case in CALLS if case.values[1].status != 200]
OWN_IDS = {"053-0": "its last event gives a thought another id than all events before it"}


def test_there_are_samples_of_all_kinds():
    assert (len(STREAMS), len(REPLIES), len(ERRORS)) == (6, 10, 2)


@pytest.mark.parametrize(("request_", "_"), CALLS)
def test_requests(request_, _):
    body = recognise(request_).body
    again, losses = written(read(body))
    assert again == body
    assert not losses


@pytest.mark.parametrize(("_", "response"), REPLIES)
def test_replies(_, response):
    body = json.loads(decoded_body(response))
    again, losses = written_reply(read_reply(body))
    assert again == body
    assert not losses


@pytest.mark.parametrize(("_", "response"), ERRORS)
def test_errors(_, response):
    body = json.loads(decoded_body(response))
    assert CODEC.write_failure(CODEC.read_failure(response.status, body)) == (response.status, body)


@pytest.mark.parametrize(("_", "response"), STREAMS)
def test_streams(_, response, request):
    stream = payloads(response, asked=True)
    whole = native(stream)
    reader = CODEC.reader(Source(NAME))
    events = [event for payload in stream for event in reader.read(payload)] + list(reader.end())
    if request.node.callspec.id in OWN_IDS:
        added = next(p.fields["item"] for p in stream if p.fields.get("type") == "response.output_item.added")
        whole["output"][0]["id"] = added["id"]
    assert fold(events) == read_reply(whole)
    assert written_reply(fold(events))[0] == whole
    assert streamed(events)[-1]["response"] == whole
