"""The Mistral SDK believes the provider."""

from __future__ import annotations

import asyncio

import pytest

mistral = pytest.importorskip("mistralai.client")

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}
ASKED = {"model": "mistral-small-latest", "messages": [{"role": "user", "content": "Weather?"}]}


@pytest.fixture
def client(provider):
    with mistral.Mistral(api_key="test", server_url=provider.url) as built:
        yield built


def test_chat(client, provider):
    provider.answers("Paris.")
    reply = client.chat.complete(**ASKED)
    assert (reply.choices[0].message.content, len(reply.id)) == ("Paris.", 32)


def test_a_stream_ends_with_finish_reason_and_usage_together(client):
    chunks = [event.data for event in client.chat.stream(**ASKED)]
    assert "".join(chunk.choices[0].delta.content for chunk in chunks) == "Answer 1 to: Weather?"
    assert (chunks[-1].choices[0].finish_reason, chunks[-1].usage.completion_tokens > 0) == ("stop", True)


@pytest.mark.parametrize("parallel", [1, 2])
@pytest.mark.parametrize("streamed", [False, True])
def test_tools_and_their_results(client, provider, streamed, parallel):
    provider._parallel = parallel

    def ask(messages):
        options = {**ASKED, "messages": messages, "tools": [WEATHER]}
        if not streamed:
            return client.chat.complete(**options).choices[0].message
        return [event.data.choices[0].delta for event in client.chat.stream(**options)][-1]

    calls = ask(ASKED["messages"]).tool_calls
    assert [call.function.arguments for call in calls] == ['{"city":"Oslo"}', '{"city":"Oslo 2"}'][:parallel]
    assert [len(call.id) for call in calls] == [9] * parallel
    told = {"role": "assistant", "tool_calls": [call.model_dump(exclude_unset=True) for call in calls]}
    results = [{"role": "tool", "tool_call_id": call.id, "content": "7 C"} for call in calls]
    messages = [*ASKED["messages"], told, *results]
    if not streamed:
        given = "; ".join(["7 C"] * parallel)
        assert ask(messages).content == f"Answer 1 to: Weather? (given: {given})"


def test_thinking_comes_in_parts_of_its_own(client):
    whole = client.chat.complete(**ASKED, prompt_mode="reasoning").choices[0].message.content
    assert [part.type for part in whole] == ["thinking", "text"]
    chunks = [
        event.data.choices[0].delta.content for event in client.chat.stream(**ASKED, prompt_mode="reasoning")
    ]
    assert chunks[1][0].type == "thinking"


def test_embeddings_and_models(client):
    assert len(client.embeddings.create(model="mistral-embed", inputs=["a"]).data[0].embedding) == 64
    assert client.models.list().data[0].id == "mistral-small-latest"
    assert client.models.retrieve(model_id="any").id == "any"


def test_a_model_named_so_is_mistrals_without_its_client(ask):
    assert "system_fingerprint" not in ask("POST", "/v1/chat/completions", body=ASKED).json


@pytest.mark.parametrize("status", [401, 404, 422, 429, 500])
def test_errors_are_the_sdks_own(client, provider, status):
    provider.fails(status, message="No.")
    with pytest.raises(mistral.errors.MistralError, match="No") as caught:
        client.chat.complete(**ASKED)
    assert caught.value.status_code == status


def test_an_error_in_a_stream_is_raised(client, provider):
    provider.fails_midway(after=2)
    with pytest.raises(mistral.errors.MistralError):
        list(client.chat.stream(**ASKED))


def test_50_concurrent_calls_keep_apart(provider):
    async def ask(client, n):
        reply = await client.chat.complete_async(
            model="mistral-small-latest", messages=[{"role": "user", "content": f"number {n}"}]
        )
        return reply.choices[0].message.content

    async def scenario():
        async with mistral.Mistral(api_key="k", server_url=provider.url) as client:
            return await asyncio.gather(*(ask(client, n) for n in range(50)))

    assert asyncio.run(scenario()) == [f"Answer 1 to: number {n}" for n in range(50)]
