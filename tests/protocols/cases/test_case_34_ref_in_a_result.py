"""Case 34: `$ref` in a function's result means media to Gemini: from elsewhere it goes over as JSON text."""

from __future__ import annotations

import json

from tokentape.protocols.canonical.conversation import Conversation
from tokentape.protocols.canonical.items import Message, Role, ToolCall, ToolResult
from tokentape.protocols.canonical.origin import Origin
from tokentape.protocols.canonical.parts import Data, Text
from tokentape.protocols.codec import Source, Target
from tokentape.protocols.translation import translate_request, write_request

VALUE = {"schema": {"items": [{"$ref": "#/$defs/a"}]}}


def response(part):
    asked = Conversation(
        (
            Message(Role.USER, (Text("x"),)),
            ToolCall("c1", "f", "{}"),
            ToolResult("c1", (part,)),
        ),
        origin=Origin("bedrock.converse"),
    )
    found = write_request(asked, Target("gemini", model="gemini-2.5-flash"))
    [part] = found.result.body["contents"][-1]["parts"]
    return part["functionResponse"]["response"], found.losses


def test_it_becomes_text():
    found, losses = response(Data(VALUE))
    assert list(found) == ["result"]
    assert json.loads(found["result"]) == VALUE
    assert [loss.what for loss in losses.tuning] == ["$ref"]
    assert not losses.meaning


def test_text_that_mentions_it_stays():
    assert response(Text(json.dumps(VALUE))) == ({"result": json.dumps(VALUE)}, response(Text("x"))[1])


def test_other_objects_stay_objects():
    assert response(Data({"ref": 1}))[0] == {"ref": 1}


def test_gemini_s_own_references_stay():
    part = {"functionResponse": {"name": "f", "response": {"image": {"$ref": "a"}}, "parts": [
        {"inlineData": {"mimeType": "image/png", "data": "AAAA", "displayName": "a"}}]}}  # fmt: skip
    body = {"contents": [{"role": "user", "parts": [part]}]}
    found = translate_request(body, Source("gemini", model="gemini-3-pro"), Target("gemini"))
    assert found.result.body == body
