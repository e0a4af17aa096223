"""A client of Chat, an upstream of another dialect, and the memory between them."""

from __future__ import annotations

from tokentape.gateway.fields.memory import FieldMemory
from tokentape.gateway.fields.scope import Scope
from tokentape.gateway.fields.watch import Going
from tokentape.protocols.codec import Source, Target
from tokentape.protocols.synthesis import Asked
from tokentape.protocols.table import dialect_named
from tokentape.protocols.translation import codec_of, read_request, write_reply, write_request
from tokentape.upstreams.upstream import Upstream

CALL = {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": '{"at": "sea"}'}}
TOOL = {"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}
HI = [{"role": "user", "content": "What is at sea?"}]
CLAUDE_REPLY = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-opus-4-5",
    "content": [
        {"type": "thinking", "thinking": "Let me look.", "signature": "SEAL"},
        {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {"at": "sea"}},
    ],
    "stop_reason": "tool_use",
    "stop_sequence": None,
    "usage": {"input_tokens": 1, "output_tokens": 1},
}
OPENAI_REPLY = {
    "id": "resp_1",
    "object": "response",
    "created_at": 1,
    "status": "completed",
    "model": "gpt-5",
    "output": [
        {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "SEALED"},
        {
            "type": "function_call",
            "id": "fc_1",
            "call_id": "call_1",
            "name": "look",
            "arguments": '{"at": "sea"}',
            "status": "completed",
        },
    ],
}


class NoAuth:
    async def signed(self, request, secret):
        return request


def upstream(dialect, name="up", **more):
    return Upstream(name, dialect, "http://localhost", NoAuth(), **more)


class Setting:
    """A client of Chat, an upstream of another dialect, and the memory between them."""

    def __init__(self, up, model, *, options=None, client="openai.chat", scope=None):
        self.now = 0.0
        self.memory = FieldMemory(clock=lambda: self.now, options=options)
        self.up, self.model, self.client = up, model, client
        self.scope = scope or Scope("alice", "key1", conversation="conv_1")

    def ask(self, messages, scope=None, **more):
        """The request as the upstream gets it, and what was noted."""
        body = {"model": self.model, "messages": messages, "tools": [TOOL], **more}
        asked = read_request(body, Source(self.client))
        found = self.memory.restore(self.up, self.model, scope or self.scope, asked)
        credential = (scope or self.scope).credential
        target = Target(
            self.up.dialect,
            self.model,
            provider=self.up.provider,
            credential=credential,
            quirks=self.up.quirks,
        )
        out = write_request(found.asked, target, allow_losses=True)
        self.asked, self.sent = asked, out.result.body
        return out.result.body, [str(note) for note in found.notes]

    def answer(self, body, scope=None, *, complete=True):
        """The reply as the client gets it: a Chat message."""
        watch = self.watch(scope)
        watch.reply(body)
        self.notes = [str(note) for note in watch.done(complete=complete)]
        return self.told(body, scope)

    def watch(self, scope=None):
        going = Going(
            self.up, self.model, scope or self.scope, self.sent, lambda: self.asked, self.up.dialect
        )
        return self.memory.watch(going, passed=False)

    def told(self, body, scope=None):
        credential = (scope or self.scope).credential
        source = Source(
            self.up.dialect, self.model, None, self.up.provider, credential, quirks=self.up.quirks
        )
        said = codec_of(self.up.dialect).read_reply(body, source)
        told = write_reply(said, Target(self.client, asked=self.asked)).result
        return told["choices"][0]["message"]


def plain(message):
    """The message as clients send it back that know OpenAI's fields only."""
    kept = {name: message[name] for name in ("role", "content") if name in message}
    calls = [
        {name: call[name] for name in ("id", "type", "function")} for call in message.get("tool_calls", ())
    ]
    return {**kept, **({"tool_calls": calls} if calls else {})}


def result(message, said="waves"):
    return {"role": "tool", "tool_call_id": message["tool_calls"][0]["id"], "content": said}


def gemini_reply(**call):
    parts = [{"functionCall": {"name": "look", "args": {"at": "sea"}, **call}, "thoughtSignature": "SIG"}]
    candidate = {"content": {"role": "model", "parts": parts}, "finishReason": "STOP", "index": 0}
    return {"candidates": [candidate], "modelVersion": "gemini-3-pro", "responseId": "r1"}


def deepseek_reply(thought):
    message = {"role": "assistant", "content": None, "reasoning_content": thought, "tool_calls": [CALL]}
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls"}
    head = {"id": "c1", "object": "chat.completion", "created": 1, "model": "deepseek-chat"}
    return {**head, "choices": [choice]}


def streamed(dialect, reply):
    """A reply as the stream of its dialect."""
    unfolded = (
        dialect_named(dialect).synthesis().unfold(reply, Asked("http://localhost/?alt=sse", {"stream": True}))
    )
    return b"".join(unfolded)


def function_calls(body):
    return [part for turn in body["contents"] for part in turn["parts"] if "functionCall" in part]
