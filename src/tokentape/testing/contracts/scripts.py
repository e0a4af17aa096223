"""What a server may do to a caller, and what must be on the tape afterwards.

The same cases for every HTTP library; nothing here knows one.
"""

from __future__ import annotations

import gzip
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tokentape.testing.provider import Cut as HangUp
from tokentape.testing.provider import Framing, Provider, Reset, Script, Send, SendHead, SendRaw, Stall
from tokentape.testing.provider.faults import (
    cut,
    late,
    mislabelled,
    preceded,
    reset,
    split,
    stall,
    with_trailers,
)
from tokentape.testing.provider.script import reply
from tokentape.wire.interaction import How

if TYPE_CHECKING:
    from collections.abc import Callable

    from tokentape.wire.message import Headers

WHOLE, RAW = -1, -2
"""How a caller reads: all at once, decoded; or raw chunks to the end. n >= 0: leaves after n chunks."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One call to make through the library under test.

    `reads` is `WHOLE`, `RAW`, or after how many raw chunks to close the response. `timeout` in seconds, for
    reading. `on_chunk` is called with each raw chunk at the moment the caller has it.
    """

    url: str
    method: str = "POST"
    headers: Headers = (("content-type", "application/json"),)
    body: bytes | None = b'{"model":"m","messages":[]}'
    reads: int = RAW
    timeout: float = 10.0
    on_chunk: Callable[[bytes], None] | None = None


@dataclass(frozen=True, slots=True)
class Got:
    """What the caller got. `chunks`: raw, or the whole decoded body as one; `error`: class name and text.

    `facts` may hold whatever else of the library's response must be the same when replayed.
    """

    status: int | None = None
    reason: str = ""
    headers: Headers = ()
    chunks: tuple[bytes, ...] = ()
    error: tuple[str, str] | None = None
    facts: dict[str, object] = field(default_factory=dict)

    @property
    def body(self) -> bytes:
        """All the bytes."""
        return b"".join(self.chunks)


@dataclass(frozen=True, slots=True)
class Case:
    """A script, how it is asked for, and the ends that may be on the tape afterwards.

    `body`: what the tape must hold of the body, None where it has none or no reply came. With `fails` the
    caller must see an exception.
    """

    name: str
    script: Script
    body: bytes | None
    ends: frozenset[How] = frozenset({How.EOF})
    method: str = "POST"
    reads: int = RAW
    timeout: float = 10.0
    fails: bool = False

    def plan(self, provider: Provider) -> None:
        """Have the provider play it, however often it is asked."""
        provider.play(self.script, times=None)


TEXT = b"".join(b'data: {"n":%d,"text":"h\xc3\xa9llo"}\n\n' % n for n in range(12)) + b"data: [DONE]\n\n"
EVENTS = tuple(TEXT[at : at + 40] for at in range(0, len(TEXT), 40))
SSE = (("content-type", "text/event-stream"),)
BINARY = bytes(range(256)) * 40


def _stream(framing: Framing = Framing.CHUNKED) -> Script:
    return reply(EVENTS, headers=SSE, framing=framing)


def _coded(name: str, data: bytes) -> Script:
    pieces = [data[at : at + 30] for at in range(0, len(data), 30)]
    return reply(pieces, headers=(*SSE, ("content-encoding", name)), framing=Framing.CHUNKED)


GZIPPED = gzip.compress(TEXT, mtime=0)
DEFLATED = zlib.compress(TEXT)
CUT = frozenset({How.CUT, How.PROTOCOL_ERROR, How.RESET})
LOST = frozenset({How.RESET, How.CUT, How.UNKNOWN})
LATE = frozenset({How.READ_TIMEOUT})
LEFT = frozenset({How.CLOSED_BY_CALLER})

