"""A conversation made fit for a target, and what a target says it does not take."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tokentape.errors import UnsupportedFeature
from tokentape.evaluation.asking.preparing import prepare
from tokentape.evaluation.asking.question import UNCHANGED, Changes
from tokentape.evaluation.asking.refusing import refused_option
from tokentape.protocols.canonical.failure import Failure, FailureKind
from tokentape.protocols.codec import Source
from tokentape.protocols.fastjson import loads
from tokentape.protocols.translation import read_request
from tokentape.upstreams.auth.nothing import NoAuth
from tokentape.upstreams.upstream import Candidate, Upstream


def candidate(dialect, model, **more):
    return Candidate(Upstream("up", dialect, "http://up.test", NoAuth(), **more), model)


def sent(asked, to, changes=UNCHANGED, refused=()):
    """The body for a target, and the losses as text."""
    prepared = prepare(asked, to, changes, refused)
    return loads(prepared.request.body), [f"{loss.path}: {loss.why}" for loss in prepared.losses]


CLAUDE = candidate("anthropic.messages", "claude-haiku-4-5")
THOUGHT = {"type": "thinking", "thinking": "Hm.", "signature": "c2lnbmVk"}
CALL = {"type": "tool_use", "id": "toolu_01", "name": "weather", "input": {}}
RESULT = {"type": "tool_result", "tool_use_id": "toolu_01", "content": "Sunny."}


def thoughtful(model):
    body = {
        "model": model,
        "max_tokens": 4000,
        "thinking": {"type": "enabled", "budget_tokens": 2000},
        "messages": [
            {"role": "user", "content": "Weather?"},
            {"role": "assistant", "content": [THOUGHT, CALL]},
            {"role": "user", "content": [RESULT]},
        ],
        "tools": [{"name": "weather", "input_schema": {"type": "object"}}],
    }
    return read_request(body, Source("anthropic.messages"))


def test_the_same_model_gets_its_signed_thoughts_back():
    body, losses = sent(thoughtful("claude-haiku-4-5-20251001"), CLAUDE)
    assert body["messages"][1]["content"][0] == THOUGHT
    assert body["thinking"]["type"] == "enabled"
    assert losses == []


def test_another_model_gets_no_thoughts_that_it_did_not_sign():
    body, losses = sent(thoughtful("claude-sonnet-4-5"), CLAUDE)
    assert [block["type"] for block in body["messages"][1]["content"]] == ["tool_use"]
    assert "thinking" not in body
    assert "messages[1].content[0]: only claude can read it" in losses
    assert "thinking: a loop of tools that began without thoughts goes on so" in losses


def responses(**more):
    body = {"model": "gpt-5", "input": [{"role": "user", "content": "Hi"}], **more}
    return read_request(body, Source("openai.responses"))


RESPONSES = candidate("openai.responses", "gpt-5-mini")


def test_sealed_reasoning_of_another_model_stays_behind():
    sealed = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "c2VhbGVk"}
    turns = [{"role": "user", "content": "Hi"}, sealed, {"role": "assistant", "content": "Hello."}]
    asked = responses(input=[*turns, {"role": "user", "content": "And?"}])
    body, losses = sent(asked, RESPONSES)
    assert "c2VhbGVk" not in str(body)
    assert "rs_1" not in str(body)
    assert "input[1]: only gpt can read it" in losses
    body, losses = sent(asked, candidate("openai.responses", "gpt-5"))
    assert sealed["encrypted_content"] in str(body)
    assert losses == []


def test_a_stored_conversation_is_not_written_on():
    with pytest.raises(UnsupportedFeature, match="asking again would write it on"):
        sent(responses(conversation="conv_1"), RESPONSES)


def test_a_response_in_the_background_is_waited_for():
    body, losses = sent(responses(background=True), RESPONSES)
    assert not body.get("background")
    assert losses == ["background: the answer is waited for"]


def chat(**more):
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hi"}], **more}
    return read_request(body, Source("openai.chat"))


def test_the_limit_of_output_is_one_that_the_model_has():
    body, losses = sent(chat(max_tokens=100_000), candidate("openai.chat", "gpt-4o-mini"))
    assert 16384 in body.values()
    assert losses == ["max_tokens: 16384 is the most"]
    body, losses = sent(chat(max_tokens=100_000), candidate("openai.chat", "nobody-knows"))
    assert 100_000 in body.values()
    assert losses == []


def test_ids_of_tools_are_fitted_on_call_and_result():
    asked = chat(
        messages=[
            {"role": "user", "content": "Weather?"},
            {
                "role": "assistant",
                "tool_calls": [
                    {"id": "call|1:2", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
                ],
            },
            {"role": "tool", "tool_call_id": "call|1:2", "content": "Sunny."},
        ],
        tools=[{"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}],
    )
    body, _ = sent(asked, CLAUDE)
    call, result = body["messages"][1]["content"][0], body["messages"][2]["content"][0]
    assert call["id"] == result["tool_use_id"] != "call|1:2"


def test_what_an_alias_sets_is_set_unless_the_run_says_otherwise():
    to = replace(CLAUDE, set={"temperature": 0.5, "top_p": 0.9})
    body, _ = sent(chat(), to, Changes(parameters={"temperature": 0}))
    assert (body["temperature"], body["top_p"]) == (0, 0.9)


def test_an_empty_system_prompt_is_none():
    asked = chat(messages=[{"role": "system", "content": "Long."}, {"role": "user", "content": "Hi"}])
    body, losses = sent(asked, CLAUDE, Changes(system=""))
    assert "system" not in body
    assert losses == []


def test_what_was_refused_is_left_out():
    asked = chat(temperature=0.2, reasoning_effort="high", seed=1)
    body, losses = sent(asked, candidate("openai.chat", "gpt-5"), UNCHANGED, {"temperature", "thinking"})
    assert "temperature" not in body
    assert "reasoning_effort" not in body
    assert body["seed"] == 1
    assert losses == ["temperature: the target refuses it", "reasoning_effort: the target refuses it"]


def test_an_upstream_that_speaks_the_recorded_dialect_is_asked_in_it():
    to = candidate("openai.chat", "gpt-5", also=frozenset({"openai.responses"}))
    assert prepare(responses(), to, UNCHANGED).source.dialect == "openai.responses"
    assert prepare(chat(), to, UNCHANGED).source.dialect == "openai.chat"
    assert prepare(replace(chat(), origin=None), to, UNCHANGED).source.dialect == "openai.chat"


def failure(message, **more):
    return Failure(FailureKind.INVALID_REQUEST, message, 400, **more)


@pytest.mark.parametrize(
    ("message", "param", "option"),
    [
        (
            "Unsupported value: 'temperature' does not support 0.2 with this model.",
            "temperature",
            "temperature",
        ),
        ("Unsupported parameter: 'top_p' is not supported with this model.", None, "top_p"),
        ("`temperature` and `top_p` cannot both be specified for this model.", None, "top_p"),
        ("temperature: Extra inputs are not permitted", None, "temperature"),
        ("Unrecognized request argument supplied: seed", "seed", "seed"),
        ("Unsupported parameter: 'reasoning_effort' is not supported.", None, "thinking"),
        ("Unsupported parameter: 'top_k' is not supported.", "top_k", None),
        ("'temperature' must be at most 2", "temperature", None),
        ("'max_tokens' is not supported with this model.", "max_tokens", None),
        ("'messages' is not supported.", "messages", None),
        ("Something is not supported.", None, None),
    ],
)
def test_an_error_names_the_option_that_is_refused(message, param, option):
    asked = chat(temperature=0.2, top_p=0.5, seed=3, reasoning_effort="low", max_tokens=5)
    assert refused_option(failure(message, param=param), asked, "openai.chat") == option


def test_only_a_refused_request_tells_about_options():
    told = Failure(FailureKind.SERVER, "'temperature' is not supported", 500, param="temperature")
    assert refused_option(told, chat(temperature=1), "openai.chat") is None


def test_what_is_nested_too_deeply_is_skipped():
    schema = {"type": "object"}
    for _ in range(900):
        schema = {"type": "object", "properties": {"a": schema}}
    tool = {"type": "function", "function": {"name": "f", "parameters": schema}}
    with pytest.raises(UnsupportedFeature, match="nested too deeply"):
        sent(chat(tools=[tool]), CLAUDE)
