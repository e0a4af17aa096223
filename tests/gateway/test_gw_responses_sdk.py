"""OpenAI's own SDK against the gateway, in front of a Chat server: everything that concerns the state."""

from __future__ import annotations

import pytest

openai = pytest.importorskip("openai")
pytest.importorskip("aiohttp")
pytest.importorskip("uvicorn")
pytest.importorskip("httptools")
pytest.importorskip("websockets")

WEATHER = {
    "type": "function",
    "name": "get_weather",
    "parameters": {"type": "object", "properties": {"location": {"type": "string"}}},
    "strict": False,
}


@pytest.fixture(scope="module")
def ends():
    from running import running, setup, upstream

    from tokentape.gateway.responses.options import StateOptions
    from tokentape.testing.provider import Provider

    with Provider(gap=0) as provider:
        made = setup(upstream(f"{provider.url}/v1"))
        with running(made, state=StateOptions(poll=0.01)) as gateway:
            with openai.OpenAI(base_url=f"{gateway.url}/v1", api_key="sk-test", max_retries=0) as client:
                yield client, provider


@pytest.fixture
def client(ends):
    return ends[0]


@pytest.fixture
def provider(ends):
    ends[1].forget()
    return ends[1]


def test_a_conversation_by_previous_response_id(client, provider):
    first = client.responses.create(model="m", input="I am Alice.")
    second = client.responses.create(model="m", input="Who am I?", previous_response_id=first.id)
    assert second.previous_response_id == first.id
    assert b"I am Alice." in provider.requests[-1].body
    assert client.responses.retrieve(second.id) == second
    items = list(client.responses.input_items.list(second.id, order="asc", limit=2))
    assert [item.role for item in items] == ["user", "assistant", "user"]


def test_a_loop_of_tools(client, provider):
    first = client.responses.create(model="m", input="Weather in Paris?", tools=[WEATHER])
    (call,) = [item for item in first.output if item.type == "function_call"]
    result = {"type": "function_call_output", "call_id": call.call_id, "output": "21 degrees"}
    second = client.responses.create(
        model="m", input=[result], previous_response_id=first.id, tools=[WEATHER]
    )
    assert "21 degrees" in second.output_text


def test_delete_and_then_it_is_not_found(client):
    made = client.responses.create(model="m", input="x")
    client.responses.delete(made.id)
    with pytest.raises(openai.NotFoundError, match="not found"):
        client.responses.retrieve(made.id)
    with pytest.raises(openai.BadRequestError) as caught:
        client.responses.create(model="m", input="x", previous_response_id=made.id)
    assert caught.value.code == "previous_response_not_found"


def test_a_background_response_is_polled_and_resumed(client):
    made = client.responses.create(model="m", input="x", background=True)
    assert made.status == "queued"
    with client.responses.retrieve(made.id, stream=True, starting_after=1) as events:
        found = list(events)
    assert found[0].sequence_number == 2
    assert found[-1].type == "response.completed"
    assert client.responses.retrieve(made.id) == found[-1].response
    assert client.responses.cancel(made.id).status == "completed"


def test_a_background_response_names_its_trace(client):
    raw = client.responses.with_raw_response.create(model="m", input="x", background=True)
    assert raw.headers["x-tokentape-id"]


def test_a_background_stream_is_left_and_resumed(client):
    seen = []
    with client.responses.create(model="m", input="one two three", background=True, stream=True) as events:
        for event in events:
            seen.append(event)
            if len(seen) == 4:
                break
    identity = seen[0].response.id
    with client.responses.retrieve(identity, stream=True, starting_after=seen[-1].sequence_number) as events:
        seen += events
    assert [event.sequence_number for event in seen] == list(range(len(seen)))
    deltas = "".join(event.delta for event in seen if event.type == "response.output_text.delta")
    assert deltas == seen[-1].response.output_text


def test_cancel(client, provider):
    provider.delay_by(lambda seen: 30.0)
    made = client.responses.create(model="m", input="x", background=True)
    provider.wait_for(1)
    assert client.responses.cancel(made.id).status == "cancelled"
    assert client.responses.retrieve(made.id).status == "cancelled"
    provider.delay_by(None)


def test_the_sdks_own_stream(client):
    with client.responses.stream(model="m", input="x", store=True) as stream:
        for _ in stream:
            pass
        final = stream.get_final_response()
    assert client.responses.retrieve(final.id).output_text == final.output_text


def test_compaction(client, provider):
    provider.answers("Alice wants tea.")
    compacted = client.responses.compact(model="m", input="I am Alice. I want tea.")
    assert compacted.output[-1].type == "compaction"
    turns = [item.model_dump(exclude_none=True, warnings=False) for item in compacted.output]
    client.responses.create(model="m", input=[*turns, {"role": "user", "content": "What do I want?"}])
    assert b"Alice wants tea." in provider.requests[-1].body


def test_counting(client):
    first = client.responses.create(model="m", input="a long text " * 100)
    alone = client.responses.input_tokens.count(model="m", input="x")
    both = client.responses.input_tokens.count(model="m", input="x", previous_response_id=first.id)
    assert both.input_tokens > alone.input_tokens + 200


@pytest.mark.filterwarnings("ignore:connect\\(\\) must be used:DeprecationWarning")  # the SDK's own
def test_a_websocket(client):
    with client.responses.connect() as connection:
        previous = None
        for word in ("one", "two", "three"):
            connection.response.create(model="m", input=word, store=False, previous_response_id=previous)
            for event in connection:
                if event.type == "response.completed":
                    break
            previous = event.response.id
            assert word in event.response.output_text


@pytest.mark.asyncio
async def test_the_asynchronous_client(client):
    async with openai.AsyncOpenAI(base_url=client.base_url, api_key="sk-test", max_retries=0) as other:
        made = await other.responses.create(model="m", input="x", background=True, stream=True)
        events = [event async for event in made]
        assert events[-1].type == "response.completed"
        assert (await other.responses.retrieve(events[-1].response.id)).status == "completed"
