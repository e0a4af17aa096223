"""`tokentape show` of conversations with tools, in the four dialects."""

from __future__ import annotations

import pytest

import tokentape
from cli_runs import done

CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
QUESTION = "Weather in Oslo?"


def chat(url):
    client = pytest.importorskip("openai").OpenAI(api_key="sk-not-a-key-000", base_url=f"{url}/v1")
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": QUESTION}]
    tools = [{"type": "function", "function": {"name": "get_weather", "parameters": CITY}}]
    reply = client.chat.completions.create(model="m", messages=messages, tools=tools).choices[0].message
    messages.append(reply.model_dump(exclude_none=True))
    messages.append({"role": "tool", "tool_call_id": reply.tool_calls[0].id, "content": '{"rain": true}'})
    client.chat.completions.create(model="m", messages=messages, tools=tools)


def responses(url):
    client = pytest.importorskip("openai").OpenAI(api_key="sk-not-a-key-000", base_url=f"{url}/v1")
    tools = [{"type": "function", "name": "get_weather", "parameters": CITY, "strict": False}]
    ask = {"model": "m", "instructions": "Be brief.", "tools": tools}
    items = [{"role": "user", "content": QUESTION}]
    reply = client.responses.create(**ask, input=items)
    items += [item.model_dump(exclude_none=True) for item in reply.output]
    [call] = [item for item in reply.output if item.type == "function_call"]
    items.append({"type": "function_call_output", "call_id": call.call_id, "output": '{"rain": true}'})
    client.responses.create(**ask, input=items)


def messages(url):
    client = pytest.importorskip("anthropic").Anthropic(api_key="sk-not-a-key-000", base_url=url)
    said = [{"role": "user", "content": QUESTION}]
    ask = {
        "model": "m",
        "max_tokens": 99,
        "system": "Be brief.",
        "tools": [{"name": "get_weather", "input_schema": CITY}],
    }
    reply = client.messages.create(**ask, messages=said)
    [call] = [block for block in reply.content if block.type == "tool_use"]
    result = {"type": "tool_result", "tool_use_id": call.id, "content": '{"rain": true}'}
    said += [{"role": "assistant", "content": reply.content}, {"role": "user", "content": [result]}]
    client.messages.create(**ask, messages=said)


def gemini(url):
    http = pytest.importorskip("httpx2")
    place = f"{url}/v1beta/models/gemini-3-flash:generateContent"
    said = [{"role": "user", "parts": [{"text": QUESTION}]}]
    ask = {
        "systemInstruction": {"parts": [{"text": "Be brief."}]},
        "tools": [{"functionDeclarations": [{"name": "get_weather", "parameters": CITY}]}],
    }
    reply = http.post(place, json={**ask, "contents": said}).json()["candidates"][0]["content"]
    response = {"functionResponse": {"name": "get_weather", "response": {"rain": True}}}
    said += [reply, {"role": "user", "parts": [response]}]
    http.post(place, json={**ask, "contents": said})


@pytest.mark.parametrize("program", [chat, responses, messages, gemini], ids=lambda program: program.__name__)
@pytest.mark.usefixtures("outside")
def test_show_reads_as_a_conversation_in_every_dialect(provider, program):
    with tokentape.use_cassette("tape.json", mode="once"):
        program(provider.url)
    lines = [line.strip() for line in done("show", "tape.json").splitlines()]
    second = lines[next(number for number, line in enumerate(lines) if line.startswith("status ")) + 1 :]
    asked = ["Be brief.", QUESTION]
    for line in asked:
        assert line in lines
    calls = [line for line in second if line.startswith("get_weather(") and "Oslo" in line]
    results = [line for line in second if "rain" in line and "Answer" not in line]
    replies = [line for line in second if line.startswith("Answer 1 to: ")]
    assert (len(calls), len(results), len(replies)) == (1, 1, 1)
    order = [second.index(line) for line in (*asked, *calls, *results, *replies)]
    assert order == sorted(order)
    assert results[0].endswith('{"rain": true}')
    assert lines.count(calls[0]) == 2, "the first reply asks for the tool, and the second request says so"
