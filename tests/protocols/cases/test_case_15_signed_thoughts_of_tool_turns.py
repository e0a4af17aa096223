"""Case 15: a signed thought goes back unchanged, first in its turn, through tools and through dialects."""

from __future__ import annotations

import pytest
from messages_cases import CLAUDE, NAME, home

from tokentape.protocols.codec import Source, Target
from tokentape.protocols.translation import translate_request

THOUGHT = {"type": "thinking", "thinking": " I look.\n", "signature": "c2ln=="}
USE = {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {"at": "é"}}
TURNS = (
    {"role": "user", "content": "Look."},
    {"role": "assistant", "content": [THOUGHT, {"type": "text", "text": "Looking."}, USE]},
    {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": "seen"}]},
)
TOOLS = [{"name": "look", "input_schema": {"type": "object"}}]


def test_at_home_nothing_moves():
    body, losses = home(*TURNS, tools=TOOLS)
    assert body["messages"] == list(TURNS)
    assert not losses


def test_to_another_claude_it_goes_as_well():
    body, _ = home(*TURNS, tools=TOOLS, to="claude-opus-4-5")
    assert body["messages"] == list(TURNS)


def test_through_bedrock_and_back():
    asked = {"model": CLAUDE, "max_tokens": 100, "messages": list(TURNS), "tools": TOOLS}
    model = "anthropic.claude-sonnet-4-5-20250929-v1:0"
    there = translate_request(asked, Source(NAME), Target("bedrock.converse", model)).result.body
    back = translate_request(there, Source("bedrock.converse", model), Target(NAME, CLAUDE)).result.body
    assert back["messages"] == list(TURNS)


@pytest.mark.parametrize("credential", [None, "mine"])
def test_a_signature_is_bound_to_the_credential_where_both_are_known(credential):
    asked = {"model": CLAUDE, "max_tokens": 100, "messages": list(TURNS), "tools": TOOLS}
    target = Target(NAME, credential="other")
    body = translate_request(asked, Source(NAME, credential=credential), target).result.body
    kinds = [block["type"] for block in body["messages"][1]["content"]]
    assert ("thinking" in kinds) is (credential is None)
    assert bool(target.losses.report.tuning) is (credential is not None)
