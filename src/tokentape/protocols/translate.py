"""`translate`: what callers use of `translation` and `streaming`.

Each function takes what somebody has at hand (a body, or a request as it was recorded), finds out its
dialect unless told, and returns the result with the loss report.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tokentape.errors import ProtocolError, UsageError
from tokentape.protocols.codec import Source, Target
from tokentape.protocols.compatible import named_quirks
from tokentape.protocols.detection import dialect_of_reply, dialect_of_request
from tokentape.protocols.quirks import NO_QUIRKS
from tokentape.protocols.registry import recognise
from tokentape.protocols.streaming import StreamTranslator
from tokentape.protocols.translation import (
    Translation,
    codec_of,
    read_request,
)
from tokentape.protocols.translation import translate_reply as _reply
from tokentape.protocols.translation import write_request as _write
from tokentape.wire.message import Request

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tokentape.protocols.canonical.conversation import Conversation
    from tokentape.protocols.canonical.losses import LossReport
    from tokentape.protocols.codec import Outgoing
    from tokentape.wire.interaction import Json


def translate(
    request: Mapping[str, Json] | Request,
    to: str,
    *,
    source: str | None = None,
    model: str | None = None,
    credential: str | None = None,
    made_with: str | None = None,
    server: str | None = None,
    allow_losses: bool = False,
) -> Translation[Outgoing]:
    """A request in the dialect `to` ("anthropic", "openai.responses", ...): path, query and body.

    `source` is its dialect where neither a path nor its shape tells; `model` replaces the model; `server`
    is the name or the host of the one that will be asked, if it is one of those that differ (`compatible`);
    `made_with` and `credential` are fingerprints of the credentials that the request was made with, and
    that will be used: opaque state made with another stays behind. Raises `UnsupportedFeature` for a loss
    that changes the meaning, unless `allow_losses`; `ProtocolError` for a body that is not of its dialect;
    `UsageError` for a dialect or a server nobody knows.
    """
    quirks = NO_QUIRKS if server is None else named_quirks(server)
    target = Target(codec_of(to).dialect, model, credential=credential, quirks=quirks)
    asked = conversation_of(request, source=source, made_with=made_with)
    return _write(asked, target, allow_losses=allow_losses)


def conversation_of(
    request: Mapping[str, Json] | Request, *, source: str | None = None, made_with: str | None = None
) -> Conversation:
    """A request in canonical form. Raises as `translate` does."""
    if isinstance(request, Request):
        return _recorded(request, made_with)
    body = dict(request)
    name = source or dialect_of_request(body)
    if name is None:
        raise UsageError("the shape of the request does not tell its dialect; name it with source=")
    return read_request(body, Source(codec_of(name).dialect, credential=made_with))


def _recorded(request: Request, made_with: str | None) -> Conversation:
    found = recognise(request)
    name = found.operation.dialect
    if found.dialect is None or found.dialect.codec is None:
        raise UsageError(f"{found.operation.full_name} is recognised, but not translated")
    if not isinstance(found.body, dict):
        raise ProtocolError(name, "", "the body is no JSON object")
    operation = found.operation
    return read_request(found.body, Source(name, operation.model, operation.stream, credential=made_with))


def translate_reply(
    reply: Mapping[str, Json],
    to: str,
    *,
    source: str | None = None,
    asked: Conversation | None = None,
    allow_losses: bool = True,
) -> Translation[dict[str, Json]]:
    """A whole reply in the dialect `to`. `asked` is the request it answers, which some dialects repeat.

    It was paid for, so all losses are only reported, unless `allow_losses=False`. Raises as `translate`.
    """
    body = dict(reply)
    name = source or dialect_of_reply(body)
    if name is None:
        raise UsageError("the shape of the reply does not tell its dialect; name it with source=")
    target = replace(Target(codec_of(to).dialect), asked=asked)
    return _reply(body, Source(codec_of(name).dialect), target, allow_losses=allow_losses)


class TranslatedStream:
    """The bytes of a stream in another dialect, as they come; `losses` is what is lost so far."""

    def __init__(self, chunks: Iterable[bytes], translator: StreamTranslator) -> None:
        self._chunks = chunks
        self._translator = translator

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            if written := self._translator.feed(chunk):
                yield written
        if written := self._translator.end():
            yield written

    @property
    def losses(self) -> LossReport:
        """What could not be said."""
        return self._translator.losses


def translate_stream(
    chunks: Iterable[bytes],
    to: str,
    *,
    source: str,
    asked: Conversation | None = None,
    framing: str | None = None,
) -> TranslatedStream:
    """A streamed reply in the dialect `to`: iterate over it, and it comes as its source does.

    `framing` is found out where it is not told; "json-array" is that of Gemini's streams that are no
    server-sent events. Iterating raises `ProtocolError` for what is no stream of `source`.
    """
    target = replace(Target(codec_of(to).dialect), asked=asked)
    return TranslatedStream(
        chunks, StreamTranslator(Source(codec_of(source).dialect), target, framing=framing)
    )
