"""Who read or wrote a stream holds nothing that holds itself: its memory is free at once, not some day."""

from __future__ import annotations

import gc
from contextlib import suppress

import pytest
from protocol_samples import streamed

from tokentape.errors import ProtocolError, UnsupportedFeature
from tokentape.protocols.codec import Source, Target
from tokentape.protocols.registry import recognise
from tokentape.protocols.streaming import StreamTranslator
from tokentape.protocols.table import dialects


def read_into(dialect, sample, part):
    source = recognise(sample.request).operation.dialect
    body = sample.response.body or b""
    with suppress(ProtocolError, UnsupportedFeature):
        translator = StreamTranslator(Source(source), Target(dialect))
        for begin in range(0, int(len(body) * part), 700):
            translator.feed(body[begin : begin + 700])
        if part == 1:
            translator.end()


CODECS = sorted(each.name for each in dialects() if each.codec is not None)
SAMPLES = [each for each in streamed() if recognise(each.request).operation.dialect in CODECS]


@pytest.fixture
def no_collector():
    gc.collect()
    gc.freeze()  # it need not look at everything else again and again
    gc.disable()
    yield
    gc.enable()
    gc.unfreeze()


@pytest.mark.parametrize("part", [0.5, 1])
@pytest.mark.parametrize("dialect", CODECS)
def test_a_stream_leaves_nothing_to_the_collector(no_collector, dialect, part):
    for sample in SAMPLES:
        read_into(dialect, sample, part)  # what is made once and stays, is made
        gc.collect()
        read_into(dialect, sample, part)
        assert gc.collect() == 0, sample.id
