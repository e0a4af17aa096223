"""What the deck answers to a request, in a form that any HTTP library's driver can play.

    Replay    a recording: play it through the library's own response
    Miss      no recording fits: the same, with a reply that explains it (status 400)
    Forward   send it, and tell what comes back

None of them knows an HTTP library; no driver of a library knows a mode, a key or a store.
"""

from __future__ import annotations

import time
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import ReferenceType, ref

from tokentape.errors import ReplayIncomplete
from tokentape.wire.body import decoded_body
from tokentape.wire.interaction import CALLER_STOPPED, Ended, How, Interaction, Timing, WireError
from tokentape.wire.message import Headers, Request, Response, header, without
from tokentape.wire.url import host_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tokentape.matching.explain import Explanation
    from tokentape.wire.interaction import Json


@dataclass(frozen=True, slots=True)
class Data:
    """Hand these bytes to the caller as one chunk."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Wait:
    """Let this many seconds pass (only when replaying at the recorded pace)."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Fail:
    """Raise the library's own exception for this fault."""

    how: How
    error: WireError | None


@dataclass(frozen=True, slots=True)
class Incomplete:
    """Raise this: the recorded caller stopped here, so what comes next was never seen."""

    error: ReplayIncomplete


Step = Data | Wait | Fail | Incomplete


@dataclass(frozen=True, slots=True)
class Served:
    """The headers and the steps of a reply, fitted to the codecs the client has."""

    headers: Headers
    steps: tuple[Step, ...]
    report: Callable[[ReplayIncomplete], None] | None = None

    def __iter__(self) -> Iterator[Step]:
        for step in self.steps:
            if self.report is not None and isinstance(step, Incomplete):
                self.report(step.error)
            yield step


class Answer:
    """A reply from the tape: what `Replay` and `Miss` have in common.

    `pace` keeps the recorded times; `report` hears of a read past the recorded end.
    """

    __slots__ = ("_pace", "_report", "interaction")

    def __init__(
        self,
        interaction: Interaction,
        *,
        pace: bool = False,
        report: Callable[[ReplayIncomplete], None] | None = None,
    ) -> None:
        self.interaction = interaction
        self._pace = pace
        self._report = report

    @property
    def fault(self) -> Fail | None:
        """The fault to raise before any head, where no response came; else None."""
        if self.interaction.response is not None:
            return None
        return Fail(self.interaction.ended.how, self.interaction.ended.error)

    @property
    def delay(self) -> float:
        """Seconds to let pass before the head (or the fault)."""
        return (self.interaction.timing.head_ms or 0) / 1000 if self._pace else 0.0

    @property
    def response(self) -> Response:
        """The recorded response. Raises `LookupError` where `fault` says there is none."""
        if self.interaction.response is None:
            raise LookupError("no response was recorded: raise the fault instead")
        return self.interaction.response

    @property
    def status(self) -> int:
        """The status code."""
        return self.response.status

    @property
    def reason(self) -> str:
        """The reason phrase."""
        return self.response.reason

    @property
    def http(self) -> str:
        """The protocol version: "1.0", "1.1", "2"."""
        return self.response.http

    @property
    def trailers(self) -> Headers:
        """The trailer fields."""
        return self.response.trailers

    def serve(self, codecs: frozenset[str]) -> Served:
        """The reply for a client that can decode `codecs` (names as in Content-Encoding, lower case).

        A client without the recorded codec gets the decoded body, with headers that fit it; but where the
        recorded client lacked it too (it did not accept the coding), the coded bytes are what it got.
        """
        response = self.response
        pieces, headers = response.pieces(), response.headers
        coding = header(headers, "content-encoding") if response.body else None
        if coding is not None and self._had(_codings(coding) - codecs):
            plain = decoded_body(response) or b""
            pieces, headers = [plain], _as_identity(headers, len(plain))
        played = self._paced(pieces) if self._pace else map(Data, pieces)
        return Served(headers, (*played, *self._end()), self._report)

    def _had(self, codings: set[str]) -> bool:
        """True if the recorded client may have decoded one of `codings`: it said so, or said nothing."""
        accepted = self.interaction.request.header("accept-encoding")
        return bool(codings) and (accepted is None or not {"*", *codings}.isdisjoint(_codings(accepted)))

    def _paced(self, pieces: list[bytes]) -> Iterator[Step]:
        waits = self.interaction.timing.chunk_ms
        for number, piece in enumerate(pieces):
            if number < len(waits) and waits[number]:
                yield Wait(waits[number] / 1000)
            yield Data(piece)

    def _end(self) -> tuple[Step, ...]:
        ended = self.interaction.ended
        if ended.how is How.EOF or (ended.how in CALLER_STOPPED and ended.whole):
            return ()
        if ended.how not in CALLER_STOPPED:
            return (Fail(ended.how, ended.error),)
        return (Incomplete(self._incomplete("stopped reading here", "what came next")),)

    def gave_up(self) -> ReplayIncomplete:
        """What to raise for a `fault` that the recorded caller chose; it is reported, too."""
        error = self._incomplete("gave up before a reply came", "the reply")
        if self._report is not None:
            self._report(error)
        return error

    def _incomplete(self, what: str, unseen: str) -> ReplayIncomplete:
        taped = self.interaction
        return ReplayIncomplete(
            f"recording {taped.id} ({taped.request.method} to {host_of(taped.request.url)}): the recorded "
            f"caller {what} ({taped.ended.how}), so {unseen} was never seen; record the call again"
        )


