"""Case 23: system text between turns stays in place where the model takes it there, else it moves to the
head, and the report says so.
"""

from __future__ import annotations

import pytest
from messages_cases import from_chat, home, read

from tokentape.protocols.codec import Target
from tokentape.protocols.quirks import Quirks
from tokentape.protocols.translation import write_request

TURNS = (
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "Hi"},
    {"role": "developer", "content": "In French."},
    {"role": "assistant", "content": "Salut"},
)
HEAD = [{"type": "text", "text": "Be brief."}, {"type": "text", "text": "In French."}]


@pytest.mark.parametrize(
    "model",
    ["claude-sonnet-4-5", "claude-opus-4-7", "anthropic.claude-opus-4-8-v1:0", "claude-opus-4-20250514"],
)
def test_it_moves_to_the_head(model):
    body, losses = from_chat(*TURNS, model=model)
    assert body["system"] == HEAD
    assert [message["role"] for message in body["messages"]] == ["user", "assistant"]
    assert [(loss.path, loss.severity.value) for loss in losses if "text" in loss.what] == [
        ("messages[2]", "tuning")
    ]


@pytest.mark.parametrize(
    "model", ["claude-opus-4-8", "claude-opus-4-10", "claude-opus-5", "claude-opus-5-20260801"]
)
def test_it_stays_where_it_may(model):
    body, losses = from_chat(*TURNS, model=model)
    assert body["system"] == "Be brief."
    assert body["messages"][1] == {"role": "system", "content": "In French."}
    assert not [loss for loss in losses if "text" in loss.what]


def test_only_behind_the_user_and_before_the_model():
    late = (
        TURNS[1],
        TURNS[3],
        {"role": "system", "content": "In French."},
        {"role": "user", "content": "More"},
    )
    body, losses = from_chat(*late, model="claude-opus-4-8")
    assert body["system"] == "In French."
    assert [loss.what for loss in losses if "text" in loss.what] == ["system text"]


def test_what_stood_there_here_stays_there():
    turns = (
        {"role": "user", "content": "Hi"},
        {"role": "system", "content": [{"type": "text", "text": "In French."}]},
    )
    body, losses = home(*turns, model="claude-opus-4-8")
    assert body["messages"] == list(turns)
    assert not losses


def test_a_server_may_want_all_of_it_at_the_head():
    from tokentape.protocols.codec import Source
    from tokentape.protocols.translation import read_request

    asked = read_request({"model": "m", "messages": list(TURNS)}, Source("openai.chat"))
    target = Target("anthropic.messages", "claude-opus-4-8", quirks=Quirks(system_at_head=True))
    assert write_request(asked, target).result.body["system"] == HEAD
    assert read({"role": "user", "content": "Hi"}).items
