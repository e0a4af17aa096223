"""Reading a stream: typed events over items and their parts, the last of which holds the whole response."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from tokentape.protocols.canonical.events import (
    Amend,
    Counted,
    Ended,
    Failed,
    Ping,
    Remark,
    Started,
    Stopped,
)
from tokentape.protocols.canonical.items import Message, Reasoning, ServerTool, ToolCall
from tokentape.protocols.canonical.parts import Refusal, Text
from tokentape.protocols.checking import Where
from tokentape.protocols.openai_responses.content import read_citation, read_part
from tokentape.protocols.openai_responses.failures import read_error
from tokentape.protocols.openai_responses.names import NAME, STREAMED
from tokentape.protocols.openai_responses.read_items import read_item
from tokentape.protocols.openai_responses.read_reply import failure_of, rest_of_reply
from tokentape.protocols.openai_responses.stops import read_stop
from tokentape.protocols.openai_responses.stream_items import Coming
from tokentape.protocols.openai_responses.usage import usage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tokentape.protocols.canonical.events import Event
    from tokentape.protocols.canonical.items import Item
    from tokentape.protocols.codec import Source
    from tokentape.protocols.payload import Payload
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_BEGUN: Fields = {"type": "message", "role": "assistant", "content": []}
_MAX = 10_000
"""Places beyond this are no places: a number alone must not make us hold that many."""


class Reader:
    """Reads one stream."""

    def __init__(self, source: Source) -> None:
        self._where = Where(NAME)
        self._model = source.model
        self._source = source
        self._maker = source.maker(None)
        self._keys = count()
        self._items: dict[int, Coming] = {}
        self._started = False
        self._over = False

    def read(self, payload: Payload) -> Iterable[Event]:
        """The canonical events of the next event. Raises `ProtocolError` for what is none."""
        event = payload.json
        if not isinstance(event, dict):
            if self._over or payload.is_done:
                return ()
            self._where.wrong("expected an object")
        if self._over:
            return ()
        kind = event.get("type")
        if kind is None:
            kind = payload.name
        read = _READERS.get(self._where.text(kind, "type"))
        if read is None:
            return (Remark(NAME, str(kind), event),)
        return read(self, event)

    def end(self) -> Iterable[Event]:
        """The connection ended."""
        if self._over:
            return ()
        self._over = True
        return (Ended(False),)

    # ---- the response

    def _begin(self, event: Fields) -> Iterator[Event]:
        if not self._started:
            response = self._where.fields(event.get("response"), "response")
            yield self._start(response, self._where.at("response"))

    def _start(self, response: Fields, where: Where) -> Started:
        self._started = True
        model = where.text_or_none(response.get("model"), "model")
        if model is not None or self._model is None:
            self._model = model or self._model
            self._maker = self._source.maker(self._model)
        rest = rest_of_reply(response, None, running=False)
        if rest.get("usage") is not None:
            del rest["usage"]
        return Started(
            NAME,
            where.text_or_none(response.get("id"), "id"),
            self._model,
            where.number_or_none(response.get("created_at"), "created_at"),
            rest,
        )

    def _finish(self, event: Fields) -> Iterator[Event]:
        where = self._where.at("response")
        response = where.fields(event.get("response"))
        started = self._start(response, where)
        counted = usage(response)
        rest = rest_of_reply(response, counted, running=False)
        yield started._replace(rest=rest)
        yield from self._outstanding(response.get("output"), where)
        failure = failure_of(response, where)
        if counted is not None:
            yield Counted(counted)
        items = [coming.item for coming in self._items.values()]
        stop = read_stop(response, items, where)
        self._over = True
        yield Stopped(stop)
        if failure is not None:
            yield Failed(failure)
        yield Ended(failure is None and stop is not None)

    def _outstanding(self, output: Json, where: Where) -> Iterator[Event]:
        """What of the output no event has told."""
        found = where.entries(output, "output") if output is not None else []
        for place, entry in enumerate(found):
            coming = self._items.get(place)
            if coming is None or not coming.done:
                yield from self._whole(place, read_item(entry, where.at("output", place), self._maker))
        for coming in self._items.values():
            if not coming.done:
                yield from coming.end(coming.item)

    def _whole(self, place: int, item: Item) -> Iterator[Event]:
        coming = self._items.get(place)
        if coming is None:
            coming = self._items[place] = Coming(item, self._keys)
            yield from coming.begin()
        coming.item = item
        yield from coming.end(item)

    def _error(self, event: Fields) -> Iterator[Event]:
        error = event.get("error")
        inner = error if isinstance(error, dict) else {**event, "type": None}
        failure = read_error({name: inner[name] for name in inner if name != "sequence_number"}, ())
        self._over = True
        yield Failed(failure)
        yield Ended(False)

    def _ping(self, event: Fields) -> Iterator[Event]:
        del event
        yield Ping()

    # ---- items

    def _place(self, event: Fields) -> int:
        """The item's place; servers that leave it out mean the last one."""
        place = self._where.integer_or_none(event.get("output_index"), "output_index")
        if place is None:
            return max(self._items, default=0)
        if not 0 <= place < _MAX:
            self._where.wrong("there is no such place", "output_index")
        return place

    def _added(self, event: Fields) -> Iterator[Event]:
        place = self._place(event)
        if event.get("output_index") is None and place in self._items:
            place += 1
        if place in self._items:
            return
        item = read_item(event.get("item"), self._where.at("item"), self._maker)
        self._items[place] = coming = Coming(item, self._keys)
        yield from coming.begin()

    def _item_done(self, event: Fields) -> Iterator[Event]:
        place = self._place(event)
        coming = self._items.get(place)
        if coming is not None and coming.done:
            return
        yield from self._whole(place, read_item(event.get("item"), self._where.at("item"), self._maker))

    def _coming(
        self, event: Fields, kind: type[Item], begun: Fields
    ) -> tuple[Coming | None, Iterable[Event]]:
        """The item of an event that tells a bit of it; begun here, where nobody said that it began."""
        place = self._place(event)
        coming = self._items.get(place)
        if coming is not None:
            return (coming if isinstance(coming.item, kind) and not coming.done else None), ()
        given = event.get("item_id")
        item = read_item(
            {**begun, "id": given} if isinstance(given, str) else begun, self._where, self._maker
        )
        coming = self._items[place] = Coming(item, self._keys)
        return coming, tuple(coming.begin())

    def _content_place(self, event: Fields) -> int:
        place = self._where.integer_or_none(event.get("content_index"), "content_index") or 0
        if not 0 <= place < _MAX:
            self._where.wrong("there is no such place", "content_index")
        return place

    def _part_added(self, event: Fields) -> Iterator[Event]:
        coming, begun = self._coming(event, Message, _BEGUN)
        yield from begun
        place = self._content_place(event)
        if coming is not None and place not in coming.parts:
            yield from coming.add_part(
                place, read_part(event.get("part"), "output_text", self._where, "part")
            )

    def _part_done(self, event: Fields) -> Iterator[Event]:
        coming, begun = self._coming(event, Message, _BEGUN)
        yield from begun
        if coming is not None:
            part = read_part(event.get("part"), "output_text", self._where, "part")
            yield from coming.end_part(self._content_place(event), part)

    def _said(self, event: Fields, part: Text | Refusal) -> Iterator[Event]:
        """A bit of a part's text."""
        coming, begun = self._coming(event, Message, _BEGUN)
        yield from begun
        text = self._where.text(event.get("delta"), "delta")
        if coming is None:
            return
        place = self._content_place(event)
        told = coming.parts.get(place)
        if told is None:
            yield from coming.add_part(place, part)
            told = coming.parts[place]
        if told.closed or not isinstance(told.begun, Text | Refusal):
            return
        yield told.more(text)
        likely = event.get("logprobs")
        if likely and isinstance(told.begun, Text):
            for entry in self._where.entries(likely, "logprobs"):
                told.logprobs += 1
                yield Amend(told.key, "logprobs", entry)

    def _text(self, event: Fields) -> Iterator[Event]:
        return self._said(event, _TEXT)

    def _refusal(self, event: Fields) -> Iterator[Event]:
        return self._said(event, _REFUSAL)

    def _cited(self, event: Fields) -> Iterator[Event]:
        coming, begun = self._coming(event, Message, _BEGUN)
        yield from begun
        told = coming.parts.get(self._content_place(event)) if coming is not None else None
        if told is not None and not told.closed and isinstance(told.begun, Text):
            told.citations += 1
            yield Amend(
                told.key, "citations", read_citation(event.get("annotation"), self._where, "annotation")
            )

    def _thought(self, event: Fields) -> Iterator[Event]:
        coming, begun = self._coming(event, Reasoning, _THOUGHT)
        yield from begun
        text = self._where.text(event.get("delta"), "delta")
        if coming is not None and coming.told is not None:
            yield coming.told.more(text)

    def _summary(self, event: Fields) -> Iterator[Event]:
        coming, begun = self._coming(event, Reasoning, _THOUGHT)
        yield from begun
        text = self._where.text(event.get("delta"), "delta")
        place = self._where.integer_or_none(event.get("summary_index"), "summary_index") or 0
        if not 0 <= place < _MAX:
            self._where.wrong("there is no such place", "summary_index")
        if coming is not None and coming.told is not None:
            yield coming.told.more_summary(text, place)

    def _arguments(self, event: Fields) -> Iterator[Event]:
        coming = self._items.get(self._place(event))
        text = self._where.text(event.get("delta"), "delta")
        if coming is None or coming.told is None or coming.done:
            return
        if isinstance(coming.item, ToolCall) or _streams(coming.item):
            yield coming.told.more(text)

    def _nothing(self, event: Fields) -> Iterator[Event]:
        """Whatever it says is said by others, too."""
        del event
        return iter(())


