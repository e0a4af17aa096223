"""Calls and outlets for tests of the state, without a gateway around it."""

from __future__ import annotations

import asyncio
import json

from tokentape.gateway.call import Call, Client, Incoming
from tokentape.gateway.outlet import ClientGone
from tokentape.protocols.fastjson import loads
from tokentape.protocols.registry import recognise
from tokentape.wire.message import Request
from tokentape.wire.sse import SseDecoder

BASE = "http://localhost/v1/responses"


class Kept:
    """An outlet that keeps what it is told. `leaves_after` chunks its client is gone."""

    def __init__(self, leaves_after=None):
        self.status, self.headers, self.body, self.chunks = 0, (), b"", 0
        self.ended = self.was_cut = False
        self.leaves_after = leaves_after

    async def start(self, status, headers):
        self.status, self.headers = status, headers

    async def chunk(self, data):
        if self.leaves_after is not None and self.chunks >= self.leaves_after:
            raise ClientGone
        self.chunks += 1
        self.body += data

    async def end(self):
        self.ended = True

    async def cut(self):
        self.was_cut = True

    async def gone(self):
        await asyncio.Event().wait()

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def error(self):
        return self.json["error"]

    @property
    def events(self):
        decoder = SseDecoder()
        found = [*decoder.feed(self.body), *decoder.close()]
        return [loads(event.data) for event in found if event.data not in (None, b"[DONE]")]


def request(method, path="", body=None, *, key="-", headers=()):
    """A call as the gateway's application makes it."""
    data = None if body is None else json.dumps(body).encode()
    sent = Request(method, BASE + path, (("content-type", "application/json"), *headers), data)
    found = recognise(sent)
    incoming = Incoming("call-1", sent, Client(key, key))
    fields = found.body if isinstance(found.body, dict) else {}
    return Call(incoming, found, fields, found.operation.model or "", found.operation.stream)


def response(identity="resp_up", text="Hello.", status="completed", **more):
    """A response as an upstream tells it, with everything the schema wants."""
    message = {
        "id": "msg_up",
        "type": "message",
        "role": "assistant",
        "status": "completed",
        "content": [{"type": "output_text", "text": text, "annotations": [], "logprobs": []}],
    }
    return {"id": identity, "object": "response", "created_at": 1, "status": status, "model": "m",
            "output": [message], "usage": None} | more  # fmt: skip


def sse(event):
    """One event of a stream."""
    return f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()


def stream(identity="resp_up", text="Hello.", status="completed", output=None):
    """The events of a stream, one a chunk."""
    whole = response(identity, text, status)
    if output is not None:
        whole["output"] = output
    begun = {**whole, "status": "in_progress", "output": []}
    events = [
        {"type": "response.created", "response": begun},
        {"type": "response.in_progress", "response": begun},
        {"type": "response.output_text.delta", "item_id": "msg_up", "output_index": 0, "content_index": 0,
         "delta": text, "logprobs": []},
        *({"type": "response.output_item.done", "output_index": n, "item": item}
          for n, item in enumerate(whole["output"])),
        {"type": f"response.{status}", "response": whole},
    ]  # fmt: skip
    return [sse({**event, "sequence_number": n}) for n, event in enumerate(events)]


class Upstream:
    """Plays replies instead of the exchange, in order; the last one for ever. `seen` are the bodies asked."""

    def __init__(self, *replies, keeps=False):
        self.replies, self.keeps = list(replies), keeps
        self.seen, self.calls, self.forwarded, self.counted = [], [], [], []
        self.cancelled = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.reached = asyncio.Event()
        self.hold_after = None

    async def answer(self, call, outlet):
        self.seen.append(call.fields)
        self.calls.append(call)
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        try:
            if isinstance(reply, Exception):
                raise reply
            if isinstance(reply, tuple):
                await self._whole(outlet, *reply)
            elif call.stream:
                await self._stream(outlet, reply)
            else:
                await self._whole(outlet, 200, json.loads(SseDecoder().feed(reply[-1])[0].data)["response"])
        except asyncio.CancelledError:
            self.cancelled += 1
            raise

    async def _whole(self, outlet, status, body):
        data = json.dumps(body).encode()
        await outlet.start(status, (("content-type", "application/json"), ("content-length", str(len(data)))))
        await outlet.chunk(data)
        await outlet.end()

    async def _stream(self, outlet, chunks):
        await outlet.start(200, (("content-type", "text/event-stream"),))
        for number, chunk in enumerate(chunks):
            if number == self.hold_after:
                self.reached.set()
                await self.gate.wait()
            await outlet.chunk(chunk)
        await outlet.end()

    def hold(self, after):
        """Stop in the middle of streams until `gate` is set; `reached` says when."""
        self.hold_after = after
        self.gate.clear()
        self.reached.clear()

    async def forward(self, call, outlet):
        self.forwarded.append(call)
        await self._whole(outlet, 200, {"forwarded": call.incoming.request.url})

    async def count(self, call, outlet):
        self.counted.append(call)
        await self._whole(outlet, 200, {"object": "response.input_tokens", "input_tokens": 7})

    def keeps_responses(self, call):
        return self.keeps


async def ask(service, body, *, key="-", outlet=None, local=None):
    """POST /v1/responses."""
    outlet = outlet or Kept()
    await service.answer(request("POST", "", body, key=key), outlet, local)
    return outlet


async def get(service, identity, path="", *, key="-", method="GET"):
    """A call about a stored response."""
    outlet = Kept()
    await service.answer(request(method, f"/{identity}{path}", key=key), outlet)
    return outlet
