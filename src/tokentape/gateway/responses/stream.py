"""Events of stored streams: their bytes, and one stream of them to a client."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from tokentape.gateway.responses.items import shown
from tokentape.gateway.responses.store import StoreFailed
from tokentape.log import log
from tokentape.protocols.fastjson import dumps, loads
from tokentape.protocols.reading import fields, text

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from tokentape.gateway.outlet import Outlet
    from tokentape.gateway.responses.jobs import Jobs
    from tokentape.gateway.responses.keeping import Keeping
    from tokentape.gateway.responses.store import Told
    from tokentape.wire.interaction import Json
    from tokentape.wire.message import Headers

    Fields = dict[str, Json]

HEARTBEAT = 15.0
"""Seconds of silence after which a client that waits hears a sign of life."""
BEAT = b": waiting\n\n"
HEAD = (("Content-Type", "text/event-stream; charset=utf-8"), ("Cache-Control", "no-cache"))


def told(found: Fields, number: int) -> Told:
    """An event as it is kept."""
    return number, dumps({**found, "sequence_number": number})


def sse(data: bytes) -> bytes:
    """An event as it goes over the wire."""
    kind = text(fields(loads(data)).get("type"))
    return b"event: " + kind.encode() + b"\ndata: " + data + b"\n\n"


def done_items(events: Iterable[Told]) -> list[Json]:
    """The items that a stream says are done."""
    found = (fields(loads(data)) for _, data in events if b"response.output_item.done" in data)
    return [event.get("item") for event in found if event.get("type") == "response.output_item.done"]


async def tail(
    keeping: Keeping, jobs: Jobs, client: str, identity: str, after: int
) -> AsyncIterator[list[Told]]:
    """The events of a response after a number, as they come, until it has ended or is gone; nothing, now and
    then, while there is none. One loop for jobs of this worker, which say when there is more, and for those
    of others, which are looked at.
    """
    store, silent = keeping.store, 0.0
    while True:
        news = jobs.news(identity)
        record = await keeping.ask(store.get, client, identity)
        events = await keeping.ask(store.told, identity, after)
        if events:
            after, silent = events[-1][0], 0.0
            yield events
        if record is None or not record.is_running:
            return
        if events:
            continue
        wait = HEARTBEAT if news is not None else keeping.options.poll
        await _either(news, wait)
        silent += wait
        if silent >= HEARTBEAT and (news is None or not news.is_set()):
            silent = 0.0
            yield []
        if news is None:
            await jobs.bury_orphans()


async def _either(news: asyncio.Event | None, seconds: float) -> None:
    """Until there is news, or the time has passed. Nothing is left waiting, however this ends."""
    if news is None:
        await asyncio.sleep(seconds)
        return
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await news.wait()


async def stream(
    keeping: Keeping,
    jobs: Jobs,
    client: str,
    identity: str,
    after: int,
    outlet: Outlet,
    more: Headers = (),
) -> None:
    """The stream of a response, from an event on. What cannot be read any more cuts it: it can be resumed."""
    await outlet.start(200, (*HEAD, *more))
    try:
        async for events in tail(keeping, jobs, client, identity, after):
            await outlet.chunk(b"".join(sse(data) for _, data in events) if events else BEAT)
    except StoreFailed as error:
        log.warning("the stream of response %s: %s", identity, error)
        await outlet.cut()
        return
    await outlet.end()


def visible(response: Fields, include: Iterable[str]) -> Fields:
    """A stored response as a client sees it that asks for it."""
    output = response.get("output")
    if not isinstance(output, list):
        return response
    return {**response, "output": [shown(item, include) for item in output]}
