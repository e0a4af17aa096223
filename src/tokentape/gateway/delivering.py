"""An answer on its way to the client: as it came, or translated; whole, or as a stream."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tokentape.errors import ProtocolError
from tokentape.gateway.arrays import ArrayEncoder
from tokentape.gateway.forwarding import back, telling
from tokentape.gateway.priming import SLICE
from tokentape.gateway.pumping import Pulse, pump
from tokentape.gateway.shapes import Passing, Translating, stream_type
from tokentape.protocols.canonical.failure import Failure, FailureKind
from tokentape.protocols.canonical.fold import fold
from tokentape.protocols.canonical.losses import LossReport
from tokentape.protocols.canonical.unfold import unfold
from tokentape.protocols.codec import Target
from tokentape.protocols.fastjson import dumps, loads
from tokentape.protocols.framing import ENCODERS
from tokentape.protocols.streaming import EventReader
from tokentape.protocols.translation import codec_of, for_others, write_reply
from tokentape.wire.jsontext import JsonError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tokentape.gateway.arriving import Arrived
    from tokentape.gateway.call import Call
    from tokentape.gateway.outlet import Outlet
    from tokentape.protocols.canonical.conversation import Conversation
    from tokentape.protocols.canonical.events import Event
    from tokentape.protocols.canonical.reply import Reply
    from tokentape.protocols.codec import Source
    from tokentape.wire.message import Headers

NO_STORE = ("cache-control", "no-cache")


class Unreadable(Exception):
    """The upstream's whole reply is none of its dialect: `failure` says it to the client."""

    def __init__(self, problem: str) -> None:
        self.failure = Failure(FailureKind.SERVER, f"the upstream's reply cannot be read: {problem}", 502)
        super().__init__(problem)


class Failing(Unreadable):
    """The upstream's whole reply says that it failed, though its status was good: another try may do."""

    def __init__(self, failure: Failure) -> None:
        Exception.__init__(self, failure.message)
        self.failure = replace(for_others(failure), status=failure.http_status)


@dataclass(slots=True)
class Written:
    """A whole reply as the client gets it. `reply` is what it was written from, if it was translated."""

    status: int
    headers: Headers
    body: bytes
    losses: LossReport = field(default_factory=LossReport)
    reply: Reply | None = None


def whole(call: Call, arrived: Arrived) -> Written:
    """The client's form of a whole reply. Raises `Unreadable`; nothing was told to the client by then."""
    sent, prepared = arrived.sent, arrived.prepared
    body = arrived.body or b""
    if prepared.asked is None:
        headers = back(sent.headers, decoded=not arrived.is_coded)
        return Written(sent.status, (*headers, ("content-length", str(len(body)))), body)
    reply = _read(body, prepared.source)
    return written(call, reply, prepared.asked, telling(sent.headers))


def written(call: Call, reply: Reply, asked: Conversation, more: Headers = ()) -> Written:
    """A canonical reply in the client's dialect: whole, or as a stream where it asked for one. Raises
    `Unreadable` for one that says that it failed.
    """
    target = Target(call.dialect, asked=asked)
    if reply.failure is not None:
        raise Failing(reply.failure)
    if not call.stream:
        translation = write_reply(reply, target)
        headers = (("content-type", "application/json"), *more)
        body = dumps(translation.result)
        return Written(200, (*headers, ("content-length", str(len(body)))), body, translation.losses, reply)
    array = ArrayEncoder() if wants_array(call) else None
    encode = array or ENCODERS[codec_of(call.dialect).framing]
    writer = codec_of(call.dialect).writer(target)
    pieces = [encode(wire) for event in unfold(reply) for wire in writer.write(event)]
    if array is not None:
        pieces.append(array.close())
    kind = stream_type(call.dialect, as_array=array is not None)
    return Written(200, (("content-type", kind), *more), b"".join(pieces), target.losses.report, reply)


def _read(body: bytes, source: Source) -> Reply:
    try:
        fields = loads(body)
        if not isinstance(fields, dict):
            raise Unreadable("it is no JSON object")
        return codec_of(source.dialect).read_reply(fields, source)
    except (JsonError, ProtocolError) as error:
        raise Unreadable(str(error)) from error


def folded(pieces: list[bytes], source: Source) -> Reply:
    """A stream as a whole reply, for a client that asked for none. Raises `Unreadable`."""
    reader = EventReader(source)
    try:
        events = [event for piece in pieces for event in reader.feed(piece)]
        return fold([*events, *reader.end()])
    except ProtocolError as error:
        raise Unreadable(str(error)) from error


def wants_array(call: Call) -> bool:
    """True for a stream of Gemini's that shall be one JSON array."""
    return call.dialect == "gemini" and call.stream and "alt=sse" not in call.incoming.request.url


def stream_headers(call: Call, arrived: Arrived) -> Headers:
    """The head of a streamed reply."""
    if arrived.prepared.asked is None:
        return back(arrived.sent.headers)
    kind = stream_type(call.dialect, as_array=wants_array(call))
    return (("content-type", kind), NO_STORE, *telling(arrived.sent.headers))


async def stream(
    call: Call,
    arrived: Arrived,
    outlet: Outlet,
    pulse: Pulse,
    more: Headers,
    hear: Callable[[bytes], None],
    heard: list[Event] | None = None,
) -> tuple[Failure | None, LossReport]:
    """Send a stream on; what went wrong in it, and what it lost. `hear` gets its bytes, `heard` the events
    that are read of one that is translated.
    """
    prepared = arrived.prepared
    await outlet.start(arrived.sent.status, (*stream_headers(call, arrived), *more))
    if prepared.asked is None:
        passing = Passing(call.dialect, arrived.media_type)
        return await pump(arrived.sent, arrived.first, passing, outlet, pulse, hear), LossReport()
    asked, as_array = prepared.asked, wants_array(call)
    shape = Translating(prepared.source, call.dialect, asked, as_array=as_array, heard=heard)
    failure = await pump(arrived.sent, _head_first(arrived.first), shape, outlet, pulse, hear)
    return failure, shape.losses


def _head_first(chunks: list[bytes]) -> list[bytes]:
    """What came of a stream until it showed something, the first events of each chunk by themselves: one
    may hold the whole reply, and nobody waits for the first word until the last one is translated.
    """
    return [piece for data in chunks for piece in (data[:SLICE], data[SLICE:]) if piece]
