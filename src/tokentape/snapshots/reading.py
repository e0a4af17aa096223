"""Whatever a test has in hands becomes an answer: an SDK's object, a body, a text, a recorded call.

No SDK is imported: an object is read by what it offers (`model_dump`, `to_dict`, `json`, its fields).
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from tokentape import active
from tokentape.deck import Deck
from tokentape.errors import ProtocolError, UsageError
from tokentape.evaluation.comparing.comparator import Side
from tokentape.evaluation.corpus.row import Row
from tokentape.evaluation.sides import recorded
from tokentape.metering.objects import plain_json
from tokentape.protocols.canonical.conversation import Conversation
from tokentape.protocols.canonical.items import Message, Role
from tokentape.protocols.canonical.parts import Text
from tokentape.protocols.canonical.reply import Choice, Reply, Stop, StopReason
from tokentape.protocols.codec import Source
from tokentape.protocols.detection import dialect_of_reply
from tokentape.protocols.translation import codec_of
from tokentape.wire.interaction import Interaction

if TYPE_CHECKING:
    from collections.abc import Callable

    from tokentape.wire.interaction import Json

NOTHING = Conversation(())


class Last:
    """Stands for the last call of the cassette in force. None does not: a program that forgot to return its
    reply would pass.
    """


LAST = Last()


class Answer(NamedTuple):
    """An answer, and what it answers, as far as that is known."""

    side: Side
    asked: Conversation = NOTHING


def answer_of(value: object, *, protocol: str | None = None) -> Answer:
    """The answer that `value` is.

    `protocol` names the dialect of a body whose shape does not tell. Raises `UsageError` for what is none.
    """
    __tracebackhide__ = True
    match value:
        case Last():
            return _last(active.current())
        case Deck():
            return _last(value)
        case Interaction():
            return _row(Row(value, ""))
        case Row():
            return _row(value)
        case Side():
            return Answer(value)
        case Reply():
            return Answer(Side(value))
        case str():
            return Answer(of_text(value))
        case _:
            return Answer(Side(_read(_body(value), protocol, type(value))))


def of_text(text: str) -> Side:
    """An answer that is this text."""
    message = Message(Role.ASSISTANT, (Text(text),))
    return Side(Reply((Choice((message,), Stop(StopReason.END)),)))


def _last(deck: Deck | None) -> Answer:
    __tracebackhide__ = True
    if deck is None:
        raise UsageError("assert_llm(): no cassette is in force here; give it a reply")
    if not deck.calls:
        raise UsageError(f"assert_llm(): no call was replayed or recorded so far in {deck.path}")
    return _row(Row(deck.calls[-1], deck.path))


def _row(row: Row) -> Answer:
    __tracebackhide__ = True
    if not row.is_conversation:
        raise UsageError(f"assert_llm(): {row.operation} is no call of a model for an answer")
    return Answer(recorded(row), row.conversation or NOTHING)


def _read(body: Json, protocol: str | None, kind: type) -> Reply:
    __tracebackhide__ = True
    if not isinstance(body, dict):
        raise UsageError(f"assert_llm(): a {kind.__name__} is no reply of a model; {_TAKEN}")
    name = protocol or dialect_of_reply(body)
    if name is None:
        fields = ", ".join(list(body)[:6])
        raise UsageError(f"assert_llm(): nothing says whose reply this is (it has {fields}); {_TAKEN}")
    codec = codec_of(name)
    try:
        reply = codec.read_reply(body, Source(codec.dialect))
    except ProtocolError as error:
        raise UsageError(f"assert_llm(): the reply cannot be read: {error}") from None
    if reply.is_nothing:
        raise UsageError(f"assert_llm(): it holds no answer of {codec.dialect}; {_TAKEN}")
    return reply


_TAKEN = (
    "give the reply of an SDK, its body (protocol= names its API), a text, a recorded call, or the cassette"
)


_READ = "read it to its end, and give the cassette: assert_llm(cassette) is its last call"


def _body(value: object) -> Json:
    __tracebackhide__ = True
    if hasattr(value, "__await__"):
        raise UsageError(f"assert_llm(): a {type(value).__name__} is no reply yet: await it, and give that")
    if hasattr(value, "__next__") or hasattr(value, "__anext__"):
        raise UsageError(f"assert_llm(): a {type(value).__name__} is a stream, no reply; {_READ}")
    value = getattr(value, "http_response", value)  # what `with_raw_response` of openai and anthropic gives
    if isinstance(value, Mapping):
        return plain_json({name: entry for name, entry in value.items() if name != "ResponseMetadata"})
    with warnings.catch_warnings():  # pydantic warns of fields that SDKs fill otherwise than they declare
        warnings.simplefilter("ignore")
        return plain_json(_dumped(value))


def _dumped(value: object) -> object:
    """As the wire has it, where the object can say so: Gemini's fields have other names in its SDK."""
    dump = _method(value, "model_dump")
    if dump is not None:
        try:
            return dump(mode="json", by_alias=True, exclude_none=True)
        except TypeError:
            return dump()
    to_dict = _method(value, "to_dict")
    if to_dict is not None:
        return to_dict()
    json = _method(value, "json") if hasattr(value, "status_code") else None
    if json is None:
        return value
    try:
        return json()
    except ValueError as error:
        raise UsageError(
            f"assert_llm(): the body of the response is no JSON; of a stream, {_READ}"
        ) from error


def _method(value: object, name: str) -> Callable[..., object] | None:
    found = getattr(value, name, None)
    return found if callable(found) and not isinstance(value, type) else None
