"""The calls that every stack records and every other one replays, and what the server does to them."""

from __future__ import annotations

import gzip
from dataclasses import dataclass

from stack_calls import Call

from tokentape.testing.provider import Framing, Script, Send, SendHead, Stall, redirect, reply
from tokentape.testing.provider.faults import cut, reset, stall

EVENTS = [b'data: {"choices": [{"delta": {"content": "h\xc3\xa9 %d"}}]}\n\n' % n for n in range(6)]
EVENTS.append(b"data: [DONE]\n\n")
SSE = (("content-type", "text/event-stream"), ("x-request-id", "req_1"))
JSON = (("content-type", "application/json"), ("set-cookie", "a=1; Path=/"), ("set-cookie", "b=2; Path=/"))
PLAIN = b'{"choices":  [{"message": {"content": "h\xc3\xa9"}}]}\n'
CODED = gzip.compress(b"".join(EVENTS), mtime=0)


def stream(pieces=EVENTS, *more, framing=Framing.CHUNKED):
    return reply(pieces, headers=(*SSE, *more), framing=framing)


@dataclass(frozen=True)
class Case:
    """A name, the calls in order, what the server plays for each, and the fault that all callers see."""

    name: str
    calls: tuple[Call, ...]
    scripts: tuple[Script, ...]
    fault: str | None = None
    statuses: tuple[int, ...] = (200,)


def one(name, script, fault=None, status=200, **call):
    asked = Call("/v1/chat/completions", **{"body": _question(name), **call})
    return Case(name, (asked,), (script,), fault, (status,))


def _question(name):
    return b'{"model": "m", "messages": [{"role": "user", "content": "%b"}], "stream": true}' % name.encode()


_BUSY = (("retry-after", "1"), ("content-type", "application/json"))
_AGAIN = Call("/v1/chat/completions", body=_question("busy"))

CASES = (
    one("plain", reply(PLAIN, headers=JSON)),
    one("empty", reply(b"")),
    one("stream", stream()),
    one("until close", stream(framing=Framing.CLOSE)),
    one("gzip", stream([CODED[:30], CODED[30:]], ("content-encoding", "gzip"))),
    one("no content", reply(b"", 204, framing=Framing.AS_GIVEN), status=204),
    one("head", reply(PLAIN, headers=JSON), method="HEAD", body=None),
    one("get", reply(PLAIN, headers=JSON), method="GET", body=None),
    one("error", reply(b'{"error": {"message": "no"}}', 429, _BUSY), status=429),
    one("cut", cut(after=3)(stream()), fault="cut"),
    one("cut by length", cut(at=20)(reply(PLAIN)), fault="cut"),
    one("silent after two", stall(None, after=2)(stream()), fault="timeout", timeout=0.3),
    Case("busy", (_AGAIN, _AGAIN), (reply(b"{}", 503, _BUSY), reply(PLAIN, headers=JSON)), None, (503, 200)),
    Case(
        "redirect", (Call("/v1/here", "GET", None),),
        (redirect("/v1/there", 302), reply(PLAIN, headers=JSON)),
    ),
)  # fmt: skip

OPEN_ENDED = Script.of(
    SendHead(200, SSE, framing=Framing.CHUNKED), *(Send(piece, gap=0.01) for piece in EVENTS[:3]), Stall(None)
)
LEFT = one("left early", OPEN_ENDED, leaves=1)
RESET = one("reset", reset(after=3)(stream()), fault="reset")
