"""`generate: false`: a response without an answer, for a turn that goes on from it.

Codex warms up a WebSocket so (0.169.0): instructions and tools go first, the user's turn follows with the
id of this response. Nothing is asked upstream, since nothing is to be said, and nothing shall be paid.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.gateway.responses.shape import begun
from tokentape.gateway.responses.stream import sse, told
from tokentape.protocols.fastjson import dumps
from tokentape.protocols.openai_responses.write_usage import write_usage
from tokentape.protocols.usage import Usage

if TYPE_CHECKING:
    from tokentape.gateway.outlet import Outlet
    from tokentape.gateway.responses.asked import Asked
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]


def says_nothing(asked: Asked) -> bool:
    """True for a call that wants no answer."""
    return asked.fields.get("generate") is False


async def warm(asked: Asked, outlet: Outlet) -> None:
    """The empty response, as the call wants it. Raises `NotDone` for a request that is none."""
    first = begun(asked, "in_progress")
    last: Fields = {**first, "status": "completed", "usage": write_usage(Usage(), own=False)}
    if asked.fields.get("stream") is not True:
        await outlet.start(200, (("content-type", "application/json"),))
        await outlet.chunk(dumps(last))
        await outlet.end()
        return
    events = (("created", first), ("in_progress", first), ("completed", last))
    await outlet.start(200, (("content-type", "text/event-stream"),))
    for number, (name, response) in enumerate(events):
        _, data = told({"type": f"response.{name}", "response": response}, number)
        await outlet.chunk(sse(data))
    await outlet.end()
