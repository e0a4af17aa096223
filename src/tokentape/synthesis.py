"""A recording in the other form: a whole reply for a call that streams, a stream for one that does not.

Only with `synthesize=True`, only where no recording of the call itself is left, and never silently: the
reply says so in the header `x-tokentape-synthesized` ("stream" or "whole", what it was made into), the
deck counts it, and it is logged. Not made: a form of a stream that did not come to its end.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tokentape.log import log
from tokentape.matching.duplicates import has_repeated_key
from tokentape.protocols.dialect import Kind
from tokentape.protocols.payload import payloads
from tokentape.protocols.registry import is_complete, recognise
from tokentape.protocols.synthesis import Asked, NotConvertible
from tokentape.protocols.unfolding import dumped
from tokentape.wire.body import decoded_body
from tokentape.wire.interaction import CALLER_STOPPED, Ended, How, Timing
from tokentape.wire.jsontext import JsonError, parse
from tokentape.wire.message import without
from tokentape.wire.url import host_of

if TYPE_CHECKING:
    from tokentape.matching.key import Matcher
    from tokentape.playback import Playback
    from tokentape.protocols.payload import Payload
    from tokentape.protocols.registry import Recognised
    from tokentape.protocols.synthesis import Synthesis
    from tokentape.recording import Recorder
    from tokentape.wire.interaction import Interaction, Json
    from tokentape.wire.message import Headers, Request, Response

HEADER = "x-tokentape-synthesized"

_OF_THE_BODY = (
    "content-type",
    "content-length",
    "content-encoding",
    "transfer-encoding",
    "trailer",
    "etag",
    "content-md5",
    "digest",
    "content-digest",
    "repr-digest",
)
"""Header fields that describe a body which is not sent."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a recording is in the playback, whether it was asked for as a stream, and its host."""

    key: str
    number: int
    streams: bool
    host: str


class OtherForm:
    """Finds and makes the other form of recorded replies, for one deck and under its lock.

    Recordings are compared by the key of their request without what says how the reply shall come. They
    are read once for that, at the first call that needs it.
    """

    def __init__(self, playback: Playback, recorder: Recorder, repeat: str) -> None:
        self._playback = playback
        self._recorder = recorder
        self._repeat = repeat
        self._places: dict[str | None, list[_Place]] | None = None
        self._refused: dict[int, str] = {}
        self._turns: dict[str, int] = {}

    def take(self, request: Request, found: Recognised) -> Interaction | None:
        """The next recording of the same call in the other form, made into the form asked for.

        In the order of the recordings; what was played is not played again unless `repeat` says so, and
        what cannot be made is passed over. None if nothing is left. Raises `CassetteError`.
        """
        series = self._series(request, found)
        left = [place for place in series if self._playback.is_waiting(place.key, place.number)]
        host = host_of(request.url)
        left.sort(key=lambda place: place.host != host)
        for place in [*left, *self._again(series)]:
            made = self._made(place, request, found)
            if made is not None:
                self._playback.play(place.key, place.number)
                log.info("made a %s of recording %s", _form(streams=found.operation.stream), made.id)
                return made
        return None

    def why_not(self, request: Request, found: Recognised) -> str:
        """Why `take` gave None, where a recording in the other form is there; else ""."""
        series = self._series(request, found)
        refused = [self._refused[place.number] for place in series if place.number in self._refused]
        if refused:
            return refused[0]
        if series:
            return "every recording of this call, streamed or not, was played already"
        return ""

    def _series(self, request: Request, found: Recognised) -> list[_Place]:
        """The recordings of this call in the other form, in order; what mentions a credential that another
        call taught is stored without it, so that form of the request is looked for as well.
        """
        if synthesis_of(found) is None:
            return []
        if self._places is None:
            self._places = self._index()
        for known in (self._recorder.redacted(request), self._recorder.request_as_stored(request)):
            key = neutral_key(self._recorder.matcher, known)
            series = [place for place in self._places.get(key, ()) if place.streams != found.operation.stream]
            if series:
                return series
        return []

    def _index(self) -> dict[str | None, list[_Place]]:
        places: dict[str | None, list[_Place]] = {}
        for key, number, taped in self._playback.everything():
            neutral = None if key.startswith("id:") else neutral_key(self._recorder.matcher, taped.request)
            if neutral is not None:
                streams = recognise(taped.request).operation.stream
                place = _Place(key, number, streams, host_of(taped.request.url))
                places.setdefault(neutral, []).append(place)
        return places

    def _again(self, series: list[_Place]) -> list[_Place]:
        """What comes when all were played: the last one, or all again from the first."""
        played = [place for place in series if place.number not in self._refused]
        if self._repeat == "error" or not played:
            return []
        if self._repeat == "last":
            return [played[-1]]
        name = f"{played[0].key}:{played[0].streams}"
        turn = self._turns.get(name, 0)
        self._turns[name] = turn + 1
        return [played[turn % len(played)]]

    def _made(self, place: _Place, request: Request, found: Recognised) -> Interaction | None:
        if place.number in self._refused:
            return None
        try:
            return other_form(self._playback.at(place.number), request, found)
        except NotConvertible as problem:
            form = _form(streams=found.operation.stream)
            said = f"a recording of this call is there, but no {form} reply can be made of it: {problem}"
            self._refused[place.number] = said
            log.info("%s", said)
            return None


