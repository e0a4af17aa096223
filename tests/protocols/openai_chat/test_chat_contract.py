"""The codec contract over bodies with everything that Chat knows."""

from __future__ import annotations

import pytest
from chat_bodies import REPLY, REQUEST

from tokentape.protocols.openai_chat.codec import CODEC
from tokentape.testing.contracts import CodecContract
from tokentape.testing.contracts.codec import Exchange


class TestChat(CodecContract):
    @pytest.fixture
    def codec(self):
        return CODEC

    @pytest.fixture
    def exchanges(self):
        # A stream of several choices that ends between them looks whole, so one is all that the suite can take.
        return [Exchange(REQUEST, {**REPLY, "choices": REPLY["choices"][:1]})]
