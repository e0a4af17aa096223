"""Views of a body: its media type, the bytes without their content coding, the events of a stream.

Nothing here changes a message; headers for a changed body come from `fitted`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.wire.codecs import codings, decode_content, encode_content
from tokentape.wire.event import Decoder, StreamEvent, decode
from tokentape.wire.eventstream import EventStreamDecoder, starts_message
from tokentape.wire.jsonarray import JsonArrayDecoder
from tokentape.wire.message import Headers, Request, Response, header, without
from tokentape.wire.multipart import Part, multipart_parts
from tokentape.wire.ndjson import NdjsonDecoder
from tokentape.wire.parameters import parameters
from tokentape.wire.sse import SseDecoder

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "Part",
    "charset",
    "content_encoding",
    "decode_content",
    "decoded_body",
    "decoder_for",
    "encode_content",
    "events_of",
    "fitted",
    "media_type",
    "multipart_parts",
]

_DECODERS: dict[str, Callable[[], Decoder]] = {
    "text/event-stream": SseDecoder,
    "application/vnd.amazon.eventstream": EventStreamDecoder,
    **dict.fromkeys(
        (
            "application/x-ndjson",
            "application/ndjson",
            "application/jsonl",
            "application/x-jsonl",
            "application/jsonlines",
            "application/x-jsonlines",
            "application/json-lines",
            "application/stream+json",
        ),
        NdjsonDecoder,
    ),
}
_VAGUE = frozenset({"", "text/plain", "application/json", "application/octet-stream"})
_SSE_STARTS = (b"data:", b"event:", b"id:", b"retry:", b": ", b":\n", b":\r")
_MAGIC = {"gzip": b"\x1f\x8b", "x-gzip": b"\x1f\x8b", "zstd": b"\x28\xb5\x2f\xfd"}
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\r"))


def media_type(headers: Headers) -> str:
    """The media type, lower case, without parameters; "" where none is stated."""
    return (header(headers, "content-type") or "").partition(";")[0].strip().lower()


def charset(headers: Headers) -> str:
    """The charset parameter of the media type, lower case; "" where none is stated."""
    return parameters(header(headers, "content-type") or "").get("charset", "").lower()


def content_encoding(headers: Headers) -> str:
    """The content codings, lower case, as "gzip" or "gzip, br"; "" for none and identity."""
    values = [value for name, value in headers if name.lower() == "content-encoding"]
    return ", ".join(codings(",".join(values))) if values else ""


def decoded_body(message: Request | Response) -> bytes | None:
    """The body without its content coding; None if there is no body or no way to read it.

    A body that was cut gives what can be decoded: callers who stop at the last event leave nearly
    every compressed stream without its end. Where the codec is missing, the view that the file
    shows serves. A body that says it is coded but is plain (both are common in the wild, and in
    recordings made above a decoding library) is returned as it is.
    """
    body, encoding = message.body, content_encoding(message.headers)
    if not body or not encoding:
        return body
    decoded = decode_content(body, encoding)
    if decoded is None and isinstance(message, Response):
        decoded = message.decoded
    if decoded is None and _plain(body, encoding):
        return body
    return decode_content(body, encoding, partial=True) if decoded is None else decoded


def _plain(body: bytes, encoding: str) -> bool:
    """True if a body that cannot be decoded was never encoded: no magic number, or readable text."""
    magic = _MAGIC.get(codings(encoding)[-1])
    if magic is not None:
        return not magic.startswith(body[: len(magic)])
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return body.translate(None, _CONTROLS) == body


def decoder_for(media: str) -> Decoder | None:
    """A new decoder for streams of this media type; None if it is not a type of streams."""
    make = _DECODERS.get(media)
    return make() if make else None


def events_of(response: Response) -> list[StreamEvent]:
    """The events of a streamed reply, from its decoded body; [] for a reply that is no stream.

    The body is looked at where the type names no stream: recordings lose the type, and servers send
    SSE as plain text or JSON. A JSON array gives its elements: only the dialect knows if it is a
    stream (Gemini) or a value.
    """
    body = decoded_body(response)
    if not body:
        return []
    media = media_type(response.headers)
    decoder = decoder_for(media) or (_by_look(body) if media in _VAGUE else None)
    return decode(decoder, (body,)) if decoder else []


def _by_look(body: bytes) -> Decoder | None:
    start = body[:64].removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(_SSE_STARTS):
        return SseDecoder()
    if start.startswith(b"["):
        return JsonArrayDecoder()
    return EventStreamDecoder() if starts_message(body) else None


def fitted(headers: Headers, body: bytes | None, *, decoded: bool = False) -> Headers:
    """The headers for a message that now has this body: Content-Length, where stated, is its length.

    `decoded`: the body has lost its content coding, and Content-Encoding goes.
    """
    kept = without(headers, "content-encoding") if decoded else headers
    length = str(len(body or b""))
    return tuple((name, length if name.lower() == "content-length" else value) for name, value in kept)
