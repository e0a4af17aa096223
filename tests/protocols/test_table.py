"""The table of dialects, and dialects of other packages."""

from __future__ import annotations

from importlib.metadata import EntryPoint

import pytest

from tokentape.errors import UsageError
from tokentape.protocols import table
from tokentape.protocols.dialect import Dialect, Kind, Operation
from tokentape.protocols.registry import error_reply, recognise, summary
from tokentape.wire.message import Request, Response

AURORA = Dialect(
    "aurora",
    lambda call: Operation("aurora", "say", Kind.GENERATE) if call.last == "say" else None,
    error_body=lambda message, status: {"sorry": message},
    asks=lambda body: body["say"],
    reads_as=lambda reply: reply["said"],
)


@pytest.fixture
def installed(monkeypatch):
    """Install dialects for one test, as if by entry point."""

    def install(*found):
        monkeypatch.setattr(table, "_entry_points", lambda: iter(found))
        table.installed.cache_clear()

    yield install
    table.installed.cache_clear()


def test_every_built_in_dialect_is_where_its_name_says():
    assert [dialect.name for dialect in table.dialects()][: len(table.BUILT_IN)] == list(table.BUILT_IN)
    assert len(set(table.BUILT_IN)) == len(table.BUILT_IN)


def test_an_installed_dialect_is_asked_about_what_no_other_knows(installed):
    installed(AURORA)
    request = Request("POST", "http://h/say", (), b'{"say": "Hi"}')
    found = recognise(request)
    assert (found.operation.full_name, found.dialect) == ("aurora/say", AURORA)
    assert b'"sorry": "no"' in (error_reply(found.operation, "no").body or b"")
    assert summary(request, Response(200, "", (), b'{"said": "Hello"}', (17,))) == ("Hi", "Hello")


@pytest.mark.parametrize("name", ["openai.chat", "http", "aurora"])
def test_a_taken_name_is_an_error(installed, name):
    installed(AURORA, Dialect(name, lambda _: None))
    with pytest.raises(UsageError, match=f"two dialects are called '{name}'"):
        recognise(Request("GET", "http://h/unknown"))


def test_something_else_is_an_error(installed):
    installed("aurora")
    with pytest.raises(UsageError, match="is no Dialect: 'aurora'"):
        recognise(Request("GET", "http://h/unknown"))


def test_entry_points_of_the_group_are_loaded(monkeypatch):
    point = EntryPoint("chat", "tokentape.protocols.openai_chat:DIALECT", table.ENTRY_POINTS)
    asked = []
    monkeypatch.setattr("importlib.metadata.entry_points", lambda **group: asked.append(group) or (point,))
    assert [dialect.name for dialect in table._entry_points()] == ["openai.chat"]
    assert asked == [{"group": "tokentape.protocols"}]


def test_a_known_call_does_not_look_for_installed_dialects(monkeypatch):
    monkeypatch.setattr(table, "_entry_points", lambda: pytest.fail("looked"))
    table.installed.cache_clear()
    assert recognise(Request("POST", "http://h/v1/chat/completions")).dialect is not None
    assert table.dialect_named("http") is None
