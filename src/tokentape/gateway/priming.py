"""The start of a stream, before anything of it is shown: only until then can another upstream be asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tokentape.errors import ProtocolError
from tokentape.protocols.canonical.events import (
    Counted,
    Delta,
    Ended,
    Failed,
    Open,
    Ping,
    Remark,
    Started,
    Stopped,
)
from tokentape.protocols.canonical.items import Message, Reasoning
from tokentape.protocols.canonical.parts import Refusal, Text
from tokentape.protocols.streaming import EventReader

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tokentape.protocols.canonical.events import Event
    from tokentape.protocols.canonical.failure import Failure
    from tokentape.protocols.codec import Source
    from tokentape.upstreams.sending import Sent

LONGEST = 65_536
"""Bytes of a start that are held; what is longer is shown, whatever it says."""

SLICE = 1_024
"""Bytes that are read at a time: some events, one of which has something to show as a rule."""

_SILENT = (Started, Ping, Remark, Counted, Stopped)
"""What shows nothing. A reason to stop comes before the error or the end that it is the reason of."""


@dataclass(slots=True)
class Start:
    """What came before something was to be shown: its chunks, and why it stopped there."""

    chunks: list[bytes] = field(default_factory=list)
    failure: Failure | None = None
    ended: bool = False
    complete: bool = False
    problem: str = ""
    """Why it is no stream of its dialect, if it is none."""


async def start_of(sent: Sent, source: Source, framing: str | None) -> Start:
    """Read until there is something to show, an error, or the end. Raises `SendFailed`."""
    start, reader, size = Start(), EventReader(source, framing), 0
    while size <= LONGEST:
        data = await sent.chunk()
        try:
            if not data:
                start.ended = True
                _judge(start, reader.end())
                return start
            start.chunks.append(data)
            size += len(data)
            for at in range(0, len(data), SLICE):  # a chunk may hold the whole reply
                if _judge(start, reader.feed(data[at : at + SLICE])):
                    return start
        except ProtocolError as error:
            start.problem = str(error)
            return start
    return start


def _judge(start: Start, events: Iterable[Event]) -> bool:
    """True once nothing needs to be waited for."""
    for event in events:
        if isinstance(event, Failed):
            start.failure = event.failure
            return True
        if isinstance(event, Ended):
            start.complete = event.complete
            return True
        if _shows(event):
            return True
    return False


def _shows(event: Event) -> bool:
    """True for what a client would see: words, thoughts, calls. A role, or an empty beginning, is not."""
    if isinstance(event, _SILENT):
        return False
    if isinstance(event, Delta):
        return bool(event.text)
    if isinstance(event, Open):
        block = event.block
        if isinstance(block, Text | Refusal):
            return bool(block.text)
        if isinstance(block, Reasoning):
            return bool(block.text or block.summary)
        return not isinstance(block, Message)
    return True
