"""From one dialect to another: request, reply and error; streams are in `streaming`.

Read by the source's codec, written by the target's; no dialect stands between them. What the target
cannot say is in the loss report. A loss that changes the meaning is refused before anything is sent,
unless the caller allows it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Generic, TypeVar

from tokentape.errors import UnsupportedFeature, UsageError
from tokentape.protocols.canonical.failure import broken_off
from tokentape.protocols.canonical.walk import Walk, portable
from tokentape.protocols.table import dialect_named, dialects

if TYPE_CHECKING:
    from tokentape.protocols.canonical.conversation import Conversation
    from tokentape.protocols.canonical.failure import Failure
    from tokentape.protocols.canonical.losses import LossReport
    from tokentape.protocols.canonical.origin import Origin
    from tokentape.protocols.canonical.reply import Reply
    from tokentape.protocols.codec import Codec, Outgoing, Source, Target
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Translation(Generic[T]):
    """What was written, and what was lost."""

    result: T
    losses: LossReport


ALIASES = {
    "chat": "openai.chat",
    "openai": "openai.chat",
    "responses": "openai.responses",
    "anthropic": "anthropic.messages",
    "messages": "anthropic.messages",
    "google": "gemini",
    "bedrock": "bedrock.converse",
    "converse": "bedrock.converse",
}
"""Short names of dialects."""


def codec_of(name: str) -> Codec:
    """The codec of a dialect, by its name or a short one. Raises `UsageError` if there is none."""
    dialect = dialect_named(ALIASES.get(name, name))
    if dialect is None or dialect.codec is None:
        known = sorted(found.name for found in dialects() if found.codec is not None)
        raise UsageError(f"no dialect {name!r} can be translated; known are {', '.join(known)}")
    return dialect.codec()


def write_request(
    asked: Conversation, target: Target, *, allow_losses: bool = False
) -> Translation[Outgoing]:
    """A canonical request in the dialect of `target`.

    Raises `UnsupportedFeature` for a loss that changes the meaning, unless `allow_losses`.
    """
    walk = Walk(target.dialect, target.losses, _request_fields)
    walk.conversation(asked)
    if walk.met:
        asked = replace(asked, items=portable(asked.items, target.dialect))
    outgoing = codec_of(target.dialect).write_request(asked, target)
    return Translation(outgoing, _checked(asked.origin, target, allow_losses))


def read_request(body: Fields, source: Source) -> Conversation:
    """A request body in canonical form. Raises `ProtocolError` for one that is not of its dialect."""
    return codec_of(source.dialect).read_request(body, source)


def translate_request(
    body: Fields, source: Source, target: Target, *, allow_losses: bool = False
) -> Translation[Outgoing]:
    """A request body of one dialect in another.

    Raises `ProtocolError` for a body that is not of its dialect, and `UnsupportedFeature` as above.
    """
    return write_request(read_request(body, source), target, allow_losses=allow_losses)


def write_reply(reply: Reply, target: Target, *, allow_losses: bool = True) -> Translation[Fields]:
    """A canonical reply in the dialect of `target`. It was paid for already, so losses are reported;
    `allow_losses=False` refuses those that change the meaning.
    """
    walk = Walk(target.dialect, target.losses, _reply_fields)
    walk.reply(reply)
    if reply.failure is None and (reply.origin is None or reply.origin.protocol != target.dialect):
        # As in a stream: few dialects have a word for it, and clients take an unknown one for a success.
        reply = replace(reply, failure=broken_off(reply.stop))
    if walk.met:
        choices = (replace(one, items=portable(one.items, target.dialect)) for one in reply.choices)
        reply = replace(reply, choices=tuple(choices))
    body = codec_of(target.dialect).write_reply(reply, target)
    return Translation(body, _checked(reply.origin, target, allow_losses))


def translate_reply(
    body: Fields, source: Source, target: Target, *, allow_losses: bool = True
) -> Translation[Fields]:
    """A reply body of one dialect in another. Raises as `translate_request` does."""
    return write_reply(codec_of(source.dialect).read_reply(body, source), target, allow_losses=allow_losses)


def translate_failure(status: int, body: Json, source: str, target: str) -> tuple[int, Fields]:
    """An error reply of one dialect in another: its status and body there."""
    failure: Failure = codec_of(source).read_failure(status, body)
    if ALIASES.get(source, source) != ALIASES.get(target, target):
        failure = for_others(failure)
    return codec_of(target).write_failure(failure)


def for_others(failure: Failure) -> Failure:
    """An error as another dialect can tell it: nothing is left that only its own knows."""
    return replace(failure, origin=None, status=_shared(failure.status))


_REGISTERED = frozenset(HTTPStatus)


def _shared(status: int | None) -> int | None:
    """A status that every API knows; one that a provider made up (529, 498) is told by its kind."""
    return status if status in _REGISTERED else None


def _request_fields(protocol: str) -> tuple[frozenset[str], frozenset[str]]:
    """Names of fields of `protocol`: those that change the meaning, and those that say nothing elsewhere."""
    dialect = dialect_named(protocol)
    if dialect is None or dialect.codec is None:
        return frozenset(), frozenset()
    codec = dialect.codec()
    return codec.meaning, codec.implied


def _reply_fields(protocol: str) -> tuple[frozenset[str], frozenset[str]]:
    """The same for a reply, where what repeats the request says nothing."""
    meaning, implied = _request_fields(protocol)
    return (meaning, implied | codec_of(protocol).echoed) if implied or meaning else (meaning, implied)


def _checked(origin: Origin | None, target: Target, allow_losses: bool) -> LossReport:
    report = target.losses.report
    if report.meaning and not allow_losses:
        raise UnsupportedFeature(origin.protocol if origin else "", target.dialect, report)
    return report
