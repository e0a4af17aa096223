"""Errors of one provider as another would tell them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tokentape.protocols.codec import Source, Target
from tokentape.protocols.translation import codec_of, translate_failure, translate_reply

OVERLOADED = {"type": "error", "error": {"type": "overloaded_error", "message": "no"}}
OTHERS = ("openai.chat", "openai.responses", "gemini", "bedrock.converse", "ollama", "cohere")


@pytest.mark.parametrize("target", OTHERS)
def test_a_status_that_only_anthropic_has(target):
    assert translate_failure(529, OVERLOADED, "anthropic.messages", target)[0] == 503


def test_between_two_of_one_dialect_it_stays():
    assert translate_failure(529, OVERLOADED, "anthropic", "anthropic.messages") == (529, OVERLOADED)


def test_a_status_that_only_cohere_has():
    assert translate_failure(498, {"message": "invalid token"}, "cohere", "openai.chat")[0] == 401


FAILED = {"error": {"message": "the model is down", "code": 503}}
CUT = {**FAILED, "choices": [{"index": 0, "message": {"content": "Par"}, "finish_reason": "error"}]}
TOLD = {
    "openai.responses": lambda body: body["error"]["message"] if body["status"] == "failed" else None,
    "anthropic.messages": lambda body: body["error"]["message"] if body["type"] == "error" else None,
    "gemini": lambda body: body["error"]["message"],
    "bedrock.converse": lambda body: body["message"],
    "ollama": lambda body: body["error"] if not body["done"] else None,
}


@pytest.mark.parametrize("target", TOLD)
@pytest.mark.parametrize("body", [FAILED, CUT])
def test_an_error_in_a_good_reply_is_never_a_success(body, target):
    """OpenRouter tells errors with status 200."""
    written = translate_reply(body, Source("openai.chat"), Target(target))
    assert TOLD[target](written.result) == "the model is down"
    alone = target in ("anthropic.messages", "gemini", "bedrock.converse")
    lost = ["what was said before the error"] if body is CUT and alone else []
    assert [loss.what for loss in written.losses.meaning] == lost


def test_cohere_has_only_a_word_for_it():
    written = translate_reply(FAILED, Source("openai.chat"), Target("cohere"))
    assert written.result["finish_reason"] == "ERROR"
    assert [loss.what for loss in written.losses] == ["what the error says"]


@pytest.mark.parametrize("target", TOLD)
@pytest.mark.parametrize("reason", ["error", "abort"])
def test_a_reply_that_stopped_with_an_error_is_none_that_ended(target, reason):
    body = {"choices": [{"index": 0, "message": {"content": "Par"}, "finish_reason": reason}]}
    written = translate_reply(body, Source("openai.chat"), Target(target))
    assert TOLD[target](written.result) == f"the reply was broken off: {reason}"
    at_home = translate_reply(body, Source("openai.chat"), Target("openai.chat"))
    assert at_home.result == body


def test_an_error_that_was_edited_comes_out_edited():
    body = {"error": {"message": "down", "code": 503}, "choices": []}
    assert translate_reply(body, Source("openai.chat"), Target("openai.chat")).result == body
    codec = codec_of("openai.chat")
    reply = codec.read_reply(body, Source("openai.chat"))
    edited = replace(reply, failure=replace(reply.failure, message="up again"))
    assert codec.write_reply(edited, Target("openai.chat"))["error"]["message"] == "up again"
