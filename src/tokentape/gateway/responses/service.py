"""The Responses API of one worker. Where the upstream keeps responses, calls about them go there as they are;
all others are answered here.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tokentape.errors import UsageError
from tokentape.gateway.collecting import Collecting
from tokentape.gateway.responses import compacting
from tokentape.gateway.responses.about import About
from tokentape.gateway.responses.adopting import Adopting
from tokentape.gateway.responses.asked import read
from tokentape.gateway.responses.creating import Creating
from tokentape.gateway.responses.editing import anew, url_to_create
from tokentape.gateway.responses.errors import NotDone, refuse, tell
from tokentape.gateway.responses.jobs import Jobs
from tokentape.gateway.responses.keeping import Keeping
from tokentape.gateway.responses.lineage import expanded, stateless, with_ancestors
from tokentape.gateway.responses.store import StoreFailed
from tokentape.gateway.responses.whose import Whose

if TYPE_CHECKING:
    from collections.abc import Callable

    from tokentape.gateway.call import Call
    from tokentape.gateway.outlet import Outlet
    from tokentape.gateway.responses.answering import Answering
    from tokentape.gateway.responses.asked import Asked
    from tokentape.gateway.responses.local import Local
    from tokentape.gateway.responses.options import StateOptions
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]


class Responses:
    """Answers calls of the Responses API. `open` before the first one, `aclose` after the last."""

    def __init__(
        self, options: StateOptions, answering: Answering, clock: Callable[[], float] = time.time
    ) -> None:
        self.options = options
        self.keeping = keeping = Keeping(options, clock)
        self.jobs = jobs = Jobs(keeping, answering)
        self._answering = answering
        self._whose = whose = Whose(keeping, answering)
        self._creating = Creating(keeping, jobs, whose, answering)
        self._about = About(keeping, jobs, whose)

    async def open(self) -> None:
        """Fail what dead workers left running. Raises `UsageError` for a store that cannot be used."""
        self.keeping.begin()
        try:
            await self.jobs.bury_orphans()
        except StoreFailed as error:
            raise UsageError(str(error)) from error

    async def aclose(self, grace: float | None = None) -> None:
        """End what runs in the background, within `grace` seconds, and close the store."""
        await self.jobs.aclose(self.options.grace if grace is None else grace)
        await self._creating.aclose()
        await self.keeping.aclose()

    def adopting(self, call: Call, outlet: Outlet) -> Adopting:
        """An outlet that keeps a response that comes from the tape."""
        return Adopting(outlet, call, self.keeping, self._whose)

    async def answer(self, call: Call, outlet: Outlet, local: Local | None = None) -> None:
        """Answer a call, whatever it asks; `local` is what the WebSocket remembers over which it came."""
        try:
            match call.found.operation.name:
                case "create":
                    await self._creating.create(call, outlet, local)
                case "retrieve":
                    await self._about.retrieve(call, outlet)
                case "delete":
                    await self._about.delete(call, outlet)
                case "cancel":
                    await self._about.cancel(call, outlet)
                case "input_items":
                    await self._about.input_items(call, outlet)
                case "compact":
                    await self._compact(call, outlet)
                case "count_tokens":
                    await self._input_tokens(call, outlet)
                case name:
                    raise NotDone(404, f"The Responses API has no {name!r}.")
        except NotDone as error:
            await refuse(outlet, error)
        except StoreFailed as error:
            await refuse(outlet, NotDone(503, str(error), code="server_error"))

    async def _compact(self, call: Call, outlet: Outlet) -> None:
        """Make a conversation short."""
        if not isinstance(call.fields.get("model"), str):
            raise NotDone(400, "Missing required parameter: 'model'.", param="model")
        found = await self._whole(call, outlet)
        if found is None:
            return
        asked, items = found
        collecting = Collecting()
        summary = anew(call.incoming, url_to_create(call), compacting.asking(asked, items))
        await self._answering.answer(summary, collecting)
        reply = collecting.json
        if collecting.status >= 400 or not isinstance(reply, dict):
            await compacting.pass_on(collecting, outlet)
            return
        keeping = self.keeping
        await tell(outlet, compacting.compacted(asked, items, reply, keeping.store.seal, keeping.clock()))

    async def _input_tokens(self, call: Call, outlet: Outlet) -> None:
        """How many tokens an input has, with all that came before it."""
        found = await self._whole(call, outlet)
        if found is None:
            return
        asked, items = found
        if items != asked.items:
            body: Fields = {**stateless(call.fields), "input": items}
            call = anew(call.incoming, call.incoming.request.url, body)
        await self._answering.count(call, outlet)

    async def _whole(self, call: Call, outlet: Outlet) -> tuple[Asked, list[Json]] | None:
        """What a call about a whole conversation is about. None: its upstream keeps it, and has answered."""
        asked = read(call, self.keeping.clock())
        if await self._whose.is_for_upstream(call, asked):
            await self._answering.forward(call, outlet)
            return None
        look = self._whose.look(None)
        asked = await with_ancestors(asked, self.keeping, look)
        return asked, await expanded(asked, self.keeping, look)
