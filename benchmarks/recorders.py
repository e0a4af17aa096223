"""The recorders that are compared, each doing the same SDK calls. A recorder that is not installed is left out."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec

import httpx2
import openai

FILLER = "The quick brown fox jumps over the lazy dog. " * 40


def prompt(number: int) -> list[dict[str, str]]:
    """About 2 KB, different for each number."""
    return [{"role": "system", "content": FILLER}, {"role": "user", "content": f"Question number {number}?"}]


def ask_all(client: openai.OpenAI, count: int) -> int:
    """`count` Chat calls; the number of characters that came back."""
    create = client.chat.completions.create
    return sum(len(create(model="m", messages=prompt(n)).model_dump_json()) for n in range(count))


def sdk(url: str, http: object = None) -> openai.OpenAI:
    """The OpenAI SDK against `url`, over the given client."""
    return openai.OpenAI(
        api_key="sk-benchmark-0123456789", base_url=f"{url}/v1", http_client=http, max_retries=0
    )


@contextmanager
def tokentape(path: str, url: str) -> Iterator[openai.OpenAI]:
    """Ours."""
    import tokentape as ours

    with ours.use_cassette(path):
        yield sdk(url)


@contextmanager
def vcrpy(path: str, url: str) -> Iterator[openai.OpenAI]:
    """vcrpy with body matching, as a prompt needs it."""
    import vcr

    matching = ["method", "scheme", "host", "port", "path", "query", "body"]
    with vcr.VCR(match_on=matching).use_cassette(path + ".yaml"):
        yield sdk(url)


@contextmanager
def cassetter(path: str, url: str) -> Iterator[openai.OpenAI]:
    """cassetter with body matching."""
    import cassetter as peer

    with peer.use_cassette(path + ".cassetter.yaml", match_on=["method", "uri", "body"]):
        yield sdk(url)


@contextmanager
def promptecho(path: str, url: str) -> Iterator[openai.OpenAI]:
    """promptecho sees httpx only, so the SDK gets an httpx client."""
    import httpx
    import promptecho as peer

    with peer.use_cassette(path + ".promptecho.json", match_on=["model", "messages"]):
        yield sdk(url, httpx.Client())


@contextmanager
def agentrec(path: str, url: str) -> Iterator[openai.OpenAI]:
    """agentrec sees its own httpx clients only."""
    import agentrec as peer

    with peer.cassette(peer.FileStore(path + ".agentrec"), mode="auto"):
        yield sdk(url, peer.sync_client())


@contextmanager
def in_memory(path: str, url: str) -> Iterator[openai.OpenAI]:
    """No recorder: the same replies from an in-memory transport of httpx2."""
    with open(path + ".memory.json", encoding="utf-8") as file:
        replies = {key: value.encode() for key, value in json.load(file).items()}

    def answer(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, headers=HEADERS, content=replies[request.content.decode()])

    yield sdk(url, httpx2.Client(transport=httpx2.MockTransport(answer)))


HEADERS = {"content-type": "application/json"}
PEERS: dict[str, Callable[..., object]] = {
    name: block
    for name, block in {
        "vcrpy": vcrpy,
        "cassetter": cassetter,
        "promptecho": promptecho,
        "agentrec": agentrec,
    }.items()
    if find_spec("vcr" if name == "vcrpy" else name)
}
RECORDERS = {"tokentape": tokentape, "in_memory": in_memory, **PEERS}


def remember(path: str, url: str, count: int) -> None:
    """Write the replies that `in_memory` gives."""
    replies: dict[str, str] = {}

    def keep(response: httpx2.Response) -> None:
        replies[response.request.content.decode()] = response.read().decode()

    with httpx2.Client(event_hooks={"response": [keep]}) as http:
        ask_all(sdk(url, http), count)
    with open(path + ".memory.json", "w", encoding="utf-8") as file:
        json.dump(replies, file)


def quiet() -> None:
    """The environment of a developer's machine, whatever runs the benchmark."""
    for name in ("CI", "TOKENTAPE_MODE", "TOKENTAPE_CASSETTE"):
        os.environ.pop(name, None)
