"""Whole replies: reasons to stop, usage, and what other dialects' replies become."""

from __future__ import annotations

from dataclasses import replace

import pytest
from converse_bodies import ANSWERS, CLAUDE, NAME, replied, text, use

from tokentape.errors import ProtocolError
from tokentape.protocols.bedrock_converse.codec import CODEC
from tokentape.protocols.canonical.items import Message, Reasoning, Role, ToolCall
from tokentape.protocols.canonical.origin import Maker, Opaque
from tokentape.protocols.canonical.parts import Citation, Image, Inline, Refusal, Text, Url
from tokentape.protocols.canonical.reply import Choice, Reply, Stop, StopReason
from tokentape.protocols.codec import Source, Target
from tokentape.protocols.usage import Usage


def read(body):
    return CODEC.read_reply(body, Source(NAME, model=CLAUDE))


def writes(reply):
    target = Target(NAME)
    return CODEC.write_reply(reply, target), target.losses.report


def reply(*parts, stop=StopReason.END, **more):
    items = [
        Message(Role.ASSISTANT, (part,)) if isinstance(part, Text | Refusal | Image) else part
        for part in parts
    ]
    return Reply((Choice(tuple(items), stop and Stop(stop, "raw")),), **more)


REASONS = {
    "end_turn": StopReason.END,
    "tool_use": StopReason.TOOL_CALLS,
    "max_tokens": StopReason.LENGTH,
    "stop_sequence": StopReason.STOP_SEQUENCE,
    "guardrail_intervened": StopReason.CONTENT_FILTER,
    "content_filtered": StopReason.CONTENT_FILTER,
    "malformed_model_output": StopReason.ERROR,
    "malformed_tool_use": StopReason.ERROR,
    "model_context_window_exceeded": StopReason.CONTEXT_WINDOW,
    "something_new": StopReason.OTHER,
}


@pytest.mark.parametrize(("raw", "reason"), REASONS.items())
def test_case_13_reasons_keep_their_own_word(raw, reason):
    found = read(replied(text("a"), stop=raw))
    assert found.stop == Stop(reason, raw)
    assert writes(found)[0]["stopReason"] == raw


def test_a_changed_reason_is_written():
    found = read(replied(text("a"), stop="guardrail_intervened"))
    told = replace(found.choices[0], stop=Stop(StopReason.LENGTH, "guardrail_intervened"))
    assert writes(replace(found, choices=(told,)))[0]["stopReason"] == "max_tokens"


@pytest.mark.parametrize(
    ("reason", "word", "lost"),
    [
        (StopReason.REFUSAL, "content_filtered", 0),
        (StopReason.CONTENT_FILTER, "content_filtered", 0),
        (StopReason.CONTEXT_WINDOW, "model_context_window_exceeded", 0),
        (StopReason.LENGTH, "max_tokens", 0),
        (StopReason.ERROR, "malformed_model_output", 0),
        (StopReason.PAUSE, "end_turn", 1),
        (StopReason.CANCELLED, "end_turn", 1),
        (StopReason.OTHER, "end_turn", 1),
        (None, "end_turn", 0),
    ],
)
def test_case_13_reasons_of_others(reason, word, lost):
    body, report = writes(reply(Text("a"), stop=reason))
    assert body["stopReason"] == word
    assert len(report.meaning) == lost


def test_a_reply_that_calls_tools_ended_for_them():
    found = read(replied(use("a")))
    assert found.stop == Stop(StopReason.TOOL_CALLS, "end_turn")
    assert writes(found)[0]["stopReason"] == "end_turn"


def test_the_stop_sequence_is_told_where_it_was_asked_for():
    found = read(
        replied(text("a"), stop="stop_sequence", additionalModelResponseFields={"stop_sequence": "END"})
    )
    assert found.stop.sequence == "END"
    assert writes(found)[0]["stopReason"] == "stop_sequence"


def test_case_35_cached_tokens_are_counted_once():
    usage = read(ANSWERS).usage
    assert (usage.input, usage.output) == (34, 9)
    assert (usage.cache_read, usage.cache_write, usage.cache_write_1h) == (10, 20, 15)
    body, _ = writes(reply(Text("a"), usage=usage))
    assert body["usage"] == ANSWERS["usage"]


