"""Errors of one provider as another would tell them."""

from __future__ import annotations

import pytest

from tokentape.protocols.translation import translate_failure

OVERLOADED = {"type": "error", "error": {"type": "overloaded_error", "message": "no"}}
OTHERS = ("openai.chat", "openai.responses", "gemini", "bedrock.converse", "ollama", "cohere")


@pytest.mark.parametrize("target", OTHERS)
def test_a_status_that_only_anthropic_has(target):
    assert translate_failure(529, OVERLOADED, "anthropic.messages", target)[0] == 503


def test_between_two_of_one_dialect_it_stays():
    assert translate_failure(529, OVERLOADED, "anthropic", "anthropic.messages") == (529, OVERLOADED)


def test_a_status_that_only_cohere_has():
    assert translate_failure(498, {"message": "invalid token"}, "cohere", "openai.chat")[0] == 401
