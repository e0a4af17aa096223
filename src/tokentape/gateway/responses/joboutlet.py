"""Where the reply to a background response goes: into the store, event by event."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tokentape.gateway.responses.items import ids_of
from tokentape.gateway.responses.shape import ended, error_of, failed, patched, with_output
from tokentape.gateway.responses.store import StoreFailed
from tokentape.gateway.responses.stored import RUNNING, packed
from tokentape.gateway.responses.stream import told
from tokentape.gateway.responses.tee import ENDS
from tokentape.log import log
from tokentape.protocols.fastjson import json_in
from tokentape.protocols.reading import text
from tokentape.wire.body import content_encoding, decoded_body, media_type
from tokentape.wire.message import Response
from tokentape.wire.sse import SseDecoder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tokentape.gateway.responses.asked import Asked
    from tokentape.gateway.responses.keeping import Keeping
    from tokentape.gateway.responses.store import Told
    from tokentape.wire.event import StreamEvent
    from tokentape.wire.interaction import Json
    from tokentape.wire.message import Headers

    Fields = dict[str, Json]

PAUSES = (0.1, 0.5, 2.0, 5.0, 10.0)
"""Seconds between tries to keep an answer where the store fails."""
BEGUN = 2
"""The number of the first event that comes from the upstream: "created" and "queued" were told before."""


class JobOutlet:
    """Takes the reply of the exchange. It never leaves: a job is ended by cancelling it.

    `changed` is called after every write, so that those who follow the stream look again.
    """

    def __init__(self, asked: Asked, begun: Fields, keeping: Keeping, changed: Callable[[], None]) -> None:
        self._asked, self._keeping, self._changed = asked, keeping, changed
        self._number = BEGUN
        self._last = begun
        self._done: list[Json] = []
        self._pending: list[Told] = []
        self._final: tuple[str, Fields] | None = None
        self._is_running = False
        self._error: tuple[str, str] | None = None
        self._decoder: SseDecoder | None = None
        self._held: list[bytes] = []
        self._head: tuple[int, Headers] = (0, ())
        self.is_over = False

    async def start(self, status: int, headers: Headers) -> None:
        """The head."""
        self._head = (status, headers)
        if status < 400 and media_type(headers) == "text/event-stream" and not content_encoding(headers):
            self._decoder = SseDecoder()

    async def chunk(self, data: bytes) -> None:
        """Bytes of the body: the events that they complete are kept in one write."""
        if self._decoder is None:
            self._held.append(data)
        else:
            await self._keep(self._decoder.feed(data))

    async def end(self) -> None:
        """The end of the body."""
        if self._decoder is not None:
            await self._keep(self._decoder.close())
        else:
            await self._whole(b"".join(self._held))
        if not self.is_over:
            await self._break_off("the stream ended without its last event")

    async def cut(self) -> None:
        """The reply broke off."""
        await self._break_off("the reply broke off")

    async def gone(self) -> None:
        """Never."""
        await asyncio.Event().wait()

    async def fail(self, message: str, code: str = "server_error") -> None:
        """It will never end: the response says so, and its stream, too."""
        if not self.is_over:
            found = with_output(self._last, self._done)
            await self._end(failed(found, message, code=code), "response.failed")

    async def settle(self, why: str) -> None:
        """Nothing more comes. A response that did not end is failed; what a failing store did not take is
        offered again for a while, since it was paid for.
        """
        await self.fail(why)
        for pause in PAUSES:
            if not self._pending and self._final is None:
                return
            await asyncio.sleep(pause)
            await self._flush()
        if self._final is not None:
            log.warning("background response %s is lost: its store takes nothing", self._asked.id)

    async def _break_off(self, why: str) -> None:
        """It ended too early: what the upstream said of it, if anything, says more."""
        code, message = self._error or ("server_error", why)
        await self.fail(message, code)

    async def _whole(self, body: bytes) -> None:
        status, headers = self._head
        plain = decoded_body(Response(status, headers=headers, body=body)) or b""
        if status < 400 and media_type(headers) == "text/event-stream":
            await self._keep((decoder := SseDecoder()).feed(plain) + decoder.close())
            return
        found = json_in(plain)
        if status >= 400 or not isinstance(found, dict):
            code, message = error_of(found)
            await self.fail(message, code)
            return
        response = ended(patched(found, self._asked), self._keeping.clock())
        kind = f"response.{response.get('status')}"
        await self._end(response, kind if kind in ENDS else "response.completed")

    async def _keep(self, found: Iterable[StreamEvent]) -> None:
        before = len(self._pending)
        for event in found:
            json = None if event.data is None else json_in(event.data)
            if not isinstance(json, dict) or self.is_over:
                continue
            kind, response = text(json.get("type")), json.get("response")
            if kind in ENDS and isinstance(response, dict):
                await self._end(ended(patched(response, self._asked), self._keeping.clock()), kind)
            elif kind == "error":
                self._error = error_of(json)
            elif kind != "response.created":
                self._note(json, kind, response)
        if len(self._pending) > before:
            await self._flush()

    def _note(self, json: Fields, kind: str, response: Json) -> None:
        """An event, with the next number."""
        if isinstance(response, dict):
            self._last = patched(response, self._asked)
            json = {**json, "response": self._last}
        if isinstance(json.get("response_id"), str):
            json = {**json, "response_id": self._asked.id}
        if kind == "response.output_item.done":
            self._done.append(json.get("item"))
        self._pending.append(told(json, self._number))
        self._number += 1

    async def _end(self, response: Fields, kind: str) -> None:
        """The last event, and with it the whole response."""
        self.is_over = True
        status = text(response.get("status"))
        self._final = (status if status and status not in RUNNING else "completed", response)
        self._pending.append(told({"type": kind, "response": response}, self._number))
        await self._flush()

    async def _flush(self) -> None:
        """Keep what is noted, in one write. What the store does not take waits for the next."""
        keeping, identity, events = self._keeping, self._asked.id, tuple(self._pending)
        change, tell = keeping.store.change, keeping.store.tell
        try:
            if self._final is not None:
                status, found = self._final
                output = found.get("output")
                names = ids_of(output if isinstance(output, list) else [])
                await keeping.ask(change, identity, status, packed(found), names, events)
            elif not self._is_running:
                found = {**self._last, "status": "in_progress"}
                await keeping.ask(change, identity, "in_progress", packed(found), (), events)
                self._is_running = True
            else:
                await keeping.ask(tell, identity, events)
        except StoreFailed as error:
            log.warning("background response %s waits: %s", identity, error)
            return
        del self._pending[: len(events)]
        self._final = None
        self._changed()
