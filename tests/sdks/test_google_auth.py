"""google-auth's AuthorizedSession, which refreshes its token by a session of its own."""

from __future__ import annotations

import datetime

import pytest

google_auth = pytest.importorskip("google.auth.transport.requests", reason="needs google-auth and requests")
from google.oauth2.credentials import Credentials  # noqa: E402

PATH = "/v1beta/models/gemini-2.5-flash:generateContent"
ASK = {"contents": [{"role": "user", "parts": [{"text": "Capital of Norway?"}]}]}


def session(url, **more):
    return google_auth.AuthorizedSession(Credentials("ya29.token-0123456789", **more))


def test_calls_and_streams(tape):
    def scenario(url):
        with session(url) as own:
            whole = own.post(url + PATH, json=ASK).json()
            stream = url + PATH.replace(":generate", ":streamGenerate") + "?alt=sse"
            with own.post(stream, json=ASK, stream=True) as response:
                return [whole, list(response.iter_lines())]

    whole, lines = tape.twice(scenario)
    assert whole["candidates"][0]["content"]["parts"][0]["text"].startswith("Answer")
    assert sum(line.startswith(b"data: ") for line in lines) > 1
    assert "ya29" not in tape.path.read_text()


def test_a_refused_token_is_refreshed_and_the_call_made_again(tape):
    tape.provider.fails(401, path=PATH)
    fresh = ("ya29.fresh-0123456789", datetime.datetime(2999, 1, 1))

    def scenario(url):
        with session(url, refresh_handler=lambda request, scopes: fresh) as own:
            own.credentials.token = "ya29.stale-0123456789"
            own.credentials.expiry = None
            response = own.post(url + PATH, json=ASK)
            return [response.status_code, response.json()]

    assert tape.twice(scenario)[0] == 200
    assert tape.provider.count == 2
