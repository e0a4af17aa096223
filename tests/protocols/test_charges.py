"""What providers say that a reply cost: in the usage, beside it, in events and comments of streams."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tokentape.protocols.canonical.events import Counted, Delta, Open
from tokentape.protocols.canonical.fold import counted
from tokentape.protocols.charges import charged, charged_beside, charged_in, charged_in_comment, is_charge
from tokentape.protocols.codec import Source, Target
from tokentape.protocols.payload import Payload
from tokentape.protocols.registry import recognise, summary, usage_of
from tokentape.protocols.streaming import EventReader, StreamTranslator
from tokentape.protocols.table import BUILT_IN, dialect_named
from tokentape.protocols.usage import Usage
from tokentape.wire.message import Request, Response

if TYPE_CHECKING:
    from tokentape.wire.interaction import Json

TOLD: list[tuple[dict[str, Json], float | None]] = [
    ({"cost": 0.001}, 0.001),
    ({"cost": "0.0012"}, 0.0012),
    ({"cost": 1.2e-05, "estimated_cost": 5}, 1.2e-05),
    ({"estimated_cost": 3.6e-06}, 3.6e-06),
    ({"request_cost_usd": 2.8e-05, "cost": None}, 2.8e-05),
    ({"cost_in_usd_ticks": 37_756_000}, 0.0037756),
    (
        {"cost": {"input_tokens_cost": 0.1, "output_tokens_cost": 0.2, "request_cost": 5, "total_cost": 5.3}},
        5.3,
    ),
    ({"cost": {"input_cost": 0.25, "output_cost": 0.5, "request_cost": 0.25}}, 1.0),
    ({"cost_details": {"input_cost": 0.25, "output_cost": 0.5}}, 0.75),
    ({"cost_details": {"input_cost": 0.25, "output_cost": "much"}}, None),
    ({"cost_details": {"upstream_inference_cost": 0.25}}, None),
    ({"cost": {"request_cost_usd": 2.8e-05, "cache_savings_usd": 0.0}}, 2.8e-05),
    ({"cost": {"cost_in_usd_ticks": 10**10}}, 1.0),
    ({"cost": 0.001, "is_byok": True, "cost_details": {"upstream_inference_cost": 0.02}}, 0.021),
    ({"cost": 0, "is_byok": True, "cost_details": {"upstream_inference_cost": None}}, None),
    ({"cost": 0.5, "currency": "EUR"}, None),
    ({"cost": {"total": 0.5, "currency": "usd"}}, 0.5),
    ({"cost": 0}, 0.0),
    ({"cost": -1}, None),
    ({"cost": True}, None),
    ({"cost": "free"}, None),
    ({"cost": float("nan")}, None),
    ({"cost": 10**400}, None),
    ({"cost_in_usd_ticks": 10**400}, None),
    ({"cost": {}}, None),
    ({"cost": [1]}, None),
    ({}, None),
]


@pytest.mark.parametrize(("counts", "cost"), TOLD, ids=range(len(TOLD)))
def test_what_an_object_says_it_cost(counts: dict[str, Json], cost: float | None) -> None:
    found = charged(counts)
    assert found == (None if cost is None else pytest.approx(cost))
    assert charged_beside({"usage": {"prompt_tokens": 1}, **counts}) == found


def test_the_usage_is_believed_before_what_stands_beside_it() -> None:
    assert charged_beside({"usage": {"cost": 1}, "cost": 2}) == 1
    assert charged_beside({"usage": {"prompt_tokens": 1}, "cost": 2}) == 2
    assert charged_beside({"usage": None, "request_cost_usd": 3}) == 3
    assert charged_beside(None) is None


@pytest.mark.parametrize(
    ("name", "event", "cost"),
    [
        ("cost", {"request_cost_usd": 0.5}, 0.5),
        ("cost", 0.5, 0.5),
        ("cost", {"total_cost": 0.5, "currency": "USD"}, 0.5),
        ("cost", {"what": 1}, None),
        (None, {"type": "cost", "cost": 0.5}, 0.5),
        (None, {"cost": 0.5}, 0.5),
        (None, {"choices": [], "usage": {"cost": 0.5}}, 0.5),
        (None, {"choices": [], "cost": 0.5}, 0.5),
        ("message", {"cost": 0.5}, 0.5),
        (None, {"choices": []}, None),
    ],
)
def test_what_an_event_says_it_cost(name: str | None, event: Json, cost: float | None) -> None:
    assert charged_in(name, event) == cost


def test_an_event_that_only_says_a_cost_is_told_from_the_answer() -> None:
    assert is_charge("cost", {"choices": []})
    assert is_charge(None, {"type": "cost"})
    assert is_charge(None, {"cost": 1, "currency": "USD"})
    assert not is_charge(None, {"choices": [], "cost": 1})
    assert not is_charge("response.completed", {"cost": 1})
    assert not is_charge(None, {})
    assert not is_charge(None, "cost")


@pytest.mark.parametrize(
    ("raw", "cost"),
    [
        (b': cost {"request_cost_usd": 2.8e-05, "budget_remaining_usd": 79.6}\n\n', 2.8e-05),
        (b": cost 0.001\n\n", 0.001),
        (b":cost: 0.001\r\n\r\n", 0.001),
        (b": cost=0.001\r\r", 0.001),
        (b": cost 0.1\n: cost 0.2\n\n", 0.2),
        (b": cost 0.1\n: cost {\n\n", 0.1),
        (b": costs 0.001\n\n", None),
        (b": energy {}\n\n", None),
        (b'data: {"a": ": cost 0.1"}\n\n', None),
        (b": cost\n\n", None),
        (b"", None),
    ],
)
def test_what_a_comment_says_it_cost(raw: bytes, cost: float | None) -> None:
    assert charged_in_comment(raw) == cost


REQUEST = Request(
    "POST",
    "https://api.example.com/v1/chat/completions",
    (),
    b'{"model": "m", "stream": true, "messages": [{"role": "user", "content": "Hi"}]}',
)
SAID = b'data: {"choices": [{"index": 0, "delta": {"content": "Hello"}}]}\n\n'
END = b"data: [DONE]\n\n"


def counting(**usage: Json) -> bytes:
    return b"data: " + json.dumps({"choices": [], "usage": {"prompt_tokens": 4, **usage}}).encode() + b"\n\n"


STREAMS = {
    "in the usage": (counting(completion_tokens=2, cost=0.5),),
    "an earlier usage": (counting(completion_tokens=1, cost=0.5), counting(completion_tokens=2)),
    "a later usage": (counting(completion_tokens=1, cost=0.1), counting(completion_tokens=2, cost=0.5)),
    "null later": (counting(completion_tokens=2, cost=0.5), b'data: {"choices": [], "usage": null}\n\n'),
    "a comment": (counting(completion_tokens=2), b': cost {"request_cost_usd": 0.5}\n\n'),
    "a comment before": (b": cost 0.5\n\n", counting(completion_tokens=2)),
    "a comment in a block": (b": cost 0.5\n" + counting(completion_tokens=2),),
    "an event": (counting(completion_tokens=2), b'event: cost\ndata: {"total_cost": 0.5}\n\n'),
    "an event before": (b"event: cost\ndata: 0.5\n\n", counting(completion_tokens=2)),
    "an unnamed event": (counting(completion_tokens=2), b'data: {"type": "cost", "cost": 0.5}\n\n'),
    "a sibling": (counting(completion_tokens=2).replace(b'{"choices"', b'{"cost": 0.5, "choices"'),),
}


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_says_its_cost_in_many_ways_and_none_is_part_of_the_answer(name: str) -> None:
    body = SAID + b"".join(STREAMS[name]) + END
    response = Response(200, "", (("Content-Type", "text/event-stream"),), body, (len(body),))
    usage = usage_of(recognise(REQUEST), response)
    assert usage == Usage(4, 2)
    assert usage is not None
    assert usage.charged == 0.5
    assert summary(REQUEST, response)[1] == "Hello"


def test_a_cost_without_counts_is_known_too() -> None:
    body = SAID + b": cost 0.5\n\n" + END
    response = Response(200, "", (("Content-Type", "text/event-stream"),), body, (len(body),))
    usage = usage_of(recognise(REQUEST), response)
    assert usage is not None
    assert (usage.charged, usage.counts_nothing) == (0.5, True)


@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_a_codec_never_meets_comments_and_events_of_cost(size: int) -> None:
    """They are counted, in canonical form, and written nowhere."""
    body = SAID + b": cost 0.25\n\n" + b'event: cost\ndata: {"total_cost": 0.5}\n\n' + END
    reader = EventReader(Source("openai.chat"))
    events = [event for at in range(0, len(body), size) for event in reader.feed(body[at : at + size])]
    charges = [event.usage.charged for event in events if isinstance(event, Counted)]
    assert [charge for charge in charges if charge is not None] == [0.25, 0.5]
    said = [event.text for event in events if isinstance(event, Delta)]
    opened = [event.block for event in events if isinstance(event, Open)]
    assert len(opened) == 1
    assert "Hello" in "".join(said) + str(opened)


WRITING = (
    "openai.chat",
    "openai.responses",
    "anthropic.messages",
    "gemini",
    "bedrock.converse",
    "ollama",
    "cohere",
)


@pytest.mark.parametrize("dialect", WRITING)
def test_a_cost_alone_changes_nothing_in_what_is_written(dialect: str) -> None:
    """The writers count tokens; a comment about money is no zero count."""
    start = b'data: {"id": "c1", "created": 1, "model": "m", "choices": [{"index": 0, "delta": {"content": "A"}}]}\n\n'
    stop = b'data: {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}\n\n'
    counts = counting(completion_tokens=2)
    plain = StreamTranslator(Source("openai.chat"), Target(dialect))
    costly = StreamTranslator(Source("openai.chat"), Target(dialect))
    without = plain.feed(start + stop + counts + END) + plain.end()
    comment = b": cost 0.25\n\n"
    assert costly.feed(comment + start + comment + stop + counts + comment + END) + costly.end() == without


STREAMING = [name for name in BUILT_IN if (found := dialect_named(name)) and found.stream]


@pytest.mark.parametrize("dialect", STREAMING)
def test_an_event_of_cost_reads_as_nothing(dialect: str) -> None:
    found = dialect_named(dialect)
    assert found is not None
    assert found.stream is not None
    charges = [Payload("cost", b'{"total_cost": 0.5}'), Payload(None, b'{"type": "cost", "cost": 0.5}')]
    assert found.stream.reads_as(charges) == ""


def test_a_cost_that_comes_last_takes_nothing_away() -> None:
    before = Usage(5, 9, 3, model="m", tier="flex", billed=Usage(1005, 109), raw={"input_tokens": 5})
    after = counted(before, Usage(charged=0.5))
    assert after == before
    assert (after.model, after.tier, after.billed, after.raw, after.charged) == (
        "m",
        "flex",
        Usage(1005, 109),
        {"input_tokens": 5},
        0.5,
    )
    assert counted(after, Usage(5, 10)).charged == 0.5
