"""What clients say about their conversations by themselves, in headers and bodies.

Each rule names where it was seen. Never an id of a conversation are: `user` (a person), `x-client-request-id`
(new for each request with some clients), `prompt_cache_key` of a client that is not known to put its
conversation there (many set one for the whole program), and a parent's id on a request of its sub-agent.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NamedTuple

from tokentape.protocols.reading import at, fields, text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tokentape.wire.interaction import Json
    from tokentape.wire.message import Headers

    Fields = dict[str, Json]


class Marker(NamedTuple):
    """A conversation as its client calls it; `parent` is the one it was started from."""

    name: tuple[str, ...]
    evidence: str
    parent: tuple[str, ...] | None = None


DIRECT = (
    # Open WebUI with ENABLE_FORWARD_USER_INFO_HEADERS (docs.openwebui.com, "Environment variables").
    ("x-openwebui-chat-id", "Open WebUI's chat"),
    # OpenCode (packages/opencode/src/session/llm/request.ts), and its Zen and Go services.
    ("x-opencode-session", "OpenCode's session"),
    # Qwen Code has its own product prefix for what Claude Code sends.
    ("x-qwen-code-session-id", "Qwen Code's session"),
    # Amp's threads (router-for-me/CLIProxyAPI#3089).
    ("x-amp-thread-id", "Amp's thread"),
    # Cline (cline/cline#2555).
    ("x-task-id", "Cline's task"),
    # Helicone's and LiteLLM's documented names, which applications set for them.
    ("helicone-session-id", "a Helicone session"),
    ("x-litellm-session-id", "a LiteLLM session"),
    # Names that several agents and gateways share (Fusion#1736, OpenCode, mini-swe-agent).
    ("x-conversation-id", "the header X-Conversation-Id"),
    ("x-session-affinity", "the header X-Session-Affinity"),
    ("x-session-id", "the header X-Session-Id"),
)
"""Header fields that name a conversation, the surest first, and what they are called in the trace."""

_LONGEST = 256


def marker(headers: Headers, body: Fields, more: tuple[str, ...] = ()) -> Marker | None:
    """What the client says; `more` are further header fields, by configuration, which go first."""
    named = {name.lower(): value.strip() for name, value in headers}
    for name in more:
        if (value := _sane(named.get(name.lower()))) is not None:
            return Marker((name.lower(), value), f"the header {name}")
    return _claude_code(named, body) or _codex(named, body) or _direct(named) or _bodily(body)


def _sane(value: str | None) -> str | None:
    """A name as clients make them; nothing else is taken for one."""
    if not value or len(value) > _LONGEST or not value.isprintable():
        return None
    return value


# ---- Claude Code

_SESSION = re.compile(r"_session_([0-9a-fA-F-]{8,64})$")


def _claude_code(headers: Mapping[str, str], body: Fields) -> Marker | None:
    """The session, and in it the sub-agent: the main agent sends no agent id (Claude Code 2.1.139 and
    later; coder/aibridge#241 has the three ways in which versions name the session).
    """
    session = _sane(headers.get("x-claude-code-session-id"))
    evidence = "Claude Code's session header"
    if session is None:
        session = _in_user_id(text(at(body.get("metadata"), "user_id")))
        evidence = "Claude Code's session in metadata.user_id"
    if session is None:
        return None
    agent = _sane(headers.get("x-claude-code-agent-id"))
    main = ("claude-code", session)
    if agent is None:
        return Marker(main, evidence)
    parent = _sane(headers.get("x-claude-code-parent-agent-id"))
    return Marker((*main, agent), f"{evidence}, and its agent's", (*main, parent) if parent else main)


def _in_user_id(user: str) -> str | None:
    """The session in Claude Code's `metadata.user_id`: JSON, or `user_..._account_..._session_UUID`."""
    if user.startswith("{"):
        try:
            return _sane(text(fields(json.loads(user)).get("session_id")))
        except (ValueError, RecursionError):
            return None
    found = _SESSION.search(user) if user.startswith("user_") else None
    return found[1] if found else None


# ---- Codex

_CODEX = re.compile(r"codex[_/ -]", re.IGNORECASE)


def _codex(headers: Mapping[str, str], body: Fields) -> Marker | None:
    """The thread, else the session. Older versions write underscores (openai/codex#1614, Codex-Manager#343);
    `prompt_cache_key` is the conversation's id there, or the root's for a sub-agent.
    """
    if not _is_codex(headers):
        return None
    parent = _sane(headers.get("x-codex-parent-thread-id"))
    up = ("codex", parent) if parent else None
    for name in ("thread-id", "thread_id", "conversation_id"):
        if (value := _sane(headers.get(name))) is not None:
            return Marker(("codex", value), f"Codex's header {name}", up)
    if parent is not None or _sane(headers.get("x-openai-subagent")):
        return None  # what is left names the session, whose agents are several conversations
    for name in ("session-id", "session_id"):
        if (value := _sane(headers.get(name))) is not None:
            return Marker(("codex", value), f"Codex's header {name}")
    key = _sane(text(body.get("prompt_cache_key")))
    return Marker(("codex", key), "Codex's prompt_cache_key") if key else None


def _is_codex(headers: Mapping[str, str]) -> bool:
    return bool(
        _CODEX.match(headers.get("originator", "")) or _CODEX.match(headers.get("user-agent", ""))
    ) or any(name.startswith("x-codex-") for name in headers)


# ---- everybody else


def _direct(headers: Mapping[str, str]) -> Marker | None:
    for name, evidence in DIRECT:
        if (value := _sane(headers.get(name))) is not None:
            return Marker((name, value), evidence)
    return None


_IN_BODY = (
    (("session_id",), "the field session_id"),  # OpenRouter, "Sessions"
    (("litellm_session_id",), "the field litellm_session_id"),  # LiteLLM, "Session logs"
    (("metadata", "langfuse_session_id"), "Langfuse's session in the metadata"),  # its OpenAI integration
)


def _bodily(body: Fields) -> Marker | None:
    for path, evidence in _IN_BODY:
        if (value := _sane(text(at(body, *path)))) is not None:
            return Marker((".".join(path), value), evidence)
    return None


# ---- compaction

SUMMARIES = (
    "This session is being continued from a previous conversation",  # Claude Code
    "Another language model started to solve this problem",  # Codex, summary_prefix.md
    "Earlier parts of this conversation were compacted",  # `gateway/responses/lineage`
)
"""How the message begins that stands for a history which was summed up."""
