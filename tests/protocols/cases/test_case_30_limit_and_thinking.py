"""Case 30: the limit counts thoughts and answer: both have to fit."""

from __future__ import annotations

import pytest
from messages_cases import CLAUDE, from_canonical, from_chat

from tokentape.protocols.canonical.conversation import Conversation, Options, Thinking
from tokentape.protocols.canonical.origin import Origin

HI = {"role": "user", "content": "Hi"}


@pytest.mark.parametrize("limit", [1, 100, 1024, 1025, 2048, 2049, 4096, 10_000, 64_000])
def test_a_budget_made_of_an_effort_leaves_room(limit):
    body, losses = from_chat(HI, reasoning_effort="high", max_completion_tokens=limit)
    budget = body["thinking"]["budget_tokens"]
    assert 1024 <= budget < body["max_tokens"]
    assert body["max_tokens"] >= limit
    assert (body["max_tokens"] > limit) is any("output limit" in loss.what for loss in losses)


def asked(budget, limit):
    options = Options(max_output_tokens=limit)
    return Conversation(
        (), CLAUDE, thinking=Thinking(budget=budget), options=options, origin=Origin("gemini")
    )


@pytest.mark.parametrize(
    ("budget", "limit", "sent"), [(2048, 1000, 3048), (2048, 2048, 4096), (2048, 2049, 2049)]
)
def test_a_budget_that_was_asked_for_stays(budget, limit, sent):
    body, losses = from_canonical(asked(budget, limit))
    assert body["thinking"]["budget_tokens"] == budget
    assert body["max_tokens"] == sent
    assert [loss.path for loss in losses] == (["generationConfig.maxOutputTokens"] if sent != limit else [])
