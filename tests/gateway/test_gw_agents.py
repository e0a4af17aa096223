"""What is known about coding agents, against requests of theirs: presets, matching, what other dialects can take."""

from __future__ import annotations

import pytest
from agent_calls import calls, version

from tokentape import translate
from tokentape.errors import UnsupportedFeature, UsageError
from tokentape.gateway.agents import AGENTS, agent_named, agent_of, lines_for, quiet_reply
from tokentape.gateway.call import Naming
from tokentape.gateway.classes import Request, class_of
from tokentape.gateway.conversations.markers import marker
from tokentape.matching.fields import MatchOn
from tokentape.matching.key import Matcher

DIALECTS = ("openai.chat", "openai.responses", "anthropic.messages", "gemini")
ALL = [(agent.name, name) for agent in AGENTS for name, call in calls(agent.name).items() if call.fields]


def of(agent, name):
    return calls(agent)[name]


def pairs(wanted):
    return [(agent.name, to) for agent in AGENTS for to in DIALECTS if to != agent.dialect and wanted(agent)]


@pytest.mark.parametrize("agent", AGENTS, ids=lambda agent: agent.name)
def test_a_preset_is_for_the_version_that_was_seen(agent):
    assert version(agent.name) == agent.version
    assert all(agent_of(call.headers) in (agent, None) for call in calls(agent.name).values())
    assert agent_of(of(agent.name, "first").headers) is agent


def test_other_clients_are_no_agents():
    assert agent_of((("User-Agent", "OpenAI/Python 3.0"),)) is None
    assert agent_of(()) is None


def test_a_wrong_name_lists_the_right_ones():
    assert agent_named("codex").title == "Codex CLI"
    with pytest.raises(UsageError, match="claude-code, codex, gemini-cli"):
        agent_named("claude")


def test_lines_are_for_a_shell():
    lines = lines_for(agent_named("claude-code"), "http://127.0.0.1:8420/", "sk-1")
    assert lines[:2] == [
        "export ANTHROPIC_BASE_URL=http://127.0.0.1:8420",
        "export ANTHROPIC_API_KEY=sk-1",
    ]
    codex = lines_for(agent_named("codex"), "http://127.0.0.1:8420")
    assert '#   base_url = "http://127.0.0.1:8420/v1"' in codex
    assert any(line.startswith("# OPENAI_API_KEY: your provider's key") for line in codex)
    assert not any("{url}" in line or "{key}" in line for line in (*lines, *codex))


@pytest.mark.parametrize(("agent", "name"), ALL)
def test_another_run_asks_the_same(agent, name):
    preset, call = agent_named(agent), of(agent, name)
    matcher = Matcher(MatchOn(ignore=preset.ignore, volatile=preset.volatile))
    assert matcher.key(call.request()) == matcher.key(call.other_run().request())


def test_the_output_of_a_command_may_have_taken_longer():
    preset, call = agent_named("codex"), of("codex", "fitted results")
    matcher = Matcher(MatchOn(ignore=preset.ignore, volatile=preset.volatile))
    slow = call.fields["input"][-1]["output"].replace("0.0000", "1.2345")
    assert slow != call.fields["input"][-1]["output"]
    items = [*call.fields["input"][:-1], {**call.fields["input"][-1], "output": slow}]
    changed = type(call)("", call.method, call.target, call.headers, {**call.fields, "input": items})
    assert matcher.key(call.request()) == matcher.key(changed.request())


# ---- what other dialects can take

REFUSED = {
    ("claude-code", "search"): "web_search",
    ("codex", "first"): "web_search",
    ("codex", "results"): "tool_search",
    ("codex", "patched"): "web_search",
    ("codex", "other model"): "namespace",
    ("gemini-cli", "search"): "googleSearch",
}
"""Requests that nobody else can answer, and the tool that is why."""


