"""Case 33: JSON schema goes over natively; endpoints without it get OpenAPI's subset, and a list of losses."""

from __future__ import annotations

import pytest

from tokentape.errors import UnsupportedFeature
from tokentape.protocols.canonical.conversation import Conversation, OutputFormat, Tool
from tokentape.protocols.canonical.items import Message, Role
from tokentape.protocols.canonical.parts import Text
from tokentape.protocols.codec import Source, Target
from tokentape.protocols.quirks import Quirks
from tokentape.protocols.translation import translate_request, write_request

SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "properties": {
        "home": {"$ref": "#/$defs/place"},
        "work": {"$ref": "#/$defs/place", "description": "w"},
        "kind": {"const": "a"},
        "note": {"type": ["string", "null"], "format": "uri"},
        "at": {"type": "string", "format": "date-time"},
    },
    "required": ["home"],
    "additionalProperties": False,
    "$defs": {"place": {"type": "object", "properties": {"city": {"type": "string", "$comment": "c"}}}},
}
LOOP = {"type": "object", "properties": {"next": {"$ref": "#"}}}


def translated(schema, quirks=None, *, allow=False):
    body = {
        "model": "m",
        "messages": [{"role": "user", "content": "x"}],
        "tools": [{"type": "function", "function": {"name": "f", "parameters": schema}}],
        "response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": schema}},
    }
    target = Target("gemini", model="gemini-2.5-flash", quirks=quirks or Quirks())
    found = translate_request(body, Source("openai.chat"), target, allow_losses=allow)
    return found.result.body, found.losses


@pytest.mark.parametrize("schema", [SCHEMA, LOOP])
def test_json_schema_is_native(schema):
    body, losses = translated(schema)
    assert body["tools"] == [{"functionDeclarations": [{"name": "f", "parametersJsonSchema": schema}]}]
    assert body["generationConfig"]["responseJsonSchema"] == schema
    assert [loss.what for loss in losses] == ["name of the schema"]


def test_the_subset_and_what_was_dropped():
    body, losses = translated(SCHEMA, Quirks(schema="gemini-openapi"))
    place = {"type": "object", "properties": {"city": {"type": "string"}}}
    subset = {
        "type": "object",
        "properties": {
            "home": place,
            "work": {**place, "description": "w"},
            "kind": {"enum": ["a"]},
            "note": {"type": "string", "nullable": True},
            "at": {"type": "string", "format": "date-time"},
        },
        "required": ["home"],
    }
    assert body["tools"] == [{"functionDeclarations": [{"name": "f", "parameters": subset}]}]
    assert body["generationConfig"] == {"responseMimeType": "application/json", "responseSchema": subset}
    dropped = {loss.what for loss in losses if loss.path.startswith("tools")}
    assert dropped == {
        "schema: $schema", "schema: additionalProperties", "schema: properties.note.format",
        "schema: properties.home.properties.city.$comment", "schema: properties.work.properties.city.$comment",
    }  # fmt: skip
    assert not losses.meaning


def test_a_schema_of_itself_is_refused():
    with pytest.raises(UnsupportedFeature, match="refers to itself"):
        translated(LOOP, Quirks(schema="gemini-openapi"))


@pytest.mark.parametrize(
    ("target", "tool", "answer"),
    [
        ("openai.chat", ("function", "parameters"), ("response_format", "json_schema", "schema")),
        ("openai.responses", ("parameters",), ("text", "format", "schema")),
    ],
)
def test_servers_of_other_dialects_may_take_the_subset_only(target, tool, answer):
    asked = Conversation(
        (Message(Role.USER, (Text("Go."),)),),
        tools=(Tool("f", schema=SCHEMA), Tool("g")),
        output=OutputFormat("schema", SCHEMA, "a"),
    )
    quirks = Quirks(schema="gemini-openapi")
    written = write_request(asked, Target(target, quirks=quirks))
    body, given = written.result.body, written.result.body["tools"][0]
    for step in tool:
        given = given[step]
    for step in answer:
        body = body[step]
    assert given == body
    assert "$schema" not in given
    assert "$ref" not in str(given)
    assert "schema: $schema" in {loss.what for loss in written.losses}
    with pytest.raises(UnsupportedFeature):
        write_request(Conversation((), tools=(Tool("f", schema=LOOP),)), Target(target, quirks=quirks))
