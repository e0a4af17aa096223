"""The Anthropic SDK believes the provider."""

from __future__ import annotations

import asyncio

import pytest

anthropic = pytest.importorskip("anthropic")

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}
WEATHER = {"name": "get_weather", "input_schema": SCHEMA}
ASKED = {
    "model": "claude-test",
    "max_tokens": 2048,
    "messages": [{"role": "user", "content": "Weather?"}],
}
THINKING = {"type": "enabled", "budget_tokens": 1024}


@pytest.fixture
def client(provider):
    with anthropic.Anthropic(base_url=provider.url, api_key="sk-ant-test") as built:
        yield built


def test_messages(client, provider):
    provider.answers("Paris.")
    reply = client.messages.create(**ASKED)
    assert (reply.content[0].text, reply.stop_reason) == ("Paris.", "end_turn")
    assert reply._request_id.startswith("req_")


def test_a_stream_has_its_events_in_order(client):
    events = [event.type for event in client.messages.create(**ASKED, stream=True)]
    assert events[:2] == ["message_start", "content_block_start"]
    assert events[-3:] == ["content_block_stop", "message_delta", "message_stop"]


def test_the_json_of_a_stream_is_padded_as_the_api_pads_it(provider, ask):
    got = ask("POST", "/v1/messages", body={**ASKED, "stream": True})
    assert any(b" }\n\n" in chunk for chunk in got.chunks)
    assert b"event: ping\n" in got.rest


@pytest.mark.parametrize("parallel", [1, 2])
@pytest.mark.parametrize("streamed", [False, True])
def test_thinking_tools_and_their_results(client, provider, streamed, parallel):
    provider._parallel = parallel

    def ask(messages):
        options = {**ASKED, "messages": messages, "tools": [WEATHER], "thinking": THINKING}
        if not streamed:
            return client.messages.create(**options)
        with client.messages.stream(**options) as stream:
            return stream.get_final_message()

    first = ask(ASKED["messages"])
    thought, *calls = first.content
    assert (first.stop_reason, thought.type, len(thought.signature)) == ("tool_use", "thinking", 64)
    assert [call.input for call in calls] == [{"city": "Oslo"}, {"city": "Oslo 2"}][:parallel]
    results = [{"type": "tool_result", "tool_use_id": call.id, "content": "7 C"} for call in calls]
    told = {"role": "assistant", "content": [block.model_dump(exclude_none=True) for block in first.content]}
    last = ask([*ASKED["messages"], told, {"role": "user", "content": results}])
    given = "; ".join(["7 C"] * parallel)
    assert last.content[-1].text == f"Answer 1 to: Weather? (given: {given})"


def test_tools_may_be_forbidden(client):
    reply = client.messages.create(**ASKED, tools=[WEATHER], tool_choice={"type": "none"})
    assert reply.stop_reason == "end_turn"


def test_a_reply_may_be_cut_short(client, provider):
    from tokentape.testing.provider import Turn

    provider.answers(Turn("Par", cut_short=True))
    assert client.messages.create(**ASKED).stop_reason == "max_tokens"


def test_the_question_is_the_last_thing_a_user_said(ask):
    said = {"role": "user", "content": "Weather?"}
    for later in ({"role": "assistant", "content": "Well,"}, {"role": "user", "content": []}):
        got = ask("POST", "/v1/messages", body={**ASKED, "messages": [said, later]})
        assert got.json["content"][0]["text"] == "Answer 1 to: Weather?"
    assert ask("POST", "/v1/messages", body={}).json["content"][0]["text"] == "Answer 1 to: "


def test_models_and_counts(client):
    assert client.models.list().data[0].id == "claude-sonnet-4-5"
    assert client.models.retrieve("any").id == "any"
    counted = client.messages.count_tokens(model=ASKED["model"], messages=ASKED["messages"])
    assert counted.input_tokens > 0


ERRORS = {401: "AuthenticationError", 404: "NotFoundError", 429: "RateLimitError", 500: "InternalServerError"}


@pytest.mark.parametrize("status", ERRORS)
def test_errors_are_the_sdks_own(client, provider, status):
    provider.fails(status, headers={"retry-after": "7"})
    with pytest.raises(getattr(anthropic, ERRORS[status])) as caught:
        client.with_options(max_retries=0).messages.create(**ASKED)
    assert caught.value.response.headers["retry-after"] == "7"


def test_503_503_200_is_three_requests_and_one_answer(client, provider):
    provider.fails(503, times=2, headers={"retry-after-ms": "1"})
    assert client.messages.create(**ASKED).content[0].text
    assert provider.count == 3


def test_an_error_in_a_stream_is_raised(client, provider):
    provider.fails_midway(after=3, status=529, message="Busy.")
    with pytest.raises(anthropic.APIStatusError, match=r"overloaded_error.*Busy"):
        list(client.messages.create(**ASKED, stream=True))


def test_50_concurrent_streams_keep_apart(provider):
    async def ask(client, n):
        messages = [{"role": "user", "content": f"number {n}"}]
        async with client.messages.stream(model="m", max_tokens=9, messages=messages) as stream:
            return await stream.get_final_text()

    async def scenario():
        async with anthropic.AsyncAnthropic(base_url=provider.url, api_key="k") as client:
            return await asyncio.gather(*(ask(client, n) for n in range(50)))

    assert asyncio.run(scenario()) == [f"Answer 1 to: number {n}" for n in range(50)]