@pytest.mark.parametrize(("agent", "name"), [pair for pair in ALL if pair[1] != "count"])
@pytest.mark.parametrize("to", DIALECTS)
def test_what_goes_over_and_what_is_refused(agent, name, to):
    source, call = agent_named(agent).dialect, of(agent, name)
    if to == source:
        return
    if (agent, name) in REFUSED:
        with pytest.raises(UnsupportedFeature, match=REFUSED[agent, name]):
            translate(call.fields, to=to, source=source, model="m")
        return
    translated = translate(call.fields, to=to, source=source, model="m")
    assert not translated.losses.meaning
    if call.fields.get("tools"):
        assert translated.result.body["tools"]


def test_codex_is_not_refused_because_of_what_its_preset_turns_off():
    """The preset's lines are `web_search = "disabled"` and `multi_agent = false`; "fitted" was sent with them."""
    kinds = {tool["type"] for tool in of("codex", "fitted").fields["tools"]}
    assert kinds == {"function"}
    native = {tool["type"] for name in ("first", "other model") for tool in of("codex", name).fields["tools"]}
    assert native - {"function", "custom"} <= set(agent_named("codex").native)


def test_instructions_between_turns_stay_where_the_dialect_has_a_place_for_them():
    """Claude Code says something as `system` among the messages."""
    call = of("claude-code", "first")
    assert [turn["role"] for turn in call.fields["messages"]] == ["user", "system"]
    chat = translate(call.fields, to="chat", source="anthropic", model="m").result.body
    assert [turn["role"] for turn in chat["messages"]][-2:] in (["user", "system"], ["user", "developer"])
    gemini = translate(call.fields, to="gemini", source="anthropic", model="m")
    assert "system text" in str(gemini.losses)


# ---- what they say about themselves


@pytest.mark.parametrize(
    ("agent", "name", "kind"),
    [
        ("claude-code", "first", "main"),
        ("claude-code", "results", "main"),
        ("claude-code", "title", "title"),
        ("claude-code", "compaction", "compaction"),
        ("claude-code", "search", "background"),
        ("codex", "first", "main"),
        ("codex", "compaction", "compaction"),
        ("gemini-cli", "first", "main"),
        ("gemini-cli", "routing", "background"),
    ],
)
def test_what_a_request_is_for(agent, name, kind):
    call = of(agent, name)
    asked = Request(
        agent_named(agent).dialect, "create", call.fields.get("model", ""), call.headers, call.fields
    )
    assert class_of(asked, Naming()).name == kind


@pytest.mark.parametrize(("agent", "evidence"), [("claude-code", "session header"), ("codex", "thread-id")])
def test_a_session_is_told_by_its_agent(agent, evidence):
    first, second = of(agent, "first"), of(agent, "results")
    found = marker(first.headers, first.fields)
    assert evidence in found.evidence
    assert marker(second.headers, second.fields) == found
    assert marker(first.other_run().headers, first.other_run().fields).name != found.name


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("HEAD", "/", 200),
        ("HEAD", "", 200),
        ("POST", "/api/event_logging/v2/batch", 200),
        ("GET", "/api/claude_code/settings", 404),
        ("GET", "/api/hello", 200),
        ("GET", "/api/tags", None),
        ("POST", "/api/chat", None),
        ("GET", "/", None),
        ("POST", "/v1/messages", None),
    ],
)
def test_what_an_agent_asks_about_itself_stays_here(method, path, status):
    told = quiet_reply(method, path)
    assert (told and told[0]) == status


@pytest.mark.parametrize(("to", "field"), [("chat", "user"), ("responses", "safety_identifier")])
def test_a_device_and_a_session_are_no_user_of_another_provider(to, field):
    """Claude Code's `metadata.user_id` has 150 characters; OpenAI takes 64, and refuses the call."""
    translated = translate(of("claude-code", "first").fields, to=to, source="anthropic", model="m")
    assert field not in translated.result.body
    assert "metadata.user_id: user: its 150 characters" in str(translated.losses)
    short = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]}
    short = translate({**short, "metadata": {"user_id": "u-1"}}, to=to, source="anthropic", model="m")
    assert short.result.body[field] == "u-1"
