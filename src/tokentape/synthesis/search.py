"""Which recording serves in the other form: the next one of the same call, streamed instead of whole or the
reverse.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokentape.log import log
from tokentape.matching.duplicates import has_repeated_key
from tokentape.protocols.registry import recognise
from tokentape.protocols.synthesis import NotConvertible, synthesis_of
from tokentape.synthesis.making import form, is_made, other_form
from tokentape.wire.jsontext import JsonError
from tokentape.wire.url import host_of

if TYPE_CHECKING:
    from tokentape.matching.key import Matcher
    from tokentape.playback import Playback
    from tokentape.protocols.registry import Recognised
    from tokentape.recording import Recorder
    from tokentape.wire.interaction import Interaction
    from tokentape.wire.message import Request


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
        made = self._first(left, request, found)
        return made or self._first(self._again(series), request, found)

    def _first(self, places: list[_Place], request: Request, found: Recognised) -> Interaction | None:
        for place in places:
            made = self._made(place, request, found)
            if made is not None:
                self._playback.play(place.key, place.number)
                served = (
                    f"made a {form(streams=found.operation.stream)} reply of" if is_made(made) else "served"
                )
                log.info("%s recording %s, which was recorded the other way", served, made.id)
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
            made = form(streams=found.operation.stream)
            said = f"a recording of this call is there, but no {made} reply can be made of it: {problem}"
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
