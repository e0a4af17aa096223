"""Rows: what is read of a recording, over all dialects, and what is said of those that cannot be used."""

from __future__ import annotations

import tracemalloc
from collections import Counter
from decimal import Decimal

import pytest
from ev_corpora import call, chat, row, samples, tape, user

from tokentape.errors import CassetteNotFound, UsageError
from tokentape.evaluation.corpus.names import words
from tokentape.evaluation.corpus.rows import Seen, rows
from tokentape.protocols.registry import reply_text
from tokentape.testing.contracts.store import call as plain
from tokentape.wire.interaction import How

pytest.importorskip("yaml")


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    return samples(tmp_path_factory.mktemp("samples"))


def test_the_real_samples_are_read_whole_and_streamed_in_every_dialect(recordings):
    seen, whole = Seen(), Counter()
    for found in rows(recordings, seen):
        if found.is_whole and found.conversation is not None:
            whole[found.dialect, found.found.operation.stream] += 1
    assert dict(whole) == {
        ("anthropic.messages", False): 1,
        ("anthropic.messages", True): 4,
        ("bedrock.converse", False): 1,
        ("bedrock.converse", True): 2,
        ("cohere", False): 1,
        ("cohere", True): 2,
        ("gemini", False): 1,
        ("gemini", True): 7,
        ("ollama", False): 2,
        ("ollama", True): 4,
        ("openai.chat", False): 24,
        ("openai.chat", True): 21,
        ("openai.responses", False): 10,
        ("openai.responses", True): 6,
    }
    assert (seen.cassettes, seen.interactions, seen.rows, seen.unreadable) == (170, 200, 110, [])
    assert seen.passed_over["openai.embeddings/create"] == 7
    assert sum(seen.passed_over.values()) == 90


def test_the_real_samples_say_in_words_why_they_cannot_be_used(recordings):
    why = Counter(found.why_not.partition(":")[0] for found in rows(recordings) if found.why_not)
    assert why == {
        "the reply is an error (status 404)": 7,
        "the reply is an error (status 400)": 5,
        "the reply is an error (status 401)": 2,
        "the reply is an error (status 403)": 1,
        "the reply is an error (status 429)": 1,
        "the request cannot be read": 8,
    }


def test_what_a_row_says_of_the_real_samples_fits_what_the_rest_of_the_program_says(recordings):
    for found in rows(recordings):
        if found.why_not:
            continue
        said = reply_text(found.found, found.interaction.response)
        assert all(line.strip() in said for line in words(found.reply.items).split("\n")[:1])
        assert found.key.startswith("s1:")
        assert len(found.same) == 16
        assert found.links
        assert found.seconds is None  # others' cassettes have no times
        assert found.provider
        assert found.price.usd is not None or found.price.reason


def test_a_call_by_hand():
    found = row(chat("Hello?", metadata={"category": "greeting"}))
    assert (found.dialect, found.operation, found.model) == ("openai.chat", "openai.chat/create", "gpt-4o")
    assert words(found.conversation.items) == "Hello?"
    assert words(found.reply.items) == "Yes."
    assert (found.usage.input, found.usage.output, found.provider) == (10, 2, "openai")
    assert isinstance(found.cost, Decimal)
    assert (found.seconds, found.first) == (0.45, 0.4)
    assert found.metadata == {"category": "greeting"}
    assert (found.why_not, found.is_whole, found.failure) == ("", True, None)
    assert repr(found) == "Row('a.json', '')"


def test_what_is_not_known_is_none_and_not_0():
    found = row(chat("Hello?", model="home-made", usage=None, ms=(None, ())))
    assert (found.cost, found.usage, found.seconds, found.first) == (None, None, None, None)
    assert found.price.reason


STREAM = b'data: {"id":"c","choices":[{"index":0,"delta":{"role":"assistant","content":"Ye"}}]}\n\n'
END = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'


