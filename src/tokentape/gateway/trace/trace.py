"""What one call writes its trace into. On the hot path: references are kept, and nothing is copied."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from tokentape.wire.message import Request, Response

if TYPE_CHECKING:
    from collections.abc import Callable

    from tokentape.gateway.trace.options import TraceOptions

_EACH = 64
"""What a piece or a note takes besides its bytes, about: many small ones are bounded, too."""
_MOST_NOTES = 1_000


class Form:
    """One form of the request or of a reply. `at`: seconds since the call came.

    `pieces` are those of a stream, with their times; `left_out` counts bytes for which there was no room.
    """

    __slots__ = ("about", "at", "data", "left_out", "name", "pieces", "size", "times")

    def __init__(self, name: str, data: object, about: dict[str, object], at: float) -> None:
        self.name, self.data, self.about, self.at = name, data, about, at
        self.pieces: list[bytes] = []
        self.times: list[float] = []
        self.left_out = 0
        self.size = 0
        """Bytes of a stream that came, kept or not."""


class Note:
    """Something that happened: an attempt, a loss, a decision."""

    __slots__ = ("at", "fields", "kind")

    def __init__(self, kind: str, fields: dict[str, object], at: float) -> None:
        self.kind, self.fields, self.at = kind, fields, at


class Room:
    """Bytes that the bodies of all running calls may take together."""

    __slots__ = ("left",)

    def __init__(self, left: int) -> None:
        self.left = left


class Trace:
    """The trace of one call. Its methods never raise and never wait.

    What is given may be bytes, a `Request` or `Response` of the wire, JSON, a dataclass (a canonical
    conversation, a loss report), or a function that makes one of these: it is called in the writer's
    thread, if at all, so it must not depend on what changes later. Nothing that was given may be changed
    afterwards.
    """

    __slots__ = (
        "__weakref__", "_bodies", "_clock", "_done", "_forms", "_room", "_shared", "_start", "_take",
        "about", "at", "ended", "forms", "id", "kept", "lost_notes", "notes", "status",
    )  # fmt: skip

    is_on = True
    """False where nothing is traced: whoever would have to work for a form may look."""

    def __init__(
        self,
        id: str,
        at: float,
        options: TraceOptions,
        take: Callable[[Trace], None],
        clock: Callable[[], float] = time.perf_counter,
        shared: Room | None = None,
    ) -> None:
        self.id, self.at = id, at
        self._shared = shared or Room(options.max_trace_bytes)
        self._clock, self._take = clock, take
        self._start = clock()
        self._room = options.max_trace_bytes
        self._bodies = options.bodies
        self._done = False
        self._forms: dict[str, Form] = {}
        self.forms: list[Form] = []
        self.notes: list[Note] = []
        self.about: dict[str, object] = {}
        self.status: int | None = None
        self.ended: float | None = None
        self.kept = 0
        self.lost_notes = 0

    def form(self, name: str, data: object = None, /, **about: object) -> None:
        """One form: `client_request`, `canonical_request`, `upstream_request#1`, `upstream_reply#1`,
        `client_reply` ... `about` says more of it: `method`, `url`, `headers`, `status` for bare bytes,
        or whatever else. `data` None: the head of a stream, whose pieces follow by `chunk`.
        """
        found = Form(name, data, about, self._clock() - self._start)
        self._forms[name] = found
        self.forms.append(found)
        size = _size_of(data)
        if size and not self._keeps(size):
            found.data, found.left_out = _without_body(data), size

    def chunk(self, name: str, data: bytes, /) -> None:
        """The next piece of a stream, as it came or as it goes."""
        found = self._forms.get(name)
        if found is None:
            self.form(name)
            found = self._forms[name]
        size = len(data)
        found.size += size
        if self._keeps(size):
            found.pieces.append(data)
            found.times.append(self._clock() - self._start)
        else:
            found.left_out += size

    def note(self, kind: str, /, **fields: object) -> None:
        """Something that happened: `attempt`, `loss`, `field_rule`, `conversation`, `route`, `timing`,
        `error`, `class` ...
        """
        if len(self.notes) < _MOST_NOTES:
            self.notes.append(Note(kind, fields, self._clock() - self._start))
        else:
            self.lost_notes += 1

    def tell(self, **about: object) -> None:
        """What lists of traces show: `client`, `model`, `upstream`, `dialect`, `operation`, `session`,
        `attempts` (how many), `usage`, `cost`, `replayed`, `error`. Later values replace earlier ones.
        """
        self.about.update(about)

    def finish(self, status: int | None, /, **about: object) -> None:
        """The call is over; later calls of this do nothing. `status` None: no reply was begun."""
        if self._done:
            return
        self._done = True
        self.ended = self._clock() - self._start
        self.status = status
        self.about.update(about)
        self._shared.left += self.kept
        self._take(self)

    def elapsed(self) -> float:
        """Seconds since the call came, or that it took."""
        return self._clock() - self._start if self.ended is None else self.ended

    def _keeps(self, size: int) -> bool:
        cost = size + _EACH
        shared = self._shared
        if self._done or not self._bodies or cost > self._room or cost > shared.left:
            return False
        shared.left -= cost
        self._room -= cost
        self.kept += cost
        return True


class _NoTrace(Trace):
    """Nothing is traced."""

    __slots__ = ()
    is_on = False

    def __init__(self) -> None:
        from tokentape.gateway.trace.options import TraceOptions

        super().__init__("", 0.0, TraceOptions(enabled=False), lambda _: None)

    def form(self, name: str, data: object = None, /, **about: object) -> None:
        pass

    def chunk(self, name: str, data: bytes, /) -> None:
        pass

    def note(self, kind: str, /, **fields: object) -> None:
        pass

    def tell(self, **about: object) -> None:
        pass

    def finish(self, status: int | None, /, **about: object) -> None:
        pass


NO_TRACE: Final[Trace] = _NoTrace()
"""What a call gets where tracing is off."""


def _size_of(data: object) -> int:
    """Bytes that are known without work; what functions and objects make is bounded when it is rendered."""
    if isinstance(data, bytes | bytearray | memoryview | str):
        return len(data)
    if isinstance(data, Request | Response):
        return len(data.body or b"")
    return 0


def _without_body(data: object) -> object:
    """The head alone."""
    if isinstance(data, Request):
        return Request(data.method, data.url, data.headers, None, data.http)
    if isinstance(data, Response):
        return Response(data.status, data.reason, data.headers, None, (), data.trailers, data.http)
    return None
