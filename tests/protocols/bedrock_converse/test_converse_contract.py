"""The contract of all codecs, over bodies with everything that Converse knows."""

from __future__ import annotations

import pytest
from converse_bodies import EXCHANGES

from tokentape.protocols.bedrock_converse.codec import CODEC
from tokentape.testing.contracts import CodecContract


class TestConverse(CodecContract):
    @pytest.fixture
    def codec(self):
        return CODEC

    @pytest.fixture
    def exchanges(self):
        return EXCHANGES
