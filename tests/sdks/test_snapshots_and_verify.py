"""What SDKs give is read by `assert_llm`; what they ask is asked live in mode verify."""

from __future__ import annotations

import asyncio
import json

import pytest

from tokentape import active, assert_llm, use_cassette
from tokentape.errors import LiveReplyDiffers, UsageError

pytest.importorskip("rapidfuzz")
pytestmark = pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning")

ASKED = "Weather in Oslo?"
SAYS = [{"role": "user", "content": ASKED}]
PARAMETERS = {"type": "object", "properties": {"city": {"type": "string"}}}
TOOL = {"name": "weather", "description": "d", "parameters": PARAMETERS}
FUNCTION = {"type": "function", "function": TOOL}


def openai_chat(url):
    with sdk("openai").OpenAI(api_key="sk-x", base_url=f"{url}/v1") as client:
        return client.chat.completions.create(model="gpt-4o", messages=SAYS, tools=[FUNCTION])


def openai_responses(url):
    with sdk("openai").OpenAI(api_key="sk-x", base_url=f"{url}/v1") as client:
        return client.responses.create(model="gpt-4o", input=ASKED, tools=[{"type": "function", **TOOL}])


def openai_async(url):
    async def ask():
        async with sdk("openai").AsyncOpenAI(api_key="sk-x", base_url=f"{url}/v1") as client:
            return await client.chat.completions.create(model="gpt-4o", messages=SAYS, tools=[FUNCTION])

    return asyncio.run(ask())


def anthropic_messages(url):
    tool = {"name": "weather", "input_schema": PARAMETERS}
    with sdk("anthropic").Anthropic(api_key="x", base_url=url) as client:
        return client.messages.create(model="claude-haiku-4-5", max_tokens=99, messages=SAYS, tools=[tool])


def google_genai(url):
    client = sdk("google.genai").Client(api_key="AIzaSyA0123456789abcdef", http_options={"base_url": url})
    declared = {**TOOL, "parameters": {"type": "OBJECT", "properties": {"city": {"type": "STRING"}}}}
    config = {"tools": [{"function_declarations": [declared]}]}
    reply = client.models.generate_content(model="gemini-3-flash", contents=ASKED, config=config)
    client.close()
    return reply


def boto3_converse(url):
    client = sdk("boto3").client(
        "bedrock-runtime", region_name="us-east-1", endpoint_url=url,
        aws_access_key_id="AKIAIOSFODNN7EXAMPLE", aws_secret_access_key="wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLE",
    )  # fmt: skip
    spec = {"toolSpec": {"name": "weather", "inputSchema": {"json": PARAMETERS}}}
    said = [{"role": "user", "content": [{"text": ASKED}]}]
    model = "anthropic.claude-3-5-sonnet-20240620-v1:0"
    return client.converse(modelId=model, messages=said, toolConfig={"tools": [spec]})


def mistral(url):
    client = sdk("mistralai.client").Mistral(api_key="x", server_url=url)
    return client.chat.complete(model="mistral-small-latest", messages=SAYS, tools=[FUNCTION])


def cohere(url):
    client = sdk("cohere").ClientV2(api_key="x", base_url=url)
    return client.chat(model="command-a-03-2025", messages=SAYS, tools=[FUNCTION])


def ollama(url):
    return sdk("ollama").Client(host=url).chat(model="llama3.2", messages=SAYS, tools=[FUNCTION])


def litellm(url):
    return sdk("litellm").completion(
        model="openai/gpt-4o", messages=SAYS, tools=[FUNCTION], api_key="x", api_base=f"{url}/v1"
    )


def aiohttp_body(url):
    async def ask():
        body = {"model": "gpt-4o", "messages": SAYS, "tools": [FUNCTION]}
        async with sdk("aiohttp").ClientSession() as session:
            async with session.post(f"{url}/v1/chat/completions", json=body) as response:
                return await response.json()

    return asyncio.run(ask())


def httpx_response(url):
    body = {"model": "gpt-4o", "messages": SAYS, "tools": [FUNCTION]}
    return sdk("httpx").post(f"{url}/v1/chat/completions", json=body)


def requests_stream(url):
    """A stream, read to its end; the reply is the cassette's last call."""
    body = {"model": "gpt-4o", "messages": SAYS, "tools": [FUNCTION], "stream": True}
    with sdk("requests").post(f"{url}/v1/chat/completions", json=body, stream=True) as response:
        list(response.iter_content(None))
    return active.current()


def urllib_body(url):
    from urllib.request import Request, urlopen

    body = json.dumps({"model": "gpt-4o", "messages": SAYS, "tools": [FUNCTION]}).encode()
    head = {"Content-Type": "application/json"}
    with urlopen(Request(f"{url}/v1/chat/completions", body, head)) as response:
        return json.load(response)


def sdk(name):
    return pytest.importorskip(name, reason=f"needs {name}")


CALLS = [
    openai_chat, openai_responses, openai_async, anthropic_messages, google_genai, boto3_converse, mistral,
    cohere, ollama, litellm, aiohttp_body, httpx_response, requests_stream, urllib_body,
]  # fmt: skip


