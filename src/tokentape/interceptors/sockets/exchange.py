"""One forwarded call as its raw reply comes in: a `Forward` is told of head, pieces and end.

Nothing is held back from the caller: this only listens. A chunk that arrives in parts is told as one piece,
since that is what clients hand on; where the reply stops inside it, as far as it came.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.interceptors import ending
from tokentape.interceptors.http1.deframing import Deframer
from tokentape.interceptors.http1.torn import told
from tokentape.interceptors.sockets.faults import read_fault
from tokentape.wire.interaction import How, WireError

if TYPE_CHECKING:
    from tokentape.outcomes import Forward


class Exchange:
    """Listens to one connection for one reply. `is_over`: nothing more will be told."""

    def __init__(self, forward: Forward) -> None:
        self.is_over = False
        self._forward = forward
        self._deframer = Deframer(forward.request.method)
        self._has_head = False
        self._parts: list[bytes] = []

    def received(self, data: bytes) -> None:
        """Raw bytes came."""
        if self.is_over:
            return
        pieces = self._deframer.feed(data)
        if not self._has_head and self._deframer.head is not None:
            self._begin()
        if pieces:
            self._note(pieces)

    def hung_up(self) -> None:
        """The other side closed the connection."""
        if self._deframer.complete or self._deframer.until_close:
            self._end(How.EOF)
        else:
            how = How.PROTOCOL_ERROR if self._deframer.broken else How.CUT
            self._end(how, self._torn(*self._lack()))

    def failed(self, error: BaseException) -> None:
        """Reading failed."""
        how, told_error = read_fault(error)
        if told_error is not None:
            told_error = self._torn(told_error.type, told_error.message)
        self._end(how, told_error)

    def closed(self) -> None:
        """The caller is done: because the reply is complete, cannot be read, or is not wanted any more."""
        if self._deframer.complete:
            self._end(How.EOF)
        elif self._deframer.broken:
            self._end(How.PROTOCOL_ERROR, self._torn(*self._lack()))
        else:
            self._end(How.CLOSED_BY_CALLER)

    def dropped(self) -> None:
        """The garbage collector found the reply: as `closed`, told later where nothing is complete."""
        if self.is_over:
            return
        self._flush()
        self.is_over = True
        ending.abandon(self._forward)

    def stopped(self, how: How, error: WireError | None) -> None:
        """The call failed before anything could be read."""
        self._end(how, error)

    def _begin(self) -> None:
        head = self._deframer.head
        if head is None or head.status == 101:
            self._forward.leave("switched protocols (101)", warn=True)
            self.is_over = True
            return
        self._has_head = True
        self._forward.start(*head)

    def _note(self, pieces: list[bytes]) -> None:
        """Tell whole pieces; keep the last one back while its chunk is open."""
        if self.is_over:
            return
        if not self._parts and not self._deframer.inside_chunk:  # whole ones only, as nearly always
            for piece in pieces:
                self._forward.chunk(piece)
            return
        self._parts.append(pieces[0])
        for piece in pieces[1:]:
            self._flush()
            self._parts.append(piece)
        if not self._deframer.inside_chunk:
            self._flush()

    def _flush(self) -> None:
        if self._parts:
            self._forward.chunk(b"".join(self._parts))
            self._parts.clear()

    def _end(self, how: How, error: WireError | None = None) -> None:
        if self.is_over:
            return
        self.is_over = True
        self._flush()
        ending.end(self._forward, how, error, self._deframer.trailers)

    def _lack(self) -> tuple[str, str]:
        """The name and text of the error that http.client has for this."""
        if self._deframer.head is not None:
            return "IncompleteRead", "the connection ended before the reply did"
        if self._deframer.torn.tail:
            return "BadStatusLine", "what came is no HTTP"
        return "RemoteDisconnected", "Remote end closed connection without response"

    def _torn(self, name: str, text: str) -> WireError:
        return WireError(name, told(text, self._deframer.torn))
