"""systems.md, the gateway's "validation": what has no meaning elsewhere is refused before anything is sent."""

from __future__ import annotations

import pytest
from defect_kit import asks, post

CHAT, RESPONSES, GEMINI, CLAUDE = "openai.chat", "openai.responses", "gemini", "anthropic.messages"


def chat(part=None, **more):
    said = [{"role": "user", "content": [part]}] if part else asks(CHAT)["messages"]
    return {"model": "m", "messages": said, **more}


def responses(part=None, **more):
    return {"model": "m", "input": [{"role": "user", "content": [part]}] if part else "Hi", **more}


def claude(part, **more):
    return {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": [part]}], **more}


def gemini(*parts, **more):
    return {"contents": [{"role": "user", "parts": [{"text": "Hi"}, *parts]}], **more}


STRICT = {"type": "function", "name": "f", "parameters": {"type": "object"}, "strict": True}
CASES = {
    "previous_response_id of nobody": (RESPONSES, CHAT, responses(previous_response_id="resp_unknown"), 400),
    "a prompt that OpenAI keeps": (RESPONSES, CHAT, responses(prompt={"id": "pmpt_1"}), 400),
    "modalities": (CHAT, CLAUDE, chat(modalities=["text", "audio"], audio={"voice": "alloy"}), 400),
    "images as an answer": (GEMINI, CLAUDE, gemini(generationConfig={"responseModalities": ["IMAGE"]}), 400),
    "content type unknown, Chat": (CHAT, CLAUDE, chat({"type": "hologram", "hologram": 1}), 400),
    "content type unknown, Messages": (CLAUDE, CHAT, claude({"type": "hologram", "x": 1}), 400),
    "content type unknown, Responses": (RESPONSES, CLAUDE, responses({"type": "input_hologram"}), 400),
    "content type unknown, Gemini": (GEMINI, CHAT, gemini({"hologram": {"x": 1}}), 400),
    "media without url, data or file id, Chat": (CHAT, CLAUDE, chat({"type": "image_url", "image_url": {}}), 400),
    "media without url, data or file id, Messages": (CLAUDE, CHAT, claude({"type": "image", "source": {}}), 400),
    "media without url, data or file id, Responses": (RESPONSES, CLAUDE, responses({"type": "input_image"}), 400),
    "media without url, data or file id, Gemini": (GEMINI, CHAT, gemini({"inlineData": {}}), 400),
    "a file that OpenAI keeps": (CHAT, CLAUDE, chat({"type": "file", "file": {"file_id": "file-1"}}), 400),
    "non-function tools, Responses": (RESPONSES, CLAUDE, responses(tools=[{"type": "file_search"}]), 400),
    "non-function tools, Chat": (CHAT, CLAUDE, chat(tools=[{"type": "hologram"}]), 400),
    "non-function tools, Messages": (CLAUDE, CHAT, claude({"type": "text", "text": "Hi"}, tools=[
        {"type": "computer_20250124", "name": "computer", "display_width_px": 1, "display_height_px": 1}
    ]), 400),
    "non-function tools, Gemini": (GEMINI, CHAT, gemini(tools=[{"codeExecution": {}}]), 400),
    "strict tool_choice of Chat": (CHAT, CLAUDE, chat(tool_choice={"type": "hologram"}), 400),
    "strict tool_choice of Responses": (RESPONSES, CLAUDE, responses(tools=[STRICT], tool_choice={
        "type": "hosted_tool_hologram"}), 400),
}  # fmt: skip


@pytest.mark.parametrize("what", CASES)
def test_refused_across_protocols(before, provider, what):
    client, speaks, body, status = CASES[what]
    answer = post(before(speaks), client, body)
    assert answer.status_code == status, answer.text
    assert answer.json()["error"]["message"]
    assert provider.count == 0


def test_background_needs_no_upstream_that_has_it(before, provider):
    """Refused there; here the gateway itself runs it in the background."""
    answer = post(before(CLAUDE), RESPONSES, responses(background=True, store=True))
    assert (answer.status_code, answer.json()["status"]) == (200, "queued")
    assert "background" not in (provider.requests[0].json if provider.count else {})


def test_gemini_safety_settings(before, provider):
    """They are told as lost, or refused: never dropped in silence."""
    settings = [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}]
    answer = post(before(CLAUDE), GEMINI, gemini(safetySettings=settings))
    told = answer.text if answer.status_code == 400 else answer.headers["x-tokentape-losses"]
    assert "safety" in told.lower()
    if answer.status_code == 400:
        assert provider.count == 0
