"""LiteLLM's and llm-rosetta's translators, asked for what ours are asked for.

LiteLLM is run as its users run it, against a loopback port: the request that arrives is its translation, and
what it returns is its translation of the reply that was played.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
os.environ["LITELLM_LOG"] = "CRITICAL"
for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
    os.environ.setdefault(name, "not-a-key")

import litellm  # noqa: E402
from llm_rosetta import ConversionPipeline, convert_response  # noqa: E402

from tokentape.testing.provider import reply as played  # noqa: E402

for logger in ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy", "llm_rosetta"):
    logging.getLogger(logger).setLevel(logging.CRITICAL)
litellm.suppress_debug_info = True
litellm.drop_params = True
litellm.telemetry = False

MODELS = {
    "openai.chat": "openai/gpt-5-mini",
    "openai.responses": "openai/gpt-5-mini",
    "anthropic.messages": "anthropic/claude-sonnet-4-5",
    "gemini": "gemini/gemini-2.5-flash",
    "bedrock.converse": "bedrock/converse/anthropic.claude-sonnet-4-5-20250929-v1:0",
    "ollama": "ollama_chat/qwen3",
    "cohere": "cohere_chat/command-a-03-2025",
}
"""How LiteLLM is told whom to ask."""

ROSETTA = {
    "openai.chat": "openai_chat",
    "openai.responses": "openai_responses",
    "anthropic.messages": "anthropic",
    "gemini": "google",
}
"""How llm-rosetta names the dialects that it knows."""

BRIDGED = ("openai.chat", "openai.responses")
BASES = {"openai.chat": "/v1", "openai.responses": "/v1", "cohere": "/v2/chat"}


def litellm_translates(provider, source, target, request, reply):
    """The request in the target's dialect, and the reply of the target in the source's."""
    provider.forget()
    script = played(json.dumps(reply).encode(), content_type="application/json")
    provider.play(script, path="/api/chat" if target == "ollama" else "")
    model = "openai/responses/gpt-5-mini" if (source, target) == BRIDGED else MODELS[target]
    told = SOURCES[source](request, _where(provider, target), model)
    (sent,) = [seen.body for seen in provider.requests if "/api/show" not in seen.target]
    return json.loads(sent), _plain(told)


def _where(provider, target):
    where = {"api_base": provider.url + BASES.get(target, ""), "api_key": "not-a-key", "num_retries": 0}
    if target == "bedrock.converse":
        where = {
            "aws_bedrock_runtime_endpoint": provider.url,
            "aws_region_name": "us-east-1",
            "num_retries": 0,
        }
    return where


def _chat(request, where, model):
    return litellm.completion(**{**request, "model": model}, **where, max_retries=0)


def _responses(request, where, model):
    return litellm.responses(**{**request, "model": model}, **where, max_retries=0)


def _messages(request, where, model):
    return asyncio.run(litellm.anthropic_messages(**{**request, "model": model}, **where))


SOURCES = {"openai.chat": _chat, "openai.responses": _responses, "anthropic.messages": _messages}
"""Dialects that LiteLLM lets its users speak."""


def _plain(told):
    return told if isinstance(told, dict) else told.model_dump(mode="json", exclude_none=True)


def rosetta_request(source, target, request):
    """A request by llm-rosetta."""
    return ConversionPipeline(
        ROSETTA[source], ROSETTA[target], google_output_format="rest", force_conversion=True
    ).convert_request(request)


def rosetta_reply(source, target, reply, asked):
    """A reply of `source` for a caller who asked in `target`, by llm-rosetta."""
    return convert_response(reply, asked, ROSETTA[target], ROSETTA[source])
