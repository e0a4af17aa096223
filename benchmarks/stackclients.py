"""The same calls through each HTTP stack: plain ones, and streams watched chunk by chunk."""

from __future__ import annotations

import asyncio
import contextvars
import json
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from urllib.parse import urlsplit

from benchmarks.recorders import FILLER, prompt

EVENT = b'data: {"choices": [{"index": 0, "delta": {"content": "word"}}]}\n\n'
HEADERS = {"content-type": "application/json", "authorization": "Bearer sk-benchmark-0123456789"}


def asked(number: int, *, stream: bool = False) -> bytes:
    """The body of a Chat request of about 2 KB, different for each number."""
    return json.dumps({"model": "m", "messages": prompt(number), "stream": stream}).encode()


class Watch:
    """One stream of `events` events: seconds to the first, processor seconds from there to nearly the last.

    The last two do not count: what comes with the end is the recording of the call, not of a chunk.
    """

    def __init__(self, events: int) -> None:
        self.first = self.busy = 0.0
        self._nearly = (events - 2) * len(EVENT)
        self._seen = 0
        self._start, self._processor = time.perf_counter(), 0.0

    def saw(self, size: int) -> None:
        """So many bytes have arrived."""
        if not self._seen:
            self.first = time.perf_counter() - self._start
            self._processor = time.process_time()
        self._seen += size
        if self._seen >= self._nearly and not self.busy:
            self.busy = time.process_time() - self._processor


class Client(ABC):
    """A client of one stack, made before the block, as a program's clients are."""

    def __init__(self, url: str) -> None:
        self.url = url

    @abstractmethod
    def ask(self, number: int) -> int:
        """One plain call; the size of its reply."""

    @abstractmethod
    def pieces(self, number: int, kind: str) -> Iterator[int]:
        """One stream, `paced` or `quick`: the size of each chunk as it comes."""

    def ask_all(self, count: int) -> int:
        """`count` plain calls, one after the other; bytes that came back."""
        return sum(self.ask(number) for number in range(count))

    def stream_all(self, count: int, kind: str, events: int) -> list[Watch]:
        """`count` streams of `events` events each."""
        return [self._watched(number, kind, events) for number in range(count)]

    @abstractmethod
    def close(self) -> None:
        """Let go of connections."""

    def _watched(self, number: int, kind: str, events: int) -> Watch:
        watch = Watch(events)
        for size in self.pieces(number, kind):
            watch.saw(size)
        return watch

    def chat(self, kind: str = "") -> str:
        """Where Chat calls go."""
        return f"{self.url}/{kind}/v1/chat/completions" if kind else f"{self.url}/v1/chat/completions"


class Httpx(Client):
    """httpx or httpx2; `transport` replaces the network."""

    def __init__(self, url: str, module: ModuleType, transport: object = None) -> None:
        super().__init__(url)
        self._client = module.Client(transport=transport)

    def ask(self, number: int) -> int:
        return len(self._client.post(self.chat(), content=asked(number), headers=HEADERS).content)

    def pieces(self, number: int, kind: str) -> Iterator[int]:
        content = asked(number, stream=True)
        with self._client.stream("POST", self.chat(kind), content=content, headers=HEADERS) as reply:
            yield from map(len, reply.iter_raw())

    def close(self) -> None:
        self._client.close()


class Requests(Client):
    """A `requests.Session`."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._session = import_module("requests").Session()

    def ask(self, number: int) -> int:
        return len(self._session.post(self.chat(), data=asked(number), headers=HEADERS).content)

    def pieces(self, number: int, kind: str) -> Iterator[int]:
        data = asked(number, stream=True)
        with self._session.post(self.chat(kind), data=data, headers=HEADERS, stream=True) as reply:
            yield from map(len, reply.iter_content(65536))  # cassetter never ends one without a size

    def close(self) -> None:
        self._session.close()


class Urllib3(Client):
    """A `urllib3.PoolManager`."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._pool = import_module("urllib3").PoolManager()

    def ask(self, number: int) -> int:
        return len(self._pool.request("POST", self.chat(), body=asked(number), headers=HEADERS).data)

    def pieces(self, number: int, kind: str) -> Iterator[int]:
        body = asked(number, stream=True)
        reply = self._pool.request("POST", self.chat(kind), body=body, headers=HEADERS, preload_content=False)
        yield from map(len, reply.stream())
        reply.release_conn()

    def close(self) -> None:
        self._pool.clear()