def _streams(item: Item) -> bool:
    kind = item.json.get("type") if isinstance(item, ServerTool) and isinstance(item.json, dict) else None
    return isinstance(kind, str) and kind in STREAMED


_TEXT = Text("")
_REFUSAL = Refusal("")
_THOUGHT: Fields = {"type": "reasoning", "summary": []}

_READERS: dict[str, Callable[[Reader, Fields], Iterable[Event]]] = {
    "response.created": Reader._begin,
    "response.queued": Reader._begin,
    "response.in_progress": Reader._begin,
    "response.completed": Reader._finish,
    "response.incomplete": Reader._finish,
    "response.failed": Reader._finish,
    "response.cancelled": Reader._finish,
    "response.done": Reader._finish,
    "error": Reader._error,
    "keepalive": Reader._ping,
    "ping": Reader._ping,
    "response.output_item.added": Reader._added,
    "response.output_item.done": Reader._item_done,
    "response.content_part.added": Reader._part_added,
    "response.content_part.done": Reader._part_done,
    "response.output_text.delta": Reader._text,
    "response.output_text.annotation.added": Reader._cited,
    "response.output_text.done": Reader._nothing,
    "response.refusal.delta": Reader._refusal,
    "response.refusal.done": Reader._nothing,
    "response.reasoning_text.delta": Reader._thought,
    "response.reasoning_text.done": Reader._nothing,
    "response.reasoning.delta": Reader._thought,
    "response.reasoning.done": Reader._nothing,
    "response.reasoning_summary_part.added": Reader._nothing,
    "response.reasoning_summary_part.done": Reader._nothing,
    "response.reasoning_summary_text.delta": Reader._summary,
    "response.reasoning_summary_text.done": Reader._nothing,
    "response.function_call_arguments.delta": Reader._arguments,
    "response.function_call_arguments.done": Reader._nothing,
    "response.custom_tool_call_input.delta": Reader._arguments,
    "response.custom_tool_call_input.done": Reader._nothing,
    "response.mcp_call_arguments.delta": Reader._arguments,
    "response.mcp_call_arguments.done": Reader._nothing,
    "response.code_interpreter_call_code.delta": Reader._arguments,
    "response.code_interpreter_call_code.done": Reader._nothing,
}
