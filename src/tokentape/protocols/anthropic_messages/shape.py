"""Where things are in a Messages request (API reference, "Create a Message")."""

from __future__ import annotations

from tokentape.protocols.dialect import Shape

SHAPE = Shape(
    conversation="messages",
    system=("system",),
    system_roles=frozenset({"system"}),
    tools=("tools",),
    ignored=frozenset({"metadata", "anthropic_version", "cache_control"}),
    marks=frozenset({"cache_control"}),
    ids=frozenset({"id", "tool_use_id"}),
    opaque=frozenset({"input", "input_schema", "schema"}),
    defaults=(("stream", False),),
)
"""`metadata` holds only `user_id`. `anthropic_version` stands in the body on Bedrock and Vertex."""