class HttpClient(Client):
    """One `http.client.HTTPConnection`, kept alive."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._connection = import_module("http.client").HTTPConnection(urlsplit(url).netloc)

    def ask(self, number: int) -> int:
        self._connection.request("POST", urlsplit(self.chat()).path, asked(number), HEADERS)
        return len(self._connection.getresponse().read())

    def pieces(self, number: int, kind: str) -> Iterator[int]:
        self._connection.request("POST", urlsplit(self.chat(kind)).path, asked(number, stream=True), HEADERS)
        reply = self._connection.getresponse()
        while piece := reply.read1(65536):
            yield len(piece)

    def close(self) -> None:
        self._connection.close()


class Aiohttp(Client):
    """An `aiohttp.ClientSession` on a loop of its own; the calls of a batch run in one task."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._runner = asyncio.Runner()
        self._session = self._run(self._open())

    def ask(self, number: int) -> int:
        return self._run(self._ask(number))

    def pieces(self, number: int, kind: str) -> Iterator[int]:
        raise NotImplementedError("streams of aiohttp are watched in the loop")

    def ask_all(self, count: int) -> int:
        async def batch():
            return sum([await self._ask(number) for number in range(count)])

        return self._run(batch())

    def stream_all(self, count: int, kind: str, events: int) -> list[Watch]:
        async def batch():
            return [await self._stream(number, kind, events) for number in range(count)]

        return self._run(batch())

    def close(self) -> None:
        self._run(self._session.close())
        self._runner.close()

    def _run(self, work):
        """In the context of the caller: a runner would keep the one it was made in."""
        return self._runner.run(work, context=contextvars.copy_context())

    async def _open(self):
        return import_module("aiohttp").ClientSession()

    async def _ask(self, number: int) -> int:
        async with self._session.post(self.chat(), data=asked(number), headers=HEADERS) as reply:
            return len(await reply.read())

    async def _stream(self, number: int, kind: str, events: int) -> Watch:
        watch = Watch(events)
        data = asked(number, stream=True)
        async with self._session.post(self.chat(kind), data=data, headers=HEADERS) as reply:
            # cassetter replays without a stream, and while it records the stream is empty.
            async for piece in reply.content.iter_any() if reply.content is not None else _nothing():
                watch.saw(len(piece))
        return watch


async def _nothing():
    """No pieces."""
    return
    yield


class Boto3(Client):
    """Bedrock's Converse through boto3; a chunk is an event that botocore has parsed."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._client = import_module("boto3").client(
            "bedrock-runtime",
            region_name="us-east-1",
            endpoint_url=url,
            aws_access_key_id="AKIDBENCHMARK",
            aws_secret_access_key="not-a-secret",
            config=import_module("botocore.config").Config(retries={"total_max_attempts": 1}),
        )

    def ask(self, number: int) -> int:
        reply = self._client.converse(modelId="m", **self._asked(number))
        return len(reply["output"]["message"]["content"][0]["text"])

    def pieces(self, number: int, kind: str) -> Iterator[int]:
        for _ in self._client.converse_stream(modelId=kind, **self._asked(number))["stream"]:
            yield len(EVENT)

    def close(self) -> None:
        self._client.close()

    @staticmethod
    def _asked(number: int):
        text = [{"text": f"Question number {number}?"}]
        return {"system": [{"text": FILLER}], "messages": [{"role": "user", "content": text}]}


def in_memory(url: str, module: ModuleType, events: int) -> Client:
    """httpx or httpx2 on its own in-memory transport, saying what the provider says."""
    live = module.post(f"{url}/v1/chat/completions", content=asked(0), headers=HEADERS)
    fields, body = live.headers.multi_items(), live.content
    stream = [("content-type", "text/event-stream")]

    def answer(request):
        if request.url.path.startswith("/v1"):
            return module.Response(200, headers=fields, stream=module.ByteStream(body))
        return module.Response(200, headers=stream, content=iter([EVENT] * events))

    return Httpx(url, module, module.MockTransport(answer))


CLIENTS: dict[str, Callable[[str], Client]] = {
    "httpx": lambda url: Httpx(url, import_module("httpx")),
    "httpx2": lambda url: Httpx(url, import_module("httpx2")),
    "requests": Requests,
    "urllib3": Urllib3,
    "http.client": HttpClient,
    "aiohttp": Aiohttp,
    "boto3": Boto3,
}
STACKS = tuple(name for name in CLIENTS if find_spec(name))
"""The stacks that are installed."""
