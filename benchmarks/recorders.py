"""The recorders that are compared, each doing the same SDK calls. A recorder that is not installed is left out."""

from __future__ import annotations

import json
import os
from contextlib import AbstractContextManager, nullcontext
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
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
    import openai

    return openai.OpenAI(
        api_key="sk-benchmark-0123456789", base_url=f"{url}/v1", http_client=http, max_retries=0
    )


class Recorder(Protocol):
    """One way to replay: what comes before the calls, and the block around them."""

    def client(self, path: str, url: str) -> openai.OpenAI:
        """The SDK, made before the block, as a program's clients are."""

    def block(self, path: str) -> AbstractContextManager[object]:
        """The block that records or replays."""


class Tokentape:
    """Ours."""

    def client(self, path: str, url: str) -> openai.OpenAI:
        return sdk(url)

    def block(self, path: str) -> AbstractContextManager[object]:
        import tokentape

        return tokentape.use_cassette(path + ".json")


class Vcrpy:
    """vcrpy with body matching, as a prompt needs it."""

    def client(self, path: str, url: str) -> openai.OpenAI:
        return sdk(url)

    def block(self, path: str) -> AbstractContextManager[object]:
        import vcr

        matching = ["method", "scheme", "host", "port", "path", "query", "body"]
        return vcr.VCR(match_on=matching).use_cassette(path + ".yaml")


class Cassetter:
    """cassetter with body matching."""

    def client(self, path: str, url: str) -> openai.OpenAI:
        return sdk(url)

    def block(self, path: str) -> AbstractContextManager[object]:
        import cassetter

        return cassetter.use_cassette(path + ".cassetter.yaml", match_on=["method", "uri", "body"])


class Promptecho:
    """promptecho sees httpx only, so the SDK gets an httpx client."""

    def client(self, path: str, url: str) -> openai.OpenAI:
        import httpx

        return sdk(url, httpx.Client())

    def block(self, path: str) -> AbstractContextManager[object]:
        import promptecho

        return promptecho.use_cassette(path + ".promptecho.json", match_on=["model", "messages"])


class Agentrec:
    """agentrec sees its own httpx clients only."""

    def client(self, path: str, url: str) -> openai.OpenAI:
        import agentrec

        return sdk(url, agentrec.sync_client())

    def block(self, path: str) -> AbstractContextManager[object]:
        import agentrec

        return agentrec.cassette(agentrec.FileStore(path + ".agentrec"), mode="auto")


class InMemory:
    """No recorder: the same replies from an in-memory transport of httpx2, or of httpx."""

    def __init__(self, library: str) -> None:
        self._library = library

    def client(self, path: str, url: str) -> openai.OpenAI:
        with open(path + ".memory.json", encoding="utf-8") as file:
            replies = {key: (headers, text.encode()) for key, (headers, text) in json.load(file).items()}
        http = import_module(self._library)

        def answer(request: httpx2.Request) -> httpx2.Response:
            headers, body = replies[request.content.decode()]
            return http.Response(200, headers=headers, stream=http.ByteStream(body))

        return sdk(url, http.Client(transport=http.MockTransport(answer)))

    def block(self, path: str) -> AbstractContextManager[object]:
        return nullcontext()


PEERS: dict[str, Recorder] = {
    name: recorder
    for name, module, recorder in (
        ("vcrpy", "vcr", Vcrpy()),
        ("cassetter", "cassetter", Cassetter()),
        ("promptecho", "promptecho", Promptecho()),
        ("agentrec", "agentrec", Agentrec()),
    )
    if find_spec(module)
}
RECORDERS: dict[str, Recorder] = {"tokentape": Tokentape(), **PEERS}
BASELINES: dict[str, Recorder] = {"in memory": InMemory("httpx2"), "in memory, httpx": InMemory("httpx")}
BASELINE_OF = {"promptecho": "in memory, httpx", "agentrec": "in memory, httpx"}
"""A recorder is compared with the library that it sees; for all others that is httpx2."""


def remember(path: str, url: str, count: int) -> None:
    """Write the replies that `in_memory` gives."""
    import httpx2

    replies: dict[str, tuple[list[tuple[str, str]], str]] = {}

    def keep(response: httpx2.Response) -> None:
        body = response.read().decode()
        replies[response.request.content.decode()] = (response.headers.multi_items(), body)

    with httpx2.Client(event_hooks={"response": [keep]}) as http:
        ask_all(sdk(url, http), count)
    with open(path + ".memory.json", "w", encoding="utf-8") as file:
        json.dump(replies, file)


def quiet() -> None:
    """The environment of a developer's machine, whatever runs the benchmark."""
    for name in ("CI", "TOKENTAPE_MODE", "TOKENTAPE_CASSETTE"):
        os.environ.pop(name, None)
