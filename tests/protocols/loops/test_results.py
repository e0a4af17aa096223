"""Results of tools that are objects, where the SDK takes objects, and such that are errors."""

from __future__ import annotations

import json
from itertools import product

import pytest
from loop_gateway import MODELS, SEVEN
from loop_natively import steps
from loop_validity import check

pytestmark = [
    pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The model 'claude:DeprecationWarning"),
]

WEATHER = {"sky": "bl\u00e5", "degrees": [18, 24.5], "wind": {"from": None}}


def of_google(call, value):
    from google.genai import types

    told = types.FunctionResponse(id=call.id, name=call.name, response=value)
    return types.Content(role="user", parts=[types.Part(function_response=told)])


def of_aws(call, value):
    told = {"toolUseId": call.id, "content": [{"json": value}]}
    return {"role": "user", "content": [{"toolResult": told}]}


OBJECTS = {"gemini": of_google, "bedrock.converse": of_aws}
PAIRS = [pytest.param(*pair, id=f"{pair[0]}-to-{pair[1]}") for pair in product(OBJECTS, SEVEN)]


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_objects(agent, provider, source, target):
    provider.calls_tool("get_weather", {"city": "Bern"})
    provider.answers("Blue.")
    made = agent(source, target, stream=False)
    (call,) = made.ask("Weather in Bern?").calls
    made.history.append(OBJECTS[source](call, WEATHER))
    assert made.send().text == "Blue."
    body = provider.requests[-1].json
    check(target, MODELS[target], body)
    kind, name, arguments, text = steps(target, body)[-1]
    assert (kind, name, arguments) == ("got", "get_weather", {"city": "Bern"})
    assert json.loads(text) == WEATHER


def error_of_anthropic(call, text):
    told = {"type": "tool_result", "tool_use_id": call.id, "content": text, "is_error": True}
    return {"role": "user", "content": [told]}


def error_of_google(call, text):
    return of_google(call, {"error": text})


def error_of_aws(call, text):
    told = {"toolUseId": call.id, "content": [{"text": text}], "status": "error"}
    return {"role": "user", "content": [{"toolResult": told}]}


ERRORS = {
    "anthropic.messages": error_of_anthropic,
    "gemini": error_of_google,
    "bedrock.converse": error_of_aws,
}
MARKS = {
    "anthropic.messages": lambda body: body["messages"][-1]["content"][0]["is_error"] is True,
    "gemini": lambda body: "error" in body["contents"][-1]["parts"][0]["functionResponse"]["response"],
    "bedrock.converse": lambda body: body["messages"][-1]["content"][0]["toolResult"]["status"] == "error",
}
"""Whether the last result is marked as an error, where the dialect has such a mark."""


@pytest.mark.parametrize(
    ("source", "target"),
    [pytest.param(*pair, id=f"{pair[0]}-to-{pair[1]}") for pair in product(ERRORS, SEVEN)],
)
def test_errors(agent, provider, gateway, source, target):
    provider.calls_tool("get_weather", {"city": "Atlantis"})
    provider.answers("There is none.")
    made = agent(source, target, stream=True)
    (call,) = made.ask("Weather in Atlantis?").calls
    made.history.append(ERRORS[source](call, "no such city"))
    assert made.send().text == "There is none."
    body = provider.requests[-1].json
    check(target, MODELS[target], body)
    assert "no such city" in steps(target, body)[-1][-1]
    lost = [loss for loss in gateway.lost[-1] if "error" in loss.what]
    assert MARKS[target](body) if target in MARKS else lost
