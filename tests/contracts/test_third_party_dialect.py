"""The codec contract, over a third party's dialect; ours pass it in `tests/protocols/laws`."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tokentape.protocols.canonical.events import Ended
from tokentape.protocols.canonical.fold import fold
from tokentape.protocols.canonical.unfold import unfold
from tokentape.protocols.codec import Source
from tokentape.protocols.table import accept
from tokentape.testing.contracts import CodecContract
from tokentape.testing.contracts.codec import Exchange, read, said, written

sys.path.insert(0, str(Path(__file__).parent / "sample"))

from tokentape_shout import CODEC, DIALECT

LINES = [{"who": "note", "says": "Be brief."}, {"who": "me", "says": "Capital of France?", "mood": "glad"}]


class TestThirdPartyCodec(CodecContract):
    @pytest.fixture
    def codec(self):
        return CODEC

    @pytest.fixture
    def exchanges(self):
        return [
            Exchange(
                {"voice": "v1", "lines": LINES, "heat": 0.5, "loud": True}, {"said": "Paris.", "end": "done"}
            ),
            Exchange({"lines": LINES[1:]}, {"said": "Pari", "end": "long", "counts": [14, 3]}),
        ]


def test_the_sample_is_a_dialect():
    assert [dialect.name for dialect in accept([DIALECT])] == ["shout"]


def test_a_suite_without_fixtures_says_what_to_override():
    for name in ("codec", "exchanges"):
        with pytest.raises(NotImplementedError, match=f"override the fixture '{name}'"):
            getattr(CodecContract, name).__wrapped__(CodecContract())


def test_a_codec_that_makes_a_cut_stream_complete_fails():
    """The suite finds what it is there to find."""

    class Careless(type(CODEC.reader(Source("shout")))):
        def end(self):
            self.over = True
            yield Ended(True)

    careless = replace(CODEC, reader=Careless)
    suite, exchange = CodecContract(), Exchange({"lines": LINES}, {"said": "Paris.", "end": "done"})
    with pytest.raises(AssertionError):
        suite.test_a_stream_that_is_cut_is_never_complete(careless, [exchange])


def test_what_the_suite_uses_reads_what_it_writes():
    reply = CODEC.read_reply({"said": "Paris.", "end": "done"}, Source("shout"))
    wire = written(CODEC, unfold(reply))
    assert wire[0] == b'{"more":"Paris."}\n'
    assert said(fold(read(CODEC, wire))) == "Paris."
