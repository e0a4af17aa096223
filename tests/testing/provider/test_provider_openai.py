"""The OpenAI SDK believes the provider: chat, responses, embeddings, models, errors."""

from __future__ import annotations

import asyncio
import json

import pytest

openai = pytest.importorskip("openai")
pydantic = pytest.importorskip("pydantic")

PARAMETERS = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
WEATHER = {"type": "function", "function": {"name": "get_weather", "parameters": PARAMETERS}}
FLAT = {"type": "function", "name": "get_weather", "parameters": PARAMETERS, "strict": True}
ASKED = {"model": "gpt-5.5", "messages": [{"role": "user", "content": "Weather?"}]}


class Capital(pydantic.BaseModel):
    city: str
    people: int


@pytest.fixture
def client(provider):
    with openai.OpenAI(base_url=f"{provider.url}/v1", api_key="sk-test") as built:
        yield built


def test_chat(client, provider):
    provider.answers("Paris.")
    reply = client.chat.completions.create(**ASKED)
    assert reply.choices[0].message.content == "Paris."
    assert reply.usage.total_tokens == reply.usage.prompt_tokens + reply.usage.completion_tokens
    assert reply._request_id.startswith("req_")


def test_a_chat_stream_folds_to_the_whole_reply(client, provider):
    provider.answers("Paris is the capital.")
    chunks = list(
        client.chat.completions.create(**ASKED, stream=True, stream_options={"include_usage": True})
    )
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == "Paris is the capital."
    assert chunks[0].choices[0].delta.role == "assistant"
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "stop"
    assert chunks[-1].usage.completion_tokens > 0
    assert len(chunks) == 7


def test_the_chat_stream_helper(client):
    with client.chat.completions.stream(**ASKED) as stream:
        assert stream.get_final_completion().choices[0].message.content == "Answer 1 to: Weather?"


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("parallel", [1, 2])
def test_chat_tools_with_their_results(client, provider, streamed, parallel):
    provider._parallel = parallel

    def ask(messages):
        options = {**ASKED, "messages": messages, "tools": [WEATHER]}
        if not streamed:
            return client.chat.completions.create(**options).choices[0]
        with client.chat.completions.stream(**options) as stream:
            return stream.get_final_completion().choices[0]

    first = ask(ASKED["messages"])
    calls = first.message.tool_calls
    assert (first.finish_reason, len(calls), len({call.id for call in calls})) == (
        "tool_calls",
        parallel,
        parallel,
    )
    assert [json.loads(c.function.arguments)["city"] for c in calls] == ["Oslo", "Oslo 2"][:parallel]
    results = [{"role": "tool", "tool_call_id": call.id, "content": f"{n} C"} for n, call in enumerate(calls)]
    told = {
        "role": "assistant",
        "tool_calls": [call.model_dump(exclude={"function": {"parsed_arguments"}}) for call in calls],
    }
    last = ask([*ASKED["messages"], told, *results])
    given = "; ".join(result["content"] for result in results)
    assert last.message.content == f"Answer 1 to: Weather? (given: {given})"


def test_tools_may_be_forbidden_or_named(client):
    tools = [WEATHER, {"type": "function", "function": {"name": "other", "parameters": {}}}]
    none = client.chat.completions.create(**ASKED, tools=tools, tool_choice="none")
    assert none.choices[0].message.tool_calls is None
    named = client.chat.completions.create(
        **ASKED, tools=tools, tool_choice={"type": "function", "function": {"name": "other"}}
    )
    assert named.choices[0].message.tool_calls[0].function.name == "other"


def test_structured_replies_fit_their_schema(client):
    chat = client.chat.completions.parse(**ASKED, response_format=Capital)
    assert chat.choices[0].message.parsed == Capital(city="Oslo", people=3)
    assert client.responses.parse(model="gpt-5.5", input="?", text_format=Capital).output_parsed.people == 3
    free = client.chat.completions.create(**ASKED, response_format={"type": "json_object"})
    assert isinstance(json.loads(free.choices[0].message.content), (dict, str))
    loose = client.responses.create(model="gpt-5.5", input="?", text={"format": {"type": "json_object"}})
    assert json.loads(loose.output_text) is not None


def test_responses(client, provider):
    provider.answers("Paris.")
    reply = client.responses.create(model="gpt-5.5", input="Capital?", temperature=0.5)
    assert (reply.status, reply.output_text, reply.temperature) == ("completed", "Paris.", 0.5)


def test_a_responses_stream_tells_its_whole_life(client):
    events = list(client.responses.create(model="gpt-5.5", input="a b", stream=True))
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert (events[0].type, events[-1].type) == ("response.created", "response.completed")
    deltas = [event.delta for event in events if event.type == "response.output_text.delta"]
    assert "".join(deltas) == events[-1].response.output_text == "Answer 1 to: a b"