@pytest.mark.parametrize(
    ("recorded", "why"),
    [
        (chat("Hi", reply={"error": {"message": "slow down"}}, status=429), "the reply is an error (status 429)"),
        (chat("Hi", status=None, how=How.CONNECT_TIMEOUT), "no reply came (connect timeout)"),
        (chat("Hi", reply=STREAM, stream=True, how=How.CUT), "the reply was cut (cut)"),
        (chat("Hi", reply=STREAM, stream=True), "the reply was cut (before its end)"),
        (chat("Hi", reply=STREAM, stream=True, how=How.CLOSED_BY_CALLER), "the caller stopped reading"),
        (chat("Hi", reply=STREAM + b'data: {"error":{"message":"x"}}\n\n', stream=True),
         "the reply tells an error (server)"),
        (chat("Hi", reply=b"<html>"), "the reply is no JSON object"),
        (chat("Hi", reply={"choices": 3}), "the reply cannot be read"),
        (chat("Hi", reply={"choices": []}), "the reply holds no answer"),
        (call("https://api.openai.com/v1/responses", {"model": "m", "input": "Hi"}, {"detail": "busy"}),
         "the reply holds no answer"),
        (chat(reply="Yes.", n=1) , ""),
        (call("https://api.openai.com/v1/chat/completions", {"model": "m", "messages": "no"}, {}),
         "the request cannot be read"),
        (call("https://api.openai.com/v1/embeddings", {"model": "m", "input": "x"}, {}),
         "openai.embeddings/create is no conversation"),
    ],
    ids=["error", "none", "cut", "short", "stopped", "told", "html", "odd", "hollow", "busy", "empty", "request", "embedding"],
)  # fmt: skip
def test_what_cannot_be_used_says_why(recorded, why):
    found = row(recorded)
    assert found.why_not.startswith(why)
    assert bool(found.why_not) == bool(why)


def test_a_cut_stream_is_marked_and_what_came_can_be_read():
    found = row(chat("Hi", reply=STREAM, stream=True, how=How.RESET))
    assert words(found.reply.items) == "Ye"
    assert (found.is_whole, found.reply.complete, found.usage) == (False, False, None)
    whole = row(chat("Hi", reply=STREAM + END, stream=True))
    assert (whole.is_whole, whole.why_not) == (True, "")


def test_an_error_is_told_with_its_kind():
    found = row(chat("Hi", reply={"error": {"message": "slow down", "type": "rate_limit"}}, status=429))
    assert (found.failure.kind, found.failure.message) == ("rate_limit", "slow down")
    assert row(chat("Hi", status=None, how=How.RESET)).failure is None
    embedding = call("https://api.openai.com/v1/embeddings", {"model": "m", "input": "x"}, {}, status=500)
    assert row(embedding).failure.status == 500
    fine = row(call("https://api.openai.com/v1/embeddings", {"model": "m", "input": "x"}, {"data": []}))
    assert (fine.reply, fine.failure, fine.is_whole) == (None, None, False)


@pytest.mark.parametrize("name", ["response_format", "unheard_of", "tools", "messages", "metadata"])
@pytest.mark.parametrize("depth", [50, 150, 400, 800, 900, 950, 980, 50_000])
def test_nesting_without_end_is_no_end(name, depth):
    deep = (
        b'{"type": "json_schema", "json_schema": {"schema": ' + b'{"a":' * depth + b"1" + b"}" * depth + b"}}"
    )
    asked = b'{"model": "m", "messages": [{"role": "user", "content": "x"}], "%s": %s}' % (
        name.encode(),
        deep,
    )
    found = row(call("https://api.openai.com/v1/chat/completions", asked, {}))
    assert found.why_not
    assert len(found.same) == 16
    assert found.key.startswith("s1:") or found.conversation is None


def test_places_of_every_kind_each_cassette_once(tmp_path):
    one = tape(tmp_path / "a.json", chat("1"), chat("2"))
    tape(tmp_path / "in" / "b.json", chat("3"))
    store = f"sqlite:{tmp_path}/t.db"
    tape(f"{store}#c", chat("4"), chat("5"))
    tape(f"{store}#d", chat("6"))

    def asked(*places):
        return [words(found.conversation.items) for found in rows(places)]

    assert asked(one) == ["1", "2"]
    assert asked(str(tmp_path)) == ["1", "2", "3"]
    assert asked(f"{store}#d") == ["6"]
    assert asked(store) == ["4", "5", "6"]
    assert asked(store, str(tmp_path), one, f"{store}#d") == ["4", "5", "6", "1", "2", "3"]
    with pytest.raises(UsageError, match="no cassettes"):
        asked(str(tmp_path / "in"), f"sqlite:{tmp_path}/none.db")


