"""Through a gateway on a real socket: what its trace, its ledger and its telemetry say of a call."""

from __future__ import annotations

import json
from http.client import HTTPConnection

import pytest

pytest.importorskip("aiohttp")
pytest.importorskip("uvicorn")

from running import running, setup, upstream

from tokentape.cassettes.format.body import restore
from tokentape.gateway.trace.options import TraceOptions
from tokentape.gateway.usage.options import UsageOptions

CHAT = {"model": "m", "messages": [{"role": "user", "content": "Say hello."}], "max_tokens": 50}
TAIL = "9fK2mQ7xLw4RtZ8vB1nC"  # twenty characters of a key
KEY = f"sk-proj-{TAIL}{TAIL}"
DIALECTS = [("openai.chat", "/v1"), ("anthropic.messages", ""), ("openai.responses", "/v1")]


def ask(gateway, method, path, body=None, headers=()):
    """Status, headers and body of a reply."""
    connection = HTTPConnection("127.0.0.1", gateway.port, timeout=20)
    head = {"content-type": "application/json", **dict(headers)}
    connection.request(method, path, None if body is None else json.dumps(body), head)
    reply = connection.getresponse()
    data = reply.read()
    connection.close()
    return reply.status, dict(reply.headers.items()), data


@pytest.fixture
def kept(tmp_path):
    return {
        "trace": TraceOptions(directory=str(tmp_path / "traces"), share=1.0),
        "usage": UsageOptions(directory=str(tmp_path / "usage"), interval=0.01),
    }


@pytest.mark.parametrize(("dialect", "path"), DIALECTS, ids=[name for name, _ in DIALECTS])
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_a_call_leaves_its_forms_and_what_it_used(provider, kept, dialect, path, stream):
    up = upstream(provider.url + path, dialect)
    with running(setup(up), **kept) as gateway:
        asked = {**CHAT, "stream": stream, **({"stream_options": {"include_usage": True}} if stream else {})}
        headers = {"authorization": f"Bearer {KEY}", "x-tokentape-session": "s1"}
        status, head, data = ask(gateway, "POST", "/v1/chat/completions", asked, headers)
        assert status == 200, data
        id = head["x-tokentape-id"]
        assert gateway.services.traces.flush()
        _, _, told = ask(gateway, "GET", f"/traces/{id}")
        _, _, spent = ask(gateway, "GET", "/usage?by=session,upstream,dialect,counted_by")
        _, _, table = ask(gateway, "GET", "/usage?by=id&format=csv")
    trace = json.loads(told)
    forms = {form["name"]: form for form in trace["forms"]}
    assert {"client_request", "upstream_request#1", "upstream_reply#1", "client_reply"} <= set(forms)
    assert json.loads(restore(forms["client_request"]["body"])) == asked
    assert restore(forms["client_reply"]["body"]) == data
    assert (trace["status"], trace["about"]["session"], trace["about"]["attempts"]) == (200, "s1", 1)
    assert KEY not in told.decode()
    if stream:
        assert len(forms["upstream_reply#1"]["chunks"]) >= 1
    [group] = json.loads(spent)["groups"]
    assert (group["session"], group["upstream"], group["counted_by"]) == ("s1", "up", "reply")
    assert group["input"] > 0
    assert group["output"] > 0
    assert trace["about"]["usage"]["output"] == group["output"]
    assert set(trace["about"]["cost"]) == {"usd", "source", "reason"}
    assert id in table.decode()


def test_a_stream_that_does_not_count_is_estimated(provider, kept):
    with running(setup(upstream(provider.url + "/v1")), **kept) as gateway:
        ask(gateway, "POST", "/v1/chat/completions", {**CHAT, "stream": True})
        _, _, spent = ask(gateway, "GET", "/usage?by=counted_by")
    [group] = json.loads(spent)["groups"]
    assert (group["counted_by"], group["estimated"]) == ("estimate", 1)
    assert group["input"] > 0
    assert group["output"] > 0


def test_a_failing_upstream_is_in_the_trace_and_costs_nothing(provider, kept):
    with running(setup(upstream(provider.url + "/v1")), **kept) as gateway:
        provider.fails(400)
        status, head, _ = ask(gateway, "POST", "/v1/chat/completions", CHAT)
        assert gateway.services.traces.flush()
        _, _, told = ask(gateway, "GET", f"/traces/{head['x-tokentape-id']}")
        _, _, spent = ask(gateway, "GET", "/usage")
    assert status == 400
    trace = json.loads(told)
    assert {form["name"] for form in trace["forms"]} >= {"upstream_request#1", "upstream_reply#1"}
    assert any(note["note"] == "attempt" for note in trace["notes"])
    assert (json.loads(spent)["total"]["failed"], json.loads(spent)["total"]["usd"]) == (1, 0.0)


def test_estimates_are_served_and_say_so(provider):
    with running(setup(upstream(provider.url + "/v1"))) as gateway:
        _, _, tokens = ask(gateway, "POST", "/tokens", {**CHAT, "model": "gpt-4o"})
        _, _, cost = ask(gateway, "POST", "/cost", {**CHAT, "model": "gpt-4o"})
        wrong, _, _ = ask(gateway, "POST", "/cost", {"what": "ever"})
        unknown, _, _ = ask(gateway, "GET", "/usage?by=wallet")
    assert json.loads(tokens)["estimate"] is True
    assert json.loads(cost)["usd"] > 0
    assert (wrong, unknown) == (400, 400)


def served_trace(gateway, head):
    assert gateway.services.traces.flush()
    _, _, told = ask(gateway, "GET", f"/traces/{head['x-tokentape-id']}")
    return {form["name"]: form for form in json.loads(told)["forms"]}


def test_a_translated_stream_is_traced_to_its_end_on_both_sides(provider, kept):
    with running(setup(upstream(provider.url, "anthropic.messages")), **kept) as gateway:
        _, head, data = ask(gateway, "POST", "/v1/chat/completions", {**CHAT, "stream": True})
        forms = served_trace(gateway, head)
    assert b"message_stop" in restore(forms["upstream_reply#1"]["body"])
    assert restore(forms["client_reply"]["body"]) == data


def test_what_a_client_is_told_of_an_error_is_traced(provider, kept):
    provider.fails(400, message="No such thing.")
    with running(setup(upstream(provider.url, "anthropic.messages")), **kept) as gateway:
        status, head, data = ask(gateway, "POST", "/v1/chat/completions", CHAT)
        theirs = served_trace(gateway, head)
        _, head, own = ask(gateway, "POST", "/to/nowhere/v1/chat/completions", CHAT)
        ours = served_trace(gateway, head)
    assert status == 400
    assert b"No such thing." in restore(theirs["upstream_reply#1"]["body"])
    assert restore(theirs["client_reply"]["body"]) == data
    assert restore(ours["client_reply"]["body"]) == own
