"""Half a character, as JSON can hold and UTF-8 cannot: it is echoed, and the connection lives."""

from __future__ import annotations

import http.client
import json

import pytest

from tokentape.testing.provider.reading import compact, indented

TEXT = r'"a \ud83d z"'
CHAT = r'{"model": "m\udc00", "stream": %s, "messages": [{"role": "user", "content": %s}], "max_tokens": 9}'
CALLS = {
    "chat": ("/v1/chat/completions", CHAT),
    "messages": ("/v1/messages", CHAT),
    "ollama": ("/api/chat", CHAT),
    "generate": ("/api/generate", r'{"model": "m", "stream": %s, "prompt": %s}'),
    "responses": ("/v1/responses", r'{"model": "m", "stream": %s, "input": %s}'),
    "cohere": ("/v2/chat", CHAT),
    "converse": ("/model/m/converse%s", r'{"messages": [{"role": "user", "content": [{"text": %s}]}]}'),
    "gemini": (
        "/v1beta/models/m:%sontent",
        r'{"contents": [{"role": "user", "parts": [{"text": %s}]}]}',
    ),
    "embeddings": ("/v1/embeddings", r'{"model": "m", "encoding_format": "float", "input": %s}'),
}


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("api", CALLS)
def test_a_lone_surrogate_is_echoed(provider, api, stream):
    path, body = CALLS[api]
    if api == "gemini":
        path %= "streamGenerateC" if stream else "generateC"
    if api == "converse":
        path %= "-stream" if stream else ""
    body = body % (("true" if stream else "false", TEXT) if body.count("%s") == 2 else TEXT)
    connection = http.client.HTTPConnection("127.0.0.1", provider.port, timeout=10)
    connection.request("POST", path, body.encode(), {"content-type": "application/json"})
    reply = connection.getresponse()
    data = reply.read()
    connection.close()
    assert reply.status == 200, data
    assert rb"\ud83d" in data or api == "embeddings"


@pytest.mark.parametrize("write", [compact, indented])
def test_json_of_it_reads_back(write):
    assert json.loads(write({"a\udc00": ["\ud83d", "é"]})) == {"a\udc00": ["\ud83d", "é"]}
    assert "é".encode() in write("é")
