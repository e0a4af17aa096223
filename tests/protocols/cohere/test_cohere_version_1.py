"""Version 1 of Cohere's API is recognised and passed on; who wants it translated is told so."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from cohere_bodies import SOURCE

sys.path.append(str(Path(__file__).parents[1]))

from protocol_samples import samples

from tokentape.errors import ProtocolError
from tokentape.protocols.cohere.codec import CODEC
from tokentape.protocols.payload import payloads
from tokentape.protocols.registry import recognise

OLD = {
    sample.id: sample
    for sample in samples()
    if recognise(sample.request).operation.full_name in ("cohere/v1.chat", "cohere/v1.generate")
}


def operation(sample):
    return recognise(sample.request).operation.name.replace(".", "/")


def test_there_are_some():
    assert sorted(OLD) == ["010-0", "076-0", "148-0", "148-1"]


@pytest.mark.parametrize("name", OLD)
def test_a_request_is_refused_by_name(name):
    with pytest.raises(ProtocolError, match=operation(OLD[name])):
        CODEC.read_request(json.loads(OLD[name].request.body), SOURCE)


@pytest.mark.parametrize("name", [name for name in OLD if OLD[name].row["streaming"] == "False"])
def test_a_reply_is_refused_by_name(name):
    with pytest.raises(ProtocolError, match=operation(OLD[name])):
        CODEC.read_reply(json.loads(OLD[name].response.body), SOURCE)


@pytest.mark.parametrize("name", [name for name in OLD if OLD[name].row["streaming"] == "True"])
def test_a_stream_is_refused_by_name(name):
    reader = CODEC.reader(SOURCE)
    with pytest.raises(ProtocolError, match=operation(OLD[name])):
        for payload in payloads(OLD[name].response, asked=True):
            reader.read(payload)
