"""Cassettes read one interaction at a time, and their metadata changed while nothing else moves."""

from __future__ import annotations

import json

import pytest

from tokentape.cassettes.format.layout import parse
from tokentape.cassettes.format.metadata import Note, noted
from tokentape.cassettes.stores.base import OneByOne
from tokentape.cassettes.stores.directory import DirectoryStore
from tokentape.cassettes.stores.memory import MemoryStore
from tokentape.cassettes.stores.merge import numbered
from tokentape.cassettes.stores.sqlite import SqliteStore
from tokentape.errors import CassetteCorrupt
from tokentape.testing.contracts.store import RULES, call


@pytest.fixture(params=["directory", "sqlite", "memory"])
def store(request, tmp_path):
    match request.param:
        case "directory":
            return DirectoryStore(tmp_path / "tapes")
        case "sqlite":
            return SqliteStore(tmp_path / "tapes.db")
    return MemoryStore()


def record(store, *calls, name="a"):
    journal = store.journal(name, rules=RULES)
    for each in calls:
        journal.append(each)
    store.commit(name, journal, finished=True, rules=RULES)


def which(store, name="a"):
    return list(numbered((entry.at, entry.key, entry.exact) for entry, _ in store.blocks(name)))


def metadata(store, name="a"):
    return [dict(parse(block, name).metadata) for _, block in store.blocks(name)]


def test_every_store_of_ours_offers_it(store):
    assert isinstance(store, OneByOne)


def test_blocks_are_those_of_the_cassette(store):
    assert list(store.blocks("a")) == []
    record(store, *(call(number) for number in range(150)))
    cassette = store.load("a")
    found = [(entry.id, parse(block, "a")) for entry, block in store.blocks("a")]
    assert [id for id, _ in found] == [entry.id for entry in cassette.entries]
    assert [interaction for _, interaction in found] == [cassette.interaction(n) for n in range(150)]


def test_nothing_but_metadata_moves(store):
    record(store, call(1), call(2), call(3))
    before = store.load("a").data()
    assert store.annotate("a", {which(store)[1]: Note({"category": "extract", "n": [1, {"ü": None}]})}) == 1
    after = store.load("a").data()
    written = '"metadata": {"category": "extract", "n": [1, {"ü": null}]}'.encode()
    assert after.replace(written, b'"metadata": {}') == before
    assert metadata(store) == [{}, {"category": "extract", "n": [1, {"ü": None}]}, {}]
    assert store.load("a").edited() == []
    assert [entry.key for entry in store.load("a").entries] == [call(n).key for n in (1, 2, 3)]


def test_names_are_set_kept_and_removed(store):
    record(store, call(1))
    [first] = which(store)
    assert store.annotate("a", {first: Note({"a": 1, "b": 2})}) == 1
    assert store.annotate("a", {first: Note({"a": 1})}) == 0
    assert store.annotate("a", {first: Note({"a": True}, frozenset({"b", "c"}))}) == 1
    assert metadata(store) == [{"a": True}]


def test_what_another_process_saves_meanwhile_is_kept_and_not_mixed_up(store):
    record(store, call(5, key="same"), call(7, key="same"))
    _, second = which(store)
    record(store, call(1, key="same"))  # every id moves
    assert store.annotate("a", {second: Note({"category": "late"})}) == 1
    assert metadata(store) == [{}, {}, {"category": "late"}]


def test_what_is_gone_is_passed_over(store):
    record(store, call(1))
    gone = which(store)
    store.delete("a")
    assert store.annotate("a", dict.fromkeys(gone, Note({"a": 1}))) == 0
    record(store, call(2))
    assert store.annotate("a", dict.fromkeys(gone, Note({"a": 1}))) == 0


def test_a_file_in_another_layout_is_laid_out_anew_and_says_the_same(tmp_path):
    store = DirectoryStore(tmp_path)
    record(store, call(1), call(2))
    path = tmp_path / "a.json"
    path.write_text(json.dumps(json.loads(path.read_bytes()), indent=4))
    before = [parse(block, "a") for _, block in store.blocks("a")]
    assert store.annotate("a", {which(store)[0]: Note({"a": 1})}) == 1
    after = [store.load("a").interaction(number) for number in range(2)]
    assert after[1] == before[1]
    assert after[0].metadata == {"a": 1}
    assert after[0].request == before[0].request
    assert b'\n{"id": "' in path.read_bytes()


def test_a_file_without_a_change_is_not_written(tmp_path):
    store = DirectoryStore(tmp_path)
    record(store, call(1))
    before = (tmp_path / "a.json").stat()
    assert store.annotate("a", {which(store)[0]: Note({})}) == 0
    assert (tmp_path / "a.json").stat().st_mtime_ns == before.st_mtime_ns
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_a_block_by_hand_may_lack_metadata_or_have_it_anywhere():
    assert noted(b'{"id": "x"}', Note({"a": 1})) == b'{"id": "x", "metadata": {"a": 1}}'
    assert noted(b'{"id": "x",\n "k": {"metadata": 1}}', Note({"a": 1})).startswith(
        b'{"id": "x", "metadata": {"a": 1},\n "k"'
    )
    late = b'{"id": "x", "request": {"a": [1]}, "metadata" : null }'
    assert noted(late, Note({"a": 1})) == b'{"id": "x", "request": {"a": [1]}, "metadata" : {"a": 1} }'


@pytest.mark.parametrize("block", [b"", b"{", b'{"id"', b'{"id": ', b'{"id": "x"', b'{"id": "x", '])
def test_a_block_that_is_torn_is_a_value_error(block):
    with pytest.raises(ValueError):
        noted(block, Note({"a": 1}))


def test_a_broken_block_leaves_the_file_as_it_is(tmp_path):
    store = DirectoryStore(tmp_path)
    record(store, call(1), call(2))
    path = tmp_path / "a.json"
    broken = path.read_bytes().replace(b'"kind": "http"', b'"kind": http', 1)
    path.write_bytes(broken)
    with pytest.raises(CassetteCorrupt, match="not JSON"):
        store.annotate("a", dict.fromkeys(which(store), Note({"a": 1})))
    assert path.read_bytes() == broken


def test_rows_that_go_while_they_are_read_are_left_out(tmp_path):
    store = SqliteStore(tmp_path / "a.db")
    record(store, *(call(number) for number in range(130)))
    blocks = store.blocks("a")
    next(blocks)
    SqliteStore(tmp_path / "a.db").delete("a")
    assert len(list(blocks)) == 63
    assert list(SqliteStore(tmp_path / "none.db").blocks("a")) == []
    assert SqliteStore(tmp_path / "none.db").annotate("a", {}) == 0
