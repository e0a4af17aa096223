"""Whether what came back is an answer. Only a whole reply is one, and only an answer is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.errors import ProtocolError
from tokentape.protocols.canonical.failure import Failure, FailureKind, broken_off
from tokentape.protocols.canonical.fold import fold
from tokentape.protocols.registry import json_of
from tokentape.protocols.streaming import EventReader
from tokentape.protocols.translation import codec_of
from tokentape.upstreams.failures import Failed, of_status, of_told
from tokentape.upstreams.refusals import plain, told_by
from tokentape.wire.body import decoded_body, decoder_for, media_type

if TYPE_CHECKING:
    from collections.abc import Callable

    from tokentape.protocols.canonical.reply import Reply
    from tokentape.protocols.codec import Source
    from tokentape.wire.message import Response


def read(response: Response, source: Source) -> Reply:
    """A reply as it means. Raises `ProtocolError` for what is none of its dialect."""
    if decoder_for(media_type(response.headers)) is None:
        body = json_of(response)
        if isinstance(body, dict):
            return codec_of(source.dialect).read_reply(body, source)
        if not (source.stream and isinstance(body, list)):  # Gemini streams an array
            raise ProtocolError(source.dialect, "", "it is no JSON object")
    reader = EventReader(source)
    return fold([*reader.feed(decoded_body(response) or b""), *reader.end()])


def judged(
    response: Response, source: Source, reads: Callable[[Response, Source], Reply] = read
) -> Reply | Failed:
    """The answer, as `reads` reads it (`read` as a rule), or why it is none: an error, a stream without its
    end, a body that nobody can read, or one that says nothing.

    A model that refuses, or stops at its limit, has answered.
    """
    if response.status >= 300:
        body = plain(response.body or b"", response.headers)
        return of_status(response.status, response.headers, told_by(response.status, body, source.dialect))
    try:
        reply = reads(response, source)
    except ProtocolError as error:
        return of_told(Failure(FailureKind.SERVER, f"the reply cannot be read: {error}", 502))
    failure = reply.failure or broken_off(reply.stop)
    if failure is not None:
        return of_told(failure)
    if not reply.complete:
        return of_told(Failure(FailureKind.INCOMPLETE, "the stream ended before its end"))
    if reply.is_nothing:
        return of_told(Failure(FailureKind.SERVER, "the reply holds no answer", 502))
    return reply
