"""What every dialect with a codec does, as tests: subclass, override two fixtures, and pytest runs them.

from tokentape.testing.contracts import CodecContract
from tokentape.testing.contracts.codec import Exchange

class TestMyCodec(CodecContract):
    @pytest.fixture
    def codec(self):
        return CODEC

    @pytest.fixture
    def exchanges(self):
        return [Exchange({"model": ...}, {"id": ...})]
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest

from tokentape.errors import ProtocolError
from tokentape.protocols.canonical.failure import Failure, FailureKind
from tokentape.protocols.canonical.fold import fold
from tokentape.protocols.canonical.items import Message, ToolCall
from tokentape.protocols.canonical.parts import Text
from tokentape.protocols.canonical.unfold import unfold
from tokentape.protocols.codec import Source, Target
from tokentape.protocols.framing import ENCODERS, decoder
from tokentape.protocols.payload import Payload
from tokentape.testing.contracts.mutations import changed, mutations, nested, places, with_unknown
from tokentape.testing.contracts.sequences import SEQUENCES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tokentape.protocols.canonical.events import Event
    from tokentape.protocols.canonical.items import Item
    from tokentape.protocols.canonical.reply import Reply
    from tokentape.protocols.codec import Codec
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request of the dialect and its reply, as they go over the wire; `model` where the path names it."""

    request: Fields
    reply: Fields
    model: str | None = None
    name: str = field(default="", compare=False)


# ---- what the suite, and tests of translation, do with a codec


def written(codec: Codec, events: Iterable[Event], target: Target | None = None) -> list[bytes]:
    """The events as the codec's writer puts them on the wire."""
    encode = ENCODERS[codec.framing]
    writer = codec.writer(target or Target(codec.dialect))
    return [encode(wire) for event in events for wire in writer.write(event)]


def read(codec: Codec, pieces: Iterable[bytes], source: Source | None = None) -> list[Event]:
    """The canonical events of a stream that comes in `pieces`, to its end."""
    reader = codec.reader(source or Source(codec.dialect))
    frames = decoder(codec.framing)
    events: list[Event] = []
    found = [event for piece in pieces for event in frames.feed(piece)]
    for event in (*found, *frames.close()):
        if event.data is not None:
            events += reader.read(Payload(event.name, event.data))
    return events + list(reader.end())


def bytewise(data: bytes) -> Iterator[bytes]:
    """Each byte alone."""
    return (data[at : at + 1] for at in range(len(data)))


def said(reply: Reply) -> str:
    """The text of the first choice."""
    messages = [item for item in reply.items if isinstance(item, Message)]
    return "".join(part.text for message in messages for part in message.parts if isinstance(part, Text))


def called(reply: Reply) -> list[tuple[str, str]]:
    """Names and arguments of the calls of the first choice."""
    return [(item.name, item.arguments or "{}") for item in reply.items if isinstance(item, ToolCall)]


