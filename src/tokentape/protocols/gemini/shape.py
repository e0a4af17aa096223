"""Where things are in a generateContent request (API reference, "GenerateContentRequest").

The API reads protobuf JSON, so any field may be written in camelCase or snake_case. `input` and
`generation_config` are Interactions' names, which share no field with these.
"""

from __future__ import annotations

from tokentape.protocols.dialect import Shape

SHAPE = Shape(
    conversation="contents",
    content="parts",
    implied=(("role", "user"),),
    system=("systemInstruction",),
    tools=("tools.functionDeclarations", "tools", "safetySettings", "generationConfig.responseModalities"),
    ignored=frozenset({"labels"}),
    ids=frozenset({"id"}),
    opaque=frozenset(
        {
            "args",
            "response",
            "parameters",
            "parametersJsonSchema",
            "responseSchema",
            "responseJsonSchema",
            "schema",
        }
    ),
    snake_case=True,
)
