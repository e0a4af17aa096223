"""What known clients say about their conversations, as they send it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tokentape.errors import ProtocolError
from tokentape.gateway.call import Naming
from tokentape.gateway.classes import Request, class_of
from tokentape.gateway.conversations.identity import Seen
from tokentape.gateway.conversations.markers import marker
from tokentape.gateway.conversations.memory import TrackerOptions
from tokentape.gateway.conversations.tracker import Tracker
from tokentape.protocols.codec import Source
from tokentape.protocols.translation import read_request

UUID = "57a121ec-f78c-48c3-a745-e3036a3ecc33"
CODEX = ("originator", "codex_cli_rs")


def found(headers=(), body=None, **more):
    return marker(tuple(headers), body or {}, **more)


@pytest.mark.parametrize(
    ("headers", "user"),
    [
        ([("X-Claude-Code-Session-Id", UUID)], None),
        ([], f"user_{'9' * 64}_account__session_{UUID}"),
        ([], f"user_{'9' * 64}_account_{UUID}_session_{UUID}"),
        ([], json.dumps({"device_id": "d", "account_uuid": "", "session_id": UUID})),
    ],
)
def test_claude_code_names_its_session_in_three_ways(headers, user):
    said = found(headers, {"metadata": {"user_id": user}} if user else {})
    assert said.name == ("claude-code", UUID)
    assert "Claude Code's session" in said.evidence


@pytest.mark.parametrize(
    "user", ["alice", "user_1", f"x_session_{UUID}", "{", "[1]", '{"session_id": 3}', "", 7, None]
)
def test_other_user_ids_are_people_and_no_conversations(user):
    assert found(body={"metadata": {"user_id": user}, "user": "alice"}) is None


def test_a_sub_agent_of_claude_code_is_a_conversation_of_its_own_linked_to_its_parent():
    session = ("X-Claude-Code-Session-Id", UUID)
    agent = ("X-Claude-Code-Agent-Id", "a1")
    parent = ("X-Claude-Code-Parent-Agent-Id", "a0")
    assert found([session, agent]).parent == found([session]).name
    assert found([session, agent, parent]).parent == found([session, ("x-claude-code-agent-id", "a0")]).name
    assert len({found(each).name for each in ([session], [session, agent])}) == 2


@pytest.mark.parametrize("name", ["thread-id", "thread_id", "conversation_id", "session-id", "session_id"])
def test_codex_names_its_thread_or_session(name):
    assert found([CODEX, (name, "t1")]).name == ("codex", "t1")
    assert found([(name, "t1")]) is None


@pytest.mark.parametrize(
    "who",
    [
        ("User-Agent", "codex_cli_rs/0.124.0 (Linux)"),
        ("originator", "codex_vscode"),
        ("x-codex-window-id", "w:0"),
    ],
)
def test_codex_is_known_by_several_headers_and_only_its_cache_key_is_a_conversation(who):
    assert found([who], {"prompt_cache_key": "t1"}).name == ("codex", "t1")
    assert found([], {"prompt_cache_key": "t1"}) is None


def test_codex_thread_goes_before_its_session_whose_agents_are_several():
    root = found([CODEX, ("session-id", "root"), ("thread-id", "root")])
    child = found(
        [CODEX, ("session-id", "root"), ("thread-id", "child"), ("x-codex-parent-thread-id", "root")],
        {"prompt_cache_key": "root"},
    )
    assert child.name == ("codex", "child")
    assert child.parent == root.name


def test_a_parents_name_is_no_childs_name():
    headers = [CODEX, ("session-id", "root"), ("x-openai-subagent", "review")]
    assert found(headers, {"prompt_cache_key": "root"}) is None


@pytest.mark.parametrize(
    "name",
    [
        "X-OpenWebUI-Chat-Id",
        "x-opencode-session",
        "X-Session-Affinity",
        "X-Session-Id",
        "X-Qwen-Code-Session-Id",
        "X-Amp-Thread-Id",
        "X-Task-ID",
        "Helicone-Session-Id",
        "x-litellm-session-id",
        "X-Conversation-Id",
    ],
)
def test_clients_that_have_a_header_for_it(name):
    assert found([(name, " s1 ")]).name == (name.lower(), "s1")


@pytest.mark.parametrize(
    "body",
    [{"session_id": "s"}, {"litellm_session_id": "s"}, {"metadata": {"langfuse_session_id": "s"}}],
)
def test_clients_that_say_it_in_the_body(body):
    assert found(body=body).name[1] == "s"


@pytest.mark.parametrize("value", ["", " ", "x" * 257, "a\x00b", "a\nb"])
def test_what_is_no_name_is_not_taken_for_one(value):
    assert found([("X-Session-Id", value)]) is None


@pytest.mark.parametrize("name", ["X-Client-Request-Id", "X-Request-Id", "Session_id", "User"])
def test_what_changes_with_each_request_or_names_a_person_is_never_one(name):
    assert found([(name, "x")], {"user": "x", "safety_identifier": "x"}) is None


def test_a_configured_header_goes_first():
    headers = [("X-Session-Id", "a"), ("X-My-Chat", "b")]
    assert found(headers, more=("x-my-chat",)).name == ("x-my-chat", "b")
    tracker = Tracker(clock=lambda: 0.0, options=TrackerOptions(headers=("X-My-Chat",)))
    seen = Seen("a", Naming(), tuple(headers), "openai.chat", {}, lambda: None)
    assert tracker.identify(seen).evidence == "the header X-My-Chat"


def test_a_marker_needs_no_history_and_links_to_its_parent():
    def never():
        raise AssertionError("the history is not read where a marker decides")

    tracker = Tracker(clock=lambda: 0.0)
    session = ("X-Claude-Code-Session-Id", UUID)
    main = tracker.identify(Seen("a", Naming(), (session,), "anthropic.messages", {}, never))
    agent = tracker.identify(
        Seen("a", Naming(), (session, ("X-Claude-Code-Agent-Id", "a1")), "anthropic.messages", {}, never)
    )
    assert not main.is_compared
    assert not tracker.wants_reply(main, Seen("a", Naming(), (), "anthropic.messages", {}, never))
    assert (agent.linked, agent.id != main.id) == (main.id, True)


JSON = st.recursive(
    st.none() | st.integers() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "messages",
                    "input",
                    "system",
                    "metadata",
                    "user_id",
                    "previous_response_id",
                    "conversation",
                    "role",
                    "content",
                    "text",
                    "parts",
                    "contents",
                    "tools",
                    "generationConfig",
                    "id",
                    "model",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=15,
)
HEADERS = st.lists(
    st.tuples(
        st.sampled_from(
            ["originator", "x-claude-code-session-id", "session_id", "x-session-id", "user-agent"]
        ),
        st.text(max_size=12) | st.just("codex_cli_rs"),
    ),
    max_size=3,
)


@settings(max_examples=150, deadline=None)
@given(body=JSON, headers=HEADERS, dialect=st.sampled_from(["openai.chat", "openai.responses", "gemini"]))
def test_whatever_a_client_sends_has_a_conversation_and_a_class(body, headers, dialect):
    fields = body if isinstance(body, dict) else {}

    def read():
        try:
            return read_request(fields, Source(dialect))
        except ProtocolError:
            return None

    tracker = Tracker(clock=lambda: 0.0)
    for _ in range(2):
        found = tracker.identify(Seen("a", Naming(), tuple(headers), dialect, fields, read))
        assert found.id.startswith("conv_")
        assert found.evidence
    assert class_of(Request(dialect, "create", "m", tuple(headers), fields), Naming()).name
