"""One try: prepare, sign, send, and wait until it is clear whether it is an answer or a failure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tokentape.errors import ProtocolError, UnsupportedFeature, UsageError
from tokentape.gateway.agents import advice_for
from tokentape.gateway.deadlines import Within
from tokentape.gateway.preparing import Prepared, prepare
from tokentape.gateway.priming import start_of
from tokentape.gateway.telemetry.spans import NO_ATTEMPT
from tokentape.protocols.canonical.failure import Failure, FailureKind
from tokentape.protocols.translation import for_others
from tokentape.upstreams.asking import ask
from tokentape.upstreams.failures import Failed, FailureClass, of_auth, of_status, of_told, of_wire
from tokentape.upstreams.refusals import LONGEST_ERROR, plain, told_by
from tokentape.upstreams.sending import SendFailed
from tokentape.upstreams.upstream import AuthFailed
from tokentape.wire.body import content_encoding, decode_content, media_type
from tokentape.wire.interaction import How
from tokentape.wire.message import Response, without
from tokentape.wire.quick import quick

if TYPE_CHECKING:
    from tokentape.gateway.asking import Asking, Fetching
    from tokentape.gateway.giving import Giving
    from tokentape.gateway.telemetry.spans import AttemptSpan
    from tokentape.gateway.trace.trace import Trace
    from tokentape.upstreams.sending import Sender, Sent
    from tokentape.upstreams.upstream import Candidate, Credential
    from tokentape.wire.message import Headers

LONGEST_REPLY = 256 << 20
"""Bytes of a reply that is read whole before it goes on."""

REDIRECTED = "the upstream answered with a redirect, which is not followed: mend its base_url"
"""To a client it would say where to send its key next."""

_STREAMS = frozenset(
    {
        "text/event-stream",
        "application/x-ndjson",
        "application/ndjson",
        "application/stream+json",
        "application/vnd.amazon.eventstream",
    }
)


@dataclass(slots=True)
class Arrived:
    """An answer: whole in `body`, or a stream that has begun with `first`."""

    sent: Sent
    prepared: Prepared
    body: bytes | None = None
    first: list[bytes] = field(default_factory=list)
    media_type: str = ""
    is_coded: bool = False
    """True where the body has a content coding that cannot be undone here; it goes on with it."""

    @property
    def is_stream(self) -> bool:
        """True if more may come."""
        return self.body is None


@quick
@dataclass(frozen=True, slots=True)
class Trying:
    """What a try needs besides the call: who sends, what loses, who listens."""

    sender: Sender
    strict: bool
    trace: Trace
    number: int
    left: float | None
    """Seconds until the answer must have begun."""
    fetching: Fetching | None = None
    span: AttemptSpan = NO_ATTEMPT

    async def arrive(
        self,
        asking: Asking,
        candidate: Candidate,
        credential: Credential,
        giving: Giving | None = None,
    ) -> Arrived | Failed:
        """Ask once. What goes wrong comes back as data; cancelled, it leaves nothing open.

        `giving` puts in what the upstream needs back.
        """
        try:
            prepared = await self._prepared(asking, candidate, credential, giving)
        except (ProtocolError, UnsupportedFeature, UsageError) as error:
            return unprepared(error, asking.call.incoming.request.headers)
        if self.span is not NO_ATTEMPT:
            request = prepared.request
            passed = request.with_headers(self.span.passed_on(request.headers))
            prepared = replace(prepared, request=passed)
        if self.trace.is_on and self.number == 1 and not prepared.is_same:
            self.trace.form("canonical_request", asking.conversation)
        if self.trace.is_on:
            self.trace.form(f"upstream_request#{self.number}", prepared.request)
        try:
            with Within(self.left):
                return await self._sent(candidate, credential, prepared)
        except TimeoutError:
            late = SendFailed(How.READ_TIMEOUT, f"no answer began within {self.left:.3g} seconds")
            return of_wire(late)

    async def _prepared(
        self, asking: Asking, candidate: Candidate, credential: Credential, giving: Giving | None
    ) -> Prepared:
        """The request. What its URLs show is fetched where the upstream's API takes no URLs (case 26); but
        not for one that is offline.
        """
        fetching = self.fetching if candidate.upstream.cassette is None else None
        try:
            return prepare(asking, candidate, credential.name, strict=self.strict, giving=giving)
        except UnsupportedFeature:
            if fetching is None or not await asking.fetched(fetching):
                raise
        return prepare(asking, candidate, credential.name, strict=self.strict, giving=giving)

    async def _sent(
        self, candidate: Candidate, credential: Credential, prepared: Prepared
    ) -> Arrived | Failed:
        upstream = candidate.upstream
        try:
            sent = await ask(self.sender, upstream, credential, prepared.request)
        except AuthFailed as error:
            return of_auth(error)
        except SendFailed as error:
            return of_wire(error)
        arrived: Arrived | Failed | None = None
        try:
            arrived = await self._judged(sent, prepared)
        except SendFailed as error:
            arrived = of_wire(error, begun=True)
        finally:
            if not (isinstance(arrived, Arrived) and arrived.is_stream):
                sent.close()
        return arrived

    async def _judged(self, sent: Sent, prepared: Prepared) -> Arrived | Failed:
        name = f"upstream_reply#{self.number}"
        self.trace.form(name, None, status=sent.status, headers=sent.headers)
        if 300 <= sent.status < 400:
            text = f"{REDIRECTED} ({sent.status})"
            told = Failure(FailureKind.SERVER, text, 502)
            return Failed(FailureClass.configuration_error, text, sent.status, failure=told)
        if sent.status >= 400:
            data = plain(await sent.read(LONGEST_ERROR), sent.headers)
            self.trace.chunk(name, data)
            failed = of_status(sent.status, sent.headers, told_by(sent.status, data, prepared.source.dialect))
            return _as_it_came(failed, sent, data) if prepared.is_same else _abroad(failed)
        kind, coding = media_type(sent.headers), content_encoding(sent.headers)
        if is_stream(kind, prepared):
            if not coding:
                return await self._begun(sent, prepared, kind, name)
            return Arrived(sent, prepared, is_coded=True) if prepared.is_same else _coded(coding)
        data = await sent.read(LONGEST_REPLY)
        decoded = decode_content(data, coding) if coding else data
        if decoded is None and not prepared.is_same:
            return _coded(coding)
        self.trace.chunk(name, data if decoded is None else decoded)
        body = data if decoded is None else decoded
        return Arrived(sent, prepared, body, media_type=kind, is_coded=decoded is None)

    async def _begun(self, sent: Sent, prepared: Prepared, kind: str, name: str) -> Arrived | Failed:
        framing = "json-array" if kind == "application/json" else None
        start = await start_of(sent, prepared.source, framing)
        for data in start.chunks:
            self.trace.chunk(name, data)
        if start.failure is not None:
            failed = of_told(start.failure)
            failed = replace(failed, status=failed.status or start.failure.http_status)
            return failed if prepared.is_same else _abroad(failed)
        if start.problem and not prepared.is_same:
            text = f"the upstream's stream cannot be read: {start.problem}"
            return Failed(FailureClass.server_error, text, failure=Failure(FailureKind.SERVER, text, 502))
        if start.ended and not start.complete and not prepared.is_same:
            text = "the upstream's stream ended before it said anything"
            return Failed(FailureClass.incomplete, text, failure=Failure(FailureKind.INCOMPLETE, text))
        return Arrived(sent, prepared, first=start.chunks, media_type=kind)


def _coded(coding: str) -> Failed:
    """Nobody asked for a coding, and a reply in one that cannot be undone cannot be translated."""
    text = f"the upstream sent its reply as {coding}, although it was asked for none"
    return Failed(FailureClass.server_error, text, failure=Failure(FailureKind.SERVER, text, 502))


def is_stream(kind: str, prepared: Prepared) -> bool:
    """True for a reply that comes in events. A whole reply to a call that asked for a stream is none, but
    Gemini's streams may be a JSON array.
    """
    if kind in _STREAMS:
        return True
    source = prepared.source
    asked_array = kind == "application/json" and source.dialect == "gemini" and bool(source.stream)
    return asked_array and "alt=sse" not in prepared.request.url


def _as_it_came(failed: Failed, sent: Sent, data: bytes) -> Failed:
    headers = without(sent.headers, "content-encoding")
    return replace(failed, reply=Response(sent.status, sent.reason, headers, data))


def _abroad(failed: Failed) -> Failed:
    """For a client of another dialect."""
    return replace(failed, failure=for_others(failed.failure)) if failed.failure is not None else failed


def unprepared(error: ProtocolError | UnsupportedFeature | UsageError, headers: Headers = ()) -> Failed:
    """What could not be prepared: nothing was sent."""
    if isinstance(error, UnsupportedFeature):
        advice = advice_for(headers, error.losses)
        text = f"{error}. {advice}" if advice else str(error)
        told = Failure(FailureKind.UNSUPPORTED, text, 400, code="unsupported_feature")
        return Failed(FailureClass.unsupported_operation, text, reached=False, failure=told)
    told = Failure(FailureKind.INVALID_REQUEST, str(error), 400)
    return Failed(FailureClass.invalid_request, str(error), reached=False, failure=told)
