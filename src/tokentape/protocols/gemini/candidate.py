"""One candidate of a stream while its chunks come in.

Text that follows text of the same kind goes on with it, until something else comes with it; all other
parts are whole.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tokentape.protocols.canonical.events import Amend, Close, Delta, Open, Stopped
from tokentape.protocols.canonical.items import Message, Reasoning, Role, ServerTool, ToolCall, ToolResult
from tokentape.protocols.canonical.origin import Turn
from tokentape.protocols.canonical.parts import Text
from tokentape.protocols.checking import Where
from tokentape.protocols.folding import grown, latest
from tokentape.protocols.gemini.content import CONTENT, ContentReader
from tokentape.protocols.gemini.grounding import citations_of
from tokentape.protocols.gemini.names import NAME, Found
from tokentape.protocols.gemini.partial import PartialCall
from tokentape.protocols.gemini.read_reply import read_stop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tokentape.protocols.canonical.events import Event
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_WHERE = Where(NAME)
_CITING = frozenset({"groundingMetadata", "citationMetadata"})
_GROWING = frozenset({"citationMetadata", "logprobsResult"})
"""Fields of a candidate that each chunk adds to; the others it tells again."""

SHELL = Message(Role.ASSISTANT, ())
"""The message that parts belong to: those that follow each other are one."""


_PLAIN: tuple[bool, Json] = (False, None)
"""The kind of text that is no thought."""


class Candidate:
    """One candidate while its chunks come in."""

    def __init__(self, index: int, next_key: Callable[[], int]) -> None:
        self.finished = False
        self._index = index
        self._next_key = next_key
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
        key = self._next_key()
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
            self._open, self._kind = self._next_key(), kind
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
        stop = read_stop(told, {}, self._calls, "candidates", self._index)
        if stop is None and (self._stopped is None or not rest):
            return
        yield from self._cite()
        if stop is not None:
            self.finished = True
            yield from self._close()
        elif self._stopped is not None:
            stop = self._stopped.stop
        self._stopped = Stopped(stop, self._index, dict(self._rest))
        yield self._stopped

    def _cite(self) -> Iterator[Event]:
        """The citations that are new. They are told with the end; positions are of the whole text."""
        if not self._rest.keys() & _CITING:
            return
        texts = ["".join(said) for _, said in self._texts]
        found = citations_of(self._rest, texts)
        flat = [(self._texts[nth][0], each) for nth in sorted(found) for each in found[nth]]
        for key, citation in flat[self._cited :]:
            yield Amend(key, "citations", citation)
        self._cited = max(self._cited, len(flat))


def _without_arguments(call: ToolCall) -> ToolCall:
    return replace(call, arguments="")
