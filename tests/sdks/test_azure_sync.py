"""azure-ai-inference, sync: azure-core over requests."""

from __future__ import annotations

import pytest

inference = pytest.importorskip("azure.ai.inference", reason="needs azure-ai-inference")
from azure.core.credentials import AzureKeyCredential  # noqa: E402
from azure.core.exceptions import HttpResponseError  # noqa: E402

ASK = {"model": "gpt-4.1-mini", "messages": [{"role": "user", "content": "Capital of Norway?"}]}
TOOL = {"type": "function", "function": {"name": "weather", "parameters": {
    "type": "object", "properties": {"city": {"type": "string"}}}}}  # fmt: skip


def client(url, **options):
    return inference.ChatCompletionsClient(
        url, AzureKeyCredential("azure-key-0123456789abcdef"), api_version="2024-05-01-preview",
        retry_backoff_factor=0, **options,
    )  # fmt: skip


def test_chat_stream_and_tools(tape):
    def scenario(url):
        with client(url) as sdk:
            whole = sdk.complete(ASK).as_dict()
            events = [event.as_dict() for event in sdk.complete({**ASK, "stream": True})]
            called = sdk.complete({**ASK, "tools": [TOOL]}).as_dict()
        return [whole, events, called]

    whole, events, called = tape.twice(scenario)
    assert whole["choices"][0]["message"]["content"].startswith("Answer")
    assert events[-1]["choices"][0]["finish_reason"] == "stop"
    assert called["choices"][0]["finish_reason"] == "tool_calls"


@pytest.mark.parametrize("status", [401, 404, 422])
def test_R17_errors_are_the_same_exceptions(tape, status):
    tape.provider.fails(status, times=None)

    def scenario(url):
        with client(url) as sdk, pytest.raises(HttpResponseError) as caught:
            sdk.complete(ASK)
        return [type(caught.value).__name__, caught.value.status_code, str(caught.value)]

    assert tape.twice(scenario)[1] == status


def test_503_503_200_are_three_attempts(tape):
    tape.provider.fails(503, times=2)

    def scenario(url):
        with client(url) as sdk:
            return sdk.complete(ASK).as_dict()

    tape.twice(scenario)
    assert tape.provider.count == 3


def test_a_stream_left_early(tape):
    def scenario(url):
        with client(url) as sdk:
            stream = sdk.complete({**ASK, "stream": True})
            first = next(iter(stream)).as_dict()
            stream.close()
            return first

    assert tape.twice(scenario)["choices"]
