"""Case 31: how much a model shall think, as a word, as tokens, as a level; what changes is in the report."""

from __future__ import annotations

import pytest

from tokentape.protocols.canonical.conversation import Conversation, Thinking
from tokentape.protocols.canonical.items import Message, Role
from tokentape.protocols.canonical.origin import Origin
from tokentape.protocols.canonical.parts import Text
from tokentape.protocols.codec import Source, Target
from tokentape.protocols.limits import budget_effort, effort_budget
from tokentape.protocols.translation import codec_of, write_request

QUESTION = (Message(Role.USER, (Text("2+2?"),)),)
MODELS = {
    "openai.chat": "gpt-5-mini",
    "openai.responses": "gpt-5-mini",
    "anthropic.messages": "claude-sonnet-4-5",
    "gemini": "gemini-2.5-flash",
    "bedrock.converse": "anthropic.claude-sonnet-4-5-20250929-v1:0",
    "ollama": "qwen3",
    "cohere": "command-a-reasoning-08-2025",
}


def written(target, thinking):
    asked = Conversation(QUESTION, MODELS[target], thinking=thinking, origin=Origin(""))
    result = write_request(asked, Target(target))
    codec = codec_of(target)
    read = codec.read_request(result.result.body, Source(target))
    return read.thinking, result.losses


@pytest.mark.parametrize("target", MODELS)
def test_an_effort_reaches_every_dialect_or_is_a_loss(target):
    thinking, losses = written(target, Thinking("on", effort="high"))
    if thinking is None:
        assert losses.tuning
        return
    assert thinking.effort == "high" or thinking.budget or thinking.mode == "on"
    if thinking.effort != "high":
        assert any("effort" in loss.what or "budget" in loss.what for loss in losses.tuning)


@pytest.mark.parametrize("target", MODELS)
def test_a_budget_reaches_every_dialect_or_is_a_loss(target):
    thinking, losses = written(target, Thinking("on", budget=2048))
    if thinking is not None and thinking.budget == 2048:
        assert not any("budget" in loss.what for loss in losses)
        return
    assert losses.tuning
    assert not losses.meaning


@pytest.mark.parametrize("target", MODELS)
def test_thinking_that_is_off_stays_off(target):
    thinking, losses = written(target, Thinking("off"))
    off = thinking is not None and (
        thinking.mode == "off" or thinking.effort in ("none", "minimal", "low") or thinking.budget == 0
    )
    assert off or thinking is None
    assert thinking is not None or target in ("anthropic.messages", "bedrock.converse") or losses.tuning


def test_words_and_tokens_fit_each_other():
    for effort in ("low", "medium", "high"):
        budget = effort_budget(effort, "claude-sonnet-4-5")
        assert budget is not None
        assert budget_effort(budget, "gpt-5-mini") == effort
