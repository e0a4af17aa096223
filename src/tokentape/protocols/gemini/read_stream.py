"""Streams of generateContent: whole replies one after another, each with what is new (SSE or JSON array).

A stream has no end of its own but the finish reasons of its candidates.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from tokentape.errors import ProtocolError
from tokentape.protocols.canonical.events import (
    Counted,
    Ended,
    Failed,
    Started,
    Stopped,
)
from tokentape.protocols.canonical.origin import NOTHING
from tokentape.protocols.checking import Where
from tokentape.protocols.folding import latest
from tokentape.protocols.gemini.candidate import Candidate
from tokentape.protocols.gemini.content import ContentReader, maker_of
from tokentape.protocols.gemini.failures import read_failure
from tokentape.protocols.gemini.names import NAME, Found
from tokentape.protocols.gemini.read_reply import (
    CANDIDATE,
    REPLY,
    feedback_of,
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


class GeminiReader:
    """Reads one stream."""

    def __init__(self, source: Source) -> None:
        self._started: Started | None = None
        self._told: tuple[Json, Json, Json] = (None, None, None)
        self._counts: list[Fields] = []
        self._candidates: dict[int, Candidate] = {}
        self._content = ContentReader(_WHERE, maker_of(source))
        self._keys = count(1)
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
            candidate = self._candidates[index] = Candidate(index, self._keys.__next__)
        if "content" in told:
            yield from candidate.content(told["content"], self._content)
        if "index" in told:
            found.rest["index"] = told["index"]
        yield from candidate.told(told, found.rest)
