"""Every real reply of a dialect that has two forms, made into the other form and back (R04)."""

from __future__ import annotations

import pytest
from folding_laws import changed, there_and_back
from protocol_samples import samples

from tokentape.protocols.payload import payloads
from tokentape.protocols.reading import fields
from tokentape.protocols.registry import recognise
from tokentape.protocols.synthesis import Asked, synthesis_of
from tokentape.wire.body import decoded_body
from tokentape.wire.jsontext import parse


def both_ways():
    for sample in samples():
        found = recognise(sample.request)
        synthesis = synthesis_of(found)
        body = fields(found.body)
        if (
            synthesis
            and sample.response.status == 200
            and synthesis.neutral(sample.request, body) is not None
        ):
            yield pytest.param(sample, found, id=sample.id)


SAMPLES = list(both_ways())


def test_there_are_samples_of_all_five_dialects_in_both_forms():
    kinds = [(found.operation.dialect, found.operation.stream) for _, found in (p.values for p in SAMPLES)]
    assert {kind: kinds.count(kind) for kind in sorted(set(kinds))} == {
        ("anthropic.messages", False): 1,
        ("anthropic.messages", True): 4,
        ("bedrock.converse", False): 1,
        ("bedrock.converse", True): 2,
        ("gemini", False): 1,
        ("gemini", True): 7,
        ("openai.chat", False): 24,
        ("openai.chat", True): 21,
        ("openai.responses", False): 10,
        ("openai.responses", True): 6,
    }


@pytest.mark.parametrize(("sample", "found"), SAMPLES)
def test_R04_a_real_reply_is_the_same_there_and_back(sample, found):
    asked = Asked(sample.request.url, {"stream_options": {"include_usage": True}})
    stream = payloads(sample.response, asked=found.operation.stream)
    whole = parse(decoded_body(sample.response)) if stream is None else synthesis_of(found).fold(stream)
    again = there_and_back(found.operation.dialect, whole, asked)
    if found.operation.dialect == "openai.chat":
        whole = changed(whole, by=_without_the_index_of_a_call)
    assert again == whole


@pytest.mark.parametrize(("sample", "found"), [p for p in SAMPLES if p.values[1].operation.stream])
def test_R04_a_real_stream_says_the_same_when_whole(sample, found):
    stream = payloads(sample.response, asked=True)
    whole = synthesis_of(found).fold(stream)
    assert found.dialect.reads_as(whole) == found.dialect.stream.reads_as(stream) != ""
    assert found.dialect.usage(whole) == found.dialect.stream.usage(stream)


def _without_the_index_of_a_call(value):
    return {name: entry for name, entry in value.items() if name != "index" or "function" not in value}
