"""Without a configuration: the client's own key goes on as it came, is recorded nowhere, and reaches nobody else."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from dataclasses import replace

import pytest

pytest.importorskip("uvicorn")
pytest.importorskip("aiohttp")

from running import running

from tokentape.gateway.services import Setup
from tokentape.gateway.table import Table, upstream_for
from tokentape.gateway.tapes import RecordOptions
from tokentape.testing.provider import Provider

KEY = "0123456789abcdef0123456789"
PATHS = {"openai": "/v1", "mistral": "/v1", "anthropic": "", "gemini": "", "ollama": ""}


class Near(Table):
    """The fixed table, with its providers on this machine."""

    def __init__(self, url):
        super().__init__()
        self._made = {name: replace(upstream_for(name), base_url=url + path) for name, path in PATHS.items()}


@pytest.fixture
def provider():
    with Provider() as provider:
        yield provider


@pytest.fixture
def gateway(provider, tmp_path):
    record = RecordOptions(root=str(tmp_path / "tapes"))
    with running(Setup(Near(provider.url)), record=record) as gateway:
        yield gateway


def ask(gateway, path, body, **headers):
    request = urllib.request.Request(
        gateway.url + path,
        json.dumps(body).encode() if body is not None else None,
        {
            "Content-Type": "application/json",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        },
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as reply:
            return reply.status, json.loads(reply.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


HI = [{"role": "user", "content": "hi"}]
BEARER = {"Authorization": f"Bearer {KEY}"}
CALLS = [
    ("/v1/chat/completions", {"model": "gpt-5", "messages": HI}, BEARER, "/v1/chat/completions"),
    ("/v1/chat/completions", {"model": "mistral-large-latest", "messages": HI}, BEARER, "/v1/chat/completions"),
    ("/v1/responses", {"model": "gpt-5", "input": "hi", "store": False}, BEARER, "/v1/responses"),
    ("/v1/messages", {"model": "claude-x", "max_tokens": 9, "messages": HI}, {"x_api_key": KEY}, "/v1/messages"),
    (
        "/v1beta/models/gemini-x:generateContent",
        {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]},
        {"x_goog_api_key": KEY},
        "/v1beta/models/gemini-x:generateContent",
    ),
    ("/to/openai/v1/chat/completions", {"model": "claude-x", "messages": HI}, BEARER, "/v1/chat/completions"),
    ("/v1/models", None, BEARER, "/v1/models"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "body", "headers", "asked"), CALLS, ids=range(len(CALLS)))
def test_the_clients_key_goes_on_and_is_not_recorded(gateway, provider, tmp_path, path, body, headers, asked):
    status, reply = ask(gateway, path, body, **headers)
    assert status == 200, reply
    (seen,) = provider.requests
    assert seen.path.partition("?")[0] == asked
    assert KEY in "\n".join(value for _, value in seen.headers)
    gateway.call(gateway.services.tapes.close())
    (tape,) = (tmp_path / "tapes").iterdir()
    text = tape.read_text(encoding="utf-8")
    assert KEY not in text
    assert asked in text


def test_a_local_server_is_shown_no_key(gateway, provider):
    status, _ = ask(gateway, "/api/chat", {"model": "llama4", "stream": False, "messages": HI}, **BEARER)
    assert status == 200
    assert KEY not in "\n".join(value for _, value in provider.requests[0].headers)


def test_a_model_of_another_provider_is_refused_in_a_line(gateway, provider):
    status, reply = ask(gateway, "/v1/chat/completions", {"model": "claude-x", "messages": HI}, **BEARER)
    assert status == 404
    assert reply["error"]["message"].startswith(
        "model 'claude-x' is one of anthropic's, and openai would be asked"
    )
    assert provider.count == 0


def test_an_unknown_provider_is_refused_in_a_line(gateway, provider):
    status, reply = ask(gateway, "/to/opnai/v1/chat/completions", {"model": "x", "messages": HI}, **BEARER)
    assert status == 404
    assert reply["error"]["message"] == "no provider is called 'opnai'; did you mean 'openai'?"
    assert provider.count == 0
