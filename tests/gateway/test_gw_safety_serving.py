"""Through a gateway on a real socket: what pages, prefixes and credentials come to."""

from __future__ import annotations

from dataclasses import replace

import pytest

pytest.importorskip("aiohttp")
pytest.importorskip("uvicorn")
pytest.importorskip("httpx")

import httpx
from running import running, setup, upstream

from tokentape.gateway.safety import SafetyOptions
from tokentape.testing.provider import reply
from tokentape.upstreams.auth.passing import ClientKey
from tokentape.upstreams.upstream import Secret

CHAT = "/v1/chat/completions"
PAGE = "https://tools.example.com"


def asks(text="Hello?", **more):
    return {"model": "m", "messages": [{"role": "user", "content": text}], **more}


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_a_page_that_may_ask_may_read_what_comes_back(provider, stream):
    options = SafetyOptions(allowed_origins=(PAGE,))
    with running(setup(upstream(provider.url), safety=options)) as gateway:
        said = httpx.post(gateway.url + CHAT, json=asks(stream=stream), headers={"Origin": PAGE})
        refused = httpx.post(gateway.url + CHAT, json=asks(), headers={"Origin": "https://else.example.com"})
        page = httpx.get(gateway.url + "/quota", headers={"Origin": PAGE})
        other = httpx.post(gateway.url + CHAT, json=asks())
    assert said.status_code == page.status_code == 200
    for answer in (said, page):
        assert answer.headers.get_list("access-control-allow-origin") == [PAGE]
        assert answer.headers["vary"] == "Origin"
    assert refused.status_code == 403
    assert "access-control-allow-origin" not in refused.headers
    assert "access-control-allow-origin" not in other.headers


SHOWN = {
    "authorization": "Bearer sk-client-1234567",
    "x-api-key": "client-9876543",
    "proxy-authorization": "Basic Y2xpZW50OnNlY3JldA==",
    "cookie": "session=client-cookie",
    "x-goog-iam-authorization-token": "client-token-1",
    "ocp-apim-subscription-key": "client-subscription-1",
    "x-amz-security-token": "client-amz-token",
    "x-tokentape-anything": "client-ours",
}
QUERY = "?%6Bey=client-query-1&access_token=client-query-2&api_key=client-query-3&alt=sse&page_token=5"


@pytest.mark.parametrize("path", [CHAT, "/v1/embeddings"])
def test_nothing_that_a_client_proves_itself_with_goes_to_an_upstream_with_another_key(provider, path):
    with running(setup(upstream(provider.url))) as gateway:
        said = httpx.post(gateway.url + path + QUERY, json=asks(input="x"), headers=SHOWN)
    assert said.status_code == 200
    (seen,) = provider.requests
    everything = f"{seen.target} {seen.headers}"
    assert not [word for word in ("client", *SHOWN) if word in everything]
    assert seen.target == f"{path}?alt=sse&page_token=5"


@pytest.mark.parametrize("name", ["key", "%6Bey"])
def test_the_gateway_s_own_key_goes_nowhere_however_its_parameter_is_spelled(provider, name):
    options = SafetyOptions(keys=(("team", Secret("gateway-key-1")),))
    up = replace(upstream(provider.url), auth=ClientKey(), passes_client_key=True)
    with running(setup(up, safety=options)) as gateway:
        headers = {"x-goog-api-key": "client-key-123"}
        url = f"{gateway.url}{CHAT}?a=1&{name}=gateway-key-1&key="
        said = httpx.post(url, json=asks(), headers=headers)
    assert said.status_code == 200, said.text
    (seen,) = provider.requests
    assert seen.target == f"{CHAT}?a=1"
    assert seen.header("x-goog-api-key") == "client-key-123"


def test_fields_of_ours_that_an_upstream_says_reach_nobody(provider):
    more = (("x-tokentape-id", "theirs"), ("x-tokentape-upstream", "theirs"), ("x-request-id", "req"))
    provider.play(reply(b'{"choices": []}', 200, more))
    with running(setup(upstream(provider.url))) as gateway:
        said = httpx.post(gateway.url + CHAT, json=asks())
    assert "theirs" not in str(said.headers)
    assert said.headers["x-request-id"] == "req"


def test_who_watches_may_ask_for_the_head_alone(provider):
    with running(setup(upstream(provider.url))) as gateway:
        for page in ("/health", "/ready"):
            said = httpx.head(gateway.url + page)
            assert (said.status_code, said.content) == (200, b"")
