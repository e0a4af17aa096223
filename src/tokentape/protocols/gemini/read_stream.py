"""Streams of generateContent: whole replies one after another, each with what is new (SSE or JSON array).

Text that follows text of the same kind goes on with it, until something else comes with it; all other
parts are whole. A stream has no end of its own but the finish reasons of its candidates.
"""

from __future__ import annotations

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
    Started,
    Stopped,
)
from tokentape.protocols.canonical.items import Message, Reasoning, Role, ServerTool, ToolCall, ToolResult
from tokentape.protocols.canonical.origin import NOTHING, Turn
from tokentape.protocols.canonical.parts import Text
from tokentape.protocols.checking import Where
from tokentape.protocols.folding import grown, latest
from tokentape.protocols.gemini.content import CONTENT, ContentReader, maker_of
from tokentape.protocols.gemini.failures import read_failure
from tokentape.protocols.gemini.grounding import citations_of
from tokentape.protocols.gemini.names import NAME, Found
from tokentape.protocols.gemini.partial import PartialCall
from tokentape.protocols.gemini.read_reply import (
    CANDIDATE,
    REPLY,
    feedback_of,
    read_stop,
    seconds,
    stop_of_prompt,
)
from tokentape.protocols.gemini.usage import usage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokentape.protocols.canonical.events import Event
    from tokentape.protocols.codec import Source
    from tokentape.protocols.payload import Payload
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_WHERE = Where(NAME)
_GROWING = frozenset({"citationMetadata", "logprobsResult"})
"""Fields of a candidate that each chunk adds to; the others it tells again."""

SHELL = Message(Role.ASSISTANT, ())
"""The message that parts belong to: those that follow each other are one."""


_PLAIN: tuple[bool, Json] = (False, None)
"""The kind of text that is no thought."""


class GeminiReader:
    """Reads one stream."""

    def __init__(self, source: Source) -> None:
        self._started: Started | None = None
        self._told: tuple[Json, Json, Json] = (None, None, None)
        self._counts: list[Fields] = []
        self._candidates: dict[int, Candidate] = {}
        self._content = ContentReader(_WHERE, maker_of(source))
        self._keys = 0
        self._over = False
        self._blocked = False

    def read(self, payload: Payload) -> Iterator[Event]:
        """The events of one chunk."""
        body = payload.json
        if not isinstance(body, dict):
            _WHERE.wrong("a chunk is no JSON object")
        if self._over:
            return iter(())
        try:
            return iter(list(self._chunk(body)))
        except (RecursionError, ValueError) as problem:
            if isinstance(problem, ProtocolError):
                raise
            _WHERE.wrong("a chunk is nested too deep, or holds a number that is too long")
        return iter(())

    def end(self) -> Iterator[Event]:
        """The connection ended: well, if every candidate finished."""
        if not self._over:
            self._over = True
            yield from self._count()
            finished = [candidate.finished for candidate in self._candidates.values()]
            yield Ended(self._blocked or (bool(finished) and all(finished)))

    def next_key(self) -> int:
        """The key of the next block."""
        self._keys += 1
        return self._keys

    def _chunk(self, body: Fields) -> Iterator[Event]:
        if body.get("error"):
            self._over = True
            yield from self._count()
            yield Failed(read_failure(None, body))
            yield Ended(False)
            return
        found = Found()
        told = found.object(body, REPLY)
        feedback = feedback_of(found.rest)
        if not ("candidates" in told or "usageMetadata" in told or feedback is not None):
            _WHERE.wrong("this is no chunk of generateContent: it has neither `candidates` nor usage")
        yield from self._start(told, found.rest)
        for entry in _WHERE.entries(told.get("candidates", []), "candidates"):
            yield from self._candidate(_WHERE.fields(entry, "candidates"))
        stop = None if self._candidates else stop_of_prompt(feedback)
        if stop is not None:
            self._blocked = True
            yield Stopped(stop)
        if "usageMetadata" in told:
            self._counts.append(_WHERE.fields(told["usageMetadata"], "usageMetadata"))
        if stop is not None or all(candidate.finished for candidate in self._candidates.values()):
            yield from self._count()

    def _count(self) -> Iterator[Event]:
        """The counts: every chunk tells all so far, so they are read when there is nothing more to say."""
        if not self._counts:
            return
        merged = self._counts[0]
        for counts in self._counts[1:]:
            told = latest(merged, counts)
            merged = told if isinstance(told, dict) else merged
        self._counts = [merged]
        started = self._started
        model: Json = started.model if started else None
        found = usage({"usageMetadata": merged, "modelVersion": model})
        if found is not None:
            yield Counted(found)

    def _start(self, told: Fields, rest: Fields) -> Iterator[Event]:
        old = self._started
        given_again = (told.get("modelVersion"), told.get("responseId"), told.get("createTime"))
        if old is not None and not rest and given_again == self._told:
            return
        self._told = given_again
        model = _WHERE.text_or_none(told.get("modelVersion"), "modelVersion")
        given = _WHERE.text_or_none(told.get("responseId"), "responseId")
        created = seconds(_WHERE.text_or_none(told.get("createTime"), "createTime"))
        if old is None:
            new = Started(NAME, given, model, created, rest or NOTHING)
        else:
            kept: Fields = {name: latest(old.rest.get(name), value) for name, value in rest.items()}
            new = Started(
                NAME, given or old.id, model or old.model, created or old.created, {**old.rest, **kept}
            )
        if old is None or new != old:
            self._started = new
            yield new

    def _candidate(self, value: Fields) -> Iterator[Event]:
        found = Found()
        told = found.object(value, CANDIDATE)
        index = _WHERE.integer_or_none(told.get("index"), "candidates", "index") or 0
        candidate = self._candidates.get(index)
        if candidate is None:
            candidate = self._candidates[index] = Candidate(index, self)
        if "content" in told:
            yield from candidate.content(told["content"], self._content)
        if "index" in told:
            found.rest["index"] = told["index"]
        yield from candidate.told(told, found.rest)


