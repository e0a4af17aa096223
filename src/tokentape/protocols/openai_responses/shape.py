"""Where things are in a Responses request (API reference, "Create a model response")."""

from __future__ import annotations

from tokentape.protocols.dialect import Shape
from tokentape.protocols.openai_chat.shape import IGNORED

SHAPE = Shape(
    conversation="input",
    text_types=frozenset({"input_text", "output_text", "text"}),
    implied=(("type", "message"),),
    system=("instructions",),
    system_roles=frozenset({"system", "developer"}),
    tools=("tools", "include"),
    ignored=IGNORED,
    marks=frozenset({"cache_control", "prompt_cache_breakpoint"}),
    ids=frozenset({"id", "call_id"}),
    opaque=frozenset({"parameters", "schema", "encrypted_content"}),
    defaults=(("stream", False), ("include", [])),
)
