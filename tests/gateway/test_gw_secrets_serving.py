"""The keys of upstreams, where a reply quotes them: not to the client, not onto a tape, into no trace."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("aiohttp")
pytest.importorskip("uvicorn")
pytest.importorskip("httpx")

import httpx
from running import running, setup

from tokentape.gateway.tapes import RecordOptions
from tokentape.gateway.trace.options import TraceOptions
from tokentape.testing.provider import reply
from tokentape.upstreams.auth.header import HeaderKey
from tokentape.upstreams.upstream import Credential, Secret, Upstream

KEY = "Vz3kQ9w_tLm84"  # of no provider's shape: nothing but knowing it can hide it
PATHS = {
    "chat": ("/v1/chat/completions", "openai.chat"),
    "translated": ("/v1/chat/completions", "anthropic.messages"),
    "passed": ("/v1/embeddings", "openai.chat"),
}
BODY = {"model": "m", "messages": [{"role": "user", "content": "Hello?"}], "input": "Hello?"}


def keyed(provider, dialect):
    credential = Credential("main", Secret(KEY))
    return Upstream("up", dialect, provider.url, HeaderKey("x-own-key", ""), credentials=(credential,))


@pytest.mark.parametrize("name", PATHS)
@pytest.mark.parametrize("status", [400, 401, 500])
def test_an_error_that_quotes_the_key(provider, tmp_path, name, status):
    path, dialect = PATHS[name]
    provider.fails(status, times=9, message=f"Bad key: {KEY}!", headers={"x-asked-with": KEY})
    record = RecordOptions(str(tmp_path / "tapes"))
    trace = TraceOptions(directory=str(tmp_path / "traces"))
    with running(setup(keyed(provider, dialect)), record=record, trace=trace) as gateway:
        said = httpx.post(gateway.url + path, json=BODY, timeout=30)
    assert provider.requests[0].header("x-own-key") == KEY
    assert said.status_code >= 400
    assert "Bad key: *" in said.text
    assert KEY not in said.text + str(said.headers)
    files = [file.read_text() for file in tmp_path.rglob("*") if file.is_file()]
    assert files
    assert not any(KEY in text for text in files)


def test_a_reply_that_quotes_it_is_not_taped_with_it(provider, tmp_path):
    body = {"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [], "echo": KEY}
    provider.play(reply(json.dumps(body).encode(), 200, (), content_type="application/json"))
    record = RecordOptions(str(tmp_path))
    with running(setup(keyed(provider, "openai.chat")), record=record) as gateway:
        httpx.post(gateway.url + "/v1/chat/completions", json=BODY)
    (file,) = tmp_path.rglob("*.json")
    assert KEY not in file.read_text()
    assert '"echo"' in file.read_text()
