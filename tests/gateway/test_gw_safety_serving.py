"""Through a gateway on a real socket: what pages, prefixes and credentials come to."""

from __future__ import annotations

import pytest

pytest.importorskip("aiohttp")
pytest.importorskip("uvicorn")
pytest.importorskip("httpx")

import httpx
from running import running, setup, upstream

from tokentape.gateway.safety import SafetyOptions

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
    for reply in (said, page):
        assert reply.headers.get_list("access-control-allow-origin") == [PAGE]
        assert reply.headers["vary"] == "Origin"
    assert refused.status_code == 403
    assert "access-control-allow-origin" not in refused.headers
    assert "access-control-allow-origin" not in other.headers
