"""The same small conversation in each client dialect, and gateways that defects of others are looked for in."""

from __future__ import annotations

import json
from contextlib import contextmanager

import httpx
from running import NO_TAPE, NO_TRACE, running, setup, upstream

from tokentape.testing.provider import Script, Send, SendHead
from tokentape.testing.provider.script import Framing
from tokentape.upstreams.pools.options import Cooling, PoolOptions
from tokentape.upstreams.pools.pools import Pools
from tokentape.upstreams.retrying import Policy, RetryOptions

PATHS = {
    "openai.chat": "/v1/chat/completions",
    "openai.responses": "/v1/responses",
    "anthropic.messages": "/v1/messages",
    "gemini": "/v1beta/models/m:generateContent",
    "ollama": "/api/chat",
}
DIALECTS = tuple(PATHS)
_NEVER = Cooling(threshold=1_000_000)
TIRELESS = PoolOptions(dead_rest=1e-6, quota_rest=1e-6, key=_NEVER, model=_NEVER, upstream=_NEVER)
ONCE = Policy(RetryOptions(max_retries=0))
AGAIN = Policy(RetryOptions(max_retries=2, base=0.0))


def tireless(services):
    """No upstream rests: a test asks one that fails again and again."""
    services.pools = Pools(options=TIRELESS)


@contextmanager
def stood(url, dialect="openai.chat", *, policy=ONCE, record=NO_TAPE, trace=NO_TRACE, counts=False, **more):
    """A running gateway before `url`; `counts` as a configuration with `[usage]` has it."""
    made = setup(upstream(url, dialect, **more), policy=policy, heartbeat=None, counts_words=counts)
    with running(made, record=record, trace=trace, prepare=tireless) as gateway:
        yield gateway


def asks(dialect, text="Hello?", *, stream=False, system=None):
    """A request of the dialect."""
    if dialect == "gemini":
        head = {"systemInstruction": {"parts": [{"text": system}]}} if system else {}
        return {**head, "contents": [{"role": "user", "parts": [{"text": text}]}]}
    said = [{"role": "user", "content": text}]
    if dialect == "openai.responses":
        return {"model": "m", "input": said, "stream": stream, **({"instructions": system} if system else {})}
    if dialect == "anthropic.messages":
        more = {"system": system} if system else {}
        return {"model": "m", "max_tokens": 90, "messages": said, "stream": stream, **more}
    first = [{"role": "system", "content": system}] if system else []
    return {"model": "m", "messages": [*first, *said], "stream": stream}


def path_of(dialect, *, stream=False):
    """Where the dialect is spoken."""
    if dialect == "gemini" and stream:
        return "/v1beta/models/m:streamGenerateContent?alt=sse"
    return PATHS[dialect]


def post(gateway, dialect, body=None, *, stream=False, headers=None):
    """The whole reply to a request of the dialect."""
    body = asks(dialect, stream=stream) if body is None else body
    return httpx.post(gateway.url + path_of(dialect, stream=stream), json=body, headers=headers, timeout=20)


def events(reply):
    """What a stream holds as JSON, server-sent events or lines."""
    lines = [line.removeprefix("data:").strip() for line in reply.text.splitlines()]
    return [json.loads(line) for line in lines if line.startswith("{")]


def said(dialect, reply, *, stream=False):
    """All text of a reply, thoughts apart."""
    if stream:
        return "".join(_piece(dialect, event) for event in events(reply))
    body = reply.json()
    match dialect:
        case "openai.chat":
            return body["choices"][0]["message"]["content"]
        case "openai.responses":
            messages = [item for item in body["output"] if item["type"] == "message"]
            parts = [part for item in messages for part in item["content"]]
            return "".join(part.get("text", "") for part in parts)
        case "anthropic.messages":
            return "".join(block.get("text", "") for block in body["content"])
        case "gemini":
            return _piece(dialect, body)
    return body["message"]["content"]


def _piece(dialect, event):
    match dialect:
        case "openai.chat":
            return "".join(one["delta"].get("content") or "" for one in event.get("choices", ()))
        case "openai.responses":
            return event["delta"] if event.get("type") == "response.output_text.delta" else ""
        case "anthropic.messages":
            return event.get("delta", {}).get("text", "")
        case "gemini":
            parts = [part for one in event.get("candidates", ()) for part in one["content"].get("parts", ())]
            return "".join(part.get("text", "") for part in parts if not part.get("thought"))
    return event.get("message", {}).get("content", "")


def stream_of(*pieces, kind="text/event-stream"):
    """A scripted stream of these bytes."""
    head = SendHead(200, (("content-type", kind),), framing=Framing.CHUNKED)
    return Script.of(head, *map(Send, pieces))


def sse(*values, name=None):
    """Server-sent events of JSON values."""
    head = b"" if name is None else b"event: %b\n" % name.encode()
    return b"".join(head + b"data: %b\n\n" % json.dumps(value).encode() for value in values)


def chunk(delta=None, end=None, **more):
    """One chunk of Chat Completions."""
    choice = {"index": 0, "delta": delta or {}, "finish_reason": end}
    return {
        "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m",
        "choices": [choice], **more,
    }  # fmt: skip


def keys_of(value):
    """Every key in a JSON value."""
    if isinstance(value, dict):
        return set(value) | {key for each in value.values() for key in keys_of(each)}
    return {key for each in value for key in keys_of(each)} if isinstance(value, list) else set()
