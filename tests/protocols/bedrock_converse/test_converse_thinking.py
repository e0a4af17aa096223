"""Thinking: where Claude's, Nova's and the gpt models' requests say it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from converse_bodies import CLAUDE, OPTIONS, asks, read, text, user, writes, written

from tokentape.protocols.canonical.conversation import NativeTool, Options, Thinking
from tokentape.protocols.canonical.items import Message, Role
from tokentape.protocols.canonical.parts import Text

OPUS = "us.anthropic.claude-opus-4-6-v1"
HELLO = Message(Role.USER, (Text("a"),))
EXTRA = "additionalModelRequestFields"


def asked(thinking, model=CLAUDE, **options):
    body, report = writes(HELLO, model=model, thinking=thinking, options=Options(**options))
    del body["messages"]
    body.pop("inferenceConfig", None)
    return body, [loss.what for loss in report]


def enabled(budget):
    return {EXTRA: {"thinking": {"type": "enabled", "budget_tokens": budget}}}


@pytest.mark.parametrize(
    ("thinking", "model", "said", "lost"),
    [
        (Thinking("on", budget=2048), CLAUDE, enabled(2048), []),
        (Thinking("on", budget=100), CLAUDE, enabled(1024), ["thinking budget"]),
        (Thinking(effort="medium"), CLAUDE, enabled(2048), ["effort medium"]),
        (Thinking("on"), CLAUDE, enabled(2048), ["effort medium"]),
        (Thinking("off"), CLAUDE, {EXTRA: {"thinking": {"type": "disabled"}}}, []),
        (Thinking(effort="none"), OPUS, {EXTRA: {"thinking": {"type": "disabled"}}}, []),
        (Thinking(budget=0), CLAUDE, {EXTRA: {"thinking": {"type": "disabled"}}}, []),
        (
            Thinking(effort="high"),
            OPUS,
            {EXTRA: {"thinking": {"type": "adaptive"}}, "outputConfig": {"effort": "high"}},
            [],
        ),
        (
            Thinking(effort="minimal"),
            OPUS,
            {EXTRA: {"thinking": {"type": "adaptive"}}, "outputConfig": {"effort": "low"}},
            ["effort minimal"],
        ),
        (Thinking("adaptive"), CLAUDE, {EXTRA: {"thinking": {"type": "adaptive"}}}, []),
        (
            Thinking(effort="low"),
            "amazon.nova-2-lite-v1:0",
            {EXTRA: {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "low"}}},
            [],
        ),
        (Thinking(effort="high"), "openai.gpt-oss-120b-1:0", {EXTRA: {"reasoning_effort": "high"}}, []),
        (Thinking("off"), "amazon.nova-2-lite-v1:0", {}, []),
        (Thinking(effort="high"), "meta.llama3-1-70b-instruct-v1:0", {}, ["thinking"]),
    ],
    ids=range(14),
)
def test_thinking_is_told_as_the_model_takes_it(thinking, model, said, lost):
    assert asked(thinking, model) == (said, lost)


def test_case_30_a_budget_fits_into_the_limit():
    assert asked(Thinking(budget=4096), max_output_tokens=2000) == (enabled(1999), ["thinking budget"])
    assert asked(Thinking(budget=4096), max_output_tokens=8000) == (enabled(4096), [])


def test_what_the_models_own_fields_say_is_read():
    found = read(OPTIONS)
    assert found.thinking == Thinking("on", effort="low", budget=2048)
    assert found.options == Options(
        max_output_tokens=100, temperature=0, top_p=0.5, top_k=5, stop=("|",), service_tier="flex",
        metadata={"team": "a"},
    )  # fmt: skip
    assert [tool.kind for tool in found.tools if isinstance(tool, NativeTool)] == ["computer_20250124"]
    assert found.output.schema == {"type": "object"}


@pytest.mark.parametrize(
    "extra",
    [
        {"reasoning_config": {"type": "disabled"}},
        {"thinking": {"type": "adaptive"}, "output_config": {"effort": "max"}},
        {"output_config": {"effort": "max", "format": {}}},
        {"thinking": "much", "top_k": "some", "output_config": 5, "tools": [1]},
        {"reasoning_config": "high"},
        {"tools": []},
        {},
        "x",
        None,
    ],
    ids=str,
)
def test_the_models_own_fields_come_back(extra):
    body = asks(user(text("a")), additionalModelRequestFields=extra)
    assert written(read(body))[0].body == body


def test_edited_thinking_comes_out_edited():
    body = asks(
        user(text("a")), additionalModelRequestFields={"reasoning_config": {"type": "disabled", "x": 1}}
    )
    found = read(body)
    told = replace(found, thinking=replace(found.thinking, mode="on", budget=3000, effort="low"))
    assert written(told)[0].body == {
        **body,
        "additionalModelRequestFields": {
            "reasoning_config": {"type": "enabled", "budget_tokens": 3000, "x": 1}
        },
        "outputConfig": {"effort": "low"},
    }


def test_a_model_of_another_family_is_told_otherwise():
    body = asks(
        user(text("a")), additionalModelRequestFields={"thinking": {"type": "enabled", "budget_tokens": 1}}
    )
    outgoing, report = written(read(body), model="meta.llama3-1-70b-instruct-v1:0")
    assert outgoing.body == asks(user(text("a")))
    assert [loss.what for loss in report] == ["thinking"]


def test_an_unknown_form_of_the_answer_stays():
    for form in ({"type": "new"}, {"type": "json_schema", "structure": {"jsonSchema": {"schema": "null"}}}):
        body = asks(user(text("a")), outputConfig={"textFormat": form})
        assert read(body).output is None
        assert written(read(body))[0].body == body


def test_an_edited_schema_comes_out_edited():
    found = read(OPTIONS)
    outgoing, _ = written(replace(found, output=replace(found.output, schema={"type": "array"})))
    told = outgoing.body["outputConfig"]["textFormat"]["structure"]["jsonSchema"]
    assert told["schema"] == '{"type":"array"}'
