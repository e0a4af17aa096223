"""Case 8: Anthropic wants the results of a turn's calls in the next user message, before anything else, and
each with its call: results that follow each other are merged, orphans refused.
"""

from __future__ import annotations

import pytest
from messages_cases import call, from_chat, result

from tokentape.errors import UnsupportedFeature

CALLS = {"role": "assistant", "content": "Let me look.", "tool_calls": [call("c1"), call("c2")]}


def test_results_are_one_message_before_the_text():
    body, losses = from_chat(
        {"role": "user", "content": "Hi"}, CALLS, result("c1", "one"), result("c2", "two"),
        {"role": "user", "content": "Well?"},
    )  # fmt: skip
    assert [message["role"] for message in body["messages"]] == ["user", "assistant", "user"]
    assert body["messages"][2]["content"] == [
        {"type": "tool_result", "tool_use_id": "c1", "content": "one"},
        {"type": "tool_result", "tool_use_id": "c2", "content": "two"},
        {"type": "text", "text": "Well?"},
    ]
    assert not losses.meaning


def test_a_result_that_comes_late_goes_behind_its_call():
    body, _ = from_chat(CALLS, {"role": "user", "content": "Well?"}, result("c2"), result("c1"))
    kinds = [block["type"] for block in body["messages"][1]["content"]]
    assert kinds == ["tool_result", "tool_result", "text"]
    assert [block.get("tool_use_id") for block in body["messages"][1]["content"]] == ["c1", "c2", None]


def test_an_orphan_is_refused():
    turns = ({"role": "user", "content": "Hi"}, result("gone"))
    with pytest.raises(UnsupportedFeature, match="no call has the id 'gone'"):
        from_chat(*turns, allow=False)
    body, losses = from_chat(*turns)
    assert body["messages"] == [{"role": "user", "content": "Hi"}]
    assert [loss.what for loss in losses.meaning] == ["tool result"]