def neutral_key(matcher: Matcher, request: Request) -> str | None:
    """The key of a redacted request whichever way its reply comes; None if it can come one way only."""
    found = recognise(request)
    synthesis = synthesis_of(found)
    body = found.body
    if synthesis is None or not isinstance(body, dict) or has_repeated_key(request.body or b"", body):
        return None
    try:
        neutral = synthesis.neutral(request, body)
    except JsonError:
        return None
    return None if neutral is None else matcher.key(neutral)


def synthesis_of(found: Recognised) -> Synthesis | None:
    """How the replies to this call turn into their other form; None where nobody knows."""
    if found.dialect is None or found.dialect.synthesis is None or found.operation.kind is not Kind.GENERATE:
        return None
    return found.dialect.synthesis()


def other_form(taped: Interaction, request: Request, found: Recognised) -> Interaction:
    """The recording as the answer to `request`, which asks for the form that was not recorded.

    Error replies, faults, and what came in the form asked for anyway, are left as they are. Raises
    `NotConvertible`.
    """
    synthesis = synthesis_of(found)
    if synthesis is None:
        raise NotConvertible(f"{found.operation.full_name} has one form only")
    if taped.response is None and taped.ended.how in CALLER_STOPPED:
        raise NotConvertible("the recorded caller gave up before a reply came")
    if taped.response is None or taped.response.status >= 300:
        return replace(taped, request=request)
    stream = payloads(taped.response, asked=not found.operation.stream)
    if (stream is not None) is found.operation.stream:
        return replace(taped, request=request)
    _check_whole(taped, recognise(taped.request))
    if stream is None:
        response = _streamed(taped.response, synthesis, Asked(request.url, _fields(found)))
    else:
        response = _whole(taped.response, synthesis, stream)
    total = (taped.timing.head_ms or 0) + sum(taped.timing.chunk_ms)
    return replace(
        taped,
        request=request,
        response=response,
        ended=Ended(How.EOF, True if stream is None else None),
        timing=Timing(taped.timing.at, total),
        origin="synthesized",
    )


def _check_whole(taped: Interaction, found: Recognised) -> None:
    """A reply that did not come to its end, or nobody knows whether it did, has no other form."""
    if (
        taped.response is None
        or not taped.ended.whole
        or is_complete(found.operation, taped.response) is False
    ):
        raise NotConvertible(f"it is not complete (ended: {taped.ended.how})")


def _fields(found: Recognised) -> dict[str, Json]:
    return found.body if isinstance(found.body, dict) else {}


def _streamed(recorded: Response, synthesis: Synthesis, asked: Asked) -> Response:
    """The events as one chunk each."""
    try:
        reply = parse(decoded_body(recorded) or b"")
    except JsonError:
        raise NotConvertible("the reply is no JSON, or its coding cannot be read here") from None
    if not isinstance(reply, dict):
        raise NotConvertible("the reply is no JSON object")
    events = synthesis.unfold(reply, asked)
    headers = _fitted(recorded.headers, synthesis.stream_type(asked), _form(streams=True))
    return replace(
        recorded,
        headers=headers,
        body=b"".join(events),
        chunks=tuple(map(len, events)),
        trailers=(),
        decoded=None,
    )


def _whole(recorded: Response, synthesis: Synthesis, stream: list[Payload]) -> Response:
    body = dumped(synthesis.fold(stream))
    headers = _fitted(recorded.headers, synthesis.whole_type, _form(streams=False))
    headers = (*headers, ("Content-Length", str(len(body))))
    return replace(recorded, headers=headers, body=body, chunks=(len(body),), trailers=(), decoded=None)


def _fitted(headers: Headers, media: str, form: str) -> Headers:
    return (*without(headers, *_OF_THE_BODY, HEADER), ("Content-Type", media), (HEADER, form))


def _form(*, streams: bool) -> str:
    return "stream" if streams else "whole"
