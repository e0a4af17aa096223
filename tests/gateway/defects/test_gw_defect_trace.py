"""systems.md, the gateway's "transform trace", through a running gateway: data and not objects, the usage as
it was settled, secrets in no spelling, no trace taken for another, and never a call that fails because of it.
"""

from __future__ import annotations

import json

import httpx
import pytest
from defect_kit import asks, post, stood

from tokentape.cassettes.format.body import restore
from tokentape.gateway.trace.options import TraceOptions

SECRET = "hunter2hunter2hunter2"
SPELLINGS = ("apiKey", "api_key", "accessToken", "ACCESS_TOKEN", "clientSecret", "x-api-key", "password")


@pytest.fixture
def kept(tmp_path):
    return TraceOptions(directory=str(tmp_path / "traces"), share=1.0)


def trace_of(gateway, answer):
    assert gateway.services.traces.flush()
    reply = httpx.get(f"{gateway.url}/traces/{answer.headers['x-tokentape-id']}")
    assert reply.status_code == 200, reply.text
    return reply.json()


def form_of(trace, name):
    return next(form for form in trace["forms"] if form["name"] == name)


@pytest.mark.parametrize("speaks", ["openai.chat", "anthropic.messages"])
def test_iterator_object_logged_instead_of_data(provider, kept, speaks):
    """The stream is there as its bytes: the client's, and the upstream's where they are others."""
    provider.answers("One two three.")
    with stood(provider.url, speaks, trace=kept) as gateway:
        answer = post(gateway, "openai.chat", stream=True)
        trace = trace_of(gateway, answer)
    assert restore(form_of(trace, "client_reply")["body"]) == answer.content
    if speaks != "openai.chat":
        assert b"three." in restore(form_of(trace, "upstream_reply#1")["body"])
    assert not any(word in json.dumps(trace) for word in ("object at 0x", "generator", "coroutine"))


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_final_trace_before_usage_normalisation(provider, kept, stream):
    """It holds the counts that the ledger has, in the ledger's names."""
    with stood(provider.url, "gemini", trace=kept) as gateway:
        answer = post(gateway, "openai.chat", stream=stream)
        trace = trace_of(gateway, answer)
        group = httpx.get(f"{gateway.url}/usage").json()["total"]
    used = trace["about"]["usage"]
    assert (used["input"], used["output"]) == (group["input"], group["output"])
    assert used["output"] > 0


def test_camel_case_secrets_missed(provider, kept):
    body = {**asks("openai.chat"), "metadata": {name: SECRET for name in SPELLINGS}}
    with stood(provider.url, trace=kept) as gateway:
        answer = post(
            gateway, "openai.chat", body, headers={"X-Auth-Token": SECRET, "proxyAuthorization": SECRET}
        )
        trace = trace_of(gateway, answer)
    assert answer.status_code == 200
    assert SECRET not in json.dumps(trace)


def test_prefix_collisions(provider, kept):
    """The beginning of an id is no id, and finds nobody's trace."""
    with stood(provider.url, trace=kept) as gateway:
        answer = post(gateway, "openai.chat")
        trace_of(gateway, answer)
        id = answer.headers["x-tokentape-id"]
        for other in (id[:-1], id[:8], f"{id}0", id.upper() + "x"):
            assert httpx.get(f"{gateway.url}/traces/{other}").status_code == 404


def test_it_never_breaks_execution(provider, tmp_path):
    """A place that cannot be written to, for one."""
    file = tmp_path / "file"
    file.write_text("no folder")
    with stood(provider.url, trace=TraceOptions(directory=str(file / "traces"), share=1.0)) as gateway:
        assert post(gateway, "openai.chat").status_code == 200
        assert post(gateway, "anthropic.messages", stream=True).status_code == 200
        gateway.services.traces.flush()


def test_every_pass_has_its_name(provider, kept):
    """From the raw client request to the final client response, with what was lost and who was asked."""
    with stood(provider.url, "anthropic.messages", trace=kept) as gateway:
        trace = trace_of(gateway, post(gateway, "openai.chat", {**asks("openai.chat"), "seed": 1}))
    names = [form["name"] for form in trace["forms"]]
    assert names == [
        "client_request",
        "canonical_request",
        "upstream_request#1",
        "upstream_reply#1",
        "client_reply",
    ]
    notes = {note["note"] for note in trace["notes"]}
    assert {"route", "attempt", "losses"} <= notes or {"route", "attempt", "loss"} <= notes
