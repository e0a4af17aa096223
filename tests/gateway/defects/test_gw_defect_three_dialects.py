"""systems.md, the gateway's "input/provider/output protocol": its ten reproduced failures, and what a
translation does with what the other side has no word for. Through a gateway, as a client meets it.
"""

from __future__ import annotations

import base64
import json

import httpx
import pytest
from defect_kit import DIALECTS, asks, events, keys_of, path_of, post, said, sse, stood, stream_of

from tokentape.testing.provider import Call, Turn, reply

PIXEL = base64.b64encode(b"\x89PNG\r\n\x1a\n....").decode()
EACH = pytest.mark.parametrize("client", DIALECTS)
BEFORE = pytest.mark.parametrize("speaks", DIALECTS)
BOTH = pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
PARAMETERS = {"type": "object", "properties": {"at": {"type": "string"}}}
ARGUMENTS = '{"at": "sea"}'


def heads(speaks, sent):
    """Where the dialect has the words of the system, and who speaks in the conversation."""
    match speaks:
        case "anthropic.messages":
            return json.dumps(sent["system"]), [one["role"] for one in sent["messages"]]
        case "gemini":
            return json.dumps(sent["systemInstruction"]["parts"]), [one["role"] for one in sent["contents"]]
        case "openai.responses":
            return sent["instructions"], [one.get("role") for one in sent["input"]]
    first, *rest = sent["messages"]
    assert first["role"] == "system"
    return first["content"], [one["role"] for one in rest]


@EACH
@BEFORE
def test_system_stays_a_message(before, provider, client, speaks):
    """It is the system's where the upstream has it, and in no turn ("Gemini system role")."""
    assert post(before(speaks), client, asks(client, system="Be brief.")).status_code == 200
    system, roles = heads(speaks, provider.requests[0].json)
    assert "Be brief." in system
    assert roles == ["user"]


def with_image(client):
    if client == "openai.chat":
        return [{"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}"}}]
    if client == "openai.responses":
        return [{"type": "input_image", "image_url": f"data:image/png;base64,{PIXEL}", "detail": "auto"}]
    if client == "anthropic.messages":
        source = {"type": "base64", "media_type": "image/png", "data": PIXEL}
        return [{"type": "image", "source": source}]
    return [{"inlineData": {"mimeType": "image/png", "data": PIXEL}}]


@EACH
@BEFORE
def test_image_source_lost(before, provider, client, speaks):
    body = asks(client)
    if client == "gemini":
        body["contents"][0]["parts"] += with_image(client)
    elif client == "ollama":
        body["messages"][0]["images"] = [PIXEL]
    else:
        body["input" if client == "openai.responses" else "messages"][0]["content"] = with_image(client)
    answer = post(before(speaks), client, body)
    assert answer.status_code == 200, answer.text
    sent = provider.requests[0].body.decode()
    assert PIXEL in sent
    assert "image/png" in sent or speaks == "ollama" or client == "ollama"


def with_tool(client):
    """A request with a tool, which the provider then calls."""
    body = asks(client)
    function = {"name": "look", "parameters": PARAMETERS}
    if client in ("openai.chat", "ollama"):
        body["tools"] = [{"type": "function", "function": function}]
    elif client == "openai.responses":
        body["tools"] = [{"type": "function", "strict": False, **function}]
    elif client == "anthropic.messages":
        body["tools"] = [{"name": "look", "input_schema": PARAMETERS}]
    else:
        body["tools"] = [{"functionDeclarations": [function]}]
    return body


def calls(client, body):
    """Names and arguments of the calls in a whole reply."""
    match client:
        case "openai.chat":
            found = [one["function"] for one in body["choices"][0]["message"]["tool_calls"]]
        case "openai.responses":
            found = [item for item in body["output"] if item["type"] == "function_call"]
        case "anthropic.messages":
            found = [block for block in body["content"] if block["type"] == "tool_use"]
        case "gemini":
            parts = body["candidates"][0]["content"]["parts"]
            found = [part["functionCall"] for part in parts if "functionCall" in part]
        case _:
            found = [one["function"] for one in body["message"]["tool_calls"]]
    given = [(one["name"], one.get("arguments", one.get("input", one.get("args")))) for one in found]
    return [(name, json.loads(value) if isinstance(value, str) else value) for name, value in given]


@EACH
@BEFORE
def test_tool_calls_vanish(before, provider, client, speaks):
    """Nor are Gemini's told twice."""
    provider.answers(Turn(calls=(Call("look", {"at": "sea"}), Call("look", {"at": "sky"}))))
    body = post(before(speaks), client, with_tool(client)).json()
    assert calls(client, body) == [("look", {"at": "sea"}), ("look", {"at": "sky"})]


