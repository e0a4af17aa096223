"""Case 28: images in the results of tools move into a message of the user in Chat; never str()."""

from __future__ import annotations

from functools import reduce

import pytest

from tokentape.protocols.canonical.conversation import Conversation
from tokentape.protocols.canonical.items import Message, Role, ToolCall, ToolResult
from tokentape.protocols.canonical.parts import Data, Image, Inline, Text
from tokentape.protocols.codec import Target
from tokentape.protocols.quirks import Quirks
from tokentape.protocols.translation import write_request

PICTURE = Image(Inline("image/png", "iVBO"))


def messages(*results, **target):
    calls = [ToolCall(result.call_id, "shoot", "{}") for result in results]
    items = (Message(Role.USER, (Text("Go."),)), *calls, *results, Message(Role.USER, (Text("And?"),)))
    done = write_request(Conversation(items), Target("openai.chat", **target))
    return done.result.body["messages"][2:], done.losses


def test_after_all_results():
    written, losses = messages(
        ToolResult("a", (Text("Here."), PICTURE)), ToolResult("b", (Data({"ok": True}),))
    )
    assert [message["role"] for message in written] == ["tool", "tool", "user", "user"]
    assert written[0] == {"role": "tool", "tool_call_id": "a", "content": "Here."}
    assert written[1]["content"] == '{"ok":true}'
    told, shown = written[2]["content"]
    assert "a" in told["text"]
    assert shown == {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBO"}}
    assert [loss.what for loss in losses.tuning] == ["media in the result of a tool"]
    assert not losses.meaning


def test_a_result_that_is_an_image_alone_still_says_something():
    written, _ = messages(ToolResult("a", (PICTURE,)))
    assert written[0]["content"]
    assert "Image(" not in str(written)


def test_in_place_where_the_server_takes_it():
    written, losses = messages(
        ToolResult("a", (Text("Here."), PICTURE)), quirks=Quirks(media_in_results=True)
    )
    assert [part["type"] for part in written[0]["content"]] == ["text", "image_url"]
    assert not losses.losses


@pytest.mark.parametrize(
    "value",
    [{"a": [float("nan"), None, True]}, reduce(lambda deep, _: [deep], range(5000), 1)],
    ids=["nan", "deep"],
)
def test_what_is_no_json_is_never_shown_as_python_would(value):
    """`str()` of a value is `{'a': [nan, None, True]}`."""
    items = (ToolCall("c", "f", "{}"), ToolResult("c", (Data(value), Text("1"))))
    found = write_request(Conversation(items), Target("anthropic.messages"), allow_losses=True)
    assert found.result.body["messages"][1]["content"][0]["content"] == "1"
    assert [loss.what for loss in found.losses.meaning] == ["value"]
