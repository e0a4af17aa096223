"""Replicate: a prediction is created, and its output read from a URL of its own."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tokentape.testing.provider.apis.chat import Chat
from tokentape.testing.provider.behaviour import answer
from tokentape.testing.provider.reading import at, compact, mapped, string
from tokentape.testing.provider.turn import Question, Serial, Turn, words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokentape.testing.provider.seen import Seen
    from tokentape.wire.interaction import Json

STREAMS = "/streams/predictions/"
"""Where the loopback provider keeps the outputs that are read as streams."""


def prediction(seen: Seen, body: Json, serial: Serial) -> bytes:
    """`POST .../predictions`: done at once, unless its output is asked for as a stream."""
    streamed = at(body, "stream") is True
    told: dict[str, Json] = {"output": None, "status": "starting"}
    if not streamed:
        asked = Question(model="", text=string(at(body, "input", "prompt")))
        told = {"output": [*words(answer(asked, serial.n))], "status": "succeeded"}
    return compact(_record(seen, body, serial) | told | {"urls": _urls(seen, serial, streamed)})


def _record(seen: Seen, body: Json, serial: Serial) -> dict[str, Json]:
    made = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(serial.created))
    _, _, model = seen.path.removesuffix("/predictions").rpartition("/models/")
    return {
        "id": serial.hex(length=26),
        "model": model,
        "version": string(at(body, "version")) or "hidden",
        "input": mapped(at(body, "input")),
        "logs": "",
        "error": None,
        "created_at": made,
        "started_at": made,
        "completed_at": made,
        "metrics": {"predict_time": 0.5},
    }


def _urls(seen: Seen, serial: Serial, streamed: bool) -> Json:
    host, name = f"http://{seen.header('host')}", serial.hex(length=26)
    urls: dict[str, Json] = {"get": f"{host}/v1/predictions/{name}"}
    urls["cancel"] = f"{host}/v1/predictions/{name}/cancel"
    return urls | {"stream": f"{host}{STREAMS}{name}"} if streamed else urls


class Replicate(Chat):
    """`GET` of a prediction's stream, and the shape of errors."""

    stream_type = "text/event-stream"

    def question(self, body: Json, path: str) -> Question:
        """There is none in the request: the prediction's id stands in the path."""
        return Question(model="", text=path.rpartition("/")[2], stream=True)

    def events(self, question: Question, turn: Turn, serial: Serial) -> Iterator[bytes]:
        """`output` after `output`, then `done`."""
        for i, piece in enumerate(turn.pieces):
            yield f"event: output\nid: {serial.created}-{i}\ndata: {piece}\n\n".encode("utf-8", "replace")
        yield f"event: done\nid: {serial.created}-end\ndata: {{}}\n\n".encode()

    def error(self, status: int, message: str, serial: Serial) -> bytes:
        """`title`, `detail`, `status`."""
        return compact({"title": "Request failed", "detail": message, "status": status})

    def error_event(self, status: int, message: str, serial: Serial, nth: int) -> bytes:
        """An `error` event."""
        return f"event: error\nid: {serial.created}-error\ndata: {message}\n\n".encode("utf-8", "replace")
