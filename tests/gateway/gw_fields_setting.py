"""One upstream, one client, and what a field rule does between them."""

from __future__ import annotations

from tokentape.gateway.fields.memory import FieldMemory
from tokentape.gateway.fields.rule import FieldRule, Inject
from tokentape.gateway.fields.scope import Scope
from tokentape.gateway.fields.watch import Going
from tokentape.protocols.codec import Source
from tokentape.protocols.translation import read_request
from tokentape.upstreams.upstream import Upstream


class NoAuth:
    async def signed(self, request, secret):
        return request


UP = Upstream("up", "openai.chat", "http://localhost", NoAuth())
ALICE = Scope("alice", "key1", session="s", conversation="c", kind="main")


def rule(source="response", path="state", to="state", target="request", name="r", **more):
    inject = {key: more.pop(key) for key in ("when_missing_only", "insert", "as_list") if key in more}
    return FieldRule(name, source, path, Inject(target, to, **inject), **more)


def memory(*rules, clock=lambda: 0.0, **more):
    return FieldMemory(rules, clock=clock, **more)


def exchange(held, reply, body=None, scope=ALICE, *, up=UP, model="m", events=None, complete=True):
    """One request and its reply; what was noted."""
    body = body if body is not None else {"model": model, "messages": [{"role": "user", "content": "hi"}]}
    going = Going(up, model, scope, body, lambda: read_request(body, Source("openai.chat")), up.dialect)
    watch = held.watch(going)
    if watch is None:
        return None
    for event in events or ():
        watch.event(event)
    if events is None:
        watch.reply(reply)
    return [str(note) for note in watch.done(complete=complete)]


def given(held, body=None, scope=ALICE, *, up=UP, model="m", headers=()):
    return held.inject(up, model, scope, {"model": "m"} if body is None else body, headers)


def chat_body(said, **more):
    messages = [{"role": role, "content": content} for role, content in said]
    return {"model": "m", "messages": messages, **more}
