"""What a miss says: what is different, said once, short in the text and whole in the attributes."""

from __future__ import annotations

import pytest
from miss_blocks import HELLO
from sdk_programs import KEY, anthropic_messages, openai_chat, sdk

import tokentape
from tokentape.errors import ReplayMiss

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
LONG = "word " * 60
BASE = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "Weather in Oslo?"},
    {"role": "assistant", "content": "Rain."},
    {"role": "user", "content": "And tomorrow?"},
]
INSERTED = [BASE[0], {"role": "user", "content": "Hello!"}, *BASE[1:]]


def asking(**changes):
    """A chat whose parts may be changed."""
    parts = {"model": "gpt-5-mini", "messages": BASE, "tools": [WEATHER], "temperature": 0.1, **changes}

    def program(url, _text):
        client = sdk("openai").OpenAI(api_key=KEY, base_url=f"{url}/v1")
        reply = client.chat.completions.create(**parts)
        return list(reply) if parts.get("stream") else reply

    return program


OTHER_TOOL = {**WEATHER, "function": {**WEATHER["function"], "description": "The weather in a city."}}
SECOND_TOOL = {**WEATHER, "function": {**WEATHER["function"], "name": "get_tides"}}

CHANGES = {
    "inserted message": ({"messages": INSERTED}, [("messages[1]", "added")]),
    "removed messages": (
        {"messages": [BASE[0], *BASE[3:]]},
        [("messages[1]", "removed"), ("messages[2]", "removed")],
    ),
    "changed message": (
        {"messages": [*BASE[:3], {"role": "user", "content": "And today?"}]},
        [("messages[3].content", "changed")],
    ),
    "changed tool": ({"tools": [OTHER_TOOL]}, [("tools[get_weather].function.description", "added")]),
    "another tool": ({"tools": [WEATHER, SECOND_TOOL]}, [("tools[get_tides]", "added")]),
    "temperature": ({"temperature": 0.7}, [("temperature", "changed")]),
    "model": ({"model": "gpt-5"}, [("model", "changed")]),
    "stream flag": ({"stream": True}, [("stream", "added")]),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_is_different_is_said_and_nothing_else(missing, name):
    changes, expected = CHANGES[name]
    missing.record(asking())
    missed = missing.miss(asking(**changes))
    found = [(difference.path, str(difference.change)) for difference in missed.explanation.differences]
    assert found == expected
    for path, _ in expected:
        assert path in str(missed.saw)


def test_the_stream_flag_is_said_in_words(missing):
    missing.record(asking())
    text = str(missing.miss(asking(stream=True)).miss)
    assert "only the stream flag differs: the recording is not streamed, this request is" in text


def test_values_are_cut_in_the_text_and_whole_in_the_attributes(missing):
    missing.record(openai_chat, LONG)
    missed = missing.miss(openai_chat, f"{LONG}!")
    [difference] = missed.explanation.differences
    assert (difference.recorded, difference.incoming) == (LONG, f"{LONG}!")
    line = next(line for line in str(missed.miss).splitlines() if "recorded " in line)
    assert len(line) < 250
    assert "…" in line or "..." in line


def test_a_call_used_up_says_so(missing):
    def twice(url, text):
        openai_chat(url, text)
        return openai_chat(url, text)

    missing.record(openai_chat)
    missed = missing.miss(twice, HELLO)
    assert "every recording of this call was played already" in str(missed.miss)
    assert missed.explanation.differences == ()
    assert missed.explanation.unused == ()


def test_what_else_was_not_played_is_listed(missing):
    missing.record(openai_chat, "One.", "Two.", "Three.")
    missed = missing.miss(openai_chat, "Four.")
    assert len(missed.explanation.unused) == 3
    assert f"not played yet: {', '.join(missed.explanation.unused)}" in str(missed.miss)


def test_the_nearest_recording_is_the_one_most_alike(missing):
    missing.record(openai_chat, "Weather in Oslo?", "Write a poem on the sea.", "Say hello.")
    missed = missing.miss(openai_chat, "Write a poem on the hills.")
    assert missed.explanation.nearest_asks == "Write a poem on the sea."
    assert missed.explanation.nearest_id in missed.explanation.unused


def test_an_empty_cassette_says_that_it_is_empty(missing):
    with tokentape.use_cassette(missing.path, mode="once"):
        pass
    assert "nearest recording: none, the cassette is empty" in str(missing.miss(openai_chat).miss)


def test_a_system_prompt_that_changed_is_one_difference(missing):
    def with_system(system):
        def program(url, text):
            client = sdk("anthropic").Anthropic(api_key=KEY, base_url=url)
            said = [{"role": "user", "content": text}]
            return client.messages.create(model="m", max_tokens=9, messages=said, system=system)

        return program

    missing.record(with_system("Be brief."))
    missed = missing.miss(with_system("Be long."), HELLO)
    [difference] = missed.explanation.differences
    assert difference.path.startswith("system")


def test_the_command_is_the_one_given(missing):
    missing.record(anthropic_messages)
    missed = missing.miss(anthropic_messages, command="make tapes")
    assert "to record it: make tapes" in str(missed.miss)


def test_no_secret_is_in_an_explanation(missing):
    """Header, query and prompt: what is redacted on tape is redacted in what people read."""
    missing.record(openai_chat)
    missed = missing.miss(openai_chat, f"My key is {KEY}.")
    for text in (str(missed.miss), str(missed.saw), repr(missed.explanation)):
        assert KEY not in text
    with pytest.raises(ReplayMiss) as caught, tokentape.use_cassette(missing.path, mode="none"):
        sdk("httpx2").post(f"{missing.provider.url}/v1/x?key={KEY}", json={"a": 1})
    assert KEY not in str(caught.value)
