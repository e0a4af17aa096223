"""Where things are in a Chat Completions request (API reference, "Create chat completion")."""

from __future__ import annotations

from tokentape.protocols.dialect import Shape

IGNORED = frozenset(
    {"user", "metadata", "safety_identifier", "prompt_cache_key", "prompt_cache_retention", "session_id"}
)
"""Fields that name the caller, or steer caching and bookkeeping; `session_id` is OpenRouter's."""

SHAPE = Shape(
    conversation="messages",
    system_roles=frozenset({"system", "developer"}),
    tools=("tools", "functions"),
    ignored=IGNORED,
    marks=frozenset({"cache_control", "prompt_cache_breakpoint"}),
    ids=frozenset({"id", "tool_call_id"}),
    opaque=frozenset({"parameters", "json_schema"}),
    defaults=(("stream", False),),
)