class Replay(Answer):
    """A recording that fits the request. `live`: the same call is to be sent, too, unseen by the program."""

    __slots__ = ("live",)

    def __init__(
        self,
        interaction: Interaction,
        *,
        pace: bool = False,
        report: Callable[[ReplayIncomplete], None] | None = None,
        live: Forward | None = None,
    ) -> None:
        super().__init__(interaction, pace=pace, report=report)
        self.live = live


class Miss(Answer):
    """No recording fits: a native error reply that says why, whatever the library."""

    __slots__ = ("explanation",)

    def __init__(self, explanation: Explanation | None, request: Request, reply: Response) -> None:
        super().__init__(Interaction("", request, reply, Ended(How.EOF), Timing("")))
        self.explanation = explanation


class Forward:
    """A call on its way to the real server, filled in by the driver as the reply comes.

    `start` at the head, `chunk` for each piece as it arrives, `end` or `leave` once (later ones are ignored);
    `sent` before, where a driver waits or tries several times.
    None of them raises, and none keeps the program waiting for a store before the end.
    """

    __slots__ = (
        "__weakref__", "_began", "_chunks", "_done", "_head", "_head_at", "_keep", "_leave", "_times",
        "at", "exact", "identity", "key", "metadata", "request",
    )  # fmt: skip

    def __init__(
        self,
        request: Request,
        at: float,
        keep: Callable[[Forward, Interaction], None],
        leave: Callable[[Forward, str, bool], None] = lambda forward, why, warn: None,
    ) -> None:
        self.request = request
        self.at = at
        self.key = ""
        self.exact: str | None = None
        self.identity: str | None = None
        self.metadata: Mapping[str, Json] = {}
        self._keep = keep
        self._leave = leave
        self._began = time.perf_counter()
        self._head: tuple[int, str, Headers, str] | None = None
        self._head_at = 0.0
        self._chunks: list[bytes] = []
        self._times: list[float] = []
        self._done = False

    @property
    def is_pending(self) -> bool:
        """True from the decision to send until the head came, or the call failed."""
        return self._head is None and not self._done

    def sent(self) -> None:
        """It goes out now, perhaps once more: times count from here, and what came of an earlier try is no
        part of it.
        """
        self._began = time.perf_counter()
        self._head = None
        self._chunks, self._times = [], []

    def start(self, status: int, reason: str, headers: Headers, http: str = "1.1") -> None:
        """The response head came."""
        self._head = (status, reason, headers, http)
        self._head_at = time.perf_counter()

    def chunk(self, data: bytes) -> None:
        """A piece of the body came."""
        self._chunks.append(data)
        self._times.append(time.perf_counter())

    def end(self, how: How, error: WireError | None = None, trailers: Headers = ()) -> None:
        """The call is over."""
        if self._done:
            return
        self._done = True
        self._keep(self, self._interaction(how, error, trailers))
        self._chunks, self._times = [], []

    def leave(self, why: str, *, warn: bool) -> None:
        """The call is over and there is nothing to record: `why` completes the sentence "POST to host ...";
        empty: who asked says so.

        It is counted; with `warn` it is a trouble of the recording, too.
        """
        if not self._done:
            self._done = True
            self._leave(self, why, warn)

    def drop(self) -> None:
        """Another process has this call in hand: nothing that happens to the copy here is recorded."""
        self._done = True

    def so_far(self) -> Interaction | None:
        """The call as it would be if its caller left now; None before the head and after the end.

        Another thread may be reading: what came is looked at once.
        """
        if self._head is None or self._done:
            return None
        return self._interaction(How.CLOSED_BY_CALLER, None, ())

    def _interaction(self, how: How, error: WireError | None, trailers: Headers) -> Interaction:
        times = tuple(self._times)
        pieces = tuple(self._chunks[: len(times)])
        response = self._response(pieces, trailers)
        if response is not None and how in CALLER_STOPPED and _framing_is_done(response):
            how = How.EOF
        return Interaction(
            id=self.identity or "",
            request=self.request,
            response=response,
            ended=Ended(how, None, error),
            timing=self._timing(times[: len(pieces)]),
            key=self.key,
            exact=self.exact,
            metadata=self.metadata,
        )

    def _response(self, pieces: tuple[bytes, ...], trailers: Headers) -> Response | None:
        if self._head is None:
            return None
        status, reason, headers, http = self._head
        bodyless = not pieces and (self.request.method == "HEAD" or status in (204, 304))
        body = None if bodyless else b"".join(pieces)
        return Response(status, reason, headers, body, tuple(map(len, pieces)), trailers, http)

    def _timing(self, times: tuple[float, ...]) -> Timing:
        marks = [self._head_at, *times]
        gaps = tuple(_milliseconds(late - early) for early, late in zip(marks, times, strict=False))
        head = _milliseconds(self._head_at - self._began) if self._head else None
        return Timing(_iso(self.at), head, gaps)


