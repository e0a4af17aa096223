"""The published contract of codecs, over bodies with everything that Messages can say."""

from __future__ import annotations

import pytest
from messages_bodies import ASSISTANT, CODEC, EVERYTHING, message, request, text

from tokentape.testing.contracts import CodecContract
from tokentape.testing.contracts.codec import Exchange

USAGE = {"input_tokens": 4, "output_tokens": 20, "cache_read_input_tokens": 9, "service_tier": "standard"}


class TestMessages(CodecContract):
    @pytest.fixture
    def codec(self):
        return CODEC

    @pytest.fixture
    def exchanges(self):
        plain = request({"role": "user", "content": "Hi"}, system="Be brief.", stream=True)
        return [
            Exchange(EVERYTHING, message(*ASSISTANT, stop="tool_use", usage=USAGE, container={"id": "c"})),
            Exchange(plain, message(text("Hi"), stop="stop_sequence", stop_sequence="END")),
        ]
