"""Through a running gateway: where calls arrive, what they show there, and which never leave."""

from __future__ import annotations

import http.client
import json
from dataclasses import replace

import pytest

pytest.importorskip("aiohttp")
pytest.importorskip("uvicorn")
from running import running, setup, upstream

from tokentape.gateway.safety import SafetyOptions
from tokentape.upstreams.auth.header import HeaderKey
from tokentape.upstreams.auth.kinds import Surroundings
from tokentape.upstreams.auth.passing import ClientKey
from tokentape.upstreams.presets import preset
from tokentape.upstreams.upstream import Credential, Secret

MESSAGES = [{"role": "user", "content": "hi"}]
KEYS = (("team", Secret("gateway-key")),)
OWN = (Credential("key1", Secret("upstream-key")),)


def call(gateway, path, body, **fields) -> tuple[int, bytes]:
    headers = {
        "content-type": "application/json",
        **{name.replace("_", "-"): value for name, value in fields.items()},
    }
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=20)
    try:
        connection.request("POST", path, json.dumps(body), headers)
        reply = connection.getresponse()
        return reply.status, reply.read()
    finally:
        connection.close()


def here(provider, name: str, path: str, **options):
    """A preset whose provider is the bundled one."""
    made = preset(name, options, Surroundings(None, lambda: 0.0, {}))
    return replace(made, base_url=provider.url + path, auth=HeaderKey(), credentials=OWN)


CALLS = [("/v1/messages", {"max_tokens": 9}), ("/v1/chat/completions", {})]


@pytest.mark.parametrize(("path", "more"), CALLS, ids=["same", "translated"])
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_claude_on_vertex_is_asked_by_its_path(provider, path, more, stream):
    claude = here(
        provider, "vertex-anthropic", "/v1/projects/p/locations/l/publishers/anthropic", project="p"
    )
    with running(setup(claude)) as gateway:
        status, reply = call(
            gateway, path, {"model": "claude-x@1", "messages": MESSAGES, "stream": stream, **more}
        )
    assert status == 200, reply
    method = "streamRawPredict" if stream else "rawPredict"
    seen = provider.requests[0]
    assert seen.target == f"/v1/projects/p/locations/l/publishers/anthropic/models/claude-x@1:{method}"
    sent = json.loads(seen.body)
    assert "model" not in sent
    assert sent["anthropic_version"] == "vertex-2023-10-16"


def test_a_deployment_of_azures_stands_in_the_path(provider):
    azure = here(provider, "azure-deployments", "/openai", resource="r")
    with running(setup(azure)) as gateway:
        status, _ = call(gateway, "/v1/chat/completions", {"model": "my-gpt", "messages": MESSAGES})
        wrong, told = call(gateway, "/v1/chat/completions", {"model": "../../files", "messages": MESSAGES})
    assert status == 200
    assert [seen.target for seen in provider.requests] == [
        "/openai/deployments/my-gpt/chat/completions?api-version=2024-10-21"
    ]
    assert wrong == 400
    assert b"cannot stand in a path" in told


SHOWN = {
    "authorization": "Bearer sk-proj-theirs", "x_api_key": "sk-ant-theirs", "api_key": "theirs",
    "x_goog_api_key": "AIzaTheirs", "cookie": "a=theirs",
}  # fmt: skip


@pytest.mark.parametrize(
    "path", ["/v1/chat/completions?key=theirs", "/v1/messages?key=theirs"], ids=["same", "translated"]
)
def test_what_a_client_shows_does_not_reach_an_upstream_with_a_key_of_its_own(provider, path):
    own = upstream(provider.url, credentials=OWN)
    own = replace(own, auth=HeaderKey())
    with running(setup(own)) as gateway:
        assert call(gateway, path, {"model": "m", "max_tokens": 9, "messages": MESSAGES}, **SHOWN)[0] == 200
    seen = provider.requests[0]
    assert seen.header("authorization") == "Bearer upstream-key"
    assert "heirs" not in str(seen.headers) + seen.target


def test_the_gateways_own_key_goes_no_further(provider):
    passing = replace(upstream(provider.url), auth=ClientKey(), passes_client_key=True)
    with running(setup(passing, safety=SafetyOptions(keys=KEYS))) as gateway:
        body = {"model": "m", "messages": MESSAGES}
        both = call(
            gateway,
            "/v1/chat/completions",
            body,
            x_tokentape_key="gateway-key",
            authorization="Bearer sk-theirs",
        )
        only = call(gateway, "/v1/chat/completions", body, authorization="Bearer gateway-key")
        none = call(gateway, "/v1/chat/completions", body, authorization="Bearer sk-theirs")
    assert (both[0], none[0]) == (200, 401)
    assert only[0] != 200
    assert provider.count == 1
    seen = provider.requests[0]
    assert seen.header("authorization") == "Bearer sk-theirs"
    assert "gateway-key" not in str(seen.headers)


def test_a_clients_key_for_another_provider_does_not_leave(provider):
    passing = replace(upstream(provider.url), auth=ClientKey(), passes_client_key=True)
    body = {"model": "m", "messages": MESSAGES}
    with running(setup(passing)) as gateway:
        wrong, told = call(gateway, "/v1/chat/completions", body, authorization="Bearer sk-ant-theirs")
        other, why = call(gateway, "/v1/messages", {**body, "max_tokens": 9}, x_api_key="sk-theirs")
        right, _ = call(gateway, "/v1/chat/completions", body, authorization="Bearer sk-theirs")
    assert right == 200
    assert provider.count == 1
    assert wrong >= 400
    assert b"anthropic" in told
    assert b"sk-ant-theirs" not in told
    assert other >= 400
    assert b"own dialect" in why


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"origin": "https://evil.example"}, 403),
        ({"sec_fetch_site": "cross-site"}, 403),
        ({"host": "evil.example"}, 403),
        ({"content_type": "text/plain"}, 415),
        ({}, 200),
    ],
    ids=["origin", "cross-site", "rebinding", "form", "client"],
)
def test_a_web_page_does_not_spend_money(provider, fields, status):
    with running(setup(upstream(provider.url))) as gateway:
        result = call(gateway, "/v1/chat/completions", {"model": "m", "messages": MESSAGES}, **fields)
    assert result[0] == status, result[1]
    assert provider.count == (status == 200)
