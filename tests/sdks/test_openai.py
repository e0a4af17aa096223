"""The OpenAI SDK, whichever version is installed."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

openai = pytest.importorskip("openai")

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
HELLO = [{"role": "user", "content": "Say hello, größe 世界 🌍."}]


def client(url, **options):
    return openai.OpenAI(api_key="sk-test-0123456789abcdef0123", base_url=f"{url}/v1", **options)


def async_client(url, **options):
    return openai.AsyncOpenAI(api_key="sk-test-0123456789abcdef0123", base_url=f"{url}/v1", **options)


def caught(call):
    try:
        return call()
    except openai.OpenAIError as error:
        return error


def ask(url, text="Say hello.", **options):
    return client(url).chat.completions.create(
        model="gpt-5-mini", messages=[{"role": "user", "content": text}], **options
    )


def test_chat(tape):
    reply = tape.twice(ask)
    assert reply["choices"][0]["message"]["content"]


def test_chat_with_unicode_and_every_kind_of_call(tape):
    tape.twice(
        lambda url: client(url).chat.completions.create(model="gpt-5-mini", messages=HELLO, temperature=0.1)
    )


def test_chat_stream_gives_the_same_events(tape):
    def scenario(url):
        options = {"stream": True, "stream_options": {"include_usage": True}}
        return list(ask(url, **options))

    events = tape.twice(scenario)
    assert len(events) > 3
    assert events[-1]["usage"]["total_tokens"] > 0
    assert all(choice["delta"] is not None for event in events for choice in event["choices"])


def test_chat_stream_left_early(tape):
    def scenario(url):
        with client(url).chat.completions.create(model="gpt-5-mini", messages=HELLO, stream=True) as stream:
            return [next(stream), next(stream)]

    assert len(tape.twice(scenario)) == 2


def test_a_tool_round_trip(tape):
    def scenario(url):
        messages = [{"role": "user", "content": "Weather in Oslo?"}]
        sdk = client(url)
        first = sdk.chat.completions.create(model="gpt-5-mini", messages=messages, tools=[WEATHER])
        [call] = first.choices[0].message.tool_calls
        messages += [
            first.choices[0].message.model_dump(exclude_none=True),
            {"role": "tool", "tool_call_id": call.id, "content": "rain"},
        ]
        return [first, sdk.chat.completions.create(model="gpt-5-mini", messages=messages, tools=[WEATHER])]

    first, second = tape.twice(scenario)
    assert first["choices"][0]["finish_reason"] == "tool_calls"
    assert second["choices"][0]["message"]["content"]


def test_a_streamed_tool_call(tape):
    def scenario(url):
        return list(ask(url, "Weather in Oslo?", tools=[WEATHER], stream=True))

    assert any(choice["delta"]["tool_calls"] for event in tape.twice(scenario) for choice in event["choices"])


def test_responses(tape):
    reply = tape.twice(lambda url: client(url).responses.create(model="gpt-5-mini", input="Say hello."))
    assert reply["output"]


def test_responses_stream(tape):
    def scenario(url):
        with client(url).responses.stream(model="gpt-5-mini", input="Say hello.") as stream:
            events = list(stream)
            return [*events, stream.get_final_response()]

    assert [event["type"] for event in tape.twice(scenario)[:-1]][-1] == "response.completed"


def test_embeddings(tape):
    reply = tape.twice(
        lambda url: client(url).embeddings.create(model="text-embedding-3-small", input=["a", "b"])
    )
    assert len(reply["data"]) == 2


def test_models(tape):
    assert tape.twice(lambda url: list(client(url).models.list()))


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500])
def test_R17_errors_are_the_same_exceptions(tape, status):
    tape.provider.fails(status, headers={"retry-after": "0", "x-request-id": "req_1"})

    def scenario(url):
        sdk = client(url, max_retries=0)
        error = caught(lambda: sdk.chat.completions.create(model="gpt-5-mini", messages=HELLO))
        return [error, error.status_code, error.request_id, error.response.headers["retry-after"]]

    (name, _text), *facts = tape.twice(scenario)
    assert name.endswith("Error")
    assert facts == [status, "req_1", "0"]


def test_503_503_200_replays_as_the_retries_saw_it(tape):
    tape.provider.fails(503, times=2, headers={"retry-after-ms": "1"})

    def scenario(url):
        raw = client(url, max_retries=2).chat.completions.with_raw_response.create(
            model="gpt-5-mini", messages=HELLO
        )
        return [raw.retries_taken, raw.parse()]

    assert tape.twice(scenario)[0] == 2
    assert tape.provider.count == 3


def test_an_error_event_inside_a_200_stream(tape):
    tape.provider.fails_midway(after=2)

    def scenario(url):
        got = []
        try:
            events = client(url).chat.completions.create(model="gpt-5-mini", messages=HELLO, stream=True)
            got.extend(events)
        except openai.APIError as error:
            got.append(error)
        return got

    assert tape.twice(scenario)[-1][0] == "APIError"


def test_async_chat_and_stream(tape):
    async def scenario(url):
        async with async_client(url) as sdk:
            plain_reply = await sdk.chat.completions.create(model="gpt-5-mini", messages=HELLO)
            stream = await sdk.chat.completions.create(model="gpt-5-mini", messages=HELLO, stream=True)
            return [plain_reply, [event async for event in stream]]

    assert len(tape.twice(scenario)[1]) > 3


def test_R18_concurrent_calls_with_reversed_latencies_reach_their_callers(tape):
    tape.provider.delay_by(lambda seen: 0.05 * (3 - int(seen.body.decode().rpartition("number ")[2][0])))

    async def scenario(url):
        async with async_client(url) as sdk:

            async def one(number):
                reply = await sdk.responses.create(model="gpt-5-mini", input=f"number {number}")
                return reply.output_text

            return list(await asyncio.gather(*(one(number) for number in range(3))))

    for number, text in enumerate(tape.twice(scenario)):
        assert f"number {number}" in text


def test_R49_50_concurrent_equal_calls_replay_as_the_same_multiset(tape):
    async def scenario(url):
        async with async_client(url) as sdk:
            replies = await asyncio.gather(
                *(sdk.chat.completions.create(model="gpt-5-mini", messages=HELLO) for _ in range(50))
            )
        return sorted(reply.id for reply in replies)

    assert len(set(tape.twice(scenario))) == 50


def test_R18_repeated_equal_calls_return_the_recorded_answers_in_order(tape):
    def scenario(url):
        return [ask(url).id for _ in range(4)]

    assert len(set(tape.twice(scenario))) == 4


def test_R19_threads_and_executors_join(tape):
    def scenario(url):
        found = {}

        def work(number):
            found[number] = ask(url, f"number {number}").choices[0].message.content

        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(work, range(4, 8)))
        return sorted(found.items())

    assert len(tape.twice(scenario)) == 8


def test_R13_a_client_built_before_the_block(tape):
    built = {}

    def scenario(url):
        sdk = built.setdefault("sdk", client(tape.provider.url))
        return sdk.chat.completions.create(model="gpt-5-mini", messages=HELLO)

    built["sdk"] = client(tape.provider.url)
    tape.twice(scenario)


def test_a_file_upload_and_its_random_boundary(tape):
    def scenario(url):
        return client(url).files.create(file=("a.jsonl", b'{"a": 1}\n'), purpose="batch")

    tape.provider.play(
        _json_reply(
            {
                "id": "file-1",
                "object": "file",
                "bytes": 9,
                "created_at": 1,
                "filename": "a.jsonl",
                "purpose": "batch",
                "status": "processed",
            }
        ),
        path="/v1/files",
    )
    assert tape.twice(scenario)["id"] == "file-1"


def _json_reply(value):
    import json

    from tokentape.testing.provider import reply

    return reply(json.dumps(value).encode(), 200, (("content-type", "application/json"),))


def test_the_calls_are_recorded_each_once(tape):
    import tokentape

    with tokentape.use_cassette(tape.path) as deck:
        for _ in range(3):
            ask(tape.provider.url)
    assert (deck.tally.recorded, tape.provider.count) == (3, 3)