class CodecContract:
    """The suite. `codec` is what is tested, `exchanges` are real examples of its dialect: the more of the
    dialect's features they show, the more is proved.
    """

    @pytest.fixture
    def codec(self) -> Codec:
        """The codec under test: override it."""
        raise NotImplementedError("override the fixture 'codec' to return the codec under test")

    @pytest.fixture
    def exchanges(self) -> list[Exchange]:
        """Requests and replies of the dialect: override it."""
        raise NotImplementedError("override the fixture 'exchanges' to return examples of the dialect")

    # ---- the way there and back

    def test_a_request_comes_back_as_it_was(self, codec: Codec, exchanges: list[Exchange]) -> None:
        for exchange in exchanges:
            assert _request_again(codec, exchange.request, exchange.model) == exchange.request

    def test_a_reply_comes_back_as_it_was(self, codec: Codec, exchanges: list[Exchange]) -> None:
        for exchange in exchanges:
            assert _reply_again(codec, exchange.reply, exchange.model) == exchange.reply

    def test_nothing_is_lost_on_the_way_home(self, codec: Codec, exchanges: list[Exchange]) -> None:
        for exchange in exchanges:
            target = _target(codec, exchange.model)
            codec.write_request(
                codec.read_request(exchange.request, source_of(codec, exchange.model)), target
            )
            codec.write_reply(codec.read_reply(exchange.reply, source_of(codec, exchange.model)), target)
            assert str(target.losses.report) == "nothing is lost"

    def test_fields_that_nobody_knows_survive(self, codec: Codec, exchanges: list[Exchange]) -> None:
        for exchange in exchanges:
            for path, body in with_unknown(exchange.request):
                assert _request_again(codec, body, exchange.model) == body, path
            for path, body in with_unknown(exchange.reply):
                assert _reply_again(codec, body, exchange.model) == body, path

    def test_what_is_edited_comes_out_edited(self, codec: Codec, exchanges: list[Exchange]) -> None:
        for exchange in exchanges:
            source = source_of(codec, exchange.model)
            asked = codec.read_request(exchange.request, source)
            edited = replace(asked, items=tuple(map(_edited, asked.items)))
            body = codec.write_request(edited, _target(codec, exchange.model)).body
            assert codec.read_request(body, source).items == edited.items
            assert (body == exchange.request) is (edited.items == asked.items)

    # ---- streams

    def test_a_stream_amounts_to_the_reply(self, codec: Codec, exchanges: list[Exchange]) -> None:
        for exchange in exchanges:
            reply = codec.read_reply(exchange.reply, source_of(codec, exchange.model))
            streamed = fold(read(codec, written(codec, unfold(reply)), source_of(codec, exchange.model)))
            assert said(streamed) == said(reply)
            assert called(streamed) == called(reply)
            assert (streamed.stop and streamed.stop.reason) == (reply.stop and reply.stop.reason)
            assert streamed.complete
            assert streamed.failure is None

    def test_the_pieces_in_which_a_stream_comes_make_no_difference(
        self, codec: Codec, exchanges: list[Exchange]
    ) -> None:
        for exchange in exchanges:
            source = source_of(codec, exchange.model)
            wire = b"".join(written(codec, unfold(codec.read_reply(exchange.reply, source))))
            assert fold(read(codec, bytewise(wire), source)) == fold(read(codec, [wire], source))

    def test_a_stream_that_is_cut_is_never_complete(self, codec: Codec, exchanges: list[Exchange]) -> None:
        for exchange in exchanges:
            source = source_of(codec, exchange.model)
            wire = written(codec, unfold(codec.read_reply(exchange.reply, source)))
            whole = fold(read(codec, wire, source))
            for at in range(len(wire)):
                part = fold(read(codec, wire[:at], source))
                assert not part.complete or replace(part, usage=whole.usage) == whole, wire[:at]

    @pytest.mark.parametrize("name", SEQUENCES)
    def test_any_sequence_of_events_is_a_stream_of_the_dialect(self, codec: Codec, name: str) -> None:
        events = SEQUENCES[name]
        target = Target(codec.dialect)
        again = fold(read(codec, written(codec, events, target)))
        meant = fold(events)
        if meant.complete and not target.losses.report.meaning:
            assert said(again) == said(meant)
            assert sorted(called(again)) == sorted(called(meant)), "in which order they end is no matter"
        assert again.complete is meant.complete
        if not meant.complete:
            assert again.failure is not None, "an incomplete stream ends with an error"
        if meant.failure:
            assert meant.failure.message in str(again.failure)

    # ---- what is wrong

    def test_a_wrong_request_is_a_protocol_error(self, codec: Codec, exchanges: list[Exchange]) -> None:
        for exchange in exchanges:
            for path, body in mutations(exchange.request):
                survives(codec, path, _request_again, codec, body, exchange.model)

    def test_a_wrong_reply_is_a_protocol_error(self, codec: Codec, exchanges: list[Exchange]) -> None:
        for exchange in exchanges:
            for path, body in mutations(exchange.reply):
                survives(codec, path, _reply_again, codec, body, exchange.model)

    @pytest.mark.parametrize("objects", [False, True], ids=["lists", "objects"])
    def test_deep_nesting_is_survived(self, codec: Codec, exchanges: list[Exchange], objects: bool) -> None:
        deep = nested(objects=objects)
        for exchange in exchanges[:3]:
            source = source_of(codec, exchange.model)
            for path, _ in places(exchange.request):
                body = changed(exchange.request, path or ("x",), deep)
                survives(codec, path, codec.read_request, body, source)
            for path, _ in places(exchange.reply):
                body = changed(exchange.reply, path or ("x",), deep)
                survives(codec, path, codec.read_reply, body, source)

    def test_a_wrong_event_is_a_protocol_error(self, codec: Codec, exchanges: list[Exchange]) -> None:
        for exchange in exchanges[:8]:
            source = source_of(codec, exchange.model)
            wire = b"".join(written(codec, unfold(codec.read_reply(exchange.reply, source), 1000)))
            frames = decoder(codec.framing)
            payloads = [Payload(e.name, e.data) for e in (*frames.feed(wire), *frames.close()) if e.data]
            for at, payload in enumerate(payloads):
                for path, body in mutations(payload.fields):
                    wrong = Payload(payload.name, json.dumps(body).encode())
                    survives(codec, path, _reads, codec, source, [*payloads[:at], wrong])

    @pytest.mark.parametrize(
        "data", [b"", b"{", b'{"x', b"[", b"nonsense", b'"text"', b"5", b"[]", b"null", b"\xff"]
    )
    def test_an_event_that_is_no_object_is_a_protocol_error(self, codec: Codec, data: bytes) -> None:
        with pytest.raises(ProtocolError) as caught:
            _reads(codec, Source(codec.dialect), [Payload("x", data)])
        assert caught.value.dialect == codec.dialect

    # ---- errors

    @pytest.mark.parametrize("kind", FailureKind)
    def test_an_error_is_told_and_understood(self, codec: Codec, kind: FailureKind) -> None:
        status, body = codec.write_failure(Failure(kind, "it is so"))
        assert 400 <= status < 600
        again = codec.read_failure(status, body)
        assert again.message == "it is so"
        assert again.http_status == status

    @pytest.mark.parametrize(
        "body", [None, [], "x", 5, {}, {"error": None}, {"error": []}, {"message": {}}], ids=repr
    )
    def test_an_error_body_of_any_kind_is_an_error(self, codec: Codec, body: Json) -> None:
        failure = codec.read_failure(503, body)
        assert failure.http_status == 503
        assert isinstance(failure.message, str)


