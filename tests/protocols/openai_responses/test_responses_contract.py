"""The contract of all codecs, over bodies with everything that Responses knows."""

from __future__ import annotations

import pytest
from responses_bodies import EXCHANGES

from tokentape.protocols.openai_responses.codec import CODEC
from tokentape.testing.contracts import CodecContract


class TestResponses(CodecContract):
    @pytest.fixture
    def codec(self):
        return CODEC

    @pytest.fixture
    def exchanges(self):
        return EXCHANGES
