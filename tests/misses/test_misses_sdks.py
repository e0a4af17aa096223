"""A miss through each SDK as it comes, its retries included: one send, the text seen, the block fails."""

from __future__ import annotations

import pytest
from miss_blocks import GOODBYE, HELLO, run
from sdk_programs import ASYNC, KEY, LANGCHAIN, SYNC, langchain_async, openai_chat, said, sdk, swallowed

import tokentape
from tokentape.errors import ReplayAbort, ReplayMiss

pytestmark = pytest.mark.filterwarnings(
    "ignore:Inheritance class AiohttpClientSession:DeprecationWarning",  # google-genai, at its import
)
EVERY = pytest.mark.parametrize("program", [*SYNC, *ASYNC, *LANGCHAIN], ids=lambda program: program.__name__)


@EVERY
def test_R14_a_miss_is_sent_once_is_seen_and_ends_the_block(missing, program):
    missing.record(program)
    missed = missing.miss(program)
    assert isinstance(missed.saw, Exception)
    assert missed.miss.__cause__ is missed.saw
    for part in (
        "No recording in",
        "tape.json",
        "goodbye",
        "to record it in place of ",
        "TOKENTAPE_MODE=refresh",
    ):
        assert part in str(missed.saw)
        assert part in str(missed.miss)


@EVERY
def test_R14_a_miss_that_the_program_swallowed_ends_the_block_too(missing, program):
    missing.record(program)
    missed = missing.miss(swallowed(program))
    assert missed.miss.__cause__ is None
    assert "No recording in" in str(missed.saw)


@pytest.mark.parametrize(
    "program", [each for each in EVERY.args[1] if each is not langchain_async], ids=lambda each: each.__name__
)
def test_R14_abort_leaves_through_the_sdk_and_except_exception(missing, program):
    """Nothing catches it on the way, so it is what the block ends with."""
    missing.record(program)
    before = missing.provider.count
    with pytest.raises(ReplayAbort) as caught:
        with tokentape.use_cassette(missing.path, mode="none", on_miss="abort") as deck:
            run(swallowed(program), missing.provider.url, GOODBYE)
    assert (deck.tally.missed, missing.provider.count) == (1, before)
    assert "goodbye" in str(caught.value)


def test_R14_an_abort_that_a_framework_loses_still_ends_the_block(missing):
    """LangChain's asynchronous side takes any BaseException for a result, and trips over it."""
    missing.record(langchain_async)
    missed = missing.miss(langchain_async, on_miss="abort")
    assert isinstance(missed.saw, AttributeError)


@EVERY
def test_R15_the_recorded_call_still_replays_after_a_miss(missing, program):
    """The corrected retry: the miss used nothing up."""
    missing.record(program)
    seen = missing.provider.count
    with pytest.raises(ReplayMiss), tokentape.use_cassette(missing.path, mode="none") as deck:
        assert isinstance(run(swallowed(program), missing.provider.url, GOODBYE), Exception)
        assert not isinstance(run(swallowed(program), missing.provider.url, HELLO), Exception)
    assert deck.unused == []
    assert missing.provider.count == seen


def test_an_sdk_that_is_asked_to_retry_does_not(missing):
    def program(url, text):
        client = sdk("openai").OpenAI(api_key=KEY, base_url=f"{url}/v1", max_retries=5)
        return client.chat.completions.create(model="gpt-5-mini", **said(text))

    missing.record(openai_chat)
    missing.miss(program)
