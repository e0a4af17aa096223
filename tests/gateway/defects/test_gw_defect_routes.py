"""systems.md, the gateway's public routes: each is there, before upstreams that speak something else."""

from __future__ import annotations

import httpx
import pytest
from defect_kit import DIALECTS, asks

CHAT, GEMINI = asks("openai.chat"), asks("gemini")
COUNTED = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}
ROUTES = {
    "/v1/chat/completions": ("POST", CHAT),
    "/v1/responses": ("POST", asks("openai.responses")),
    "/v1/responses/input_tokens": ("POST", {"model": "m", "input": "Hi"}),
    "/v1/responses/compact": ("POST", {"model": "m", "input": [{"role": "user", "content": "Hi"}]}),
    "/v1/messages": ("POST", asks("anthropic.messages")),
    "/v1/messages/count_tokens": ("POST", COUNTED),
    "/v1beta/models/m:generateContent": ("POST", GEMINI),
    "/v1beta/models/m:streamGenerateContent": ("POST", GEMINI),
    "/v1beta/models/m:streamGenerateContent?alt=sse": ("POST", GEMINI),
    "/v1beta/models/m:countTokens": ("POST", GEMINI),
    "/v1/models/m:generateContent": ("POST", GEMINI),
    "/v1/models/m:streamGenerateContent": ("POST", GEMINI),
    "/v1/models/m:countTokens": ("POST", GEMINI),
    "/v1/models": ("GET", None),
    "/v1beta/models": ("GET", None),
    "/api/chat": ("POST", {**CHAT, "stream": False}),
    "/api/generate": ("POST", {"model": "m", "prompt": "Hi", "stream": False}),
    "/api/tags": ("GET", None),
    "/upstreams": ("GET", None),
    "/quota": ("GET", None),
    "/tokens": ("POST", CHAT),
    "/cost": ("POST", CHAT),
    "/usage": ("GET", None),
    "/health": ("GET", None),
    "/ready": ("GET", None),
}


@pytest.mark.parametrize("speaks", DIALECTS)
def test_every_public_route_answers(before, speaks):
    gateway = before(speaks)
    for path, (method, body) in ROUTES.items():
        answer = httpx.request(method, gateway.url + path, json=body, timeout=20)
        assert answer.status_code == 200, f"{path}: {answer.text}"
        assert answer.content


@pytest.mark.parametrize("speaks", DIALECTS)
def test_estimates_are_labelled(before, speaks):
    """`token-count` and `cost-estimate` say what they are; a count by an upstream that counts is its own."""
    gateway = before(speaks)
    assert httpx.post(f"{gateway.url}/tokens", json={**CHAT, "model": "gpt-4o"}).json()["estimate"] is True
    answer = httpx.post(f"{gateway.url}/v1/messages/count_tokens", json=COUNTED)
    assert answer.json()["input_tokens"] > 0
