"""The Google SDK believes the provider; the form without SSE is read by hand, since the SDK never asks for it."""

from __future__ import annotations

import asyncio
import json

import pytest

genai = pytest.importorskip("google.genai")

from google.genai import errors, types  # noqa: E402

MODEL = "gemini-2.5-flash"
TOOL = types.Tool(
    function_declarations=[
        {"name": "get_weather", "parameters": {"type": "OBJECT", "properties": {"city": {"type": "STRING"}}}}
    ]
)
BODY = {"contents": [{"role": "user", "parts": [{"text": "Weather?"}]}]}
ARRAY = "/v1beta/models/gemini-2.5-flash:streamGenerateContent"


@pytest.fixture
def client(provider):
    with genai.Client(api_key="AIza-test", http_options=types.HttpOptions(base_url=provider.url)) as built:
        yield built


def test_generate(client, provider):
    provider.answers("Paris.")
    reply = client.models.generate_content(model=MODEL, contents="Capital?")
    assert (reply.text, reply.candidates[0].finish_reason) == ("Paris.", types.FinishReason.STOP)
    assert reply.model_version == MODEL


def test_a_stream_folds_to_the_whole_reply(client):
    chunks = list(client.models.generate_content_stream(model=MODEL, contents="a b"))
    assert "".join(chunk.text for chunk in chunks) == "Answer 1 to: a b"
    assert len(chunks) == 5
    assert chunks[-1].candidates[0].finish_reason == types.FinishReason.STOP
    assert chunks[-1].usage_metadata.candidates_token_count > 0


@pytest.mark.parametrize("parallel", [1, 2])
@pytest.mark.parametrize("streamed", [False, True])
def test_thinking_tools_and_their_results(client, provider, streamed, parallel):
    provider._parallel = parallel
    config = types.GenerateContentConfig(
        tools=[TOOL], thinking_config=types.ThinkingConfig(include_thoughts=True)
    )

    def ask(contents):
        options = {"model": MODEL, "contents": contents, "config": config}
        if not streamed:
            return client.models.generate_content(**options).candidates[0].content.parts
        chunks = client.models.generate_content_stream(**options)
        return [part for chunk in chunks for part in chunk.candidates[0].content.parts]

    question = types.Content(role="user", parts=[types.Part(text="Weather?")])
    parts = ask([question])
    calls = [part for part in parts if part.function_call]
    assert parts[0].thought
    assert [part.function_call.args for part in calls] == [{"city": "Oslo"}, {"city": "Oslo 2"}][:parallel]
    results = [types.Part.from_function_response(name="get_weather", response={"c": 7}) for _ in calls]
    answer = ask(
        [question, types.Content(role="model", parts=calls), types.Content(role="user", parts=results)]
    )
    said = "".join(part.text for part in answer if part.text and not part.thought)
    given = "; ".join(['{"c": 7}'] * parallel)
    assert said == f"Answer 1 to: Weather? (given: {given})"


def test_structured_replies_fit_their_schema(client):
    schema = {"type": "OBJECT", "properties": {"city": {"type": "STRING"}}}
    config = types.GenerateContentConfig(response_mime_type="application/json", response_schema=schema)
    assert json.loads(client.models.generate_content(model=MODEL, contents="?", config=config).text) == {
        "city": "Oslo"
    }


def test_tools_may_be_forbidden(ask):
    tools = [{"function_declarations": [{"name": "f"}]}]
    target = f"/v1beta/models/{MODEL}:generateContent"
    called = ask("POST", target, body={**BODY, "tools": tools}).json["candidates"][0]["content"]["parts"]
    assert called[0]["functionCall"]["name"] == "f"
    mode = {"functionCallingConfig": {"mode": "NONE"}}
    said = ask("POST", target, body={**BODY, "tools": tools, "toolConfig": mode}).json["candidates"][0]
    assert said["content"]["parts"] == [{"text": "Answer 1 to: Weather?"}]


@pytest.mark.parametrize(
    "body", [{}, {"contents": {"parts": []}}, {"contents": [{"role": "model", "parts": [{"text": "x"}]}]}]
)
def test_a_question_without_text_is_answered_all_the_same(ask, body):
    got = ask("POST", f"/v1beta/models/{MODEL}:generateContent", body=body).json
    assert got["candidates"][0]["content"]["parts"] == [{"text": "Answer 1 to: "}]


def test_an_empty_answer_streams_as_one_empty_part(provider, ask):
    provider.answers("")
    assert (
        json.loads(b"".join(ask("POST", ARRAY, body=BODY).chunks))[0]["candidates"][0]["finishReason"]
        == "STOP"
    )


def test_without_sse_a_stream_is_one_json_array_that_arrives_in_elements(ask):
    got = ask("POST", ARRAY, body=BODY)
    elements = json.loads(b"".join(got.chunks))
    assert len(elements) == len(got.chunks) == 4
    assert b"content-type: application/json; charset=UTF-8" in got.lines
    said = "".join(element["candidates"][0]["content"]["parts"][0]["text"] for element in elements)
    assert said == "Answer 1 to: Weather?"


def test_without_sse_errors_stand_in_the_array_too(provider, ask):
    provider.fails(429)
    assert ask("POST", ARRAY, body=BODY).json[0]["error"]["status"] == "RESOURCE_EXHAUSTED"
    provider.fails_midway(after=1)
    assert "error" in json.loads(b"".join(ask("POST", ARRAY, body=BODY).chunks))[1]


def test_embeddings_models_and_counts(client, ask):
    one, two = client.models.embed_content(model="e", contents=["a", "b"]).embeddings
    assert one.values != two.values
    single = ask("POST", "/v1beta/models/e:embedContent", body={"content": {"parts": [{"text": "a"}]}}).json
    assert single["embedding"]["values"] == one.values
    assert next(iter(client.models.list())).name == "models/gemini-2.5-flash"
    assert client.models.get(model="any").name == "models/any"
    assert client.models.count_tokens(model=MODEL, contents="hello").total_tokens > 0


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 503])
def test_errors_are_the_sdks_own(client, provider, status):
    provider.fails(status, times=None, message="No.")
    with pytest.raises(errors.APIError, match="No") as caught:
        client.models.generate_content(model=MODEL, contents="?")
    assert caught.value.code == status


def test_an_error_in_a_stream_is_raised(client, provider):
    provider.fails_midway(after=2, message="Broke.")
    with pytest.raises(errors.APIError, match="Broke"):
        list(client.models.generate_content_stream(model=MODEL, contents="a b"))


@pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning")
def test_50_concurrent_streams_keep_apart(provider):
    async def ask(client, n):
        stream = await client.models.generate_content_stream(model=MODEL, contents=f"number {n}")
        return "".join([chunk.text async for chunk in stream])

    async def scenario():
        options = types.HttpOptions(base_url=provider.url)
        async with genai.Client(api_key="k", http_options=options).aio as client:
            return await asyncio.gather(*(ask(client, n) for n in range(50)))

    assert asyncio.run(scenario()) == [f"Answer 1 to: number {n}" for n in range(50)]
