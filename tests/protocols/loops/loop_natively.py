"""What a provider was asked, read from the native body by hand: none of tokentape's readers.

("signed", signature) is Gemini's on what follows. `steps` is the conversation in order: ("system", text), ("user", text), ("said", text),
("thought", text, signature), ("called", name, arguments), ("got", name, arguments, text), where the last
shows the call that the result belongs to. What a provider would refuse is an assertion here.
"""

from __future__ import annotations

import json
import re


def steps(dialect, body):
    found = []
    for step in _READERS[dialect](body):
        if found and step[0] == found[-1][0] == "said":  # parts of one turn
            found.append(("said", found.pop()[1] + step[1]))
        elif found and step[0] == found[-1][0] == "thought" and found[-1][2] is None:
            found.append(("thought", found.pop()[1] + step[1], step[2]))
        else:
            found.append(step)
    return found


class _Open:
    """Calls without a result so far; each result takes its own."""

    def __init__(self):
        self.calls = {}
        self.seen = set()

    def call(self, id_, name, arguments):
        assert isinstance(arguments, dict)
        assert id_ not in self.seen, "an id used twice"
        self.seen.add(id_)
        self.calls[id_] = (name, arguments)
        return ("called", name, arguments)

    def result(self, id_, text):
        name, arguments = self.calls.pop(id_)
        return ("got", name, arguments, text)

    def none_left(self):
        assert not self.calls, "calls without a result"


def _text(content, kind="text"):
    """A content that is a string, or a list of parts of type `kind`."""
    if isinstance(content, str):
        return content
    if content and content[0]["type"] == "document":  # Cohere's objects
        (part,) = content
        return json.dumps(part["document"]["data"])
    assert all(part["type"] == kind for part in content)
    return "".join(part["text"] for part in content)


def _chat(body):
    found, waiting = [], _Open()
    for message in body["messages"]:
        role, content = message["role"], message.get("content")
        if role == "tool":
            found.append(waiting.result(message["tool_call_id"], _text(content)))
            continue
        waiting.none_left()
        if role == "assistant":
            if thought := message.get("reasoning_content"):
                found.append(("thought", thought, None))
            if plan := message.get("tool_plan"):
                found.append(("thought", plan, None))
            if isinstance(content, list):  # Cohere's thoughts are parts
                found += [
                    ("thought", part["thinking"], None) for part in content if part["type"] == "thinking"
                ]
                content = [part for part in content if part["type"] != "thinking"]
            if content:
                found.append(("said", _text(content)))
            for call in message.get("tool_calls") or ():
                told = call["function"]
                found.append(waiting.call(call["id"], told["name"], json.loads(told["arguments"])))
        else:
            found.append(("system" if role == "developer" else role, _text(content)))
    waiting.none_left()
    return found


def _responses(body):
    found, waiting = [], _Open()
    if body.get("instructions"):
        found.append(("system", body["instructions"]))
    for item in body["input"]:
        match item.get("type", "message"):
            case "function_call":
                found.append(waiting.call(item["call_id"], item["name"], json.loads(item["arguments"])))
            case "function_call_output":
                found.append(waiting.result(item["call_id"], _text(item["output"], "input_text")))
            case "reasoning":
                text = "".join(part["text"] for part in item["summary"])
                found.append(("thought", text, item.get("encrypted_content")))
            case "message":
                role = item["role"]
                kind = "output_text" if role == "assistant" else "input_text"
                told = {"assistant": "said", "developer": "system"}.get(role, role)
                found.append((told, _text(item["content"], kind)))
            case other:
                raise AssertionError(other)
    waiting.none_left()
    return found


def _alternating(messages, roles):
    assert [message["role"] for message in messages] == [roles[n % 2] for n in range(len(messages))]
    assert messages[-1]["role"] == roles[0]


def _begins_with_thought(messages):
    """With thinking on, the turn that called the tools has to begin with its thought."""
    if not isinstance(messages[-1]["content"], str) and messages[-1]["content"][0]["type"] == "tool_result":
        assert messages[-2]["content"][0]["type"] in ("thinking", "redacted_thinking")


def _messages(body):
    found = [("system", _text(body["system"]))] if body.get("system") else []
    _alternating(body["messages"], ("user", "assistant"))
    if body.get("thinking", {}).get("type") == "enabled":
        _begins_with_thought(body["messages"])
    waiting = _Open()
    for message in body["messages"]:
        content = message["content"]
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
        assert blocks
        begun = False
        for block in blocks:
            match block["type"]:
                case "tool_result":
                    assert not begun, "results come first"
                    found.append(waiting.result(block["tool_use_id"], _text(block["content"])))
                    continue
                case "tool_use":
                    found.append(waiting.call(block["id"], block["name"], block["input"]))
                case "thinking":
                    assert not begun, "thoughts come first"
                    found.append(("thought", block["thinking"], block["signature"]))
                    continue
                case "text":
                    assert block["text"].strip(), "empty text"
                    found.append(("user" if message["role"] == "user" else "said", block["text"]))
                case other:
                    raise AssertionError(other)
            begun = True
        if message["role"] == "user":
            waiting.none_left()
    waiting.none_left()
    return found


