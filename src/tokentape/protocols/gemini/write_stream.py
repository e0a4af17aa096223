"""Canonical events as the chunks of streamGenerateContent.

Text goes out as it comes; everything else is whole when it does (case 11). The last chunk says why each
candidate finished, and what it cost. A stream that is cut, or failed, ends with an error and without a
finish reason.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.canonical.events import (
    Amend,
    Close,
    Counted,
    Delta,
    Ended,
    Failed,
    Open,
    Ping,
    Remark,
    Started,
    Stopped,
)
from tokentape.protocols.canonical.failure import Failure, FailureKind
from tokentape.protocols.canonical.fold import Assembly, counted
from tokentape.protocols.canonical.items import Message, Reasoning, ServerTool, ToolCall, ToolResult
from tokentape.protocols.canonical.origin import NOTHING
from tokentape.protocols.canonical.parts import Refusal, Text
from tokentape.protocols.codec import WireEvent
from tokentape.protocols.gemini.counts import usage_metadata
from tokentape.protocols.gemini.failures import write_failure
from tokentape.protocols.gemini.grounding import citations_of, grounding_of
from tokentape.protocols.gemini.names import NAME
from tokentape.protocols.gemini.read_reply import rfc3339
from tokentape.protocols.gemini.stops import finish_reason
from tokentape.protocols.gemini.write_content import PartWriter
from tokentape.protocols.gemini.write_reply import asked_model, head

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tokentape.protocols.canonical.events import Event
    from tokentape.protocols.canonical.parts import Citation
    from tokentape.protocols.codec import Target
    from tokentape.protocols.usage import Usage
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]


class GeminiWriter:
    """Writes one stream."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._started = Started("", model=asked_model(target))
        self._head: Fields = {}
        self._rest: Fields = {}
        self._open: dict[int, Assembly] = {}
        self._texts: dict[int, dict[int, Assembly]] = {}
        self._stopped: dict[int, Stopped] = {}
        self._choices: list[int] = []
        self._usage: Usage | None = None
        self._summary: dict[int, int] = {}
        self._over = False
        self._writer: PartWriter | None = None
        self._said = False

    def write(self, event: Event) -> Iterable[WireEvent]:
        """The chunks that say it."""
        return () if self._over else _ON[type(event)](self, event)

    def _nothing(self, _: Event) -> Iterable[WireEvent]:
        """A ping: the dialect has none. Remarks are other dialects' own."""
        return ()

    # ---- the beginning

    def _start(self, event: Started) -> Iterable[WireEvent]:
        old = self._started
        self._started = Started(
            event.protocol or old.protocol,
            event.id or old.id,
            event.model or old.model,
            old.created if event.created is None else event.created,
        )
        if event.protocol == NAME:
            self._rest = {**self._rest, **event.rest}
        self._head = head(self._started.id, self._started.model)
        if self._started.created is not None:
            self._head["createTime"] = rfc3339(self._started.created)
        return ()

    @property
    def _parts(self) -> PartWriter:
        if self._writer is None:
            self._writer = PartWriter(self._target, self._started.model, reply=True)
        return self._writer

    def _seen(self, choice: int) -> None:
        if choice not in self._choices:
            self._choices.append(choice)

    # ---- blocks

    def _opened(self, event: Open) -> Iterable[WireEvent]:
        written = list(self._close(event.key)) if event.key in self._open else []
        assembly = self._open[event.key] = Assembly(event)
        self._seen(event.choice)
        self._said = True
        block = event.block
        if isinstance(block, Text | Refusal | Reasoning):
            if isinstance(block, Text):
                self._texts.setdefault(event.choice, {})[event.key] = assembly
            if block.text:
                written.append(self._chunk(event.choice, _bit(block, block.text)))
        return written

    def _delta(self, event: Delta) -> Iterable[WireEvent]:
        assembly = self._open.get(event.key)
        if assembly is None:
            return ()
        begun = assembly.begun
        if isinstance(begun, ToolCall | ServerTool):
            assembly.more(event)
            return ()
        if not isinstance(begun, Text | Refusal | Reasoning):
            return ()
        text = event.text
        if event.part is not None:
            if event.part != self._summary.get(event.key, 0):
                text = "\n\n" + text
            self._summary[event.key] = event.part
        elif isinstance(begun, Text):
            assembly.more(event)
        return (self._chunk(assembly.choice, _bit(begun, text)),) if text else ()

    def _amended(self, event: Amend) -> Iterable[WireEvent]:
        """More about a block; of a text that is closed, a citation."""
        if event.key in self._open:
            self._open[event.key].amend(event)
        else:
            for texts in self._texts.values():
                if event.key in texts:
                    texts[event.key].amend(event)
        return ()

    def _closed(self, event: Close) -> Iterable[WireEvent]:
        return self._close(event.key)

    def _close(self, key: int) -> Iterator[WireEvent]:
        assembly = self._open.pop(key, None)
        if assembly is None:
            return
        whole = assembly.whole()
        if isinstance(whole, Text | Reasoning | Refusal):
            rest = self._signed(whole)
            if rest is not None:
                yield self._chunk(assembly.choice, rest)
        elif isinstance(whole, Message | ToolCall | ToolResult | ServerTool):
            for part in self._parts.parts(whole):
                yield self._chunk(assembly.choice, part)
        else:
            part = self._parts.part(whole)
            if part is not None:
                yield self._chunk(assembly.choice, part)

    def _signed(self, block: Text | Reasoning | Refusal) -> Json:
        """What comes behind a text: its signature, and fields that only this dialect knows."""
        if isinstance(block, Refusal) or not (block.opaque or block.origin):
            return None
        parts = self._parts.parts(block) if isinstance(block, Reasoning) else [self._parts.part(block)]
        part = parts[0] if parts else None
        if not isinstance(part, dict) or part.keys() <= {"text", "thought"}:
            return None
        return {**part, "text": ""}

    def _chunk(self, choice: int, part: Json) -> WireEvent:
        candidate: Fields = {"content": {"role": "model", "parts": [part]}, "index": choice}
        return WireEvent("", {"candidates": [candidate], **self._head})

    # ---- the end

    def _stop(self, event: Stopped) -> Iterable[WireEvent]:
        self._stopped[event.choice] = event
        self._seen(event.choice)
        return ()

    def _count(self, event: Counted) -> Iterable[WireEvent]:
        self._usage = counted(self._usage, event.usage)
        return ()

    def _failed(self, event: Failed) -> Iterable[WireEvent]:
        return self._fail(event.failure)

    def _end(self, event: Ended) -> Iterable[WireEvent]:
        if not event.complete:
            why = "the stream ended before its own end"
            return self._fail(Failure(FailureKind.INCOMPLETE, why))
        written = [chunk for key in list(self._open) for chunk in self._close(key)]
        self._over = True
        body: Fields = {**self._rest}
        if not self._is_blocked():
            body["candidates"] = [self._last(choice) for choice in sorted(self._choices) or [0]]
        if self._usage is not None:
            own = self._started.protocol == NAME
            body["usageMetadata"] = usage_metadata(self._usage, own, self._target.losses)
        return [*written, WireEvent("", {**body, **self._head})]

    def _is_blocked(self) -> bool:
        feedback = self._rest.get("promptFeedback")
        return isinstance(feedback, dict) and "blockReason" in feedback and not self._said

    def _last(self, choice: int) -> Json:
        stopped = self._stopped.get(choice)
        own = self._started.protocol == NAME
        candidate: Fields = {**(stopped.rest if stopped and own else NOTHING)}
        candidate["index"] = choice
        stop = stopped.stop if stopped else None
        candidate["content"] = {"role": "model"}
        candidate["finishReason"] = "STOP" if stop is None else finish_reason(stop, own, self._target.losses)
        if own and stop is not None and stop.detail is not None:
            candidate["finishMessage"] = stop.detail
        self._ground(choice, candidate)
        return candidate

    def _ground(self, choice: int, candidate: Fields) -> None:
        texts: list[tuple[str, tuple[Citation, ...]]] = []
        for assembly in self._texts.get(choice, {}).values():
            whole = assembly.whole()
            if isinstance(whole, Text):
                texts.append((whole.text, whole.citations))
        told = citations_of(candidate, [said for said, _ in texts])
        if all(cited == tuple(told.get(nth, ())) for nth, (_, cited) in enumerate(texts)):
            return
        found = grounding_of(texts)
        if found is not None:
            candidate["groundingMetadata"] = found

    def _fail(self, failure: Failure) -> Iterable[WireEvent]:
        self._over = True
        return [WireEvent("", write_failure(failure)[1])]


def _bit(block: Text | Refusal | Reasoning, text: str) -> Fields:
    return {"text": text, "thought": True} if isinstance(block, Reasoning) else {"text": text}


_ON: dict[type, Callable[..., Iterable[WireEvent]]] = {
    Delta: GeminiWriter._delta,
    Open: GeminiWriter._opened,
    Amend: GeminiWriter._amended,
    Close: GeminiWriter._closed,
    Started: GeminiWriter._start,
    Stopped: GeminiWriter._stop,
    Counted: GeminiWriter._count,
    Failed: GeminiWriter._failed,
    Ended: GeminiWriter._end,
    Ping: GeminiWriter._nothing,
    Remark: GeminiWriter._nothing,
}
"""What is done about each kind. One table for all: bound to each of them, it would hold what holds it."""
