"""A miss through what people put around an SDK: retries, fallbacks, batches."""

from __future__ import annotations

import pytest
from sdk_programs import langchain_model, langchain_openai, openai_chat, sdk, swallowed

import tokentape
from tokentape.errors import ReplayAbort


def test_R14_langchain_with_retry_gets_the_same_answer_at_each_try(missing):
    """It retries on any exception by default; each try gets the same answer, and none is sent."""

    def program(url, text):
        return (
            langchain_model(url).with_retry(stop_after_attempt=3, wait_exponential_jitter=False).invoke(text)
        )

    missing.record(program)
    missed = missing.miss(program, sends=3)
    assert len(missed.deck.errors) == 1
    assert "No recording in" in str(missed.saw)


def test_R14_langchain_with_fallbacks_hides_nothing(missing):
    """The fallback model is recorded, so the program gets an answer and is happy; the block is not."""

    def program(url, text):
        first = langchain_model(url)
        second = langchain_model(url, model="gpt-5")
        return first.with_fallbacks([second]).invoke(text)

    def fallback_only(url, text):
        return langchain_model(url, model="gpt-5").invoke(text)

    missing.record(fallback_only, "Say goodbye.")
    missed = missing.miss(program)
    assert "goodbye" in missed.saw.content
    assert missed.miss.__cause__ is None
    assert [difference.path for difference in missed.explanation.differences] == ["model"]


def test_R14_a_langchain_batch_that_returns_its_exceptions(missing):
    def program(url, text):
        return langchain_model(url).batch([text, "Say hello."], return_exceptions=True)

    missing.record(langchain_openai)
    missed = missing.miss(program)
    error, answer = missed.saw
    assert "No recording in" in str(error)
    assert "hello" in answer.content


def test_R14_tenacity_gets_the_same_answer_at_each_try(missing):
    tenacity = sdk("tenacity")
    tries = []

    def program(url, text):
        @tenacity.retry(stop=tenacity.stop_after_attempt(4), reraise=True)
        def ask():
            tries.append(text)
            return openai_chat(url, text)

        return ask()

    missing.record(openai_chat)
    missed = missing.miss(program, sends=4)
    assert len(tries) == 4
    assert len(missed.deck.errors) == 1
    assert missed.miss.others == ()
    assert missed.miss.__cause__ is missed.saw


def test_R14_tenacity_does_not_retry_an_abort(missing):
    tenacity = sdk("tenacity")
    missing.record(openai_chat)
    ask = tenacity.retry(stop=tenacity.stop_after_attempt(4))(swallowed(openai_chat))
    with (
        pytest.raises(ReplayAbort),
        tokentape.use_cassette(missing.path, mode="none", on_miss="abort") as deck,
    ):
        ask(missing.provider.url, "Say goodbye.")
    assert deck.tally.missed == 1
