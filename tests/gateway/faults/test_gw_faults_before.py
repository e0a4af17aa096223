"""Upstreams that fail before anything of a reply was shown: one clear error, and what may be tried again is."""

from __future__ import annotations

import pytest
from fault_kit import AGAIN, PATHS, SPOKEN, WAYS, asks, nobody, post, recordings, stood, text_of

from tokentape.testing.provider import reply
from tokentape.testing.provider.faults import cut, late, reset, stall
from tokentape.upstreams.upstream import Times

BOTH = pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
EACH = pytest.mark.parametrize("way", WAYS)
pytestmark = [EACH, BOTH]


def is_told(answer, status):
    """An error in the client's dialect, with our headers."""
    assert answer.status_code == status
    error = answer.json()["error"]
    assert error["message"]
    assert answer.headers["x-tokentape-id"]
    return error["message"]


def test_it_refuses(tmp_path, way, stream):
    with stood(way, nobody(), tmp_path / "tapes", retry=AGAIN) as gateway:
        answer = post(gateway, asks(stream=stream))
    message = is_told(answer, 502)
    assert "127.0.0.1" in message
    assert answer.headers["x-tokentape-attempts"].count("api_connection") == 3
    assert recordings(tmp_path / "tapes") == []


def test_it_stalls_before_the_first_byte(stand, provider, way, stream):
    gateway = stand(way, times=Times(first_byte=1.5))
    provider.changes(late(None))
    assert "no answer began within" in is_told(post(gateway, asks(stream=stream)), 504)
    assert post(gateway, asks(stream=stream)).status_code == 200


def test_it_stalls_after_the_head(stand, provider, way, stream):
    """One deadline for asking and the first byte: a head is none."""
    gateway = stand(way, times=Times(first_byte=1.5))
    provider.changes(stall(None, at=0))
    assert "no answer began within" in is_told(post(gateway, asks(stream=stream)), 504)


@pytest.mark.parametrize("breaks", [cut, reset], ids=["cut", "reset"])
def test_it_breaks_off_after_the_head(stand, provider, way, stream, breaks):
    gateway = stand(way, retry=AGAIN)
    provider.changes(breaks(at=0))
    provider.answers("Well.")
    answer = post(gateway, asks(stream=stream))
    assert answer.status_code == 200
    assert provider.count == 2
    assert answer.headers["x-tokentape-attempts"].count("m#none:") == 2


@pytest.mark.parametrize("breaks", [cut, reset], ids=["cut", "reset"])
def test_it_always_breaks_off_after_the_head(provider, tmp_path, way, stream, breaks):
    """The gateway's own error is no recording."""
    provider.changes(breaks(at=0))
    with stood(way, provider, tmp_path / "tapes") as gateway:
        is_told(post(gateway, asks(stream=stream)), 502)
    assert recordings(tmp_path / "tapes") == []


def test_429_that_says_when(stand, provider, way, stream):
    gateway = stand(way, retry=AGAIN)
    provider.fails(429, headers={"retry-after": "0"})
    provider.answers("Now.")
    answer = post(gateway, asks(stream=stream))
    assert answer.status_code == 200
    assert answer.headers["x-tokentape-attempts"] == "up/m#none:429, up/m#none:200"


def test_429_that_says_too_late(stand, provider, way, stream):
    """A wait beyond the budget is the client's: it is told at once, and when to come back."""
    gateway = stand(way, retry=AGAIN)
    provider.fails(429, headers={"retry-after": "3600"}, message="Slow down.")
    answer = post(gateway, asks(stream=stream))
    assert is_told(answer, 429) == "Slow down."
    assert 3590 <= int(answer.headers["retry-after"]) <= 3600
    assert "x-should-retry" not in answer.headers
    assert provider.count == 1


def test_429_without_a_word(stand, provider, way, stream):
    gateway = stand(way, retry=AGAIN)
    provider.fails(429)
    provider.answers("Now.")
    answer = post(gateway, asks(stream=stream))
    assert (answer.status_code, provider.count) == (200, 2)


def test_500_once(stand, provider, way, stream):
    gateway = stand(way, retry=AGAIN)
    provider.fails(500, times=2)
    provider.answers("At last.")
    answer = post(gateway, asks(stream=stream))
    assert (answer.status_code, provider.count) == (200, 3)


def test_500_always(stand, provider, way, stream):
    gateway = stand(way, retry=AGAIN)
    provider.fails(500, times=None, message="Broken.")
    assert is_told(post(gateway, asks(stream=stream)), 500) == "Broken."
    assert provider.count == 3


def test_an_error_that_is_no_json(stand, provider, way, stream):
    gateway = stand(way)
    provider.play(reply(b"<html>Bad gateway</html>", 502, content_type="text/html"))
    answer = post(gateway, asks(stream=stream))
    assert answer.status_code == 502
    assert "Bad gateway" in answer.text


def test_invalid_json(stand, provider, way, stream):
    """The same dialect is passed on as it is; what cannot be read cannot be translated."""
    gateway = stand(way)
    provider.play(reply(b'{"choices": [', content_type="application/json"))
    answer = post(gateway, asks(stream=stream))
    if way == "translated":
        assert "cannot be read" in is_told(answer, 502)
    else:
        assert (answer.status_code, answer.content) == (200, b'{"choices": [')


def test_an_application_that_talks_of_errors(stand, provider, way, stream):
    """JSON with the word "error" in it is an answer, and no failure of the transport."""
    gateway = stand(way, retry=AGAIN)
    said = '{"error": {"type": "overloaded_error", "message": "no"}}'
    provider.answers(said)
    answer = post(gateway, asks(stream=stream))
    assert (answer.status_code, provider.count) == (200, 1)
    text = text_of(answer) if stream else answer.json()["choices"][0]["message"]["content"]
    assert text == said


def test_one_word_reaches_the_right_place(stand, provider, way, stream):
    gateway = stand(way)
    post(gateway, asks(stream=stream))
    (seen,) = provider.requests
    assert seen.path == PATHS[SPOKEN[way]]
    assert seen.header("x-tokentape-id") is None
