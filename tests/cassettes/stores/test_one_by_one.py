"""Cassettes read one interaction at a time, and their metadata changed while nothing else moves."""

from __future__ import annotations

import json

import pytest

from tokentape.cassettes.format.layout import parse
from tokentape.cassettes.format.metadata import Note, noted
from tokentape.cassettes.stores.directory import DirectoryStore
from tokentape.cassettes.stores.memory import MemoryStore
from tokentape.cassettes.stores.sqlite import SqliteStore
from tokentape.errors import CassetteCorrupt
from tokentape.testing.contracts.one_by_one import OneByOneContract, record, which
from tokentape.testing.contracts.store import call


class TestDirectory(OneByOneContract):
    @pytest.fixture
    def store(self, tmp_path):
        return DirectoryStore(tmp_path / "tapes")


class TestSqlite(OneByOneContract):
    @pytest.fixture
    def store(self, tmp_path):
        return SqliteStore(tmp_path / "tapes.db")


class TestMemory(OneByOneContract):
    @pytest.fixture
    def store(self):
        return MemoryStore()


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
