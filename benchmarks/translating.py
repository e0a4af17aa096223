"""Translation: a request of 20 KB, streams between all dialects, and LiteLLM in the same run."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.environments import Peer, python_of
from benchmarks.keys import plain, tool_heavy
from benchmarks.measure import Row, best, interleaved, ratio, seconds
from tokentape.protocols.canonical.events import Close, Counted, Delta, Ended, Open, Started, Stopped
from tokentape.protocols.canonical.parts import Text
from tokentape.protocols.canonical.reply import Stop, StopReason
from tokentape.protocols.codec import Source, Target
from tokentape.protocols.fastjson import dumps, loads
from tokentape.protocols.framing import ENCODERS
from tokentape.protocols.streaming import StreamTranslator
from tokentape.protocols.translation import codec_of, translate_request
from tokentape.protocols.usage import Usage
from tokentape.wire.jsontext import dump, parse

LITELLM = "litellm==1.106.2"
CHAT, MESSAGES = "openai.chat", "anthropic.messages"
DIALECTS = (CHAT, "openai.responses", MESSAGES, "gemini", "bedrock.converse", "ollama", "cohere")
EVENTS = 2000


def request(data: bytes) -> bytes:
    """Chat bytes to Messages bytes, with the standard library's JSON."""
    body = parse(data)
    assert isinstance(body, dict)
    source, target = Source(CHAT), Target(MESSAGES, "claude-sonnet-4-5")
    return dump(translate_request(body, source, target).result.body)


def fast_request(data: bytes) -> bytes:
    """The same with the extra `fast`."""
    body = loads(data)
    assert isinstance(body, dict)
    source, target = Source(CHAT), Target(MESSAGES, "claude-sonnet-4-5")
    return dumps(translate_request(body, source, target).result.body)


def stream_of(dialect: str) -> bytes:
    """A stream of 2000 words, as our writer of the dialect writes it."""
    codec = codec_of(dialect)
    writer, encode = codec.writer(Target(dialect)), ENCODERS[codec.framing]
    events = [
        Started("", "msg_1", "m", 1_700_000_000),
        Open(0, Text("")),
        *(Delta(0, f" word{n}") for n in range(EVENTS)),
        Close(0),
        Counted(Usage(14, EVENTS)),
        Stopped(Stop(StopReason.END)),
        Ended(True),
    ]
    return b"".join(encode(wire) for event in events for wire in writer.write(event))


def stream(data: bytes, source: str, target: str) -> int:
    """All bytes of a stream through one translator, 4 KB at a time."""
    translator = StreamTranslator(Source(source), Target(target))
    pieces = (data[at : at + 4096] for at in range(0, len(data), 4096))
    return sum(len(translator.feed(piece)) for piece in pieces) + len(translator.end())


def run(*, quick: bool = False) -> list[Row]:
    """Microseconds per request and per event; ratios to LiteLLM, which a quick run does without."""
    rounds, number = (1, 2) if quick else (9, 50)
    bodies = {"plain": plain().body or b"", "tool-heavy": tool_heavy().body or b""}
    streams = {dialect: stream_of(dialect) for dialect in DIALECTS}
    rows = [row for name, body in bodies.items() for row in _requests(name, body, rounds, number)]
    rows += [_stream(streams[MESSAGES], rounds), _pairs(streams, quick)]
    python = None if quick else python_of(LITELLM, "mcp")  # which it imports for a call with tools
    if python is None:
        return rows
    with tempfile.TemporaryDirectory() as folder, Peer(python, "litellm_peer.py") as peer:
        for name, body in bodies.items():
            rows += _request_beside(name, body, peer, Path(folder), rounds, number)
        return rows + _stream_beside(streams[MESSAGES], peer, Path(folder))


def _named(name: str, body: bytes) -> str:
    return f"{len(body) / 1000:.0f} KB {name} Chat request to Messages, bytes to bytes"


def _requests(name: str, body: bytes, rounds: int, number: int) -> list[Row]:
    what = _named(name, body)
    return [
        Row(what, best(lambda: request(body), number, rounds) * 1e6, "us", 300),
        Row(f"{what}, with the extra `fast`", best(lambda: fast_request(body), number, rounds) * 1e6, "us"),
    ]


def _stream(data: bytes, rounds: int) -> Row:
    cost = best(lambda: stream(data, MESSAGES, CHAT), 1, rounds) / EVENTS
    return Row("Messages stream to Chat, an event, bytes to bytes, `fast`", cost * 1e6, "us", 10)


def _request_beside(name: str, body: bytes, peer: Peer, folder: Path, rounds: int, number: int) -> list[Row]:
    file = folder / f"{name}.json"
    file.write_bytes(body)
    jobs: dict[str, Callable[[], float]] = {
        "ours": lambda: seconds(lambda: fast_request(body), number),
        "functions": lambda: peer.seconds("request", number, file),
        "completion": lambda: peer.seconds("completion", number, file),
    }
    figures = interleaved(jobs, rounds)
    median = {job: statistics.median(found) * 1e6 for job, found in figures.items()}
    what = f"{_named(name, body)}: LiteLLM"
    return [
        Row(f"{what}, completion() up to its HTTP client", median["completion"], "us"),
        Row(f"{what}: ours with `fast` over that", ratio(figures, "ours", "completion"), "times", 0.2),
        Row(f"{what}, its two functions for that alone", median["functions"], "us"),
        Row(f"{what}: ours with `fast` over those", ratio(figures, "ours", "functions"), "times"),
    ]


def _stream_beside(data: bytes, peer: Peer, folder: Path) -> list[Row]:
    file = folder / "stream.sse"
    file.write_bytes(data)
    jobs: dict[str, Callable[[], float]] = {
        "ours": lambda: seconds(lambda: stream(data, MESSAGES, CHAT)),
        "LiteLLM": lambda: peer.seconds("stream", 1, file),
    }
    figures = interleaved(jobs, 3)
    what = "Messages stream to Chat, an event, bytes to bytes: LiteLLM"
    return [
        Row(what, statistics.median(figures["LiteLLM"]) / EVENTS * 1e6, "us"),
        Row(f"{what}: ours over that", ratio(figures, "ours", "LiteLLM"), "times", 0.2),
    ]


def _pairs(streams: dict[str, bytes], quick: bool) -> Row:
    """The slowest of the 49 pairs."""
    costs = {
        (source, target): statistics.median(
            seconds(partial(stream, data, source, target)) for _ in range(1 if quick else 3)
        )
        for source, data in streams.items()
        for target in DIALECTS
    }
    pair, cost = max(costs.items(), key=lambda found: found[1])
    return Row(f"slowest of 49 pairs, an event: {' to '.join(pair)}", cost / EVENTS * 1e6, "us")