WHOLE_REPLIES = (
    Case("length", reply(TEXT, content_type="application/json"), TEXT),
    Case("length, read at once", reply(TEXT, content_type="application/json"), TEXT, reads=WHOLE),
    Case("chunked", _stream(), TEXT),
    Case("until close", _stream(Framing.CLOSE), TEXT),
    Case("split at every byte", split(1, gap=0)(_stream()), TEXT),
    Case("split inside characters", split(7, gap=0.0005)(_stream()), TEXT),
    Case("empty", reply(b""), b""),
    Case("empty chunked", reply(b"", framing=Framing.CHUNKED), b""),
    Case("no content", reply(b"", 204, framing=Framing.AS_GIVEN), None),
    Case("head", reply(TEXT), None, method="HEAD"),
    Case("get", reply(BINARY, content_type="application/octet-stream"), BINARY, method="GET"),
    Case("not found", reply(b'{"error":{}}', 404), b'{"error":{}}', reads=WHOLE),
    Case("overloaded", reply(b"later", 529, (("retry-after", "3"), ("x-should-retry", "true"))), b"later"),
    Case("own reason", reply(b"x", reason="Fine By Me"), b"x"),
    Case(
        "repeated headers", reply(b"x", headers=(("set-cookie", "a=1"), ("set-cookie", "b=2; Path=/"))), b"x"
    ),
    Case("latin-1 header", reply(b"x", headers=(("x-name", "caf\xe9"),)), b"x"),
    Case("invalid utf-8", reply(b"\xff\xfe\x00", content_type="text/plain; charset=utf-8"), b"\xff\xfe\x00"),
    Case("gzip, raw", _coded("gzip", GZIPPED), GZIPPED),
    Case("gzip, decoded", _coded("gzip", GZIPPED), GZIPPED, reads=WHOLE),
    Case("deflate, decoded", _coded("deflate", DEFLATED), DEFLATED, reads=WHOLE),
    Case("large", reply(BINARY * 100, content_type="image/png"), BINARY * 100),
    Case("interim head first", preceded(103)(_stream()), TEXT),
    Case("trailers", with_trailers(("x-checksum", "1"))(_stream()), TEXT),
)

BROKEN_REPLIES = (
    Case("cut by length", cut(at=50)(reply(TEXT)), TEXT[:50], CUT, fails=True),
    Case("cut in a chunked body", cut(after=3)(_stream()), TEXT[:120], CUT, fails=True),
    Case("cut after the head", cut(at=0)(_stream()), b"", CUT, fails=True),
    Case("cut, read at once", cut(at=50)(reply(TEXT)), TEXT[:50], CUT, reads=WHOLE, fails=True),
    Case("promised more", mislabelled(600)(Script((*reply(TEXT), HangUp()))), TEXT, CUT, fails=True),
    Case("cut inside gzip", cut(at=60)(_coded("gzip", GZIPPED)), GZIPPED[:60], CUT, fails=True),
    Case("reset in the body", reset(after=3)(_stream()), TEXT[:120], CUT | LOST, fails=True),
    Case("stalled in the body", stall(None, after=3)(_stream()), TEXT[:120], LATE, timeout=0.2, fails=True),
    Case("silent", late(None)(_stream()), None, LATE, timeout=0.2, fails=True),
    Case("cut before the head", Script.of(HangUp()), None, CUT, fails=True),
    Case("reset before the head", Script.of(Reset()), None, CUT | LOST, fails=True),
    Case("no http", Script.of(SendRaw(b"what is this\r\n\r\n"), HangUp()), None, CUT, fails=True),
    Case(
        "broken chunk", Script.of(
            SendHead(200, (("transfer-encoding", "chunked"),), framing=Framing.AS_GIVEN),
            SendRaw(b"5\r\nhello\r\n"), SendRaw(b"zz\r\n"), HangUp(),
        ), b"hello", CUT, fails=True,
    ),
)  # fmt: skip

OPEN_ENDED = Script.of(
    SendHead(200, SSE, framing=Framing.CHUNKED), *(Send(piece, gap=0.01) for piece in EVENTS[:3]), Stall(None)
)

LEFT_EARLY = (
    Case("left at once", OPEN_ENDED, b"", LEFT, reads=0),
    Case("left after one chunk", OPEN_ENDED, None, LEFT, reads=1),
    Case("left after two chunks", OPEN_ENDED, None, LEFT, reads=2),
)
