"""What SDKs do besides conversations: misses, async, images, counts, lists, LangChain, Gemini's arrays."""

from __future__ import annotations

import base64

import pytest
from gw_agents import Listened, seven
from gw_hearing import heard_gateway
from loop_all import AGENTS
from loop_gateway import MODELS, SEVEN

from installed import is_installed
from tokentape.gateway.tapes import RecordOptions
from tokentape.testing.provider import Provider

pytestmark = [
    pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The model 'claude:DeprecationWarning"),
]
UPSTREAMS = pytest.mark.parametrize("target", SEVEN)
PIXEL = base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"\x00" * 40).decode()


@pytest.fixture(scope="module")
def replaying(tmp_path_factory):
    """A gateway without a single recording, in front of a provider that must not be asked."""
    root = tmp_path_factory.mktemp("tapes")
    (root / "empty.json").write_text(
        '{"tokentape": 1, "rules": "k1:1121", "finished": true, "interactions": []}'
    )
    with Provider(gap=0) as provider:
        with heard_gateway(seven(provider.url), record=RecordOptions(str(root), "empty", "none")) as told:
            yield provider, Listened(*told)


def retrying(source, made):
    """The SDK as people make it: with its own retries."""
    if source in ("openai.chat", "openai.responses", "anthropic.messages"):
        made.client = made.client.with_options(max_retries=2)
    return made


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
@pytest.mark.parametrize("source", SEVEN)
def test_a_miss(replaying, source, stream):
    """One attempt, and an error that says what to do, whatever the SDK would retry."""
    provider, gateway = replaying
    if not is_installed(AGENTS[source].module):
        pytest.skip(f"{AGENTS[source].module} is not installed")
    gateway.forget()
    services = gateway.gateway.services
    before = {one["cassette"]: one["missed"] for one in services.tapes.listed()}.get("empty", 0)
    made = retrying(source, AGENTS[source](gateway.url(source), MODELS[source], stream=stream))
    with pytest.raises(made.error) as caught:
        made.ask(f"{source} {stream}")
    made.close()
    assert "No recording in" in str(caught.value)
    assert "tokentape serve --mode" in str(caught.value)
    (listed,) = services.tapes.listed()
    assert listed["missed"] == before + 1
    assert provider.count == 0


@UPSTREAMS
@pytest.mark.asyncio
async def test_async_openai(gateway, provider, target):
    openai = pytest.importorskip("openai")
    provider.answers("Well.", times=3)
    async with openai.AsyncOpenAI(api_key="k", base_url=f"{gateway.url(target)}/v1") as client:
        said = [{"role": "user", "content": "?"}]
        whole = await client.chat.completions.create(model="gpt-5-mini", messages=said)
        assert whole.choices[0].message.content == "Well."
        stream = await client.chat.completions.create(model="gpt-5-mini", messages=said, stream=True)
        texts = [chunk.choices[0].delta.content or "" async for chunk in stream if chunk.choices]
        assert "".join(texts) == "Well."
        reply = await client.responses.create(model="gpt-5-mini", input="?", store=False)
        assert reply.output_text == "Well."


@UPSTREAMS
@pytest.mark.asyncio
async def test_async_anthropic(gateway, provider, target):
    anthropic = pytest.importorskip("anthropic")
    provider.answers("Well.", times=2)
    asked = {
        "model": MODELS["anthropic.messages"],
        "max_tokens": 99,
        "messages": [{"role": "user", "content": "?"}],
    }
    async with anthropic.AsyncAnthropic(api_key="k", base_url=gateway.url(target)) as client:
        whole = await client.messages.create(**asked)
        assert whole.content[0].text == "Well."
        async with client.messages.stream(**asked) as stream:
            assert "".join([text async for text in stream.text_stream]) == "Well."
        count = await client.messages.count_tokens(model=asked["model"], messages=asked["messages"])
        assert count.input_tokens > 0