@pytest.mark.parametrize("streamed", [False, True])
def test_responses_reason_call_and_take_results(client, streamed):
    def ask(given):
        options = {
            "model": "gpt-5.5",
            "input": given,
            "tools": [FLAT],
            "reasoning": {"effort": "low", "summary": "auto"},
            "include": ["reasoning.encrypted_content"],
        }
        if not streamed:
            return client.responses.create(**options)
        with client.responses.stream(**options) as stream:
            return stream.get_final_response()

    question = {"role": "user", "content": [{"type": "input_text", "text": "Weather?"}]}
    thought, call = ask([question]).output
    assert thought.summary[0].text
    assert thought.encrypted_content
    assert (call.name, call.arguments) == ("get_weather", '{"city":"Oslo"}')
    told = {"type": "function_call", "call_id": call.call_id, "name": call.name, "arguments": call.arguments}
    result = {"type": "function_call_output", "call_id": call.call_id, "output": "7 C"}
    assert ask([question, told, result]).output_text == "Answer 1 to: Weather? (given: 7 C)"


def test_a_response_may_be_incomplete(client, provider):
    from tokentape.testing.provider import Turn

    provider.answers(Turn("Par", cut_short=True), times=2)
    assert client.responses.create(model="m", input="?").incomplete_details.reason == "max_output_tokens"
    assert list(client.responses.create(model="m", input="?", stream=True))[-1].type == "response.incomplete"


@pytest.mark.parametrize(
    "body",
    [{}, {"input": [{"role": "developer", "content": "x"}], "tool_choice": "none", "tools": [FLAT]}],
)
def test_a_response_without_a_question_is_answered_all_the_same(ask, body):
    assert ask("POST", "/v1/responses", body=body).json["output"][0]["content"][0]["text"] == "Answer 1 to: "


def test_a_reply_may_say_something_and_call_a_tool(client, provider):
    from tokentape.testing.provider import Call, Turn

    provider.answers(Turn("Let me see.", calls=(Call("get_weather"),)), times=3)
    assert [item.type for item in client.responses.create(model="m", input="?").output] == [
        "message",
        "function_call",
    ]
    message = client.chat.completions.create(**ASKED).choices[0].message
    assert (message.content, message.tool_calls[0].function.name) == ("Let me see.", "get_weather")
    chunks = list(client.chat.completions.create(**ASKED, stream=True))
    assert chunks[0].choices[0].delta.content == ""


def test_responses_errors_are_the_sdks_own(client, provider):
    provider.fails(404, message="No.")
    with pytest.raises(openai.NotFoundError, match="No"):
        client.responses.create(model="m", input="?")


def test_embeddings_depend_on_the_text_alone(client):
    one, two = client.embeddings.create(model="e", input=["a", "b"], dimensions=8).data
    again = client.embeddings.create(model="e", input="a", dimensions=8, encoding_format="float").data[0]
    assert one.embedding != two.embedding
    assert one.embedding == pytest.approx(again.embedding, abs=1e-6)
    assert len(client.embeddings.create(model="e", input=[1, 2]).data[0].embedding) == 64


def test_models_and_counts(client):
    assert client.models.list().data[0].id == "gpt-5.5"
    assert client.models.retrieve("any").id == "any"
    assert client.responses.input_tokens.count(model="m", input="hello").input_tokens > 0


ERRORS = {
    400: "BadRequestError",
    401: "AuthenticationError",
    403: "PermissionDeniedError",
    404: "NotFoundError",
    429: "RateLimitError",
    500: "InternalServerError",
}


@pytest.mark.parametrize("status", ERRORS)
def test_errors_are_the_sdks_own(client, provider, status):
    provider.fails(status, headers={"retry-after": "7", "x-request-id": "req_mine"}, message="No.")
    with pytest.raises(getattr(openai, ERRORS[status]), match="No") as caught:
        client.with_options(max_retries=0).chat.completions.create(**ASKED)
    assert (caught.value.status_code, caught.value.request_id) == (status, "req_mine")
    assert caught.value.response.headers["retry-after"] == "7"


def test_503_503_200_is_three_requests_and_one_answer(client, provider):
    provider.fails(503, times=2, headers={"retry-after-ms": "1"})
    assert client.chat.completions.create(**ASKED).choices[0].message.content
    assert provider.count == 3


def test_an_error_in_a_chat_stream_is_raised_after_what_came(client, provider):
    provider.fails_midway(after=3, message="Broke.")
    came = []
    with pytest.raises(openai.APIError, match="Broke"):
        came.extend(client.chat.completions.create(**ASKED, stream=True))
    provider.fails_midway(after=3, message="Broke.")
    last = list(client.responses.create(model="m", input="?", stream=True))[-1]
    assert (last.type, last.message, last.sequence_number) == ("error", "Broke.", 3)


def test_50_concurrent_streams_keep_apart(provider):
    async def ask(client, n):
        messages = [{"role": "user", "content": f"number {n}"}]
        stream = await client.chat.completions.create(model="m", messages=messages, stream=True)
        return "".join([chunk.choices[0].delta.content or "" async for chunk in stream])

    async def scenario():
        async with openai.AsyncOpenAI(base_url=f"{provider.url}/v1", api_key="k") as client:
            return await asyncio.gather(*(ask(client, n) for n in range(50)))

    assert asyncio.run(scenario()) == [f"Answer 1 to: number {n}" for n in range(50)]
