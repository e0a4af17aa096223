"""Case 5: results of parallel calls that come in another order are put in the order of the calls.

They are paired by id; where the target has no ids, their place tells whose they are. In each dialect that
wants order, from each that has none.
"""

from __future__ import annotations

import itertools

import pytest

from tokentape.protocols.canonical.conversation import Conversation, Tool
from tokentape.protocols.canonical.items import Message, Role, ToolCall, ToolResult
from tokentape.protocols.canonical.parts import Text
from tokentape.protocols.codec import Source, Target
from tokentape.protocols.translation import translate_request, write_request

TARGETS = {
    "anthropic.messages": "claude-sonnet-4-5",
    "gemini": "gemini-2.5-flash",
    "bedrock.converse": "anthropic.claude-sonnet-4-5-20250929-v1:0",
}
CITIES = {"call_1": "Paris", "call_2": "Rome", "call_3": "Oslo"}
DEGREES = {"call_1": "18 C", "call_2": "24 C", "call_3": "5 C"}
ORDERS = list(itertools.permutations(CITIES))
TOOLS = (Tool("get_weather", schema={"type": "object", "properties": {"city": {"type": "string"}}}),)


def asked(order, *between):
    """Three calls, and their results in `order`."""
    calls = [ToolCall(call, "get_weather", f'{{"city":"{city}"}}') for call, city in CITIES.items()]
    results = [ToolResult(call, (Text(DEGREES[call]),), "get_weather") for call in order]
    return Conversation(
        (Message(Role.USER, (Text("Weather?"),)), *calls, *between, *results), model="m", tools=TOOLS
    )


def of_anthropic(body):
    calls = [block["id"] for block in body["messages"][1]["content"]]
    results = body["messages"][2]["content"]
    texts = [
        content if isinstance(content, str) else content[0]["text"]
        for content in (block["content"] for block in results if block["type"] == "tool_result")
    ]
    assert [block["tool_use_id"] for block in results[: len(calls)]] == calls
    return [block["input"]["city"] for block in body["messages"][1]["content"]], texts


def of_converse(body):
    calls = [block["toolUse"] for block in body["messages"][1]["content"]]
    results = [block["toolResult"] for block in body["messages"][2]["content"][: len(calls)]]
    assert [result["toolUseId"] for result in results] == [call["toolUseId"] for call in calls]
    return [call["input"]["city"] for call in calls], [result["content"][0]["text"] for result in results]


def of_gemini(body):
    calls = [part["functionCall"] for part in body["contents"][1]["parts"]]
    results = [part["functionResponse"] for part in body["contents"][2]["parts"][: len(calls)]]
    assert {result["name"] for result in results} == {"get_weather"}
    texts = [str(next(iter(result["response"].values()))) for result in results]
    return [call["args"]["city"] for call in calls], texts


READ = {"anthropic.messages": of_anthropic, "bedrock.converse": of_converse, "gemini": of_gemini}


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("order", ORDERS, ids="-".join)
def test_results_stand_in_the_order_of_their_calls(target, order):
    found = write_request(asked(order), Target(target, model=TARGETS[target]))
    assert READ[target](found.result.body) == (list(CITIES.values()), list(DEGREES.values()))
    assert not found.losses.meaning


@pytest.mark.parametrize("target", TARGETS)
def test_what_the_user_said_in_between_comes_after_the_results(target):
    words = Message(Role.USER, (Text("Hurry."),))
    found = write_request(asked(reversed(CITIES), words), Target(target, model=TARGETS[target]))
    assert READ[target](found.result.body) == (list(CITIES.values()), list(DEGREES.values()))
    assert "Hurry." in str(found.result.body)


def chat(order):
    calls = [
        {
            "id": call,
            "type": "function",
            "function": {"name": "get_weather", "arguments": f'{{"city":"{city}"}}'},
        }
        for call, city in CITIES.items()
    ]
    results = [{"role": "tool", "tool_call_id": call, "content": DEGREES[call]} for call in order]
    return [
        {"role": "user", "content": "Weather?"},
        {"role": "assistant", "content": None, "tool_calls": calls},
        *results,
    ]


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("order", ORDERS, ids="-".join)
def test_from_chat(target, order):
    body = {
        "model": "gpt-5-mini",
        "messages": chat(order),
        "tools": [{"type": "function", "function": {"name": "get_weather", "parameters": TOOLS[0].schema}}],
    }
    found = translate_request(body, Source("openai.chat"), Target(target, model=TARGETS[target]))
    assert READ[target](found.result.body) == (list(CITIES.values()), list(DEGREES.values()))


@pytest.mark.parametrize("target", [name for name in TARGETS if name != "bedrock.converse"])
def test_from_converse(target):
    def use(call):
        return {"toolUse": {"toolUseId": call, "name": "get_weather", "input": {"city": CITIES[call]}}}

    def result(call):
        return {"toolResult": {"toolUseId": call, "content": [{"text": DEGREES[call]}]}}

    body = {
        "messages": [
            {"role": "user", "content": [{"text": "Weather?"}]},
            {"role": "assistant", "content": list(map(use, CITIES))},
            {"role": "user", "content": list(map(result, reversed(CITIES)))},
        ],
        "toolConfig": {
            "tools": [{"toolSpec": {"name": "get_weather", "inputSchema": {"json": TOOLS[0].schema}}}]
        },
    }
    found = translate_request(body, Source("bedrock.converse"), Target(target, model=TARGETS[target]))
    assert READ[target](found.result.body) == (list(CITIES.values()), list(DEGREES.values()))


@pytest.mark.parametrize("target", TARGETS)
def test_a_result_that_comes_turns_later_answers_its_call(target):
    """Two rounds that use the same id: each result stays with its own call."""
    call = ToolCall("call_1", "get_weather", '{"city":"Paris"}')
    items = (
        Message(Role.USER, (Text("Weather?"),)),
        call,
        ToolResult("call_1", (Text("18 C"),), "get_weather"),
        call,
        ToolResult("call_1", (Text("19 C"),), "get_weather"),
    )
    body = write_request(
        Conversation(items, model="m", tools=TOOLS), Target(target, model=TARGETS[target])
    ).result.body
    text = str(body)
    assert text.index("18 C") < text.index("19 C")
    assert len(body["contents" if target == "gemini" else "messages"]) == 5
