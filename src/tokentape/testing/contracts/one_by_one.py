"""What a store does that gives its interactions one at a time and changes their metadata, as tests.

from tokentape.testing.contracts.one_by_one import OneByOneContract

class TestMyStore(OneByOneContract):
    @pytest.fixture
    def store(self, tmp_path):
        return MyStore(tmp_path / "tapes.db")
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import pytest

from tokentape.cassettes.format.layout import parse
from tokentape.cassettes.format.metadata import Note
from tokentape.cassettes.stores.base import OneByOne, Store
from tokentape.cassettes.stores.merge import numbered
from tokentape.testing.contracts.store import RULES, call

if TYPE_CHECKING:
    from tokentape.cassettes.cassette import Cassette
    from tokentape.cassettes.stores.merge import Which
    from tokentape.wire.interaction import Interaction, Json

NAME = "a"


class Both(Store, OneByOne, Protocol):
    """A store that can do it."""


def record(store: Store, *calls: Interaction) -> None:
    """Save these calls in the cassette, beside those that it has."""
    journal = store.journal(NAME, rules=RULES)
    for each in calls:
        journal.append(each)
    store.commit(NAME, journal, finished=True, rules=RULES)


def loaded(store: Store) -> Cassette:
    """The cassette, which is there."""
    cassette = store.load(NAME)
    assert cassette is not None
    return cassette


def which(store: OneByOne) -> list[Which]:
    """What names each interaction."""
    return list(numbered((entry.at, entry.key, entry.exact) for entry, _ in store.blocks(NAME)))


def metadata(store: OneByOne) -> list[dict[str, Json]]:
    """The metadata of each interaction."""
    return [dict(parse(block, NAME).metadata) for _, block in store.blocks(NAME)]


class OneByOneContract:
    """The suite. `store` gives a new, empty store for each test."""

    @pytest.fixture
    def store(self) -> Both:
        raise NotImplementedError("override the fixture `store`")

    def test_it_offers_both_methods(self, store: Both) -> None:
        assert isinstance(store, OneByOne)

    def test_blocks_are_those_of_the_cassette(self, store: Both) -> None:
        assert list(store.blocks(NAME)) == []
        record(store, *(call(number) for number in range(150)))
        cassette = loaded(store)
        found = [(entry.id, parse(block, NAME)) for entry, block in store.blocks(NAME)]
        assert [id for id, _ in found] == [entry.id for entry in cassette.entries]
        assert [interaction for _, interaction in found] == [cassette.interaction(n) for n in range(150)]

    def test_nothing_but_metadata_moves(self, store: Both) -> None:
        record(store, call(1), call(2), call(3))
        before = loaded(store).data()
        values: dict[str, Json] = {"category": "extract", "n": [1, {"ü": None}]}
        assert store.annotate(NAME, {which(store)[1]: Note(values)}) == 1
        written = '"metadata": {"category": "extract", "n": [1, {"ü": null}]}'.encode()
        assert loaded(store).data().replace(written, b'"metadata": {}') == before
        assert metadata(store) == [{}, values, {}]
        assert loaded(store).edited() == []
        assert [entry.key for entry in loaded(store).entries] == [call(n).key for n in (1, 2, 3)]

    def test_names_are_set_kept_and_removed(self, store: Both) -> None:
        record(store, call(1))
        [first] = which(store)
        assert store.annotate(NAME, {first: Note({"a": 1, "b": 2})}) == 1
        assert store.annotate(NAME, {first: Note({"a": 1})}) == 0
        assert store.annotate(NAME, {first: Note({"a": True}, frozenset({"b", "c"}))}) == 1
        assert metadata(store) == [{"a": True}]

    def test_what_others_save_meanwhile_is_kept_and_not_mixed_up(self, store: Both) -> None:
        record(store, call(5, key="same"), call(7, key="same"))
        _, second = which(store)
        record(store, call(1, key="same"))  # every id moves
        assert store.annotate(NAME, {second: Note({"category": "late"})}) == 1
        assert metadata(store) == [{}, {}, {"category": "late"}]

    def test_what_is_gone_is_passed_over(self, store: Both) -> None:
        record(store, call(1))
        gone = which(store)
        store.delete(NAME)
        assert store.annotate(NAME, dict.fromkeys(gone, Note({"a": 1}))) == 0
        record(store, call(2))
        assert store.annotate(NAME, dict.fromkeys(gone, Note({"a": 1}))) == 0
        assert metadata(store) == [{}]