HISTORY = [
    {"role": "user", "content": "Weather?"},
    {"role": "assistant", "content": None, "tool_calls": [
        {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": ARGUMENTS}},
    ]},
    {"role": "tool", "tool_call_id": "call_1", "content": "calm"},
]  # fmt: skip


@pytest.mark.parametrize("speaks", ["anthropic.messages", "gemini", "openai.responses"])
def test_tool_role_leaks(before, provider, speaks):
    body = {**with_tool("openai.chat"), "messages": HISTORY}
    assert post(before(speaks), "openai.chat", body).status_code == 200
    sent = provider.requests[0].json
    turns = sent.get("messages") or sent.get("contents") or sent["input"]
    assert {turn.get("role") for turn in turns} <= {"user", "assistant", "model", None}
    assert "calm" in json.dumps(turns)


@EACH
@pytest.mark.parametrize("speaks", ["anthropic.messages", "gemini", "ollama"])
@BOTH
def test_thinking_leaks_into_chat_content(before, provider, client, speaks, stream):
    """Thoughts are no words of the answer, in Chat or elsewhere (`thought` tells them apart in Gemini)."""
    provider.answers(Turn("Seen.", thinking="Secret."))
    answer = post(before(speaks), client, stream=stream)
    assert said(client, answer, stream=stream) == "Seen."


def test_responses_items_as_separate_choices(before, provider):
    """A thought, words and a call of Responses are one choice of Chat."""
    provider.answers(Turn("Let me look.", calls=(Call("look", {"at": "sea"}),), thinking="Hm."))
    body = post(before("openai.responses"), "openai.chat", with_tool("openai.chat")).json()
    (choice,) = body["choices"]
    assert choice["message"]["content"] == "Let me look."
    assert len(choice["message"]["tool_calls"]) == 1


ENDS = {
    "openai.chat": lambda body: body["choices"][0]["finish_reason"],
    "openai.responses": lambda body: body["incomplete_details"]["reason"],
    "anthropic.messages": lambda body: body["stop_reason"],
    "gemini": lambda body: body["candidates"][0]["finishReason"],
    "ollama": lambda body: body["done_reason"],
}
SHORT = {
    "openai.chat": "length",
    "openai.responses": "max_output_tokens",
    "anthropic.messages": "max_tokens",
    "gemini": "MAX_TOKENS",
    "ollama": "length",
}


@EACH
@BEFORE
def test_raw_stop_reasons(before, provider, client, speaks):
    """Each client hears its own word for it."""
    provider.answers(Turn("Long", cut_short=True))
    assert ENDS[client](post(before(speaks), client).json()) == SHORT[client]


@EACH
def test_same_protocol_keeps_unknown_fields(before, provider, client):
    """Byte for byte, both ways."""
    gateway = before(client)
    body = json.dumps({**asks(client), "brand_new": {"a": [1.50, "\u00e9"]}}, indent=1).encode()
    direct = httpx.post(provider.url + path_of(client), content=body)
    provider.forget()
    headers = {"content-type": "application/json"}
    answer = httpx.post(gateway.url + path_of(client), content=body, headers=headers)
    assert answer.status_code == 200
    if client != "openai.responses":  # whose ids are the gateway's own: the response is kept here
        assert provider.requests[0].body == body
        assert answer.content == direct.content
    else:
        assert provider.requests[0].json["brand_new"] == {"a": [1.50, "\u00e9"]}


@EACH
@BEFORE
def test_cross_protocol_never_copies_raw_or_extra(before, provider, client, speaks):
    """A field that only the client's dialect could know goes nowhere else, and the loss is told."""
    if client == speaks:
        pytest.skip("the same dialect keeps it")
    answer = post(before(speaks), client, {**asks(client), "brand_new": 1})
    assert "brand_new" not in keys_of(provider.requests[0].json) if provider.count else True
    told = answer.text if answer.status_code == 400 else answer.headers["x-tokentape-losses"]
    assert "brand_new" in told


def test_optional_tuning_is_a_warning(before, provider):
    body = {**asks("openai.chat"), "seed": 7, "frequency_penalty": 0.5}
    answer = post(before("anthropic.messages"), "openai.chat", body)
    assert answer.status_code == 200
    assert "seed" in answer.headers["x-tokentape-losses"]
    assert "seed" not in provider.requests[0].json


def test_a_meaning_changing_loss_is_an_error_before_transport(before, provider):
    answer = post(before("anthropic.messages"), "openai.chat", {**asks("openai.chat"), "n": 3})
    assert answer.status_code == 400
    assert "n" in answer.json()["error"]["message"]
    assert provider.count == 0


def test_application_json_with_error_in_it_in_every_dialect(provider):
    """A tool's arguments that hold "error" are no failure of the transport."""
    event = {"choices": [{"index": 0, "delta": {"tool_calls": [
        {"index": 0, "id": "c", "type": "function", "function": {"name": "f", "arguments": '{"error": 1}'}}
    ]}, "finish_reason": None}]}  # fmt: skip
    end = {"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]}
    for client in ("anthropic.messages", "openai.chat"):
        provider.play(stream_of(sse({"id": "x", "model": "m", **event}, {"id": "x", **end})))
        with stood(provider.url) as gateway:
            answer = post(gateway, client, stream=True)
        assert answer.status_code == 200
        assert not any(one.get("type") == "error" or "error" in one for one in events(answer))


def test_a_reply_with_an_error_inside_its_text(before, provider):
    provider.play(reply(json.dumps({"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [
        {"index": 0, "message": {"role": "assistant", "content": '{"error": {"code": 500}}'}, "finish_reason": "stop"}
    ]}).encode()))  # fmt: skip
    answer = post(before("openai.chat"), "gemini")
    assert (answer.status_code, said("gemini", answer)) == (200, '{"error": {"code": 500}}')
