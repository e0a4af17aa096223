"""pains.md, "Gateways": those of the twenty that no other test has by its words (the numbers are theirs)."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from defect_kit import asks, events, post
from running import running, setup

from tokentape.upstreams.auth.header import HeaderKey
from tokentape.upstreams.retrying import Policy, RetryOptions
from tokentape.upstreams.upstream import Credential, Limits, Secret, Upstream, Window

ROOT = Path(__file__).parents[3]
LOADED = "import sys, {name}; print(*sorted(name.partition('.')[0] for name in sys.modules))"
HEAVY = {
    "openai",
    "anthropic",
    "google.genai",
    "litellm",
    "boto3",
    "botocore",
    "pandas",
    "numpy",
    "sqlalchemy",
}


def test_3_supply_chain_few_dependencies():
    """litellm#24518, #24521: each is a door; those of the gateway can be counted on one hand and a finger."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert len(project["optional-dependencies"]["gateway"]) <= 6


@pytest.mark.parametrize("name", ["tokentape", "tokentape.gateway.server"])
def test_4_slow_import_cold_start(name):
    """litellm#2677, #6175, #10943: no SDK and no heavy package is loaded to serve a call."""
    out = subprocess.run(
        [sys.executable, "-c", LOADED.format(name=name)], capture_output=True, text=True, check=True
    )
    loaded = set(out.stdout.split())
    assert not loaded & HEAVY
    if name == "tokentape":
        assert not loaded & {"aiohttp", "uvicorn", "pydantic"}


def test_12_budgets_race(provider):
    """litellm#26672, #34732: of many calls at once no more than the window has go out, and the rest hear when."""
    limits = Limits(windows=(Window(3600.0, requests=5),))
    key = Credential("k", Secret("key-of-nobody-4711"), limits=limits)
    up = Upstream("up", "openai.chat", provider.url, HeaderKey(), credentials=(key,))
    with running(setup(up, policy=Policy(RetryOptions(max_retries=0)))) as gateway:
        with ThreadPoolExecutor(20) as pool:
            replies = list(pool.map(lambda _: post(gateway, "openai.chat"), range(20)))
    statuses = sorted(reply.status_code for reply in replies)
    assert provider.count == 5
    assert statuses == [200] * 5 + [429] * 15
    assert all(int(reply.headers["retry-after"]) > 0 for reply in replies if reply.status_code == 429)


PARAMETERS = {
    "seed": 7, "frequency_penalty": 0.5, "presence_penalty": 0.5, "logprobs": True, "top_logprobs": 2,
    "user": "u-1", "service_tier": "flex", "logit_bias": {"1": 1}, "n": 2, "stop": ["x"], "top_p": 0.5,
    "prediction": {"type": "content", "content": "x"}, "verbosity": "low",
    "response_format": {"type": "json_object"}, "reasoning_effort": "low", "store": True,
}  # fmt: skip


@pytest.mark.parametrize("speaks", ["anthropic.messages", "gemini", "ollama", "openai.responses"])
@pytest.mark.parametrize("name", PARAMETERS)
def test_16_silent_param_handling_drop_params(before, provider, name, speaks):
    """litellm#14056, #10791, #8199: each parameter goes on, is told as lost, or refuses the call."""
    gateway = before(speaks)
    plain = post(gateway, "openai.chat")
    answer = post(gateway, "openai.chat", {**asks("openai.chat"), name: PARAMETERS[name]})
    if answer.status_code == 400:
        assert provider.count == 1
        assert name.split("_")[0] in answer.text
        return
    bare, sent = (seen.json for seen in provider.requests)
    told = answer.headers.get("x-tokentape-losses", "")
    assert sent != bare or name in told, (sent, told)
    assert plain.status_code == 200


@pytest.mark.parametrize("client", ["anthropic.messages", "openai.responses", "gemini", "ollama"])
@pytest.mark.parametrize("speaks", ["openai.chat", "anthropic.messages", "gemini", "ollama"])
def test_20_streaming_usage_missing_or_zero(before, client, speaks):
    """ai-gateway#281, LLMKube#1852: the last counts of a stream are those of the upstream, and more than 0."""
    found = events(post(before(speaks), client, stream=True))
    match client:
        case "anthropic.messages":
            used = next(event["usage"] for event in found if event["type"] == "message_delta")
            counts = (used["input_tokens"], used["output_tokens"])
        case "openai.responses":
            used = found[-1]["response"]["usage"]
            counts = (used["input_tokens"], used["output_tokens"])
        case "gemini":
            used = found[-1]["usageMetadata"]
            counts = (used["promptTokenCount"], used["candidatesTokenCount"])
        case _:
            counts = (found[-1]["prompt_eval_count"], found[-1]["eval_count"])
    assert min(counts) > 0