def _converse(body):
    found = [("system", block["text"]) for block in body.get("system", ())]
    _alternating(body["messages"], ("user", "assistant"))
    if body.get("additionalModelRequestFields", {}).get("thinking", {}).get("type") == "enabled":
        last, turn = body["messages"][-1], body["messages"][-2:-1]
        assert "toolResult" not in last["content"][0] or "reasoningContent" in turn[0]["content"][0]
    waiting = _Open()
    for message in body["messages"]:
        assert message["content"]
        for block in message["content"]:
            ((kind, told),) = block.items()
            match kind:
                case "toolResult":
                    text = "".join(
                        part["text"] if "text" in part else json.dumps(part["json"])
                        for part in told["content"]
                    )
                    found.append(waiting.result(told["toolUseId"], text))
                case "toolUse":
                    found.append(waiting.call(told["toolUseId"], told["name"], told["input"]))
                case "reasoningContent":
                    thought = told["reasoningText"]
                    found.append(("thought", thought["text"], thought.get("signature")))
                case "text":
                    assert told.strip(), "empty text"
                    found.append(("user" if message["role"] == "user" else "said", told))
                case other:
                    raise AssertionError(other)
        if message["role"] == "user":
            waiting.none_left()
    waiting.none_left()
    return found


def _gemini(body):
    found = [("system", part["text"]) for part in body.get("systemInstruction", {}).get("parts", ())]
    _alternating(body["contents"], ("user", "model"))
    waiting = []
    for content in body["contents"]:
        assert content["parts"]
        for part in content["parts"]:
            if told := part.get("functionResponse"):
                found.append(_gemini_result(told, waiting))
            elif told := part.get("functionCall"):
                waiting.append((told.get("id"), told["name"], told.get("args", {})))
                if signature := part.get("thoughtSignature"):
                    found.append(("signed", signature))
                found.append(("called", told["name"], told.get("args", {})))
            elif part.get("thought"):
                found.append(("thought", part["text"], part.get("thoughtSignature")))
            else:
                if signature := part.get("thoughtSignature"):
                    found.append(("signed", signature))
                found.append(("user" if content["role"] == "user" else "said", part["text"]))
        if content["role"] == "user":
            assert not waiting, "calls without a result"
    return found


def _gemini_result(told, waiting):
    """By id, where there is one; else the next call of that name."""
    at = next(
        n
        for n, (id_, name, _) in enumerate(waiting)
        if (id_ == told["id"] if "id" in told else name == told["name"])
    )
    _, name, arguments = waiting.pop(at)
    assert told["name"] == name
    response = told["response"]
    plain = response.keys() in ({"result"}, {"output"})
    return ("got", name, arguments, next(iter(response.values())) if plain else json.dumps(response))


def _ollama(body):
    found, waiting = [], []
    for message in body["messages"]:
        role, content = message["role"], message.get("content", "")
        assert isinstance(content, str)
        if role == "tool":
            name, arguments = waiting.pop(0)  # results have no id: they come in the order of the calls
            assert message["tool_name"] == name
            found.append(("got", name, arguments, content))
            continue
        assert not waiting, "calls without a result"
        if message.get("thinking"):
            found.append(("thought", message["thinking"], None))
        if role != "assistant":
            found.append((role, content))
            continue
        if content:
            found.append(("said", content))
        for call in message.get("tool_calls", ()):
            told = call["function"]
            assert isinstance(told["arguments"], dict)
            waiting.append((told["name"], told["arguments"]))
            found.append(("called", told["name"], told["arguments"]))
    assert not waiting, "calls without a result"
    return found


_READERS = {
    "openai.chat": _chat,
    "openai.responses": _responses,
    "anthropic.messages": _messages,
    "gemini": _gemini,
    "bedrock.converse": _converse,
    "ollama": _ollama,
    "cohere": _chat,
}


def tools(dialect, body):
    """Names and schemas of the tools offered."""
    match dialect:
        case "gemini":
            (offered,) = body["tools"]
            return {
                told["name"]: told.get("parametersJsonSchema") or told["parameters_json_schema"]
                for told in offered["functionDeclarations"]
            }
        case "bedrock.converse":
            specs = [tool["toolSpec"] for tool in body["toolConfig"]["tools"]]
            return {spec["name"]: spec["inputSchema"]["json"] for spec in specs}
        case "anthropic.messages":
            return {tool["name"]: tool["input_schema"] for tool in body["tools"]}
        case "openai.responses":
            return {tool["name"]: tool["parameters"] for tool in body["tools"]}
        case _:
            return {tool["function"]["name"]: tool["function"]["parameters"] for tool in body["tools"]}


_SIGNATURE = re.compile(rb'"(?:signature|thoughtSignature|encrypted_content)":\s*"([^"]+)"')


def signatures(reply):
    """What the provider signed its thoughts with, from the bytes of its reply."""
    return {found.decode() for found in _SIGNATURE.findall(reply)}


_COUNTS = {
    "openai.chat": (("prompt_tokens",), ("completion_tokens",)),
    "openai.responses": (("input_tokens",), ("output_tokens",)),
    "anthropic.messages": (("input_tokens",), ("output_tokens",)),
    "gemini": (("promptTokenCount",), ("candidatesTokenCount", "thoughtsTokenCount")),
    "bedrock.converse": (("inputTokens",), ("outputTokens",)),
    "ollama": (("prompt_eval_count",), ("eval_count",)),
    "cohere": (("input_tokens",), ("output_tokens",)),
}


def counted(dialect, reply):
    """Input and output tokens that the provider told last, from the bytes of its reply."""
    return tuple(sum(_last(reply, name) for name in names) for names in _COUNTS[dialect])


def _last(reply, name):
    _, found, rest = reply.rpartition(f'"{name}":'.encode())
    digits = rest.lstrip()[:12]
    return int(digits[: len(digits) - len(digits.lstrip(b"0123456789"))]) if found else 0
