"""Tokens and cost before a call: estimates that say so, for every dialect."""

from __future__ import annotations

import json

import pytest

from tokentape.errors import ProtocolError, UsageError
from tokentape.gateway.usage.estimates import cost_of, guess, tokens_of
from tokentape.metering.price import Price
from tokentape.protocols.translate import translate

CHAT = {
    "model": "gpt-4o",
    "messages": [{"role": "user", "content": "word " * 80}],
    "max_completion_tokens": 1_000,
}
NAMES = [
    "openai.chat",
    "openai.responses",
    "anthropic.messages",
    "gemini",
    "ollama",
    "bedrock.converse",
    "cohere",
]


@pytest.mark.parametrize("dialect", NAMES)
def test_the_same_prompt_is_about_as_long_in_every_dialect(dialect):
    body = translate(CHAT, dialect, source="chat", allow_losses=True).result.body
    found = tokens_of(body, dialect=dialect, model="gpt-4o")
    assert (found["estimate"], found["dialect"], found["model"]) == (True, dialect, "gpt-4o")
    assert 100 <= found["input_tokens"] <= 115
    assert "four ASCII characters" in found["method"]
    assert json.dumps(found)


def test_the_shape_tells_the_dialect():
    assert tokens_of(CHAT)["dialect"] == "openai.chat"
    assert (
        tokens_of({"contents": [{"parts": [{"text": "hi"}]}]}, model="gemini-2.5-flash")["dialect"]
        == "gemini"
    )


def test_a_body_of_nobody_is_told():
    with pytest.raises(UsageError, match="does not tell its dialect"):
        tokens_of({"what": "ever"})
    with pytest.raises(ProtocolError):
        tokens_of({"model": "m", "messages": 7}, dialect="openai.chat")


def test_what_a_request_may_cost_at_most():
    found = cost_of(CHAT)
    tokens = found["input_tokens"]
    assert found["input_usd"] == pytest.approx(tokens * 2.5e-6)
    assert found["usd"] == pytest.approx(tokens * 2.5e-6 + 1_000 * 1e-5)
    assert (found["estimate"], found["output_tokens"]) == (True, 1_000)
    assert found["output_tokens_are"] == "the most that the request allows"
    assert found["source"].startswith("genai-prices")


def test_an_output_that_nobody_knows_has_no_price():
    found = cost_of({**CHAT, "max_completion_tokens": None})
    assert (found["usd"], found["output_tokens"]) == (None, None)
    assert found["input_usd"] > 0
    assert found["output_tokens_are"].startswith("unknown")
    assert cost_of(CHAT, output_tokens=10)["output_tokens_are"] == "as given"


def test_own_prices_and_an_unknown_model():
    own = {"gpt-4o": Price(input="0", output="1000")}
    assert cost_of(CHAT, prices=own)["usd"] == 1.0
    unknown = cost_of({**CHAT, "model": "nobody-knows"})
    assert (unknown["usd"], unknown["input_usd"]) == (None, None)
    assert unknown["reason"]


def test_a_reply_is_priced_by_what_it_counts():
    reply = {"model": "gpt-4o", "choices": [], "usage": {"prompt_tokens": 1_000_000, "completion_tokens": 0}}
    found = cost_of(reply)
    assert (found["estimate"], found["usd"], found["method"]) == (False, 2.5, "counted by the reply")
    assert cost_of({**reply, "cost": 0.25}, prices={"gpt-4o": Price(input="1")})["usd"] == 0.25


def test_a_guess_for_a_reply_that_did_not_count():
    found = guess("openai.chat", CHAT, events=42)
    assert (found.by, found.usage.output) == ("estimate", 42)
    assert "each event" in found.method
    assert guess("openai.chat", CHAT, said=400, events=42).usage.output == 100
    assert "four bytes of the body" in guess("openai.chat", {"messages": 7}).method
    assert guess("nobody", {"x": "y" * 400}).usage.input > 90
