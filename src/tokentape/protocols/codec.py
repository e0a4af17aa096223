"""How a dialect is read and written: what every package of a generative dialect offers.

All functions are pure. Readers raise `ProtocolError` for what is not of their dialect, and nothing else;
writers never raise but note in `Target.losses` what they cannot say.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from tokentape.protocols.canonical.losses import Losses
from tokentape.protocols.canonical.origin import Maker
from tokentape.protocols.families import family_of
from tokentape.protocols.quirks import NO_QUIRKS, Quirks
from tokentape.wire.quick import quick

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tokentape.protocols.canonical.conversation import Conversation
    from tokentape.protocols.canonical.events import Event
    from tokentape.protocols.canonical.failure import Failure
    from tokentape.protocols.canonical.origin import Opaque, Origin
    from tokentape.protocols.canonical.reply import Reply
    from tokentape.protocols.options import Place
    from tokentape.protocols.payload import Payload
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]


@quick
@dataclass(frozen=True, slots=True)
class Source:
    """Where a body comes from, beyond what it says itself: `model` and `stream` as the path names them
    (Gemini, Bedrock), the provider, and a fingerprint of the credential it was made with.
    """

    dialect: str
    model: str | None = None
    stream: bool | None = None
    provider: str | None = None
    credential: str | None = None
    quirks: Quirks = NO_QUIRKS

    def maker(self, model: str | None) -> Maker:
        """Who made the opaque state in a body that names `model`."""
        return Maker(self.provider or "", family_of(self.model or model, self.dialect), self.credential)


@dataclass(frozen=True, slots=True)
class Target:
    """What is written, for whom. `losses` collects what cannot be said.

    `model` replaces the request's own. For replies and streams `asked` is the request they answer, where
    it is known: some dialects repeat it, and it says whether a stream shall count usage.
    """

    dialect: str
    model: str | None = None
    provider: str | None = None
    credential: str | None = None
    quirks: Quirks = NO_QUIRKS
    asked: Conversation | None = None
    losses: Losses = field(default_factory=Losses)

    def kept(self, blobs: tuple[Opaque, ...], model: str | None, origin: Origin | None) -> tuple[Opaque, ...]:
        """Those of `blobs` that may go to this target; the others are losses."""
        if not blobs:
            return blobs
        kept = tuple(blob for blob in blobs if self.takes(blob, model))
        for blob in blobs:
            if blob not in kept:
                why = f"only {blob.maker.provider or blob.maker.family} can read it"
                self.losses.tuning(origin, blob.kind.replace("_", " "), why)
        return kept

    def takes(self, blob: Opaque, model: str | None) -> bool:
        """True if `blob` may go to this target, which runs `model`: same family, and where both
        credentials are known and the blob is bound to one, the same credential (cases 17, 20).
        """
        maker = blob.maker
        if maker.family != family_of(self.model or model, self.dialect):
            return False
        return maker.credential is None or self.credential in (None, maker.credential)


@quick
@dataclass(frozen=True, slots=True)
class Outgoing:
    """A written request: the path as the API's owner has it, from the host on and without a slash before
    (`v1/messages`; model and streaming where the path says them), its query, and the JSON body.
    """

    path: str
    body: Fields
    query: str = ""


class StreamReader(Protocol):
    """Reads one stream: wire events in, canonical events out, at once."""

    def read(self, payload: Payload) -> Iterable[Event]:
        """The canonical events of the next wire event. Raises `ProtocolError` for what is none."""
        ...

    def end(self) -> Iterable[Event]:
        """The connection ended: what was open, and `Ended`, unless that was told already."""
        ...


class StreamWriter(Protocol):
    """Writes one stream: canonical events in, wire events out, at once, in a valid lifecycle."""

    def write(self, event: Event) -> Iterable[WireEvent]:
        """The wire events that say it. Nothing comes after the event that ends the stream."""
        ...


@quick
@dataclass(frozen=True, slots=True)
class WireEvent:
    """One event to be framed: its name (SSE's `event`, AWS's `:event-type`), and JSON, or raw text such
    as `[DONE]`. `exception`: an AWS exception instead of an event.
    """

    name: str
    json: Json = None
    raw: str | None = None
    exception: bool = False


COMMENT = ":"
"""The name of a wire event that is a comment of server-sent events: its raw text says nothing to clients."""

HEARTBEAT = WireEvent(COMMENT, raw=" ping")
"""A ping, for dialects that have no event for it and whose clients skip comments."""


@dataclass(frozen=True, slots=True)
class Codec:
    """One dialect, both ways.

    `framing` says how its streams stand on the wire: "sse", "ndjson" or "eventstream".
    `read_failure` takes status and parsed body (None where it is no JSON).
    """

    dialect: str
    read_request: Callable[[Fields, Source], Conversation]
    write_request: Callable[[Conversation, Target], Outgoing]
    read_reply: Callable[[Fields, Source], Reply]
    write_reply: Callable[[Reply, Target], Fields]
    reader: Callable[[Source], StreamReader]
    writer: Callable[[Target], StreamWriter]
    read_failure: Callable[[int, Json], Failure]
    write_failure: Callable[[Failure], tuple[int, Fields]]
    options: tuple[Place, ...] = ()
    """Where its requests hold the options."""
    meaning: frozenset[str] = frozenset()
    """Names of its own fields (of `rest`, anywhere) whose loss changes the meaning; others tune."""
    implied: frozenset[str] = frozenset()
    """Names of its own fields that say nothing to anybody else: not a loss (`object`, padding)."""
    echoed: frozenset[str] = frozenset()
    """Names of fields with which its replies repeat the request: not a loss where a reply is written."""
    framing: str = "sse"
