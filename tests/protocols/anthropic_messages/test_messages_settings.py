"""Limits, sampling, thinking and the form of the answer, where the request came from elsewhere."""

from __future__ import annotations

import pytest
from messages_bodies import NAME, read, request, written

from tokentape.protocols.canonical.conversation import Conversation, Options, OutputFormat, Thinking
from tokentape.protocols.canonical.origin import Origin
from tokentape.protocols.codec import Target

BUDGETED, EFFORTFUL = "claude-sonnet-4-5", "claude-opus-4-6"
"""A model that takes budgets, and one that takes effort words."""


def asked(model=BUDGETED, limit=64_000, **more):
    options = more.pop("options", Options(max_output_tokens=limit))
    return Conversation((), model, options=options, origin=Origin("openai.chat"), **more)


@pytest.mark.parametrize(
    ("thinking", "config", "losses"),
    [
        (Thinking(mode="off"), {"type": "disabled"}, 0),
        (Thinking(effort="none"), {"type": "disabled"}, 0),
        (Thinking(budget=0), {"type": "disabled"}, 0),
        (Thinking(effort="high"), {"type": "enabled", "budget_tokens": 4096}, 1),
        (Thinking(mode="on"), {"type": "enabled", "budget_tokens": 2048}, 0),
        (Thinking(mode="adaptive"), {"type": "enabled", "budget_tokens": 2048}, 1),
        (Thinking(budget=3000), {"type": "enabled", "budget_tokens": 3000}, 0),
        (Thinking(budget=30), {"type": "enabled", "budget_tokens": 1024}, 1),
        (Thinking(effort="of tomorrow"), None, 1),
        (Thinking(summary="auto"), None, 1),
        (
            Thinking(budget=3000, shown=False),
            {"type": "enabled", "budget_tokens": 3000, "display": "omitted"},
            0,
        ),
        (
            Thinking(budget=3000, summary="auto"),
            {"type": "enabled", "budget_tokens": 3000, "display": "summarized"},
            0,
        ),
    ],
)
def test_budgets(thinking, config, losses):
    body, report = written(asked(thinking=thinking))
    assert body.get("thinking") == config
    assert "output_config" not in body
    assert len(report.tuning) == len(report) == losses


@pytest.mark.parametrize(
    ("thinking", "effort", "losses"),
    [
        (Thinking(effort="high"), "high", 0),
        (Thinking(effort="minimal"), "low", 1),
        (Thinking(mode="on"), None, 0),
        (Thinking(budget=4096), "high", 1),
        (Thinking(budget=-1, mode="adaptive"), None, 0),
    ],
)
def test_efforts(thinking, effort, losses):
    body, report = written(asked(EFFORTFUL, thinking=thinking))
    assert body["thinking"] == {"type": "adaptive"}
    assert body.get("output_config", {}).get("effort") == effort
    assert len(report.tuning) == len(report) == losses


def test_sampling_that_anthropic_has_not():
    body, losses = written(asked(options=Options(max_output_tokens=9, temperature=1.7, seed=1, top_k=3)))
    assert body == {"model": BUDGETED, "messages": [], "max_tokens": 9, "temperature": 1, "top_k": 3}
    assert {loss.what for loss in losses.tuning} == {"temperature", "seed"}


def test_thinking_excludes_sampling():
    options = Options(max_output_tokens=9000, temperature=0.2, top_k=3, top_p=0.99)
    body, losses = written(asked(options=options, thinking=Thinking(budget=2000)))
    assert "temperature" not in body
    assert "top_k" not in body
    assert body["top_p"] == 0.99
    assert {loss.what for loss in losses} == {"temperature", "top k"}


@pytest.mark.parametrize(("tier", "said"), [("auto", "auto"), ("default", "standard_only"), ("flex", None)])
def test_service_tiers(tier, said):
    body, losses = written(asked(options=Options(max_output_tokens=9, service_tier=tier)))
    assert body.get("service_tier") == said
    assert [loss.what for loss in losses] == ([] if said else ["service tier"])


def test_several_answers_change_the_meaning():
    _, losses = written(asked(options=Options(max_output_tokens=9, candidates=2)))
    assert [(loss.path, loss.what) for loss in losses.meaning] == [("n", "candidates")]


def test_the_older_form_of_structured_output_is_kept():
    body = request(output_format={"type": "json_schema", "schema": {"type": "object"}})
    assert read(body).output == OutputFormat("schema", {"type": "object"})
    assert written(read(body))[0] == body


def test_what_is_told_here_stays_as_it_was_told():
    body = request(thinking={"type": "enabled", "budget_tokens": 5000}, temperature=1.5)
    again, losses = written(read(body), Target(NAME, EFFORTFUL))
    assert again == {**body, "model": EFFORTFUL}
    assert not losses
