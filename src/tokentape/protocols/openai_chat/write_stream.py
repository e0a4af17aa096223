"""A Chat stream, written: canonical events in, chunks out, at once.

Each choice: a chunk with the role, deltas, a chunk with the finish reason. Usage comes in a chunk of its
own before `[DONE]`, for who asked for it (API reference, "Streaming"; case 36).
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
    Started,
    Stopped,
)
from tokentape.protocols.canonical.failure import Failure, FailureKind
from tokentape.protocols.canonical.fold import counted
from tokentape.protocols.canonical.origin import NOTHING
from tokentape.protocols.canonical.reply import Stop, StopReason
from tokentape.protocols.codec import HEARTBEAT, WireEvent
from tokentape.protocols.minting import created_of, minted, seed_of
from tokentape.protocols.openai_chat.counts import write_usage
from tokentape.protocols.openai_chat.failures import write_error
from tokentape.protocols.openai_chat.options import NAME
from tokentape.protocols.openai_chat.stops import write_stop
from tokentape.protocols.openai_chat.write_blocks import Block, ChoiceOut, block_of
from tokentape.protocols.reading import fields

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tokentape.protocols.canonical.events import Event
    from tokentape.protocols.codec import Target
    from tokentape.protocols.usage import Usage
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_DONE = WireEvent("", raw="[DONE]")
_HEAD = frozenset({"id", "object", "created", "model", "choices", "usage"})
_CUT = Failure(FailureKind.INCOMPLETE, "the stream ended before its own end")


class ChatWriter:
    """Writes one stream."""

    def __init__(self, target: Target) -> None:
        self._target = target
        asked = target.asked
        self._shows_usage = asked is None or asked.counts_usage is True
        self._waits = asked is not None and self._shows_usage
        self._head: Fields = {}
        self._seed = seed_of(None, target)
        self._news: Fields = {}
        self._told: Fields = {}
        self._own = False
        self._id: str | None = None
        self._model = target.model
        self._blocks: dict[int, Block] = {}
        self._choices: dict[int, ChoiceOut] = {}
        self._usage: Usage | None = None
        self._over = False

    def write(self, event: Event) -> Iterable[WireEvent]:
        """The chunks that say it."""
        if self._over:
            return ()
        if type(event) is Delta:
            block = self._blocks.get(event.key)
            said = block.more(event) if block is not None else None
            return (self._chunk(block.choice.index, said),) if said and block is not None else ()
        return self._other(event)

    def _other(self, event: Event) -> list[WireEvent]:
        match event:
            case Started():
                self._start(event)
            case Open():
                return self._open(event)
            case Amend() | Close():
                return self._change(event)
            case Stopped():
                return self._stop(event)
            case Counted():
                self._usage = counted(self._usage, event.usage)
            case Failed():
                self._over = True
                return [WireEvent("", {"error": write_error(event.failure)})]
            case Ended():
                return self._end(event.complete)
            case Ping():
                return [HEARTBEAT]
            case _:
                pass
        return []

    def _start(self, event: Started) -> None:
        self._own = event.protocol == NAME
        if self._head and self._choices and not self._own:
            return  # what was written once stands in every chunk
        self._id = event.id or self._id
        self._seed = self._id or seed_of(event, self._target)
        self._model = self._target.model or event.model or self._model
        if not self._head or event.id or event.model:
            created = event.created if event.created is not None else self._head.get("created")
            if isinstance(created, float) and not self._own:
                created = int(created)
            self._head = {
                "id": self._id or self._head.get("id") or minted("chatcmpl-", event.model, event.created),
                "object": "chat.completion.chunk",
                "created": created if created is not None else created_of(None),
                "model": self._model or "",
            }
            if self._own:  # what the source's chunks leave empty stays so
                blank = {name: event.rest[name] for name in ("id", "created") if name in event.rest}
                self._head |= {name: value for name, value in blank.items() if not getattr(event, name)}
        if self._own:
            news = {k: v for k, v in event.rest.items() if k not in _HEAD and self._told.get(k, v) != v}
            news |= {k: v for k, v in event.rest.items() if k not in _HEAD and k not in self._told}
            self._news.update(news)
            self._told.update(news)

    def _chunk(self, index: int, delta: Fields, **more: Json) -> WireEvent:
        choice: Fields = {"index": index, "delta": delta, "finish_reason": None, **more}
        return self._with_head({"choices": [choice]})

    def _with_head(self, body: Fields) -> WireEvent:
        if not self._head:
            self._start(Started(""))
        chunk = {**self._head, **self._news, **body} if self._news else {**self._head, **body}
        if self._news:
            self._news = {}
        if self._waits and "usage" not in body:
            chunk["usage"] = None
        return WireEvent("", chunk)

    def _choice(self, index: int, written: list[WireEvent]) -> ChoiceOut:
        choice = self._choices.get(index)
        if choice is None:
            choice = self._choices[index] = ChoiceOut(index)
            written.append(self._chunk(index, {"role": "assistant", "content": None}))
        return choice

    def _open(self, event: Open) -> list[WireEvent]:
        written: list[WireEvent] = []
        choice = self._choice(event.choice, written)
        if (known := self._blocks.get(event.key)) is not None:
            written += self._closing(known)
        block = self._blocks[event.key] = block_of(event, choice, self._target, self._own, self._seed)
        written += [self._chunk(event.choice, delta) for delta in block.opened() if delta]
        return written

    def _change(self, event: Amend | Close) -> list[WireEvent]:
        block = self._blocks.get(event.key)
        if block is None:
            return []
        if isinstance(event, Close):
            return self._closing(block)
        if event.name == "logprobs":
            kind = block.kind if block.kind in ("content", "refusal") else "content"
            likely: Fields = {"content": None, "refusal": None, kind: [event.value]}  # type: ignore[list-item]
            return [self._chunk(block.choice.index, {}, logprobs=likely)]
        said = block.amend(event)
        return [self._chunk(block.choice.index, said)] if said else []

    def _closing(self, block: Block) -> list[WireEvent]:
        said = block.close()
        return [self._chunk(block.choice.index, said)] if said else []

    def _stop(self, event: Stopped) -> list[WireEvent]:
        written: list[WireEvent] = []
        choice = self._choice(event.choice, written)
        if choice.finished:
            return written
        for block in self._blocks.values():
            if block.choice is choice:
                written += self._closing(block)
        choice.finished = True
        origin = event.origin if event.origin and event.origin.protocol == NAME else None
        rest = origin.rest if origin else event.rest if self._own else NOTHING
        delta: Fields = {}
        if origin and origin.turn:
            blank = fields(origin.turn.spelling.get("blank"))
            delta |= {name: value for name, value in blank.items() if name not in ("content", "role")}
            delta |= origin.turn.rest
        if origin and "logprobs" in origin.spelling:
            rest = {**rest, "logprobs": origin.spelling["logprobs"]}
        raw: Json = None
        stop = event.stop or (None if self._own else Stop(StopReason.END))
        if stop is not None:
            raw = write_stop(stop, self._target.losses, own=self._own)
            if raw == "tool_calls" and choice.legacy and not choice.calls:
                raw = "function_call"
        written.append(self._chunk(choice.index, delta, **{**rest, "finish_reason": raw}))
        return written

    def _end(self, complete: bool) -> list[WireEvent]:
        self._over = True
        if not complete:
            return [WireEvent("", {"error": write_error(_CUT)})]
        written: list[WireEvent] = []
        if not self._choices:
            self._choice(0, written)
        for index, choice in sorted(self._choices.items()):
            reason = StopReason.TOOL_CALLS if choice.calls or choice.legacy else StopReason.END
            written += self._stop(Stopped(Stop(reason), index))
        if self._usage is not None and self._shows_usage:
            told = write_usage(self._usage, self._usage.model, own=self._own)
            written.append(self._with_head({"choices": [], "usage": told}))
        return [*written, _DONE]