def test_case_35_usage_that_says_something_else_is_written_anew():
    found = read(ANSWERS)
    told = replace(found.usage, output=10)
    assert writes(replace(found, usage=told))[0]["usage"]["outputTokens"] == 10


def test_counts_that_converse_does_not_know_are_losses():
    body, report = writes(reply(Text("a"), usage=Usage(100, 20, 60, 5)))
    assert body["usage"] == {
        "inputTokens": 40, "outputTokens": 20, "totalTokens": 120, "cacheReadInputTokens": 60,
    }  # fmt: skip
    assert [loss.what for loss in report] == ["count of reasoning"]
    assert "usage" not in writes(reply(Text("a")))[0]
    assert writes(reply(Text("a"), usage=Usage(output=3)))[0]["usage"] == {"outputTokens": 3}


def test_a_reply_of_another_dialect():
    cited = Citation("openai.responses", "url_citation", {}, url="https://a.b", title="A", cited="q")
    there = Citation("anthropic.messages", "char_location", {})
    body, report = writes(
        reply(
            Reasoning(summary=("One.", "Two."), opaque=(Opaque("encrypted", "x", Maker("openai", "gpt")),)),
            Reasoning("", opaque=(Opaque("signature", "c2ln", Maker("anthropic", "claude")),)),
            Text("Paris.", (cited, there)), Text("Rome.", (there,)), Refusal("No."), Image(Inline("image/png", "AAAA")),
            Image(Url("https://a.b/c.png")), ToolCall("", "now", ""),
        )
    )  # fmt: skip
    content = body["output"]["message"]["content"]
    assert content[:6] == [
        {"reasoningContent": {"reasoningText": {"text": "One.\n\nTwo."}}},
        {"reasoningContent": {"reasoningText": {"text": "", "signature": "c2ln"}}},
        {
            "citationsContent": {
                "content": [text("Paris.")],
                "citations": [
                    {"location": {"web": {"url": "https://a.b"}}, "title": "A", "sourceContent": [text("q")]}
                ],
            }
        },
        text("Rome."),
        text("No."),
        {"image": {"format": "png", "source": {"bytes": "AAAA"}}},
    ]
    assert content[6]["toolUse"]["toolUseId"].startswith("tooluse_")
    assert content[6]["toolUse"]["input"] == {}
    assert body["metrics"] == {"latencyMs": 0}
    assert [loss.what for loss in report.meaning] == ["image by URL"]
    assert {loss.what for loss in report.tuning} == {"encrypted", "citations"}


def test_an_empty_thought_that_nobody_signed_is_left_out():
    body, _ = writes(reply(Reasoning(), Text("a"), Text("")))
    assert body["output"]["message"]["content"] == [text("a")]


def test_several_choices_and_a_cut_reply_are_losses():
    whole = reply(Text("a"))
    _, report = writes(replace(whole, choices=whole.choices * 3))
    assert [loss.what for loss in report.meaning] == ["2 more choices"]
    body, report = writes(replace(reply(Text("a"), stop=None), complete=False))
    assert "stopReason" not in body
    assert len(report.meaning) == 1


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "output"),
        ({"output": {}}, "output.message"),
        ({"output": {"message": {"role": "user", "content": []}}}, "output.message.role"),
        ({"output": {"message": {"role": "assistant"}}}, "output.message.content"),
        ({**replied(), "stopReason": 5}, "stopReason"),
        ({**replied(), "usage": 5}, "usage"),
    ],
    ids=str,
)
def test_a_wrong_reply_says_where(body, path):
    with pytest.raises(ProtocolError) as caught:
        read(body)
    assert caught.value.path == path


@pytest.mark.parametrize("usage", [{}, {"more": 1}], ids=str)
def test_usage_that_counts_nothing_comes_back(usage):
    body = replied(text("a"), usage=usage)
    assert read(body).usage is None
    assert writes(read(body))[0] == body


def test_a_reply_without_its_end_comes_back():
    body = {"output": {"message": {"role": "assistant", "content": []}}}
    assert writes(read(body))[0] == body
