"""Writing a stream (API reference, "Streaming events").

Created, in progress, the items in order, then the one event that ends it and holds the whole response:
completed; incomplete where a limit or a cut ended it; failed. Every event has the next number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.canonical.events import (
    Amend,
    Close,
    Delta,
    Ended,
    Event,
    Open,
    Ping,
    Remark,
    Started,
    Stopped,
)
from tokentape.protocols.canonical.fold import Fold
from tokentape.protocols.canonical.items import Message, Reasoning, Role, ServerTool, ToolCall, ToolResult
from tokentape.protocols.canonical.parts import Unknown
from tokentape.protocols.codec import HEARTBEAT, WireEvent
from tokentape.protocols.openai_responses.live_items import LiveBlock, LiveItem, LiveMessage
from tokentape.protocols.openai_responses.names import NAME
from tokentape.protocols.openai_responses.write_content import says
from tokentape.protocols.openai_responses.write_reply import (
    CUT_SHORT,
    items_of,
    write_head,
    write_reply,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tokentape.protocols.canonical.fold import Assembly
    from tokentape.protocols.canonical.parts import Part
    from tokentape.protocols.canonical.reply import Reply
    from tokentape.protocols.codec import Target
    from tokentape.protocols.openai_responses.write_items import Items
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_ASSISTANT = Message(Role.ASSISTANT, ())
_ENDS = {
    "incomplete": "response.incomplete",
    "failed": "response.failed",
    "cancelled": "response.incomplete",
}
"""By status; the API has no event for a response that was cancelled."""
_NOT_YET: tuple[str, ...] = ("completed_at", "error", "incomplete_details", "usage")


class Writer:
    """Writes one stream."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._fold = Fold()
        self._number = 0
        self._items: Items | None = None
        self._begun: Reply | None = None
        self._live: list[LiveItem] = []
        self._pending: list[LiveItem] = []
        self._head: Fields = {}
        self._by_key: dict[int, LiveItem] = {}
        self._over = False

    def write(self, event: Event) -> Iterator[WireEvent]:
        """The wire events that say it."""
        if self._over:
            return
        if type(event) is Ping:
            yield HEARTBEAT
            return
        for found in self._write(event):
            found["sequence_number"] = self._number
            self._number += 1
            yield WireEvent(str(found["type"]), found)

    def _write(self, event: Event) -> Iterable[Fields]:
        if isinstance(event, Delta | Amend | Close):
            if event.key in self._fold.blocks:
                self._fold.add(event)
            live = self._by_key.get(event.key)
            return self._more(live, event) if live is not None else ()
        if isinstance(event, Open | Stopped) and event.choice != 0:
            self._target.losses.meaning((), "other choices", "a response is one answer")
            return ()
        self._fold.add(event)
        match event:
            case Started():
                return self._start() if event.id is not None else ()
            case Open():
                return self._open(event)
            case Stopped():
                return self._settle()
            case Remark():
                return self._remark(event)
            case Ended():
                return self._end(event)
            case _:
                return ()

    def _more(self, live: LiveItem, event: Delta | Amend | Close) -> Iterable[Fields]:
        """More of an item that is open."""
        if isinstance(event, Delta):
            return live.more(event)
        return live.amended(event) if isinstance(event, Amend) else self._close(live, event.key)

    # ---- the response

    def _start(self) -> Iterator[Fields]:
        """The response begins, with what is known of it."""
        if self._begun is not None:
            return
        reply = self._fold.reply()
        self._begun = reply
        self._items = items_of(reply, self._target)
        head = write_head(reply, self._target)
        self._head = {name: head[name] for name in ("id", "created_at") if name in head}
        begun: Fields = {name: None if name in _NOT_YET else value for name, value in head.items()}
        begun |= {"status": "in_progress", "output": []}
        yield {"type": "response.created", "response": begun}
        yield {"type": "response.in_progress", "response": begun}

    def _end(self, ended: Ended) -> Iterator[Fields]:
        """The event that ends it. What a cut left open is not done, and nobody says that it is."""
        yield from self._start()
        self._over = True
        reply = self._fold.reply()
        if ended.complete and reply.failure is None:
            for live in self._pending:
                yield from live.close()
            yield from self._settle(last=True)
        body = {**write_reply(reply, self._target), **self._head}
        output = body["output"]
        for live, item in zip(self._live, output if isinstance(output, list) else [], strict=False):
            if isinstance(item, dict):
                live.named(item)
        status = body.get("status")
        kind = _ENDS.get(status, "response.completed") if isinstance(status, str) else "response.completed"
        yield {"type": kind, "response": body}

    def _remark(self, remark: Remark) -> Iterator[Fields]:
        """An event of this very dialect: progress of a tool that the provider runs."""
        if (
            remark.protocol == NAME
            and isinstance(remark.json, dict)
            and isinstance(remark.json.get("type"), str)
        ):
            yield from self._start()
            yield {name: value for name, value in remark.json.items() if name != "obfuscation"}

    # ---- items

    def _open(self, opened: Open) -> Iterator[Fields]:
        yield from self._start()
        if self._items is None:
            return
        block = self._fold.blocks[opened.key]
        begun = opened.block
        if isinstance(begun, Reasoning | ToolCall | ToolResult | ServerTool) or (
            isinstance(begun, Unknown) and opened.message is None
        ):
            live = LiveBlock(self._items, len(self._live), block)
            self._by_key[opened.key] = live
            yield from self._begin(live)
        elif not isinstance(begun, Message):
            yield from self._open_part(opened, begun, block)

    def _open_part(self, opened: Open, begun: Part, block: Assembly) -> Iterator[Fields]:
        shell = opened.message or _ASSISTANT
        live = self._live[-1] if self._live else None
        if self._items is not None and (not isinstance(live, LiveMessage) or live.shell is not shell):
            live = LiveMessage(self._items, len(self._live), shell)
            yield from self._begin(live)
        if isinstance(live, LiveMessage) and says(begun, "output_text"):
            self._by_key[opened.key] = live
            yield from live.add_part(opened.key, block)

    def _begin(self, live: LiveItem) -> Iterator[Fields]:
        """An item begins; those before it are done when they are closed."""
        for before in self._pending:
            before.after = True
        yield from self._settle()
        self._live.append(live)
        self._pending.append(live)
        yield from live.begin()

    def _close(self, live: LiveItem, key: int) -> Iterator[Fields]:
        yield from live.close_part(key) if isinstance(live, LiveMessage) else live.close()
        yield from self._settle()

    def _settle(self, *, last: bool = False) -> Iterator[Fields]:
        """Items that are closed are done; the last one only when it is known how the response ended, since
        that says whether it is whole. A message may have more parts until another item begins.
        """
        stopped = 0 in self._fold.stopped
        for live in tuple(self._pending):
            if live.is_closed and (live.after or last or (stopped and isinstance(live, LiveBlock))):
                self._pending.remove(live)
                yield from live.finish("completed" if live.after else self._status())

    def _status(self) -> str:
        """The status of the last item, by how the response ended."""
        stopped = self._fold.stopped.get(0)
        stop = stopped.stop if stopped is not None else None
        return "incomplete" if stop is not None and stop.reason in CUT_SHORT else "completed"
