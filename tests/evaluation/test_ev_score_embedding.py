"""Embeddings by an endpoint: asked in each dialect that has them, recorded, and found again."""

from __future__ import annotations

import base64
import json
import struct
from decimal import Decimal

import pytest

pytest.importorskip("aiohttp")

from ev_consulting import Consulted, found_at, pair

from tokentape.cassettes.stores.memory import MemoryStore
from tokentape.errors import ProtocolError
from tokentape.protocols.embeddings import embedding_dialect, read_vectors
from tokentape.testing.provider import Provider, reply
from tokentape.testing.provider.apis.embeddings import vector

BY = "embedding:up/text-embedding-3-small"
PAIRS = [pair("It is 4.", f"So it is {n}.") for n in range(5, 9)]


@pytest.fixture
def provider():
    with Provider() as found:
        yield found


def cosine(one, other):
    a, b = vector(one, 64), vector(other, 64)
    dot = sum(x * y for x, y in zip(a, b, strict=True))
    return dot / (sum(x * x for x in a) * sum(y * y for y in b)) ** 0.5


@pytest.mark.parametrize("dialect", ["openai.chat", "openai.responses", "gemini"])
def test_vectors_are_asked_for_once_and_recorded(provider, dialect):
    store, find = MemoryStore(), found_at(provider, up=dialect)
    first = Consulted(store, find)(BY, *PAIRS)
    assert provider.count == 5  # the recorded reply once, and each new one
    for verdict, each in zip(first, PAIRS, strict=True):
        assert verdict.score == pytest.approx(max(0, cosine(each.before.text, each.after.text)))
    provider.stop()
    assert Consulted(store, find, asks=False)(BY, *PAIRS) == first
    assert store.load("verdicts/up/text-embedding-3-small") is not None


@pytest.mark.parametrize(
    ("dialect", "path", "body"),
    [
        ("ollama", "/api/embed", {"embeddings": [[3.0, 4.0]]}),
        ("cohere", "/v2/embed", {"embeddings": {"float": [[3, 4]]}}),
        ("openai.chat", "/v1/embeddings", {"data": [{"embedding": base64.b64encode(struct.pack("<2f", 3, 4)).decode()}]}),
    ],
)  # fmt: skip
def test_other_dialects(provider, dialect, path, body):
    provider.play(reply(json.dumps(body).encode(), content_type="application/json"), times=None)
    ran = Consulted(MemoryStore(), found_at(provider, up=dialect))
    (verdict,) = ran("embedding:up/m", PAIRS[0])
    assert verdict.score == pytest.approx(1, abs=1e-5)
    assert {seen.path for seen in provider.requests} == {path}
    assert [b"It is 4." in seen.body for seen in provider.requests] == [True, False]


def test_who_embeds_nothing_says_so(provider):
    find = found_at(provider, up="anthropic.messages")
    (verdict,) = Consulted(MemoryStore(), find)(BY, PAIRS[0])
    assert (verdict.score, verdict.flags) == (None, ("no verdict",))
    assert "up has no embeddings" in verdict.reason
    assert provider.count == 0


@pytest.mark.parametrize(
    "body", [b"{}", b'{"data": []}', b'{"data": [{"embedding": ["x"]}]}', b"[]", b"<html>"]
)
def test_a_reply_without_vectors_is_no_answer_and_not_kept(provider, body):
    provider.play(reply(body, content_type="application/json"), times=None)
    store = MemoryStore()
    (verdict,) = Consulted(store, found_at(provider))(BY, PAIRS[0])
    assert (verdict.score, verdict.flags) == (None, ("no verdict",))
    provider.forget()
    (verdict,) = Consulted(store, found_at(provider))(BY, PAIRS[0])
    assert verdict.score is not None


@pytest.mark.parametrize("dialect", ["openai.chat", "gemini", "cohere", "ollama"])
@pytest.mark.parametrize("status", [400, 401, 500])
def test_an_error_is_no_answer_and_stops_nothing(provider, dialect, status):
    error = {"error": {"message": "nobody embeds today"}, "message": "nobody embeds today"}
    provider.play(reply(json.dumps(error).encode(), status, content_type="application/json"), times=None)
    ran = Consulted(MemoryStore(), found_at(provider, up=dialect))
    (verdict,) = ran(BY, PAIRS[0])
    assert (verdict.score, verdict.flags) == (None, ("no verdict",))
    assert f"{status} " in verdict.reason
    assert "nobody embeds today" in verdict.reason


def test_they_are_paid_for_out_of_the_budget_of_the_run(provider):
    ran = Consulted(MemoryStore(), found_at(provider), budget=Decimal("0.01"))
    ran(BY, PAIRS[0])
    assert Decimal(0) < ran.budget.spent < Decimal("0.001")
    assert ran.progress[BY.partition(":")[2]].asked == 2
    none = Consulted(MemoryStore(), found_at(provider), budget=Decimal("0.0000000001"))
    assert "budget" in none(BY, PAIRS[0])[0].reason


def test_vectors_stand_in_the_order_that_is_told():
    entries = [{"index": 1, "embedding": [1]}, {"index": 0, "embedding": [0.5]}]
    assert read_vectors("openai.embeddings", {"data": entries}) == [[0.5], [1.0]]


@pytest.mark.parametrize("value", [None, "é", "abc", [True], [None], [10**400], {}])
def test_what_is_no_vector_is_none(value):
    with pytest.raises(ProtocolError):
        read_vectors("openai.embeddings", {"data": [{"embedding": value}]})


def test_who_has_embeddings():
    assert embedding_dialect("gemini") == "gemini"
    assert embedding_dialect("openai.responses") == "openai.embeddings"
    assert embedding_dialect("ollama", {"openai.embeddings"}) == "ollama"
    assert embedding_dialect("mistral.chat", {"openai.embeddings"}) == "openai.embeddings"
    assert embedding_dialect("bedrock.converse") is None
