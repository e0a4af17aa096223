"""How a stream that is passed on as it is ends in an error: with the one event of its dialect for that."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tokentape.protocols.canonical.events import Ended, Failed
from tokentape.protocols.codec import Target, WireEvent
from tokentape.protocols.framing import ENCODERS
from tokentape.protocols.translation import codec_of

if TYPE_CHECKING:
    from tokentape.protocols.canonical.failure import Failure
    from tokentape.wire.interaction import Json

_NUMBERED = re.compile(rb'"sequence_number":\s*(\d{1,9})')
_STARTS = frozenset({"message-start"})
"""Events that begin a stream, which has begun already (Cohere's)."""


def broken(dialect: str, failure: Failure, said: bytes) -> bytes:
    """The event, framed. `said` is what the client heard last."""
    codec = codec_of(dialect)
    if dialect == "openai.responses":
        wires = [_error(failure, said)]
    else:
        writer = codec.writer(Target(dialect))
        wires = [*writer.write(Failed(failure)), *writer.write(Ended(False))]
    encode = ENCODERS[codec.framing]
    return b"".join(encode(wire) for wire in wires if wire.name not in _STARTS)


def _error(failure: Failure, said: bytes) -> WireEvent:
    """As OpenAI documents it, and as it sends it, which is what its SDK raises: with `error` as well."""
    _, fields = codec_of("openai.responses").write_failure(failure)
    error = fields.get("error")
    inner: dict[str, Json] = error if isinstance(error, dict) else {"message": failure.message}
    told: dict[str, Json] = {
        "code": inner.get("code") or inner.get("type"),
        "message": failure.message,
        "param": inner.get("param"),
    }
    numbers = _NUMBERED.findall(said)
    number = int(numbers[-1]) + 1 if numbers else 0
    return WireEvent("error", {"type": "error", **told, "error": inner, "sequence_number": number})