class Candidate:
    """One candidate while its chunks come in."""

    def __init__(self, index: int, reader: GeminiReader) -> None:
        self.finished = False
        self._index = index
        self._reader = reader
        self._rest: Fields = {}
        self._open: int | None = None
        self._kind = _PLAIN
        self._calls = False
        self._texts: list[tuple[int, list[str]]] = []
        self._partial: PartialCall | None = None
        self._cited = 0
        self._stopped: Stopped | None = None
        self._parts = 0
        self._turn = Turn(("candidates", index, "content"))

    def content(self, value: Json, reader: ContentReader) -> Iterator[Event]:
        """What the next chunk says."""
        path = self._turn.path
        told = Found().object(_WHERE.fields(value, *path), CONTENT)
        parts = told.get("parts", [])
        entries = [parts] if isinstance(parts, dict) else _WHERE.entries(parts, *path, "parts")
        for part in entries:
            call = part.get("functionCall") if isinstance(part, dict) else None
            if isinstance(call, dict) and ("willContinue" in call or self._partial is not None):
                yield from self._partly(call, part if isinstance(part, dict) else {}, reader)
                continue
            yield from self._part(part, reader)

    def _part(self, value: Json, reader: ContentReader) -> Iterator[Event]:
        if self._open is not None and self._kind == _PLAIN and isinstance(value, dict) and len(value) == 1:
            more = value.get("text")
            if isinstance(more, str) and more:
                self._texts[-1][1].append(more)
                yield Delta(self._open, more)
                return
        node = reader.part(value, self._parts, self._turn)
        self._parts += 1
        if isinstance(node, Text | Reasoning):
            yield from self._text(node, value)
            return
        yield from self._close()
        key = self._reader.next_key()
        if isinstance(node, ToolCall):
            self._calls = True
            yield Open(key, _without_arguments(node), self._index)
            yield Delta(key, node.arguments)
        else:
            yield Open(key, node, self._index, None if isinstance(node, ServerTool | ToolResult) else SHELL)
        yield Close(key)

    def _text(self, node: Text | Reasoning, value: Json) -> Iterator[Event]:
        kind = (isinstance(node, Reasoning), value.get("thought") if isinstance(value, dict) else None)
        if self._open is None or kind != self._kind:
            yield from self._close()
            self._open, self._kind = self._reader.next_key(), kind
            begun: Text | Reasoning = Reasoning() if kind[0] else Text("")
            yield Open(self._open, begun, self._index, None if kind[0] else SHELL)
            if not kind[0]:
                self._texts.append((self._open, []))
        if node.text:
            yield Delta(self._open, node.text)
            if not kind[0]:
                self._texts[-1][1].append(node.text)
        for blob in node.opaque:
            yield Amend(self._open, "opaque", blob)
        if node.origin is not None and node.origin.rest:
            yield Amend(self._open, "origin", node.origin)
        if node.opaque or (node.origin is not None and node.origin.rest):
            yield from self._close()

    def _close(self) -> Iterator[Event]:
        if self._open is not None:
            yield Close(self._open)
            self._open = None

    def _partly(self, call: Fields, part: Fields, reader: ContentReader) -> Iterator[Event]:
        """A call whose arguments come in pieces (Vertex, `streamFunctionCallArguments`)."""
        if self._partial is None:
            yield from self._close()
            self._partial = PartialCall()
        self._partial.add(call, part)
        if call.get("willContinue") is True:
            return
        whole, self._partial = self._partial.whole(), None
        yield from self._part(whole, reader)

    def told(self, told: Fields, rest: Fields) -> Iterator[Event]:
        """What the candidate says beside its content."""
        for name, value in rest.items():
            old = self._rest.get(name)
            self._rest[name] = grown(old, value) if name in _GROWING else latest(old, value)
        if "groundingMetadata" in rest or "citationMetadata" in rest:
            yield from self._cite()
        spelling: Fields = {}
        stop = read_stop(told, spelling, self._calls, "candidates", self._index)
        if stop is None and (self._stopped is None or not rest):
            return
        if stop is not None:
            self.finished = True
            yield from self._close()
        elif self._stopped is not None:
            stop = self._stopped.stop
        self._stopped = Stopped(stop, self._index, dict(self._rest))
        yield self._stopped

    def _cite(self) -> Iterator[Event]:
        """The citations that are new."""
        texts = ["".join(said) for _, said in self._texts]
        found = citations_of(self._rest, texts)
        flat = [(self._texts[nth][0], each) for nth in sorted(found) for each in found[nth]]
        for key, citation in flat[self._cited :]:
            yield Amend(key, "citations", citation)
        self._cited = max(self._cited, len(flat))


def _without_arguments(call: ToolCall) -> ToolCall:
    from dataclasses import replace

    return replace(call, arguments="")
