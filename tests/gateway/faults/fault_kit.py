"""Gateways as faults meet them: the same dialect, translated, recorded."""

from __future__ import annotations

import json
import socket
import time
from contextlib import contextmanager
from itertools import groupby

import httpx
from gw_tireless import tireless
from running import NO_TAPE, running, setup, upstream

from tokentape.cassettes.stores.directory import DirectoryStore
from tokentape.gateway.tapes import RecordOptions
from tokentape.upstreams.retrying import Policy, RetryOptions

WAYS = ("same", "translated", "recorded")
ONCE = RetryOptions(max_retries=0)
AGAIN = RetryOptions(max_retries=2, base=0.0)
SPOKEN = {"same": "openai.chat", "translated": "anthropic.messages", "recorded": "openai.chat"}
PATHS = {"openai.chat": "/v1/chat/completions", "anthropic.messages": "/v1/messages"}
"""Where a provider is asked."""


def asks(text="Hello?", *, stream=True, **more):
    """A request for Chat Completions."""
    return {"model": "m", "stream": stream, "messages": [{"role": "user", "content": text}], **more}


@contextmanager
def stood(way, provider, root, *, retry=ONCE, speaks=None, prepare=None, record=None, times=None, **more):
    """A running gateway whose upstream is `provider`, or another URL."""
    url = provider if isinstance(provider, str) else provider.url
    options = {} if times is None else {"times": times}
    made = setup(
        upstream(url, speaks or SPOKEN[way], **options), policy=Policy(retry), heartbeat=None, **more
    )
    if record is None:
        record = RecordOptions(root=str(root)) if way == "recorded" else NO_TAPE

    def prepared(services):
        tireless(services)
        if prepare is not None:
            prepare(services)

    with running(made, record=record, prepare=prepared) as gateway:
        yield gateway


def post(gateway, body, path="/v1/chat/completions", **headers):
    """The whole reply."""
    return httpx.post(gateway.url + path, json=body, headers=headers, timeout=20)


def events(reply):
    """What a stream of server-sent events holds as JSON."""
    lines = [line[6:] for line in reply.text.splitlines() if line.startswith("data: ")]
    return [json.loads(line) for line in lines if line != "[DONE]"]


def text_of(reply):
    """The text of a stream of Chat Completions."""
    return "".join(
        choice["delta"].get("content") or "" for event in events(reply) for choice in event.get("choices", ())
    )


def recordings(root, name="gateway"):
    """What is on a cassette that was closed."""
    cassette = DirectoryStore(root).load(name) if root.exists() else None
    return [] if cassette is None else [cassette.interaction(nth) for nth in range(len(cassette.entries))]


def until(true, seconds=30):
    """Wait for what other threads do."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.005)


def nobody():
    """The URL of a port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


def raw_request(body, path="/v1/chat/completions"):
    """A request as bytes."""
    data = json.dumps(body).encode()
    head = f"POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
    return head.encode() + b"content-length: %d\r\n\r\n%b" % (len(data), data)


def runs(values):
    """Values without repeats that follow each other."""
    return [value for value, _ in groupby(values)]
