"""What recording adds: per chunk, and to the first byte, over the same calls unrecorded."""

from __future__ import annotations

import statistics
import tempfile
import time

import httpx2

import tokentape
from benchmarks.measure import Row
from benchmarks.recorders import quiet
from tokentape.testing.provider import Provider, Script, Send, SendHead

STREAM = (("content-type", "text/event-stream"),)


class _Ready(httpx2.SyncByteStream):
    """A body that is there already, so that only the path to the caller is timed."""

    def __init__(self, chunks: int) -> None:
        self._chunks = chunks

    def __iter__(self):
        event = b'data: {"choices": [{"index": 0, "delta": {"content": "word"}}]}\n\n'
        for _ in range(self._chunks):
            yield event


class _Transport(httpx2.BaseTransport):
    def __init__(self, chunks: int) -> None:
        self._chunks = chunks

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, headers=STREAM, stream=_Ready(self._chunks))


def run(*, quick: bool = False) -> list[Row]:
    """Differences of medians, recorded and not in turns."""
    return [_per_chunk(100 if quick else 20_000), _first_byte(2 if quick else 50)]


def _per_chunk(chunks: int) -> Row:
    with httpx2.Client(transport=_Transport(chunks)) as client, tempfile.TemporaryDirectory() as folder:
        plain, taped = [], []
        for number in range(9):
            plain.append(_stream(client, chunks))
            with tokentape.use_cassette(f"{folder}/{number}.json", mode="all"):
                taped.append(_stream(client, chunks))
    added = (statistics.median(taped[1:]) - statistics.median(plain[1:])) / chunks
    return Row("recording, added per chunk", added * 1e6, "us", 2)


def _stream(client: httpx2.Client, count: int) -> float:
    """Seconds from the head to the last chunk, without the end of the call."""
    with client.stream("POST", "http://api.openai.com/v1/chat/completions", json={"messages": []}) as reply:
        chunks = reply.iter_raw()
        next(chunks)
        start = time.perf_counter()
        for _ in range(count - 2):
            next(chunks)
        return time.perf_counter() - start


def _first_byte(times: int) -> Row:
    with Provider(gap=0) as provider, httpx2.Client() as client, tempfile.TemporaryDirectory() as folder:
        script = Script((SendHead(200, STREAM), Send(b"data: one\n\n"), Send(b"data: [DONE]\n\n")))
        provider.play(script, times=None)
        plain, taped = [], []
        for _ in range(5):
            plain += [_first(client, provider.url) for _ in range(times)]
            with tokentape.use_cassette(f"{folder}/tape.json", mode="new_episodes"):
                taped += [_first(client, provider.url) for _ in range(times)]
    added = statistics.median(taped[times:]) - statistics.median(plain[times:])
    return Row("recording, added to the first byte", added * 1000, "ms", 1)


def _first(client: httpx2.Client, url: str) -> float:
    start = time.perf_counter()
    with client.stream(
        "POST", f"{url}/v1/chat/completions", json={"messages": [], "n": time.time()}
    ) as reply:
        chunks = reply.iter_raw()
        next(chunks)
        taken = time.perf_counter() - start
        list(chunks)
    return taken


if __name__ == "__main__":
    quiet()
    print(*run(), sep="\n")
