"""Counting the tokens of an input."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.errors import ProtocolError
from tokentape.gateway.responses.editing import anew
from tokentape.gateway.responses.errors import NotDone
from tokentape.gateway.responses.lineage import stateless
from tokentape.protocols.canonical.estimate import Estimate, estimate
from tokentape.protocols.codec import Source
from tokentape.protocols.openai_responses.names import NAME
from tokentape.protocols.translation import read_request

if TYPE_CHECKING:
    from tokentape.gateway.call import Call
    from tokentape.gateway.responses.answering import Answering
    from tokentape.wire.interaction import Json


async def tokens_of(answering: Answering, call: Call, url: str, items: list[Json]) -> Estimate:
    """The upstream's own count where it has one, else the labelled estimate. Raises `NotDone`."""
    body = {**stateless(call.fields), "input": items}
    try:
        conversation = read_request(body, Source(NAME))
    except ProtocolError as error:
        raise NotDone(400, str(error)) from error
    counted = await answering.count(anew(call.incoming, url, body)) if call.model else None
    return estimate(conversation) if counted is None else Estimate(counted, "counted")
