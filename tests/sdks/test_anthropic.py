"""The Anthropic SDK, whichever version is installed."""

from __future__ import annotations

import asyncio

import pytest

anthropic = pytest.importorskip("anthropic")

TOOL = {
    "name": "get_weather",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}
ASK = {
    "model": "claude-haiku-4-5",
    "max_tokens": 200,
    "messages": [{"role": "user", "content": "Say hello."}],
}


def client(url, **options):
    return anthropic.Anthropic(api_key="sk-ant-api03-0123456789abcdef", base_url=url, **options)


def async_client(url, **options):
    return anthropic.AsyncAnthropic(api_key="sk-ant-api03-0123456789abcdef", base_url=url, **options)


def test_messages(tape):
    assert tape.twice(lambda url: client(url).messages.create(**ASK))["content"][0]["text"]


def test_raw_stream(tape):
    events = tape.twice(lambda url: list(client(url).messages.create(**ASK, stream=True)))
    assert events[0]["type"] == "message_start"
    assert events[-1]["type"] == "message_stop"


def test_R38_stream_helper_with_a_tool(tape):
    def scenario(url):
        ask = {**ASK, "messages": [{"role": "user", "content": "Weather in Oslo?"}]}
        with client(url).messages.stream(**ask, tools=[TOOL]) as stream:
            events = list(stream)
            return [*events, stream.get_final_message()]

    final = tape.twice(scenario)[-1]
    [call] = [block for block in final["content"] if block["type"] == "tool_use"]
    assert call["input"]["city"]


def test_a_tool_round_trip(tape):
    def scenario(url):
        sdk = client(url)
        messages = [{"role": "user", "content": "Weather in Oslo?"}]
        first = sdk.messages.create(**{**ASK, "messages": messages}, tools=[TOOL])
        [call] = [block for block in first.content if block.type == "tool_use"]
        messages += [
            {
                "role": "assistant",
                "content": [block.model_dump(exclude_none=True) for block in first.content],
            },
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": call.id, "content": "rain"}]},
        ]
        return [first, sdk.messages.create(**{**ASK, "messages": messages}, tools=[TOOL])]

    assert tape.twice(scenario)[1]["stop_reason"] == "end_turn"


def test_count_tokens(tape):
    def scenario(url):
        return client(url).messages.count_tokens(model=ASK["model"], messages=ASK["messages"])

    assert tape.twice(scenario)["input_tokens"] > 0


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 529])
def test_R17_errors_are_the_same_exceptions(tape, status):
    tape.provider.fails(status, headers={"retry-after": "0", "request-id": "req_1"})

    def scenario(url):
        try:
            client(url, max_retries=0).messages.create(**ASK)
        except anthropic.APIStatusError as error:
            return [error, error.status_code, error.request_id]

    (name, _text), *facts = tape.twice(scenario)
    assert name.endswith("Error")
    assert facts == [status, "req_1"]


def test_503_503_200_replays_as_the_retries_saw_it(tape):
    tape.provider.fails(503, times=2, headers={"retry-after-ms": "1"})
    tape.twice(lambda url: client(url, max_retries=2).messages.create(**ASK))
    assert tape.provider.count == 3


def test_an_error_event_inside_a_200_stream(tape):
    tape.provider.fails_midway(after=3)

    def scenario(url):
        got = []
        try:
            got.extend(event.type for event in client(url).messages.create(**ASK, stream=True))
        except anthropic.APIError as error:
            got.append(error)
        return got

    assert tape.twice(scenario)[-1][0].endswith("Error")


def test_async_messages_streams_and_50_at_once(tape):
    async def scenario(url):
        async with async_client(url) as sdk:
            async with sdk.messages.stream(**ASK) as stream:
                events = [event async for event in stream]
            many = await asyncio.gather(*(sdk.messages.create(**ASK) for _ in range(50)))
        return [events, sorted(message.id for message in many)]

    events, ids = tape.twice(scenario)
    assert len(events) > 3
    assert len(set(ids)) == 50
