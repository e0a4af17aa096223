"""Recorded interactions as scripts: what a provider once sent, sent again."""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tokentape.testing.provider.script import Cut, Framing, Reset, Script, Send, SendHead, SendTrailers, Step
from tokentape.wire.interaction import How
from tokentape.wire.message import header

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tokentape.testing.provider.seen import Seen
    from tokentape.wire.interaction import Interaction
    from tokentape.wire.message import Headers, Request, Response

Sent = tuple[str, str, bytes]
"""Method, path with query, body: what a recording is found by."""


class Recorded:
    """Recordings waiting to be asked for; equal requests are answered in the order given."""

    def __init__(self, interactions: Iterable[Interaction]) -> None:
        self._lock = threading.Lock()
        self._waiting: defaultdict[Sent, deque[Script]] = defaultdict(deque)
        for interaction in interactions:
            self._waiting[_sent(interaction.request)].append(script_of(interaction))

    def take(self, seen: Seen) -> Script | None:
        """The next recording of this request; None if none is left."""
        with self._lock:
            waiting = self._waiting.get((seen.method, seen.origin_form, seen.body or b""))
            return waiting.popleft() if waiting else None

    def __len__(self) -> int:
        """How many recordings were not asked for."""
        return sum(map(len, self._waiting.values()))


def script_of(interaction: Interaction) -> Script:
    """What came in the recording: head, pieces, trailers, and the cut or reset it ended with."""
    return Script(_steps(interaction))


def _steps(interaction: Interaction) -> Iterator[Step]:
    response, how = interaction.response, interaction.ended.how
    broken = how in (How.CUT, How.RESET) or response is None
    if response is not None:
        yield _head(response, interaction.request.method, broken=broken)
        for piece in _pieces(response):
            yield Send(piece)
        if response.trailers and not broken:
            yield SendTrailers(response.trailers)
    if broken:
        yield Reset() if how is How.RESET else Cut()


def _head(response: Response, method: str, *, broken: bool) -> SendHead:
    headers = response.headers
    if not broken and response.body is not None and method != "HEAD":
        headers = _fitting(headers, len(response.body))
    flush = len(response.chunks) > 1
    return SendHead(response.status, headers, response.reason, Framing.AS_GIVEN, flush=flush)


def _fitting(headers: Headers, length: int) -> Headers:
    """The fields, with a content-length that fits: recordings of decoded bodies keep the coded length."""
    if header(headers, "content-length") in (None, str(length)):
        return headers
    return tuple(
        (name, str(length) if name.lower() == "content-length" else value) for name, value in headers
    )


def _pieces(response: Response) -> list[bytes]:
    return [piece for piece in response.pieces() if piece] or [response.body or b""]


def _sent(request: Request) -> Sent:
    parts = urlsplit(request.url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return request.method, target, request.body or b""
