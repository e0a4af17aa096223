"""Recorded conversations of coding agents, played through the gateway: passed on, translated, recorded, replayed."""

from __future__ import annotations

import http.client
import json
from dataclasses import replace

import pytest

pytest.importorskip("aiohttp")
pytest.importorskip("uvicorn")

from agent_calls import calls
from running import running, setup, upstream

from tokentape.gateway.agents import AGENTS, agent_named, with_agent
from tokentape.gateway.tapes import RecordOptions
from tokentape.options import Options
from tokentape.testing.provider import Provider, Turn

PATHS = {"openai.chat": "/v1", "openai.responses": "/v1", "anthropic.messages": "/v1", "gemini": "/v1beta"}
OTHERS = [(agent.name, to) for agent in AGENTS for to in PATHS if to != agent.dialect]
OWN_WAY = {"x-api-key", "x-goog-api-key", "authorization", "accept-encoding", "sec-fetch-mode"}
"""Header fields that are the gateway's business: keys, codings, and what browsers say about themselves."""

TURNS = {
    "claude-code": ("first", "results"),
    "codex": ("fitted", "fitted results"),
    "gemini-cli": ("first", "results"),
}
"""Two requests of one conversation that every dialect can take: the second brings a tool's result."""


@pytest.fixture
def provider():
    with Provider() as running_provider:
        yield running_provider


def ask(url, call):
    """Send the bytes and headers of a recorded request; status, headers, body."""
    host = url.partition("://")[2]
    connection = http.client.HTTPConnection(host, timeout=20)
    try:
        connection.putrequest(call.method, call.target, skip_accept_encoding=True)
        for name, value in call.headers:
            connection.putheader(name, value)
        body = call.body
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        reply = connection.getresponse()
        return reply.status, {name.lower(): value for name, value in reply.getheaders()}, reply.read()
    finally:
        connection.close()


def events(body):
    """The data of the events of a stream."""
    blocks = body.replace(b"\r\n", b"\n").split(b"\n\n")
    lines = [line for block in blocks for line in block.split(b"\n") if line.startswith(b"data: ")]
    return [json.loads(line[6:]) for line in lines if line != b"data: [DONE]"]


def said(agent, body):
    """The text of a streamed reply, as the agent's API tells it."""
    found = events(body)
    if agent == "claude-code":
        deltas = [event.get("delta", {}) for event in found]
        return "".join(delta.get("text", "") for delta in deltas)
    if agent == "codex":
        return "".join(event["delta"] for event in found if event["type"] == "response.output_text.delta")
    parts = [part for event in found for part in event["candidates"][0]["content"].get("parts", [])]
    return "".join(part.get("text", "") for part in parts if not part.get("thought"))


def called(agent, body):
    """The names of tools that a streamed reply calls."""
    found = events(body)
    if agent == "claude-code":
        blocks = [event.get("content_block", {}) for event in found]
        return [block["name"] for block in blocks if block.get("type") == "tool_use"]
    if agent == "codex":
        items = [event["item"] for event in found if event["type"] == "response.output_item.done"]
        return [item["name"] for item in items if item["type"] == "function_call"]
    parts = [part for event in found for part in event["candidates"][0]["content"].get("parts", [])]
    return [part["functionCall"]["name"] for part in parts if "functionCall" in part]


# ---- the same dialect


@pytest.mark.parametrize("agent", AGENTS, ids=lambda agent: agent.name)
def test_what_an_agent_sends_arrives_as_it_is(provider, agent):
    """Its betas, its user agent and its session, and fields that nobody has told us about."""
    with running(setup(upstream(provider.url + PATHS[agent.dialect], agent.dialect))) as gateway:
        for call in calls(agent.name).values():
            if call.fields is None:
                continue
            status, _, _ = ask(gateway.url, call)
            assert status == 200, call.name
            seen = provider.requests[-1]
            assert seen.body == call.body, call.name
            for name, value in call.headers:
                if name.lower() not in OWN_WAY:
                    assert seen.header(name) == value, (call.name, name)
            assert seen.path == call.target.partition("?")[0]
            assert ("beta=true" in seen.target) == ("beta=true" in call.target)


@pytest.mark.parametrize("agent", AGENTS, ids=lambda agent: agent.name)
def test_the_bytes_of_a_stream_arrive_as_they_are(provider, agent):
    call = calls(agent.name)[TURNS[agent.name][1]]
    direct = ask(provider.url, call)
    provider.forget()
    with running(setup(upstream(provider.url + PATHS[agent.dialect], agent.dialect))) as gateway:
        through = ask(gateway.url, call)
    assert through[0] == direct[0] == 200
    assert through[2] == direct[2]


def test_a_probe_is_answered_here(provider):
    with running(setup(upstream(provider.url + "/v1", "anthropic.messages"))) as gateway:
        status, _, _ = ask(gateway.url, calls("claude-code")["probe"])
        assert status == 200
    assert provider.count == 0


# ---- another dialect


@pytest.mark.parametrize(("agent", "to"), OTHERS)
def test_an_agent_calls_a_tool_and_hears_an_answer_in_front_of_another_dialect(provider, agent, to):
    first, second = (calls(agent)[name] for name in TURNS[agent])
    tools = {"claude-code": "Read", "codex": "exec_command", "gemini-cli": "read_file"}
    with running(setup(upstream(provider.url + PATHS[to], to))) as gateway:
        provider.calls_tool(tools[agent], {"x": 1})
        status, headers, body = ask(gateway.url, first)
        assert (status, called(agent, body)) == (200, [tools[agent]])
        assert "x-tokentape-losses" in headers
        provider.answers("Done.")
        status, headers, body = ask(gateway.url, second)
        assert (status, said(agent, body)) == (200, "Done.")
    offered = json.dumps(provider.requests[0].json["tools"])
    assert tools[agent] in offered
    assert "hello world" in json.dumps(provider.requests[1].json)
    names = {name.lower() for seen in provider.requests for name, _ in seen.headers}
    assert not names & {"anthropic-beta", "x-claude-code-session-id", "session-id", "x-codex-turn-metadata"}


