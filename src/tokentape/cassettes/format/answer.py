"""The part of a block that a replay needs: what came back, how it ended, when. The request is not read.

A replayed request is equal to the recorded one, so parsing the recorded one again would only cost time;
and a reply that nobody edited is as we wrote it, so nothing in it is checked again. Anything else goes the
long way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypedDict, cast

from tokentape.cassettes.format.checks import RESPONSE, untouched_reply
from tokentape.cassettes.format.coding import read_body
from tokentape.cassettes.format.folding import MARK
from tokentape.cassettes.format.jsonform import quick_json
from tokentape.cassettes.format.layout import read_object
from tokentape.cassettes.format.sselines import cut_untouched
from tokentape.wire.interaction import Ended, How, Interaction, Timing, WireError
from tokentape.wire.message import Response

if TYPE_CHECKING:
    from tokentape.cassettes.format.index import Entry
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


_HOW = {how.value: how for how in How}


class Reply(NamedTuple):
    """What a replay needs of an interaction."""

    response: Response | None
    ended: Ended
    timing: Timing

    def to(self, request: Request, entry: Entry) -> Interaction:
        """The interaction of `entry` with `request` in place of its own."""
        return Interaction(entry.id, request, self.response, self.ended, self.timing, entry.key)


def parse_reply(data: bytes, entry: Entry, path: str) -> Reply | None:
    """The reply of `entry`, which points into the file `data`; None where somebody edited the block."""
    start = untouched_reply(data, entry.start, entry.end)
    if start < 0:
        return None
    text = data[start : entry.end].decode()
    text, stream = cut_untouched(text)
    parsed = cast("_Block", read_object("{" + text[_COMMA:], path))
    reply = parsed["response"]
    response = None if reply is None else _response(reply, stream, folded=MARK in text)
    return Reply(response, _ended(parsed["ended"]), _timing(parsed["timing"]))


_COMMA = RESPONSE.index('"')


def _response(reply: _Reply, stream: bytes | None, *, folded: bool) -> Response:
    form = reply["body"]
    body = None if folded or stream is not None else quick_json(form)
    view = None
    if body is None:
        shown = read_body(form, folded=folded, view=stream)
        body, view = shown.body, shown.view
    return Response(
        reply["status"],
        reply["reason"],
        cast("tuple[tuple[str, str], ...]", tuple(map(tuple, reply["headers"]))),
        body,
        tuple(reply["chunks"]),
        cast("tuple[tuple[str, str], ...]", tuple(map(tuple, reply["trailers"]))),
        reply["http"],
        view,
    )


def _ended(ended: _Ended) -> Ended:
    error = ended["error"]
    wire = None if error is None else WireError(error["type"], error["message"])
    return Ended(_HOW[ended["how"]], ended["terminal"], wire)


def _timing(timing: _Timing) -> Timing:
    return Timing(timing["at"], timing["head_ms"], tuple(timing["chunk_ms"]))
