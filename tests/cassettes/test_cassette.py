"""A loaded cassette: one interaction is parsed when it is asked for, and an edit is noticed."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent / "format"))

from format_calls import SSE, call, stream

from tokentape.cassettes import cassette as module
from tokentape.cassettes.cassette import Cassette
from tokentape.cassettes.format.layout import assemble, render
from tokentape.errors import CassetteCorrupt

CALLS = [call(id="a"), call(stream(), SSE, id="b"), call(id="c")]
DATA = assemble([render(each) for each in CALLS], rules="k1:9f3c", finished=False)


def test_a_cassette_knows_its_entries_without_parsing_them(monkeypatch):
    monkeypatch.setattr(module, "parse", None)
    cassette = Cassette("tape.json", DATA)
    assert (cassette.path, cassette.rules, cassette.finished) == ("tape.json", "k1:9f3c", False)
    assert [entry.id for entry in cassette.entries] == ["a", "b", "c"]


def test_one_interaction_is_parsed_and_no_other(monkeypatch):
    parsed = []
    parse = module.parse

    def counted(data, *rest, start, end):
        parsed.append(data[start:end].decode())
        return parse(data, *rest, start=start, end=end)

    monkeypatch.setattr(module, "parse", counted)
    cassette = Cassette("tape.json", DATA)
    assert cassette.interaction(1) == CALLS[1]
    assert cassette.interaction(1) is cassette.interaction(1)
    assert parsed == [render(CALLS[1])]


def test_a_broken_interaction_harms_itself_only():
    cassette = Cassette("tape.json", DATA.replace(b'["X-Request-Id", "r1"]', b'["X-Request-Id" "r1"]'))
    assert cassette.interaction(0) == CALLS[0]
    line = DATA[: DATA.index(b"X-Request-Id")].count(b"\n") + 1
    with pytest.raises(CassetteCorrupt, match=rf"tape\.json, line {line}: not JSON"):
        cassette.interaction(1)


def test_edited_requests_are_told_without_parsing(monkeypatch):
    data = DATA.replace(b"Capital of France", b"Capital of Italy", 1)
    cassette = Cassette("tape.json", data)
    found = cassette.interaction(0)
    assert (found.key, found.exact) == ("", None)
    monkeypatch.setattr(module, "parse", None)
    assert cassette.edited() == [0]


def test_an_answer_has_the_request_that_asked():
    cassette = Cassette("tape.json", DATA)
    asked = replace(CALLS[1].request, http="2")
    answer = cassette.answer(1, asked)
    assert answer.request is asked
    assert answer.response == CALLS[1].response
    assert (answer.ended, answer.timing, answer.key) == (CALLS[1].ended, CALLS[1].timing, CALLS[1].key)


def test_an_answer_to_an_edited_request_is_the_whole_interaction():
    cassette = Cassette("tape.json", DATA.replace(b"Capital of France", b"Capital of Italy", 1))
    answer = cassette.answer(0, CALLS[0].request)
    assert b"Italy" in answer.request.body
    assert answer.key == ""