@pytest.mark.parametrize(("agent", "to"), [pair for pair in OTHERS if pair[0] != "codex"])
def test_a_search_that_only_its_own_provider_runs_is_refused_before_anything_is_sent(provider, agent, to):
    with running(setup(upstream(provider.url + PATHS[to], to))) as gateway:
        status, headers, body = ask(gateway.url, calls(agent)["search"])
    assert status == 400
    assert headers["x-should-retry"] == "false"
    told = json.loads(body)["error"]["message"]
    assert "web_search" in told or "googleSearch" in told
    assert provider.count == 0


@pytest.mark.parametrize("to", ["openai.chat", "anthropic.messages", "gemini"])
def test_codex_with_tools_of_its_provider_is_told_which(provider, to):
    with running(setup(upstream(provider.url + PATHS[to], to))) as gateway:
        status, _, body = ask(gateway.url, calls("codex")["first"])
    assert status == 400
    told = json.loads(body)["error"]["message"]
    assert "web_search" in told
    assert 'Codex CLI: in ~/.codex/config.toml set web_search = "disabled"' in told
    assert provider.count == 0


def test_a_patch_as_text_goes_to_chat_as_what_it_is(provider):
    """Codex's `apply_patch` takes text, and so do custom tools of Chat."""
    call = calls("codex")["patched"]
    fields = {
        **call.fields,
        "tools": [tool for tool in call.fields["tools"] if tool["type"] in ("function", "custom")],
    }
    kept = type(call)(call.name, call.method, call.target, call.headers, fields)
    with running(setup(upstream(provider.url + "/v1", "openai.chat"))) as gateway:
        provider.answers("Done.")
        status, _, body = ask(gateway.url, kept)
    assert (status, said("codex", body)) == (200, "Done.")
    sent = provider.requests[0].json
    assert "custom" in {tool["type"] for tool in sent["tools"]}
    assert "*** Begin Patch" in json.dumps(sent["messages"])


@pytest.mark.parametrize("to", PATHS)
def test_claude_code_counts_tokens_in_front_of_any_dialect(provider, to):
    with running(setup(upstream(provider.url + PATHS[to], to))) as gateway:
        status, _, body = ask(gateway.url, calls("claude-code")["count"])
    assert status == 200
    assert json.loads(body)["input_tokens"] > 0


def test_the_thoughts_of_another_model_reach_claude_code(provider):
    with running(setup(upstream(provider.url + "/v1", "openai.responses"))) as gateway:
        provider.answers(Turn("Done.", thinking="It is short."))
        _, _, body = ask(gateway.url, calls("claude-code")["first"])
    deltas = [event.get("delta", {}) for event in events(body)]
    assert "".join(delta.get("thinking", "") for delta in deltas) == "It is short."


def test_models_are_listed_as_each_agent_reads_them(provider):
    made = setup(upstream(provider.url + "/v1", "openai.chat", models={"gpt-5.5": "gpt-5.5"}))
    with running(made) as gateway:
        status, _, body = ask(gateway.url, calls("claude-code")["models"])
    assert status == 200
    assert json.loads(body)["data"][0]["id"] == "gpt-5.5"
    assert json.loads(body)["data"][0]["type"] == "model"


# ---- record and replay


@pytest.mark.parametrize("to", [None, "anthropic.messages", "openai.chat", "gemini"], ids=str)
@pytest.mark.parametrize("agent", AGENTS, ids=lambda agent: agent.name)
def test_another_run_is_served_offline_byte_for_byte(tmp_path, agent, to):
    """The next run has other ids of sessions and turns, and nothing listens upstream any more."""
    dialect = to or agent.dialect
    record = with_agent(RecordOptions(root=str(tmp_path), options=Options()), agent)
    asked = [calls(agent.name)[name] for name in TURNS[agent.name]]
    with Provider() as provider:
        made = setup(upstream(provider.url + PATHS[dialect], dialect))
        with running(made, record=record) as gateway:
            first = [ask(gateway.url, call) for call in asked]
    assert [status for status, _, _ in first] == [200, 200]
    with running(made, record=replace(record, mode="none")) as gateway:
        for _ in range(2):
            again = [ask(gateway.url, call.other_run()) for call in asked]
            assert [body for _, _, body in again] == [body for _, _, body in first]
            assert all("x-tokentape-replayed" in headers for _, headers, _ in again)


@pytest.mark.parametrize("agent", AGENTS, ids=lambda agent: agent.name)
def test_a_miss_says_what_is_missing(tmp_path, agent):
    record = with_agent(RecordOptions(root=str(tmp_path), mode="none"), agent_named(agent.name))
    call = calls(agent.name)[TURNS[agent.name][0]]
    with running(setup(upstream("http://127.0.0.1:9/v1", agent.dialect)), record=record) as gateway:
        status, headers, body = ask(gateway.url, call)
    assert status == 400
    assert headers["x-should-retry"] == "false"
    told = json.loads(body)
    message = (told[0] if isinstance(told, list) else told)["error"]["message"]
    assert "tokentape serve --mode" in message
