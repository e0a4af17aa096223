"""The published contract, for each of the seven, over the exchanges that were written for all dialects."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from law_dialects import PRESENT

sys.path.insert(0, str(Path(__file__).parents[3]))

from matrix.protocols_stones import exchanges_of

from tokentape.protocols.translation import codec_of
from tokentape.testing.contracts import CodecContract


class TestCodecs(CodecContract):
    @pytest.fixture(params=PRESENT)
    def codec(self, request):
        return codec_of(request.param)

    @pytest.fixture
    def exchanges(self, codec):
        return exchanges_of(codec.dialect)
