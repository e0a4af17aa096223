"""Savings of real SDKs: recorded from the loopback provider, replayed without it, compared with what they return."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

import tokentape

openai = pytest.importorskip("openai")
anthropic = pytest.importorskip("anthropic")

CHAT = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Say hello."}]}
MESSAGE = {"model": "claude-haiku-4-5", "max_tokens": 50, "messages": CHAT["messages"]}


@pytest.fixture(autouse=True)
def _from_zero(monkeypatch):
    for name in ("TOKENTAPE_MODE", "TOKENTAPE_CONFIG", "CI"):
        monkeypatch.delenv(name, raising=False)
    tokentape.reset_savings()
    yield
    tokentape.reset_savings()


def of_openai(url):
    return openai.OpenAI(api_key="sk-test-0123456789abcdef0123", base_url=f"{url}/v1")


def of_anthropic(url):
    return anthropic.Anthropic(api_key="sk-ant-test-0123456789abcdef", base_url=url)


def twice(provider, path, scenario):
    """The scenario's result, recorded and replayed; what was saved."""
    with tokentape.use_cassette(path, mode="once"):
        live = scenario(provider.url)
    assert tokentape.savings().calls == 0
    provider.stop()
    with tokentape.use_cassette(path, mode="none"):
        assert scenario(provider.url) == live
    return live, tokentape.savings()


def test_openai_chat(provider, tmp_path):
    def scenario(url):
        usage = of_openai(url).chat.completions.create(**CHAT).usage
        return usage.prompt_tokens, usage.completion_tokens

    (asked, said), saved = twice(provider, tmp_path / "a.json", scenario)
    assert (saved.calls, saved.input, saved.output) == (1, asked, said)
    assert saved.usd == (asked * Decimal("2.5") + said * 10) / 10**6
    assert saved.seconds > 0


def test_openai_stream_with_and_without_usage(provider, tmp_path):
    def scenario(url):
        client = of_openai(url)
        silent = list(client.chat.completions.create(**CHAT, stream=True))
        options = {"include_usage": True}
        *_, last = client.chat.completions.create(**CHAT, stream=True, stream_options=options)
        assert all(chunk.usage is None for chunk in silent)
        return last.usage.prompt_tokens, last.usage.completion_tokens

    (asked, said), saved = twice(provider, tmp_path / "a.json", scenario)
    assert (saved.calls, saved.input, saved.output) == (2, asked, said)
    assert (saved.uncounted, saved.unpriced) == (1, 1)
    assert dict(saved.unknown) == {"the reply does not say what it used": 1}


def test_openai_responses_embeddings_and_models(provider, tmp_path):
    def scenario(url):
        client = of_openai(url)
        response = client.responses.create(model="gpt-4o", input="Say hello.").usage
        vectors = client.embeddings.create(model="text-embedding-3-small", input="Hello.").usage
        client.models.list()
        return response.input_tokens + vectors.prompt_tokens, response.output_tokens

    (asked, said), saved = twice(provider, tmp_path / "a.json", scenario)
    assert (saved.calls, saved.input, saved.output) == (3, asked, said)
    assert (saved.unpriced, saved.uncounted) == (0, 0)
    assert saved.models["text-embedding-3-small"].output == 0


def test_anthropic_whole_and_streamed(provider, tmp_path):
    def scenario(url):
        client = of_anthropic(url)
        usage = client.messages.create(**MESSAGE).usage
        with client.messages.stream(**MESSAGE) as stream:
            streamed = stream.get_final_message().usage
        return usage.input_tokens, usage.output_tokens, streamed.input_tokens, streamed.output_tokens

    found, saved = twice(provider, tmp_path / "a.json", scenario)
    assert (saved.calls, saved.input, saved.output) == (2, found[0] + found[2], found[1] + found[3])
    assert saved.usd == Decimal(saved.input + 5 * saved.output) / 10**6


def test_async_calls_at_once(provider, tmp_path):
    async def ask(url):
        async with openai.AsyncOpenAI(api_key="sk-test-0123456789abcdef0123", base_url=f"{url}/v1") as client:
            calls = (client.chat.completions.create(**CHAT, seed=n) for n in range(10))
            return sum(reply.usage.completion_tokens for reply in await asyncio.gather(*calls))

    said, saved = twice(provider, tmp_path / "a.json", lambda url: asyncio.run(ask(url)))
    assert (saved.calls, saved.output) == (10, said)


def test_new_episodes_saves_what_it_replays_and_not_what_it_records(provider, tmp_path):
    def ask(text):
        of_openai(provider.url).responses.create(model="gpt-4o", input=text)

    with tokentape.use_cassette(tmp_path / "a.json", mode="once"):
        ask("One.")
    with tokentape.use_cassette(tmp_path / "a.json", mode="new_episodes"):
        ask("One.")
        ask("Two.")
        assert tokentape.savings().calls == 1
    assert tokentape.savings().calls == 1
