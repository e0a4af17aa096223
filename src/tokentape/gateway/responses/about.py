"""Calls about responses that were made before."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from tokentape.gateway.responses.errors import NotDone, not_found, tell
from tokentape.gateway.responses.lists import numbered, page, wanted
from tokentape.gateway.responses.stream import stream, visible
from tokentape.wire.url import split_query

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tokentape.gateway.call import Call
    from tokentape.gateway.outlet import Outlet
    from tokentape.gateway.responses.jobs import Jobs
    from tokentape.gateway.responses.keeping import Keeping
    from tokentape.gateway.responses.stored import Stored
    from tokentape.gateway.responses.whose import Whose
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]


class About:
    """Answers them. Every method raises `NotDone` and `StoreFailed`, as long as nothing was told."""

    def __init__(self, keeping: Keeping, jobs: Jobs, whose: Whose) -> None:
        self._keeping, self._jobs, self._whose = keeping, jobs, whose

    async def retrieve(self, call: Call, outlet: Outlet) -> None:
        """One response; with `stream=true` the events of one that was made in the background."""
        record = await self._whose.found(call, outlet)
        if record is None:
            return
        query = _query(call)
        if query.get("stream", [""])[-1] == "true":
            after = _after(query)
            if not record.is_background:
                why = "Only a response that was made with `background: true` can be streamed again."
                raise NotDone(400, why, param="stream")
            await stream(self._keeping, self._jobs, record.client, record.id, after, outlet)
            return
        if record.is_running and self._jobs.news(record.id) is None:
            await self._jobs.bury_orphans()
            record = await self._whose.ours(record.client, record.id) or record
        await tell(outlet, visible(record.response, {*record.include, *wanted(query)}))

    async def delete(self, call: Call, outlet: Outlet) -> None:
        """Forget a response; one that is being made is cancelled."""
        record = await self._whose.found(call, outlet)
        if record is None:
            return
        if not await self._keeping.ask(self._keeping.store.delete, record.client, record.id):
            raise not_found(record.id)
        self._jobs.stop(record.id)
        await tell(outlet, {"id": record.id, "object": "response", "deleted": True})

    async def cancel(self, call: Call, outlet: Outlet) -> None:
        """Cancel a background response; one that has ended stays as it is."""
        record = await self._whose.found(call, outlet)
        if record is None:
            return
        if not record.is_background:
            raise NotDone(400, "Only a response that was made with `background: true` can be cancelled.")
        ended = await self._jobs.cancel(record)
        if ended is None:
            raise not_found(record.id)
        await tell(outlet, visible(ended.response, ended.include))

    async def input_items(self, call: Call, outlet: Outlet) -> None:
        """What a response was made of: what came before, and its own input."""
        record = await self._whose.found(call, outlet)
        if record is not None:
            await tell(outlet, page(await self._history(record), _query(call)))

    async def _history(self, record: Stored) -> list[Fields]:
        items = numbered(record.items, record.id)
        while record.previous is not None:
            before = await self._whose.ours(record.client, record.previous)
            if before is None:
                break
            earlier = numbered(before.items, before.id)
            items = [*earlier, *numbered(before.output, f"{before.id}/output"), *items]
            record = before
        return items


def _query(call: Call) -> Mapping[str, list[str]]:
    return parse_qs(split_query(call.incoming.request.url)[1], keep_blank_values=True)


def _after(query: Mapping[str, list[str]]) -> int:
    said = query.get("starting_after", ["-1"])[-1]
    if said == "-1" or (said.isascii() and said.isdigit() and len(said) < 19):
        return int(said)
    raise NotDone(400, f"`starting_after` must be a whole number, not {said!r}.", param="starting_after")
