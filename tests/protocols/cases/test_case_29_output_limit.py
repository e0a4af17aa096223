"""Case 29: Anthropic requires `max_tokens`: without one it is the model's real cap, where that is published."""

from __future__ import annotations

import pytest
from messages_cases import from_chat, home

from tokentape.protocols.limits import output_cap

HI = {"role": "user", "content": "Hi"}


@pytest.mark.parametrize("model", ["claude-sonnet-4-5", "claude-opus-4-6", "claude-3-5-haiku-20241022"])
def test_it_is_the_cap_of_the_model(model):
    body, losses = from_chat(HI, model=model)
    assert body["max_tokens"] == output_cap(model)
    assert body["max_tokens"] > 4096
    assert not losses


def test_a_model_that_nobody_has_listed_gets_what_all_can_write():
    body, losses = from_chat(HI, model="claude-of-tomorrow")
    assert body["max_tokens"] == 8192
    assert [(loss.what, loss.severity.value) for loss in losses] == [("max_tokens", "tuning")]


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
def test_a_limit_that_was_asked_for_stays(name):
    body, losses = from_chat(HI, **{name: 50})
    assert body["max_tokens"] == 50
    assert not losses


@pytest.mark.parametrize("effort", ["low", "medium", "high"])
def test_it_exceeds_the_thinking_budget(effort):
    body, _ = from_chat(HI, model="claude-3-5-haiku-20241022", reasoning_effort=effort)
    assert body["max_tokens"] > body["thinking"]["budget_tokens"]


def test_at_home_nothing_is_added():
    body, _ = home(HI)
    assert body["max_tokens"] == 100
