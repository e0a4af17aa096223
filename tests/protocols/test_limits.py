"""Output caps and effort levels, from published data."""

from __future__ import annotations

import pytest

from tokentape.protocols import limits
from tokentape.protocols.limits import (
    EFFORTS,
    budget_effort,
    effort_budget,
    efforts,
    names,
    nearest_effort,
    output_cap,
)

CAPS = [
    ("claude-sonnet-4-5", 64_000),
    ("claude-sonnet-4-5-20250929", 64_000),
    ("claude-sonnet-4-5@20250929", 64_000),
    ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", 64_000),
    ("arn:aws:bedrock:us-east-1:1:inference-profile/eu.anthropic.claude-sonnet-4-5-20250929-v1:0", 64_000),
    ("anthropic/claude-sonnet-4.5", 64_000),
    ("gpt-5-mini", 128_000),
    ("openai/gpt-5-mini", 128_000),
    ("gpt-4o-2024-08-06", 16_384),
    ("ft:gpt-4o-2024-08-06:acme::id", 16_384),
    ("models/gemini-2.5-flash", 65_535),
    ("amazon.nova-pro-v1:0", 10_000),
]


@pytest.mark.parametrize(("model", "cap"), CAPS)
def test_the_cap_of_a_model_however_it_is_named(model: str, cap: int) -> None:
    assert output_cap(model) == cap


def test_a_host_that_caps_a_model_lower_is_believed_for_its_own_name() -> None:
    """Bedrock cuts the first Claude 3.5 Sonnet at half of what its maker does."""
    assert output_cap("anthropic.claude-3-5-sonnet-20240620-v1:0") == 4_096
    assert output_cap("claude-3-5-sonnet-20241022") == 8_192


@pytest.mark.parametrize("model", [None, "", "my-own-model", "/", ":"])
def test_what_nobody_has_published_is_unknown(model: str | None) -> None:
    assert output_cap(model) is None
    assert efforts(model) is None


def test_hosts_that_contradict_each_other_are_not_believed() -> None:
    assert output_cap("gpt-oss-120b") is None


def test_efforts_of_models() -> None:
    assert efforts("gpt-5-mini") == ("minimal", "low", "medium", "high")
    assert efforts("gpt-5.1") == ("none", "low", "medium", "high")


@pytest.mark.parametrize(
    ("effort", "model", "nearest"),
    [
        ("minimal", "gpt-5", "minimal"),
        ("none", "gpt-5", "minimal"),
        ("xhigh", "gpt-5", "high"),
        ("minimal", "gpt-5.1", "none"),
        ("max", "my-own-model", "max"),
        ("enormous", "gpt-5", "enormous"),
    ],
)
def test_the_nearest_effort_that_a_model_takes(effort: str, model: str, nearest: str) -> None:
    assert nearest_effort(effort, model) == nearest


def test_a_budget_is_at_least_what_the_api_asks_for() -> None:
    """Anthropic refuses budgets under 1024."""
    assert effort_budget("minimal", "claude-sonnet-4-5") == 1024
    assert effort_budget("minimal", "my-own-model") == 128
    assert effort_budget("none", "claude-sonnet-4-5") == 0
    assert effort_budget("enormous", "claude-sonnet-4-5") is None


@pytest.mark.parametrize("model", [None, "gpt-5", "claude-sonnet-4-5", "claude-opus-4-6", "gemini-2.5-pro"])
def test_more_effort_is_never_less_budget(model: str | None) -> None:
    budgets = [effort_budget(word, model) or 0 for word in EFFORTS]
    assert budgets == sorted(budgets)
    words = [budget_effort(budget, model) or "" for budget in range(0, 40_000, 64)]
    assert [EFFORTS.index(word) for word in words] == sorted(EFFORTS.index(word) for word in words)


@pytest.mark.parametrize("word", ["low", "medium", "high"])
@pytest.mark.parametrize("model", [None, "gpt-5", "claude-sonnet-4-5", "gemini-2.5-pro"])
def test_effort_to_budget_and_back(word: str, model: str | None) -> None:
    budget = effort_budget(word, model)
    assert budget is not None
    assert budget_effort(budget, model) == word


@pytest.mark.parametrize(
    ("budget", "model", "word"),
    [
        (-1, "gemini-2.5-pro", None),
        (0, None, "none"),
        (0, "gpt-5", "minimal"),
        (1, None, "minimal"),
        (1, "gpt-5.1", "low"),
        (30_000, None, "high"),
        (30_000, "claude-opus-4-6", "max"),
    ],
)
def test_budget_to_effort(budget: int, model: str | None, word: str | None) -> None:
    assert budget_effort(budget, model) == word


def test_a_provider_is_believed_about_its_own_models() -> None:
    """Google says what its endpoint for Chat makes of effort words."""
    words = ("low", "medium", "high", "max")
    assert [effort_budget(word, "gemini-2.5-flash") for word in words] == [1024, 8192, 24_576, 24_576]
    assert effort_budget("minimal", "gemini-2.5-pro") == 128
    assert effort_budget("high", "gemini-2.5-flash-lite-preview-09-2025") == 24_576


def test_names_from_the_most_exact_one() -> None:
    assert names("us.anthropic.claude-3-5-haiku-20241022-v1:0") == (
        "us-anthropic-claude-3-5-haiku-20241022-v1:0",
        "claude-3-5-haiku-20241022",
        "claude-3-5-haiku",
    )
    assert names("gpt-4.1") == ("gpt-4-1",)


def test_the_snapshot_says_where_it_is_from() -> None:
    data = limits._snapshot()
    assert data["source"].startswith("litellm ")
    assert data["date"] >= "2026-11-21"
    assert "MIT" in data["notice"]
    assert len(data["models"]) > 500