@UPSTREAMS
def test_google(gateway, provider, target):
    genai = pytest.importorskip("google.genai")
    provider.answers("Well.", times=2)
    client = genai.Client(api_key="k", http_options={"base_url": gateway.url(target)})
    model = MODELS["gemini"]
    assert client.models.generate_content(model=model, contents="?").text == "Well."
    chunks = client.models.generate_content_stream(model=model, contents="?")
    assert "".join(chunk.text or "" for chunk in chunks) == "Well."
    assert client.models.count_tokens(model=model, contents="How long is it?").total_tokens > 0
    client.close()


@UPSTREAMS
def test_ollama(gateway, provider, target):
    ollama = pytest.importorskip("ollama")
    provider.answers("Well.", times=2)
    client = ollama.Client(host=gateway.url(target))
    assert client.generate(model="qwen3", prompt="?").response == "Well."
    parts = client.generate(model="qwen3", prompt="?", stream=True)
    assert "".join(part.response for part in parts) == "Well."
    assert [model.model for model in client.list().models]


@UPSTREAMS
@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
def test_langchain(gateway, provider, target, stream):
    pytest.importorskip("langchain_openai")
    pytest.importorskip("langchain_anthropic")
    from langchain_anthropic import ChatAnthropic
    from langchain_openai import ChatOpenAI

    made = [
        ChatOpenAI(model="gpt-5-mini", api_key="k", base_url=f"{gateway.url(target)}/v1"),
        ChatAnthropic(model=MODELS["anthropic.messages"], api_key="k", base_url=gateway.url(target)),
    ]
    for chat in made:
        provider.answers("Well now.")
        if stream:
            assert "".join(part.text for part in chat.stream("?")) == "Well now."
        else:
            assert chat.invoke("?").text == "Well now."


@pytest.mark.parametrize("target", [name for name in SEVEN if name != "cohere"])
def test_images(gateway, provider, target):
    """One picture, as each SDK says it, arrives as each upstream wants it."""
    openai, anthropic = pytest.importorskip("openai"), pytest.importorskip("anthropic")
    provider.answers("A cat.", times=2)
    url = {"url": f"data:image/png;base64,{PIXEL}"}
    said = [{"type": "text", "text": "What is it?"}, {"type": "image_url", "image_url": url}]
    with openai.OpenAI(api_key="k", base_url=f"{gateway.url(target)}/v1") as client:
        asked = [{"role": "user", "content": said}]
        assert client.chat.completions.create(model="gpt-5-mini", messages=asked).choices[0].message.content
    source = {"type": "base64", "media_type": "image/png", "data": PIXEL}
    said = [{"type": "image", "source": source}, {"type": "text", "text": "What is it?"}]
    with anthropic.Anthropic(api_key="k", base_url=gateway.url(target)) as client:
        asked = {"model": MODELS["anthropic.messages"], "max_tokens": 99}
        reply = client.messages.create(messages=[{"role": "user", "content": said}], **asked)
        assert reply.content[0].text == "A cat."
    for seen in provider.requests:
        assert seen.body.decode().count(PIXEL) == 1


@UPSTREAMS
@pytest.mark.parametrize("alt", ["", "?alt=json"])
def test_gemini_s_array(gateway, provider, target, alt):
    """The other framing of its streams: one JSON array."""
    httpx = pytest.importorskip("httpx")
    provider.answers("One two three.")
    body = {"contents": [{"role": "user", "parts": [{"text": "?"}]}]}
    path = f"/v1beta/models/{MODELS['gemini']}:streamGenerateContent{alt}"
    reply = httpx.post(gateway.url(target) + path, json=body)
    assert reply.status_code == 200
    assert reply.headers["content-type"].startswith("application/json")
    parts = [
        part
        for event in reply.json()
        for one in event.get("candidates", ())
        for part in one["content"].get("parts", ())
    ]
    assert "".join(part.get("text", "") for part in parts) == "One two three."
