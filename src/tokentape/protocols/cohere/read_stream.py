"""A stream of chat, version 2: named events over parts and calls by index, up to `message-end`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tokentape.errors import ProtocolError
from tokentape.protocols.canonical.events import (
    Amend,
    Close,
    Counted,
    Delta,
    Ended,
    Failed,
    Open,
    Remark,
    Started,
    Stopped,
)
from tokentape.protocols.canonical.items import Reasoning
from tokentape.protocols.canonical.origin import NOTHING, Origin, rest_of
from tokentape.protocols.canonical.parts import Text
from tokentape.protocols.checking import Where
from tokentape.protocols.cohere.citations import about_text, index_of, read_citation
from tokentape.protocols.cohere.failures import failed
from tokentape.protocols.cohere.form import NAME, refuse_old
from tokentape.protocols.cohere.read_message import PLAN
from tokentape.protocols.cohere.stops import FAILED, read_stop
from tokentape.protocols.cohere.tools import read_call
from tokentape.protocols.cohere.words import usage

if TYPE_CHECKING:
    from collections.abc import Callable

    from tokentape.protocols.canonical.events import Block, Event
    from tokentape.protocols.codec import Source
    from tokentape.protocols.payload import Payload
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_W = Where(NAME)
_START = frozenset({"type", "id", "delta"})
_IS_PLAN = Origin(NAME, ("message", "tool_plan"), NOTHING, PLAN)


class Reader:
    """Reads one stream."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._over = False
        self._called = False
        self._keys: dict[tuple[str, int], int] = {}
        self._texts: set[int] = set()
        self._closed: set[int] = set()
        self._next = 0

    def read(self, payload: Payload) -> list[Event]:
        """The events of one event."""
        event = payload.json
        if not isinstance(event, dict):
            if payload.is_done:
                return []
            raise ProtocolError(NAME, "", "expected an object as an event of the stream")
        out: list[Event] = []
        if self._over:
            return out
        kind = event.get("type") or payload.name
        reader = _READERS.get(kind) if isinstance(kind, str) else None
        if reader is None:
            refuse_old(event, _W, "event_type", "is_finished")
            if kind != "citation-end":
                out.append(Remark(NAME, payload.name, event))
            return out
        reader(self, event, out)
        return out

    def end(self) -> list[Event]:
        """The connection ended."""
        over, self._over = self._over, True
        return [] if over else [Ended(False)]

    def _start(self, event: Fields, out: list[Event]) -> None:
        given = _W.text_or_none(event.get("id"), "id")
        rest = {name: value for name, value in rest_of(event, _START).items() if value is not None}
        out.append(Started(NAME, given, self._source.model, None, rest))

    def _open(self, place: tuple[str, int], block: Block, out: list[Event]) -> int:
        key = self._keys[place] = self._next
        self._next += 1
        if isinstance(block, Text):
            self._texts.add(key)
        out.append(Open(key, block))
        return key

    def _close(self, place: tuple[str, int], out: list[Event]) -> None:
        key = self._keys.get(place)
        if key is not None and key not in self._closed:
            self._closed.add(key)
            out.append(Close(key))

    def _content_start(self, event: Fields, out: list[Event]) -> None:
        content = _inner(event, "content")
        self._close(_PLAN, out)
        thinks = content.get("type") == "thinking" or content.get("thinking") is not None
        said = _W.text_or_none(content.get("thinking" if thinks else "text"), "delta", "message", "content")
        place = ("content", _index(event))
        self._close(place, out)
        key = self._open(place, Reasoning() if thinks else Text(""), out)
        if said:
            out.append(Delta(key, said))

    def _content_delta(self, event: Fields, out: list[Event]) -> None:
        content = _inner(event, "content")
        thinks = content.get("thinking") is not None
        place = ("content", _index(event))
        key = self._keys.get(place)
        if key is None or key in self._closed:
            key = self._open(place, Reasoning() if thinks else Text(""), out)
        said = content.get("thinking") if thinks else content.get("text")
        if said is not None:
            out.append(Delta(key, _W.text(said, "delta", "message", "content")))
        if event.get("logprobs") is not None and key in self._texts:
            out.append(Amend(key, "logprobs", event["logprobs"]))

    def _content_end(self, event: Fields, out: list[Event]) -> None:
        self._close(("content", _index(event)), out)

    def _plan(self, event: Fields, out: list[Event]) -> None:
        message = _W.fields(_W.fields(event.get("delta"), "delta").get("message"), "delta", "message")
        said = _W.text(message.get("tool_plan"), "delta", "message", "tool_plan")
        key = self._keys.get(_PLAN)
        if key is None or key in self._closed:
            key = self._open(_PLAN, Reasoning(origin=_IS_PLAN), out)
        out.append(Delta(key, said))

    def _call_start(self, event: Fields, out: list[Event]) -> None:
        self._close(_PLAN, out)
        self._called = True
        call = read_call(_inner(event, "tool_calls"), None, _W.at("delta", "message", "tool_calls"))
        key = self._open(("call", _index(event)), replace(call, arguments=""), out)
        if call.arguments:
            out.append(Delta(key, call.arguments))

    def _call_delta(self, event: Fields, out: list[Event]) -> None:
        steps = ("delta", "message", "tool_calls", "function")
        function = _W.fields(_inner(event, "tool_calls").get("function"), *steps)
        key = self._keys.get(("call", _index(event)))
        if key is None:
            _W.wrong("a call that has not begun", "index")
        said = _W.text_or_none(function.get("arguments"), *steps, "arguments")
        if said and key not in self._closed:
            out.append(Delta(key, said))

    def _call_end(self, event: Fields, out: list[Event]) -> None:
        self._close(("call", _index(event)), out)

    def _citation(self, event: Fields, out: list[Event]) -> None:
        given = _inner(event, "citations")
        citation = read_citation(given, _W.at("delta", "message", "citations"))
        key = self._keys.get(("content", index_of(given)))
        if key in self._texts and about_text(citation):
            out.append(Amend(key, "citations", citation))
        else:
            out.append(Remark(NAME, "citation-start", event))

    def _stop(self, event: Fields, out: list[Event]) -> None:
        """The end: reason, counts, or what went wrong."""
        delta = _W.fields(event.get("delta") or {}, "delta")
        word = _W.text_or_none(delta.get("finish_reason"), "delta", "finish_reason")
        error = _W.text_or_none(delta.get("error"), "delta", "error")
        self._over = True
        out += (Close(key) for key in self._keys.values() if key not in self._closed)
        if word is not None:
            out.append(Stopped(read_stop(word, called=self._called)))
        if (counts := usage(delta)) is not None:
            out.append(Counted(counts))
        if error or word in FAILED:
            out += (Failed(failed(word or "ERROR", error)), Ended(False))
        else:
            out.append(Ended(True))


_PLAN = ("plan", 0)


def _index(event: Fields) -> int:
    return _W.integer_or_none(event.get("index"), "index") or 0


def _inner(event: Fields, name: str) -> Fields:
    """`delta.message.<name>`."""
    delta = _W.fields(event.get("delta"), "delta")
    return _W.fields(_W.fields(delta.get("message"), "delta", "message").get(name), "delta", "message", name)


_READERS: dict[str, Callable[[Reader, Fields, list[Event]], None]] = {
    "content-delta": Reader._content_delta,
    "tool-call-delta": Reader._call_delta,
    "tool-plan-delta": Reader._plan,
    "content-start": Reader._content_start,
    "content-end": Reader._content_end,
    "tool-call-start": Reader._call_start,
    "tool-call-end": Reader._call_end,
    "citation-start": Reader._citation,
    "message-start": Reader._start,
    "message-end": Reader._stop,
}
"""What is done about each kind. One table for all: bound to each of them, it would hold what holds it."""
