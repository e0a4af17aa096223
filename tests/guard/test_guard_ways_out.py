"""In mode `none` nothing goes out, whatever the library: every way out, to a name and to a server that counts."""

from __future__ import annotations

import contextlib
import pickle

import pytest
from ways_out import WAYS, raw

import tokentape
from tokentape.errors import NetworkBlocked, TokentapeError

NAME = "http://example.invalid/"


def blocked(tape, way, url, **options):
    """What the block ends with, and what the program saw of it."""
    saw = []
    with pytest.raises(NetworkBlocked) as caught:
        with tokentape.use_cassette(tape, mode="none", record="llm", **options):
            try:
                way(url)
            except BaseException as error:
                saw.append(error)
                raise
    assert saw
    return caught.value, saw[0]


@pytest.mark.parametrize("name", WAYS)
def test_a_name_is_not_looked_up(tape, name):
    way, library = WAYS[name]
    error, saw = blocked(tape, way, NAME)
    assert "example.invalid" in error.target
    assert error.library == library
    assert isinstance(saw, NetworkBlocked)


@pytest.mark.parametrize("name", WAYS)
def test_a_server_is_not_reached(tape, name, abroad):
    way, library = WAYS[name]
    error, saw = blocked(tape, way, abroad.url)
    assert abroad.count == 0
    assert error.target == f"{abroad.host}:{abroad.port}"
    if isinstance(saw, ExceptionGroup):
        assert error.library.startswith("- (a task")
        assert saw.split(NetworkBlocked)[1] is None
        assert error.__cause__ is saw
    else:
        assert error is saw
        assert error.library == library


@pytest.mark.parametrize("name", WAYS)
def test_the_same_way_is_open_where_it_is_allowed(tape, name, abroad):
    """So none of the above passes for another reason. (A handshake of WebSockets fails: the answer is none.)"""
    way = WAYS[name][0]
    with abroad.answers() as came:
        with tokentape.use_cassette(
            tape, mode="none", record="llm", allow_hosts=[f"{abroad.host}:{abroad.port}"]
        ):
            if "websockets" in name:
                refused = pytest.importorskip("websockets.exceptions").InvalidStatus
                with pytest.raises(refused):
                    way(abroad.url)
            else:
                way(abroad.url)
    assert len(came) == 1


def test_the_error_is_no_fault_of_the_wire():
    assert issubclass(NetworkBlocked, TokentapeError)
    assert not issubclass(NetworkBlocked, OSError)


def test_the_error_says_what_to_do_and_survives_a_process_boundary(tape):
    error, _ = blocked(tape, raw, NAME)
    again = pickle.loads(pickle.dumps(error))
    assert str(again) == str(error)
    assert (again.target, again.library, again.reason, again.fix) == (
        error.target,
        error.library,
        error.reason,
        error.fix,
    )
    assert "\n" not in str(error)
    for part in (
        "tape.json is in mode none (argument)",
        "allow_hosts=['example.invalid']",
        "tokentape doctor",
    ):
        assert part in str(error)


def test_a_program_that_swallows_it_fails_all_the_same(tape):
    with pytest.raises(NetworkBlocked, match=r"example\.invalid"):
        with tokentape.use_cassette(tape, mode="none") as deck:
            for _ in range(3):
                with contextlib.suppress(Exception):
                    raw(NAME)
    assert len(deck.errors) == 1


def test_what_a_cassette_lets_pass_is_held_back_too(tape):
    httpx = pytest.importorskip("httpx")
    error, saw = blocked(tape, httpx.get, "http://not-a-provider.invalid/status")
    assert saw is error
    assert error.library == "httpx"


@pytest.mark.parametrize("way", ["openai", "openai async"])
def test_the_sdk_does_not_try_again(tape, way):
    import asyncio

    openai = pytest.importorskip("openai", minversion="3.0")
    sends = []

    def ask(url):
        client = openai.OpenAI(api_key="k", base_url=url, max_retries=3)
        client._client.event_hooks["request"].append(sends.append)
        client.models.list()

    async def aask(url):
        async def note(request):
            sends.append(request)

        client = openai.AsyncOpenAI(api_key="k", base_url=url, max_retries=3)
        client._client.event_hooks["request"].append(note)
        await client.models.list()

    blocked(tape, ask if way == "openai" else (lambda url: asyncio.run(aask(url))), NAME)
    assert len(sends) == 1