# ---- the parts of the laws


def source_of(codec: Codec, model: str | None) -> Source:
    """Where a body of the dialect comes from, with the model that its path names."""
    return Source(codec.dialect, model=model)


def _target(codec: Codec, model: str | None) -> Target:
    return Target(codec.dialect, model=model)


def _request_again(codec: Codec, body: Fields, model: str | None) -> Fields:
    asked = codec.read_request(body, source_of(codec, model))
    return codec.write_request(asked, _target(codec, None)).body


def _reply_again(codec: Codec, body: Fields, model: str | None) -> Fields:
    return codec.write_reply(codec.read_reply(body, source_of(codec, model)), _target(codec, None))


def _reads(codec: Codec, source: Source, payloads: list[Payload]) -> list[Event]:
    reader = codec.reader(source)
    return [event for payload in payloads for event in reader.read(payload)] + list(reader.end())


def survives(codec: Codec, path: tuple[str | int, ...], act: Callable[..., object], *args: object) -> None:
    """Do it: a `ProtocolError` of the dialect is fine, any other exception is not."""
    try:
        act(*args)
    except ProtocolError as error:
        if error.dialect != codec.dialect or not isinstance(error.path, str):
            raise AssertionError(f"the error does not name {codec.dialect} and a path: {error}") from error
    except Exception as error:
        error.add_note(f"{codec.dialect}: with another value at {path}")
        raise


def _edited(item: Item) -> Item:
    """The item with every text of it changed."""
    if isinstance(item, Message):
        parts = (
            replace(part, text=f"{part.text}!") if isinstance(part, Text) else part for part in item.parts
        )
        return replace(item, parts=tuple(parts))
    return item