Outcome = Replay | Miss | Forward

_underway: ContextVar[tuple[ReferenceType[Forward], ...]] = ContextVar("tokentape_underway", default=())


def put_underway(forward: Forward) -> None:
    """Note in this context, and those made of it, that `forward` was told to go out."""
    _underway.set((*_pending(), ref(forward)))


def is_underway() -> bool:
    """True if a call of this context was told to go out, and no head came back yet: what connects may."""
    return bool(_pending())


def _pending() -> tuple[ReferenceType[Forward], ...]:
    noted = _underway.get()
    return tuple(one for one in noted if (forward := one()) is not None and forward.is_pending)


def _codings(value: str | None) -> set[str]:
    """The names in a Content-Encoding or Accept-Encoding value; a quality of 0 counts as not named."""
    names = (part.lower().replace(" ", "") for part in (value or "").split(","))
    named = {name.partition(";")[0] for name in names if not name.endswith((";q=0", ";q=0.0"))}
    return named - {"", "identity"}


def _framing_is_done(response: Response) -> bool:
    """Content-Length says that the body ended, so a caller who left then missed nothing."""
    length = header(response.headers, "content-length")
    return length is not None and length.strip() == str(len(response.body or b""))


def _as_identity(headers: Headers, length: int) -> Headers:
    bare = without(headers, "content-encoding", "content-length")
    return (*bare, ("Content-Length", str(length)))


def _milliseconds(seconds: float) -> int:
    return max(0, round(seconds * 1000))


def _iso(at: float) -> str:
    whole, micro = divmod(round(at * 1_000_000), 1_000_000)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole)) + f".{micro:06d}Z"
