"""A stream through each SDK: the same events, text and usage unrecorded, recorded and replayed (R03)."""

from __future__ import annotations

import pytest

import tokentape
from tokentape.testing.provider import Provider

MESSAGES = [{"role": "user", "content": "Say größe, 世界 🌍."}]


def openai_chat(url):
    openai = pytest.importorskip("openai")
    with openai.OpenAI(api_key="sk-not-a-key", base_url=f"{url}/v1") as sdk:
        options = {"stream": True, "stream_options": {"include_usage": True}}
        events = list(sdk.chat.completions.create(model="m", messages=MESSAGES, **options))
    text = "".join(event.choices[0].delta.content or "" for event in events if event.choices)
    return events, text, events[-1].usage


def openai_responses(url):
    openai = pytest.importorskip("openai")
    with openai.OpenAI(api_key="sk-not-a-key", base_url=f"{url}/v1") as sdk:
        with sdk.responses.stream(model="m", input="Say größe.") as stream:
            events = list(stream)
            final = stream.get_final_response()
    return events, final.output_text, final.usage


def anthropic_messages(url):
    anthropic = pytest.importorskip("anthropic")
    with anthropic.Anthropic(api_key="sk-not-a-key", base_url=url) as sdk:
        with sdk.messages.stream(model="m", max_tokens=50, messages=MESSAGES) as stream:
            events = list(stream)
            final = stream.get_final_message()
    return events, final.content[0].text, final.usage


def gemini(url):
    genai = pytest.importorskip("google.genai")
    sdk = genai.Client(api_key="not-a-key", http_options={"base_url": url})
    events = list(sdk.models.generate_content_stream(model="gemini-flash", contents="Say größe."))
    return events, "".join(event.text or "" for event in events), events[-1].usage_metadata


def mistral(url):
    client = pytest.importorskip("mistralai.client")
    with client.Mistral(api_key="not-a-key", server_url=url) as sdk:
        events = list(sdk.chat.stream(model="m", messages=MESSAGES))
    text = "".join(event.data.choices[0].delta.content or "" for event in events)
    return events, text, events[-1].data.usage


@pytest.mark.parametrize("ask", [openai_chat, openai_responses, anthropic_messages, gemini, mistral])
def test_R03_a_stream_gives_the_same_events_text_and_usage(outside, ask):
    with Provider() as provider:
        provider.answers("Größe, 世界 🌍: two words.", times=None)
        live = ask(provider.url)
        provider.forget()
        provider.answers("Größe, 世界 🌍: two words.", times=None)
        with tokentape.use_cassette("tape.json", mode="once"):
            recorded = ask(provider.url)
        url, count = provider.url, provider.count
    with tokentape.use_cassette("tape.json", mode="none"):
        replayed = ask(url)
    assert dumped(replayed) == dumped(recorded)
    assert live[1] == recorded[1] == "Größe, 世界 🌍: two words."
    assert [type(event) for event in live[0]] == [type(event) for event in recorded[0]]
    assert dumped(live)[2] == dumped(recorded)[2]
    assert (recorded[2] is not None, count) == (True, 1)


def dumped(got):
    events, text, usage = got
    return [plain(event) for event in events], text, plain(usage)


def plain(value):
    return value.model_dump(mode="json", warnings=False)
