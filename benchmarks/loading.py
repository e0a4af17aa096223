"""Loading: 5 MB of streams against stdlib JSON; one interaction of 10 000; a 50 MB body."""

from __future__ import annotations

import base64
import json
import os
import tempfile

from benchmarks.measure import Row, interleaved, ratio, seconds
from tokentape.cassettes.stores.directory import DirectoryStore
from tokentape.wire.interaction import Ended, How, Interaction, Timing
from tokentape.wire.message import Request, Response

SSE = (("content-type", "text/event-stream"),)
JSON = (("content-type", "application/json"),)
BINARY = (("content-type", "application/octet-stream"),)


def stream(number: int, events: int = 60) -> Interaction:
    """A recorded Chat stream of about 22 KB."""
    text = "word " * 40
    lines = [
        b"data: "
        + json.dumps(
            {
                "id": f"chatcmpl-{number}",
                "object": "chat.completion.chunk",
                "model": "m",
                "choices": [{"index": 0, "delta": {"content": f"{text}{n}"}, "finish_reason": None}],
            },
            separators=(",", ":"),
        ).encode()
        + b"\n\n"
        for n in range(events)
    ]
    return call(
        number, b"".join([*lines, b"data: [DONE]\n\n"]), SSE, tuple(map(len, [*lines, b"data: [DONE]\n\n"]))
    )


def call(
    number: int, body: bytes, headers: tuple[tuple[str, str], ...], chunks: tuple[int, ...] = ()
) -> Interaction:
    """One interaction with this reply."""
    asked = json.dumps(
        {"model": "m", "messages": [{"role": "user", "content": f"Question {number}"}]}
    ).encode()
    request = Request("POST", "https://api.openai.com/v1/chat/completions", JSON, asked)
    response = Response(200, "OK", headers, body, chunks or (len(body),))
    at = f"2026-01-01T00:00:{number % 60:02d}.{number:06d}Z"
    return Interaction(
        "",
        request,
        response,
        Ended(How.EOF, True),
        Timing(at, 1, (1,) * len(chunks or (1,))),
        key=f"{number:024x}",
    )


def write(store: DirectoryStore, name: str, interactions: list[Interaction]) -> str:
    """Save a finished cassette; its path."""
    journal = store.journal(name)
    for interaction in interactions:
        journal.append(interaction)
    store.commit(name, journal, finished=True, rules="k1:0000")
    return store.describe(name)


def run(*, quick: bool = False) -> list[Row]:
    """Ratios against the stdlib in the same rounds."""
    with tempfile.TemporaryDirectory() as folder:
        store = DirectoryStore(folder)
        if quick:
            return [*_streams(store, 3), *_index(store, 3), *_large(store, 1)]
        return [*_streams(store, 240), *_index(store, 10_000), *_large(store, 50)]


def _streams(store: DirectoryStore, count: int) -> list[Row]:
    path = write(store, "streams", [stream(n) for n in range(count)])
    figures = interleaved(
        {
            "load": lambda: seconds(lambda: _load(store, "streams")),
            "json": lambda: seconds(lambda: _json(path)),
        },
        9,
    )
    size = os.path.getsize(path) / 1e6
    return [Row(f"load {size:.1f} MB of streams, over json.load", ratio(figures, "load", "json"), "x", 2)]


def _load(store: DirectoryStore, name: str) -> int:
    cassette = store.load(name)
    return sum(len(cassette.interaction(n).response.body) for n in range(len(cassette.entries)))


def _json(path: str) -> object:
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def _index(store: DirectoryStore, count: int) -> list[Row]:
    path = write(store, "many", [stream(n, 6) for n in range(count)])
    jobs = {
        "one": lambda: seconds(lambda: store.load("many").interaction(count * 7 // 10)),
        "json": lambda: seconds(lambda: _json(path)),
    }
    figures = interleaved(jobs, 5)
    return [
        Row(
            f"one interaction of {count}, over json.load of the file", ratio(figures, "one", "json"), "x", 0.5
        )
    ]


def _large(store: DirectoryStore, megabytes: int) -> list[Row]:
    """The claim is over the least that a JSON file of the body costs, and that is far from its bytes alone.

    No file of text can hold 50 MB of any bytes without base64 or quotes, a third more to write and as much
    time again: the limit is twice the standard library's way, each with one durable write. What the bytes
    as they are cost stands beside it.
    """
    bodies = {
        "binary": (os.urandom(megabytes * 1_000_000), BINARY),
        "text": (b"All work and no play. " * (megabytes * 45_455), (("content-type", "text/plain"),)),
    }
    return [
        row
        for kind, (body, headers) in bodies.items()
        for row in _one_large(store, kind, megabytes, body, headers)
    ]


def _one_large(
    store: DirectoryStore, kind: str, megabytes: int, body: bytes, headers: tuple[tuple[str, str], ...]
) -> list[Row]:
    interaction = call(1, body, headers)
    folder = os.path.dirname(store.describe("x"))
    plain, raw = os.path.join(folder, "plain"), os.path.join(folder, "raw")

    def keep() -> float:
        store.delete("large")  # else every round would merge with what is there
        return seconds(lambda: write(store, "large", [interaction]))

    jobs = {
        "keep": keep,
        "load": lambda: seconds(lambda: _load(store, "large")),
        "write JSON": lambda: seconds(lambda: _write_json(plain, kind, body)),
        "read JSON": lambda: seconds(lambda: _read_json(plain, kind)),
        "write": lambda: seconds(lambda: _write(raw, [body])),
        "read": lambda: seconds(lambda: _read(raw)),
    }
    figures = interleaved(jobs, 7)
    store.delete("large")
    return [
        Row(f"{verb} a {megabytes} MB {kind} body, over {what}", ratio(figures, verb, other), "x", limit)
        for verb, what, other, limit in (
            ("keep", "its least JSON file", "write JSON", 2),
            ("keep", "writing its bytes", "write", None),
            ("load", "its least JSON file", "read JSON", 2),
            ("load", "reading its bytes", "read", None),
            ("load", "writing its bytes", "write", None),
        )
    ]


def _write_json(path: str, kind: str, body: bytes) -> None:
    """The body as the one string of a JSON file."""
    if kind == "binary":
        _write(path, [b'"', base64.b64encode(body), b'"'])
    else:
        _write(path, [json.dumps(body.decode(), ensure_ascii=False).encode()])


def _read_json(path: str, kind: str) -> bytes:
    """The body from that file."""
    with open(path, "rb") as file:
        value = json.loads(file.read())
    return base64.b64decode(value) if kind == "binary" else value.encode()


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def _write(path: str, pieces: list[bytes]) -> None:
    """Durably, as a cassette is."""
    with open(path, "wb") as file:
        file.writelines(pieces)
        file.flush()
        os.fsync(file.fileno())


if __name__ == "__main__":
    print(*run(), sep="\n")
