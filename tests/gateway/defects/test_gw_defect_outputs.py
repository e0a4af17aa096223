"""systems.md, the gateway's "three independent names": what is asked in, what is spoken upstream, and what the
answer is told in are three choices.
"""

from __future__ import annotations

import httpx
import pytest
from defect_kit import DIALECTS, asks, events, path_of, post, said, stood

from tokentape.gateway.tapes import RecordOptions
from tokentape.testing.provider.faults import coded

SPOKEN = ("openai.chat", "anthropic.messages", "gemini", "openai.responses")
BOTH = pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])


def told_in(output):
    return {"X-Tokentape-Output": output}


@pytest.mark.parametrize("speaks", SPOKEN)
@pytest.mark.parametrize("output", DIALECTS)
@BOTH
def test_4x4x4_matrix(before, provider, speaks, output, stream):
    """Every input over every upstream into every output."""
    gateway = before(speaks)
    for client in DIALECTS:
        provider.answers("One two three.")
        answer = post(gateway, client, stream=stream, headers=told_in(output))
        assert answer.status_code == 200, answer.text
        assert said(output, answer, stream=stream) == "One two three.", (client, answer.text)
        assert "x-tokentape-output" not in {name.lower() for name, _ in provider.requests[-1].headers}


@pytest.mark.parametrize("output", DIALECTS)
@BOTH
def test_an_error_is_told_in_the_output(before, provider, output, stream):
    provider.fails(429, message="Slow down.", headers={"retry-after": "7"})
    answer = post(before("anthropic.messages"), "openai.chat", stream=stream, headers=told_in(output))
    assert answer.status_code == 429
    assert "Slow down." in answer.text
    if output == "anthropic.messages":
        assert answer.json()["type"] == "error"
    if output == "gemini":
        assert answer.json()["error"]["status"] == "RESOURCE_EXHAUSTED"


def test_an_error_amid_is_told_in_the_output(before, provider):
    provider.fails_midway(after=4, message="Broke.")
    answer = post(before(), "openai.chat", stream=True, headers=told_in("anthropic.messages"))
    assert events(answer)[-1]["type"] == "error"
    assert "message_stop" not in answer.text


def test_a_tape_serves_every_output(provider, tmp_path):
    """What is recorded is what the same request has without the choice."""
    with stood(provider.url, record=RecordOptions(str(tmp_path))) as gateway:
        live = post(gateway, "openai.chat", headers=told_in("gemini"))
    with stood("http://127.0.0.1:9", record=RecordOptions(str(tmp_path), mode="none")) as gateway:
        again = post(gateway, "openai.chat", headers=told_in("gemini"))
        other = post(gateway, "openai.chat", headers=told_in("ollama"))
        plain = post(gateway, "openai.chat")
    assert again.content == live.content
    assert said("ollama", other) == said("openai.chat", plain) == said("gemini", live)
    assert provider.count == 1


@BOTH
def test_a_reply_with_a_coding_is_read(before, provider, stream):
    """Some servers compress though nobody asked; tapes of SDKs, which do ask, hold such replies, too."""
    provider.answers("One two three.", change=coded("gzip"))
    answer = post(before(), "openai.chat", stream=stream, headers=told_in("anthropic.messages"))
    assert answer.status_code == 200, answer.text
    assert said("anthropic.messages", answer, stream=stream) == "One two three."


def test_what_the_restating_lost_is_told(before, provider):
    provider.answers("Hi.")
    body = {**asks("openai.chat"), "seed": 1}
    answer = post(before("anthropic.messages"), "openai.chat", body, headers=told_in("gemini"))
    assert "seed" in answer.headers["x-tokentape-losses"]


@pytest.mark.parametrize("output", ["anthropic.message", "klingon"])
def test_an_output_that_is_none(before, provider, output):
    answer = post(before(), "openai.chat", headers=told_in(output))
    assert answer.status_code == 400
    assert output in answer.json()["error"]["message"]
    assert provider.count == 0


def test_a_request_that_cannot_be_read(before, provider):
    """It is refused at once: its answer could not be told."""
    body = {"model": "m", "messages": [{"role": "user", "content": 5}]}
    answer = post(before(), "openai.chat", body, headers=told_in("gemini"))
    assert answer.status_code == 400
    assert provider.count == 0


def test_a_response_in_the_background_has_its_own(before, provider):
    body = {**asks("openai.responses"), "background": True}
    headers = told_in("openai.chat")
    answer = httpx.post(before().url + path_of("openai.responses"), json=body, headers=headers)
    assert answer.status_code == 400
    assert provider.count == 0