def test_a_cassette_that_is_not_there_is_an_error_and_an_empty_one_is_none(tmp_path):
    for place in (f"{tmp_path}/none.json", f"sqlite:{tmp_path}/t.db#none"):
        with pytest.raises(CassetteNotFound, match="no such cassette"):
            list(rows(place))
    empty = tape(tmp_path / "empty.json")
    assert list(rows(empty)) == []


def test_what_cannot_be_read_is_a_line_and_not_the_end(tmp_path):
    tape(tmp_path / "a.json", chat("1"), chat("2"), chat("3"))
    path = tmp_path / "a.json"
    path.write_bytes(path.read_bytes().replace(b'"kind": "http"', b'"kind": http', 2))
    (tmp_path / "b.json").write_text('{"tokentape": 1, "interactions": [')
    (tmp_path / "c.json").write_text('{"tokentape": 99, "interactions": []}')
    tape(tmp_path / "d.json", chat("4"))
    seen = Seen()
    assert [words(found.conversation.items) for found in rows(str(tmp_path), seen)] == ["3", "4"]
    a, b, c = seen.unreadable
    assert "a.json" in a
    assert a.endswith("(and 1 more in this cassette)")
    assert "b.json" in b
    assert "version 99" in c
    assert (seen.cassettes, seen.interactions, seen.rows) == (4, 2, 2)


class Foreign:
    """A store of somebody else's, which can only load."""

    def __init__(self, inner):
        self.load, self.describe = inner.load, inner.describe


def test_a_store_that_only_loads_will_do(tmp_path, monkeypatch):
    from tokentape.cassettes.stores.directory import DirectoryStore
    from tokentape.evaluation.corpus import rows as module

    tape(tmp_path / "a.json", chat("1"), chat("2"))
    path = tmp_path / "a.json"
    path.write_bytes(path.read_bytes().replace(b'"kind": "http"', b'"kind": http', 1))
    store = Foreign(DirectoryStore(tmp_path))
    monkeypatch.setattr(module, "cassettes", lambda place: [(store, "a"), (store, "none")])
    seen = Seen()
    found = rows("foreign:", seen)
    assert words(next(found).conversation.items) == "2"
    with pytest.raises(CassetteNotFound):
        next(found)
    assert len(seen.unreadable) == 1


def test_a_large_cassette_is_not_held(tmp_path):
    place = f"sqlite:{tmp_path}/t.db#large"
    tape(place, *(plain(number, body=b'"' + b"x" * 20_000 + b'"') for number in range(1000)))
    seen = Seen()
    tracemalloc.start()
    try:
        assert list(rows(place, seen)) == []
        assert tracemalloc.get_traced_memory()[1] < 6_000_000
    finally:
        tracemalloc.stop()
    assert (seen.interactions, seen.passed_over) == (1000, {"http/request": 1000})


def test_the_last_thing_said_may_be_the_tools():
    messages = [
        user("Weather?"),
        {"role": "assistant", "tool_calls": [
            {"id": "t", "type": "function", "function": {"name": "weather", "arguments": "{}"}}]},
        {"role": "tool", "tool_call_id": "t", "content": "Sun."},
    ]  # fmt: skip
    assert len(row(chat(*messages)).links) == 3


def test_answers_of_targets_are_no_questions(tmp_path):
    answer = chat("Hi", model="gpt-5", metadata={"migrated_from": "7c1e90ab", "target": "up/gpt-5"})
    (tmp_path / "support.answers" / "up").mkdir(parents=True)
    tape(tmp_path / "support.json", chat("Hi"))
    tape(tmp_path / "support.answers" / "up" / "gpt-5.json", answer)
    seen = Seen()
    assert [found.model for found in rows(str(tmp_path), seen)] == ["gpt-4o"]
    assert (seen.cassettes, seen.interactions, seen.rows) == (2, 2, 1)
    assert seen.passed_over == {"answers of targets": 1}
