"""The output dialect is a choice of its own: a client may ask in one dialect and hear the answer in another.

    X-Tokentape-Output: anthropic.messages

The reply is restated at the client's very edge. What goes upstream, what is recorded and what is replayed is
what the same request has without the choice, so a tape serves every output.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from tokentape.errors import ProtocolError, UsageError
from tokentape.gateway.doors import GENERATES
from tokentape.gateway.forwarding import in_a_field
from tokentape.gateway.outlet import SignOfLife
from tokentape.gateway.shapes import no_stream, stream_type
from tokentape.protocols.canonical.failure import Failure, FailureKind
from tokentape.protocols.canonical.losses import LossReport
from tokentape.protocols.codec import Source, Target
from tokentape.protocols.fastjson import dumps, json_in
from tokentape.protocols.streaming import StreamTranslator
from tokentape.protocols.translation import codec_of, for_others, read_request, write_reply
from tokentape.wire.body import decode_content, media_type
from tokentape.wire.message import header, without

if TYPE_CHECKING:
    from tokentape.gateway.call import Call
    from tokentape.gateway.outlet import Outlet
    from tokentape.wire.interaction import Json
    from tokentape.wire.message import Headers

_JSON = "application/json"
_LOSSES = "x-tokentape-losses"
_BODILY = ("content-type", "content-length", "content-encoding")


def restated(outlet: Outlet, call: Call) -> Outlet:
    """The outlet for a call: the one given, unless the client named an output of another dialect. Raises
    `UsageError` for a name that is no dialect, and for what has no answer to restate; `ProtocolError` for a
    request that is none of its dialect.
    """
    output = call.incoming.naming.output
    if output is None or output == call.dialect:
        return outlet
    if output not in GENERATES:
        near = get_close_matches(output, GENERATES, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(GENERATES)}"
        raise UsageError(f"X-Tokentape-Output: {output!r} is no dialect; {hint}")
    if call.fields.get("background") is True:
        raise UsageError("X-Tokentape-Output: a response in the background is polled in its own dialect")
    return Restated(outlet, call, output)


class Restated:
    """An outlet that takes a reply of the call's dialect and tells it in another."""

    def __init__(self, outlet: Outlet, call: Call, output: str) -> None:
        self._outlet, self._call, self._output = outlet, call, output
        self._source = Source(call.dialect, call.model or None, call.stream)
        self._asked = read_request(call.fields, self._source)
        self._stream: StreamTranslator | None = None
        self._status = 200
        self._headers: Headers = ()
        self._body = bytearray()
        self._lost = LossReport()
        self._coding = ""
        """That of a recorded reply; a coded stream is read at its end."""
        self._is_over = False

    async def start(self, status: int, headers: Headers) -> None:
        """The head; that of a whole reply waits for its body."""
        kind = media_type(headers)
        self._coding = header(headers, "content-encoding") or ""
        array = kind == _JSON and self._call.dialect == "gemini" and self._call.stream
        if status >= 300 or (kind == _JSON and not array):
            self._status, self._headers = status, headers
            return
        framing = "json-array" if array else None
        self._stream = StreamTranslator(self._source, self._target(), framing=framing)
        head = ("content-type", stream_type(self._output, as_array=False))
        await self._outlet.start(status, (head, *without(headers, *_BODILY)))

    async def chunk(self, data: bytes) -> None:
        """Bytes of the body."""
        if self._stream is None or (self._coding and not isinstance(data, SignOfLife)):
            self._body += data
        elif isinstance(data, SignOfLife):
            if not self._is_over and (ping := self._stream.ping()):
                await self._outlet.chunk(SignOfLife(ping))
        elif not self._is_over:
            await self._fed(self._stream, data)

    async def end(self) -> None:
        """The end of the body."""
        if self._stream is None:
            status, fields = self._whole()
            body = dumps(fields)
            about: Headers = (("content-type", _JSON), ("content-length", str(len(body))))
            await self._outlet.start(status, (*about, *self._about()))
            await self._outlet.chunk(body)
        else:
            await self._ended(self._stream)
        await self._outlet.end()

    async def _ended(self, stream: StreamTranslator) -> None:
        if self._coding:
            await self._fed(stream, self._plain())
        if not self._is_over and (out := stream.end()):
            await self._outlet.chunk(out)

    def _plain(self) -> bytes:
        data = bytes(self._body)
        return (decode_content(data, self._coding) or data) if self._coding else data

    def _about(self) -> Headers:
        """The fields of a whole reply, with what the restating lost besides."""
        headers = without(self._headers, *_BODILY)
        if not len(self._lost):
            return headers
        said = [header(headers, _LOSSES) or "", *(str(loss) for loss in self._lost.losses[:5])]
        return (*without(headers, _LOSSES), (_LOSSES, in_a_field("; ".join(filter(None, said)))))

    async def cut(self) -> None:
        """The reply broke off."""
        await self._outlet.cut()

    async def gone(self) -> None:
        """Returns once the client has left."""
        await self._outlet.gone()

    async def _fed(self, stream: StreamTranslator, data: bytes) -> None:
        try:
            out = stream.feed(data)
        except ProtocolError as error:
            self._is_over = True
            out = stream.fail(no_stream(error))
        if out:
            await self._outlet.chunk(out)

    def _target(self) -> Target:
        return Target(self._output, asked=self._asked)

    def _whole(self) -> tuple[int, Json]:
        codec = codec_of(self._output)
        body = json_in(self._plain())
        if self._status >= 300:
            failure = codec_of(self._call.dialect).read_failure(self._status, body)
            return codec.write_failure(for_others(failure))
        try:
            if not isinstance(body, dict):
                raise ProtocolError(self._call.dialect, "", "it is no JSON object")
            reply = codec_of(self._call.dialect).read_reply(body, self._source)
            if reply.failure is not None:
                return codec.write_failure(for_others(reply.failure))
            translation = write_reply(reply, self._target())
            self._lost = translation.losses
            return 200, translation.result
        except ProtocolError as error:
            return codec.write_failure(Failure(FailureKind.SERVER, f"the reply cannot be read: {error}", 502))