@pytest.fixture(autouse=True)
def home(outside):
    """No setting from the machine that runs the tests."""
    return outside


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.__name__)
def test_a_reply_is_read_whatever_it_is(call, provider, home):
    provider.answers("It rains in Oslo.")
    provider.calls_tool("weather", {"city": "Oslo"})
    with use_cassette("a.json"):
        said = assert_llm(call(provider.url))
        said.contains("rains in oslo").calls_no_tool().matches_snapshot(path=home / "says.json")
        called = assert_llm(call(provider.url))
        called.calls("weather", {"city": "Oslo"}).matches_snapshot(path=home / "calls.json")
        assert_llm().same_tools_as(called._side).matches_snapshot(
            path=home / "calls.json", compare="toolcalls"
        )
    provider.stop()
    with use_cassette("a.json", mode="none") as deck:
        assert_llm(call(provider.url)).matches_snapshot(path=home / "says.json", compare="exact,toolcalls")
        call(provider.url)
        assert_llm(deck).matches_snapshot(path=home / "calls.json")
        assert_llm(deck.calls[0]).matches_snapshot(path=home / "says.json")


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.__name__)
def test_verify_gives_the_recording_and_tells_what_differs(call, provider):
    provider.calls_tool("weather", {"city": "Oslo"})
    with use_cassette("a.json"):
        call(provider.url)
    provider.calls_tool("weather", {"city": "Rome"})
    with pytest.raises(LiveReplyDiffers) as caught, use_cassette("a.json", mode="verify") as deck:
        call(provider.url)
        assert_llm().calls("weather", {"city": "Oslo"})
    assert '  calls[0].weather.city\n    recorded: "Oslo"\n    live:     "Rome"' in str(caught.value)
    assert (deck.tally.verified, deck.tally.differed, deck.tally.missed) == (1, 1, 0)
    provider.calls_tool("weather", {"city": "Oslo"})
    with use_cassette("a.json", mode="verify") as deck:
        call(provider.url)
    assert (deck.tally.verified, deck.tally.differed) == (1, 0)


@pytest.mark.parametrize("thing", [3, None, {"a": 1}, [], {"choices": []}], ids=repr)
def test_what_is_no_reply_is_told(thing):
    with pytest.raises(UsageError, match=r"assert_llm\(\): "):
        assert_llm(thing)


def openai_stream(url):
    client = sdk("openai").OpenAI(api_key="sk-x", base_url=f"{url}/v1")
    return client.chat.completions.create(model="gpt-4o", messages=SAYS, stream=True)


def openai_async_stream(url):
    client = sdk("openai").AsyncOpenAI(api_key="sk-x", base_url=f"{url}/v1")
    return asyncio.run(client.chat.completions.create(model="gpt-4o", messages=SAYS, stream=True))


def anthropic_stream(url):
    client = sdk("anthropic").Anthropic(api_key="x", base_url=url)
    with client.messages.stream(model="claude-haiku-4-5", max_tokens=9, messages=SAYS) as stream:
        stream.until_done()
        return stream


def gemini_stream(url):
    client = sdk("google.genai").Client(api_key="AIzaSyA0123456789abcdef", http_options={"base_url": url})
    return client.models.generate_content_stream(model="gemini-3-flash", contents=ASKED)


def httpx_stream(url):
    body = {"model": "gpt-4o", "messages": SAYS, "stream": True}
    return sdk("httpx").post(f"{url}/v1/chat/completions", json=body)


STREAMS = [openai_stream, openai_async_stream, anthropic_stream, gemini_stream, httpx_stream]


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("call", STREAMS, ids=lambda call: call.__name__)
def test_of_a_stream_the_cassette_is_the_reply(call, provider):
    with pytest.raises(UsageError, match=r"stream.*read it to its end, and give the cassette"):
        assert_llm(call(provider.url))


def test_what_nobody_awaited_is_told():
    async def ask():
        return "Hello"

    asked = ask()
    with pytest.raises(UsageError, match="a coroutine is no reply yet: await it"):
        assert_llm(asked)
    assert asyncio.run(asked) == "Hello"


def test_a_raw_response_of_an_sdk_is_its_body(provider):
    client = sdk("openai").OpenAI(api_key="sk-x", base_url=f"{provider.url}/v1")
    provider.answers("In Paris.")
    raw = client.chat.completions.with_raw_response.create(model="gpt-4o", messages=SAYS)
    assert_llm(raw).contains("in paris")


def test_none_is_no_reply_also_where_a_call_was_made(provider):
    with use_cassette("a.json"):
        httpx_response(provider.url)
        assert_llm()
        with pytest.raises(UsageError, match="a NoneType is no reply"):
            assert_llm(None)
    with pytest.raises(UsageError, match="no cassette is in force"):
        assert_llm()


def test_a_call_that_asks_no_model_is_told(provider):
    with use_cassette("a.json"):
        sdk("httpx").get(provider.url + "/v1/models")
        with pytest.raises(UsageError, match="is no call of a model for an answer"):
            assert_llm()


def test_a_cassette_without_a_call_is_told():
    with use_cassette("a.json", mode="new_episodes"), pytest.raises(UsageError, match="no call was replayed"):
        assert_llm()
