"""The latch: an answer at once to an identical request, one error at the end, and nobody else disturbed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from miss_blocks import GOODBYE, HELLO
from sdk_programs import openai_chat, swallowed

import tokentape
from tokentape.errors import ReplayAbort, ReplayMiss

quiet = swallowed(openai_chat)


@pytest.fixture
def taped(missing):
    missing.record(openai_chat)
    return missing


def test_an_identical_request_gets_the_same_answer_and_no_second_latch(taped):
    def program(url, text):
        return [str(quiet(url, text)) for _ in range(3)]

    missed = taped.miss(program, sends=3)
    first, *others = missed.saw
    assert others == [first, first]
    assert missed.miss.others == ()


def test_threads_that_ask_the_same_at_once_latch_it_once(taped):
    def program(url, text):
        with ThreadPoolExecutor(16) as pool:
            return set(pool.map(lambda _: str(quiet(url, text)), range(64)))

    missed = taped.miss(program, sends=64)
    assert len(missed.saw) == 1
    assert missed.miss.others == ()


def test_a_second_question_is_a_second_miss(taped):
    def program(url, text):
        quiet(url, text)
        quiet(url, "Say nothing.")

    missed = taped.miss(program, sends=2)
    assert missed.explanation.asks == GOODBYE
    assert [other.asks for other in missed.miss.others] == ["Say nothing."]


def test_the_latch_is_of_one_cassette(taped, tmp_path):
    """An outer and a later block know nothing of it."""
    url = taped.provider.url
    with tokentape.use_cassette(tmp_path / "outer.json"):
        with pytest.raises(ReplayMiss), tokentape.use_cassette(taped.path, mode="none") as inner:
            quiet(url, GOODBYE)
        assert not isinstance(quiet(url, HELLO), Exception)
    assert len(inner.errors) == 1
    with tokentape.use_cassette(taped.path, mode="none") as deck:
        quiet(url, HELLO)
    assert deck.errors == ()


def test_an_error_of_the_programs_own_is_the_cause(taped):
    with pytest.raises(ReplayMiss) as caught:
        with tokentape.use_cassette(taped.path, mode="none"):
            quiet(taped.provider.url, GOODBYE)
            raise KeyError("answer")
    assert isinstance(caught.value.__cause__, KeyError)


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_whoever_stops_the_program_is_not_kept_from_it(taped, error):
    with pytest.raises(error):
        with tokentape.use_cassette(taped.path, mode="none"):
            quiet(taped.provider.url, GOODBYE)
            raise error


def test_a_decorated_function_a_generator_and_an_async_block_end_with_it_too(taped):
    import asyncio

    block = tokentape.use_cassette(taped.path, mode="none")
    url = taped.provider.url

    @block
    def function():
        return quiet(url, GOODBYE)

    @block
    def generator():
        yield quiet(url, GOODBYE)

    async def block_of_a_coroutine():
        async with block:
            quiet(url, GOODBYE)

    with pytest.raises(ReplayMiss):
        function()
    with pytest.raises(ReplayMiss):
        list(generator())
    with pytest.raises(ReplayMiss):
        asyncio.run(block_of_a_coroutine())


def test_uninstall_ends_with_it(taped):
    tokentape.install(taped.path, mode="none")
    quiet(taped.provider.url, GOODBYE)
    with pytest.raises(ReplayMiss):
        tokentape.uninstall()
    assert not tokentape.is_installed()


def test_an_abort_is_raised_at_each_of_them(taped):
    with pytest.raises(ReplayAbort), tokentape.use_cassette(taped.path, mode="none", on_miss="abort"):
        with pytest.raises(ReplayAbort):
            quiet(taped.provider.url, GOODBYE)
        quiet(taped.provider.url, GOODBYE)


def test_an_abort_that_was_swallowed_is_a_miss_at_the_end(taped):
    with pytest.raises(ReplayMiss), tokentape.use_cassette(taped.path, mode="none", on_miss="abort"):
        with pytest.raises(ReplayAbort):
            openai_chat(taped.provider.url, GOODBYE)


def test_the_mode_once_misses_as_none_does(taped):
    before = taped.provider.count
    with pytest.raises(ReplayMiss, match=r"mode once"), tokentape.use_cassette(taped.path, mode="once"):
        quiet(taped.provider.url, GOODBYE)
    assert taped.provider.count == before
