"""The part of a block that a replay needs: what came back, how it ended, when. The request is not read.

A replayed request is equal to the recorded one, so parsing the recorded one again would only cost time;
and a reply that nobody edited is as we wrote it, so nothing in it is checked again. Anything else goes the
long way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict, cast

from tokentape.cassettes.format.checks import RESPONSE, is_untouched
from tokentape.cassettes.format.coding import read_body
from tokentape.cassettes.format.folding import is_folded
from tokentape.cassettes.format.layout import read_object
from tokentape.cassettes.format.sselines import cut_stream
from tokentape.wire.interaction import Ended, How, Interaction, Timing, WireError
from tokentape.wire.message import Response

if TYPE_CHECKING:
    from tokentape.wire.interaction import Json
    from tokentape.wire.message import Request

    class _Reply(TypedDict):
        status: int
        reason: str
        http: str
        headers: list[tuple[str, str]]
        trailers: list[tuple[str, str]]
        body: Json
        chunks: list[int]

    class _Ended(TypedDict):
        how: str
        terminal: bool | None
        error: dict[str, str] | None

    class _Timing(TypedDict):
        at: str
        head_ms: int | None
        chunk_ms: list[int]

    class _Block(TypedDict):
        response: _Reply | None
        ended: _Ended
        timing: _Timing


def parse_answer(block: str, path: str, id: str, key: str, request: Request) -> Interaction | None:
    """The interaction, with `request` in place of its own; None where somebody edited the block."""
    if not is_untouched(block):
        return None
    rest, stream = cut_stream(block)
    data = cast("_Block", read_object("{" + rest[rest.find(RESPONSE) + 2 :], path))
    reply = data["response"]
    response = None if reply is None else _response(reply, stream, folded=is_folded(rest))
    return Interaction(id, request, response, _ended(data["ended"]), _timing(data["timing"]), key)


def _response(reply: _Reply, stream: bytes | None, *, folded: bool) -> Response:
    shown = read_body(reply["body"], folded=folded, view=stream)
    return Response(
        reply["status"],
        reply["reason"],
        tuple([(name, value) for name, value in reply["headers"]]),
        shown.body,
        tuple(reply["chunks"]),
        tuple([(name, value) for name, value in reply["trailers"]]),
        reply["http"],
        shown.view,
    )


def _ended(ended: _Ended) -> Ended:
    error = ended["error"]
    return Ended(
        How(ended["how"]),
        ended["terminal"],
        None if error is None else WireError(error["type"], error["message"]),
    )


def _timing(timing: _Timing) -> Timing:
    return Timing(timing["at"], timing["head_ms"], tuple(timing["chunk_ms"]))
