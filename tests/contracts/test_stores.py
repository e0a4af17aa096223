"""The store contract, over ours and over a third party's that is found by its entry point."""

from __future__ import annotations

import importlib
import shutil
from pathlib import Path

import pytest

from tokentape.cassettes.stores.directory import DirectoryStore
from tokentape.cassettes.stores.memory import MemoryStore
from tokentape.cassettes.stores.registry import open_store
from tokentape.cassettes.stores.sqlite import SqliteStore
from tokentape.errors import UsageError
from tokentape.testing.contracts import StoreContract
from tokentape.testing.contracts.store import RULES, call, keys

SAMPLE = Path(__file__).parent / "sample" / "tokentape_shelf.py"


def install(site, name, entry_points):
    """Lay out a distribution as an installer leaves it: a `dist-info` with metadata and entry points."""
    info = site / f"{name}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[tokentape.stores]\n" + "\n".join(entry_points) + "\n")


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A directory on the import path with the sample store installed."""
    site = tmp_path / "site"
    install(site, "tokentape-shelf", ["shelf = tokentape_shelf:ShelfStore"])
    shutil.copy(SAMPLE, site)
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.delitem(__import__("sys").modules, "tokentape_shelf", raising=False)
    importlib.invalidate_caches()
    return site


class TestMemoryStore(StoreContract):
    @pytest.fixture
    def store(self):
        return MemoryStore()


class TestDirectoryStore(StoreContract):
    @pytest.fixture
    def store(self, tmp_path):
        return DirectoryStore(tmp_path / "cassettes")


class TestSqliteStore(StoreContract):
    @pytest.fixture
    def store(self, tmp_path):
        return SqliteStore(tmp_path / "folder" / "tapes.db")


class TestThirdPartyStore(StoreContract):
    @pytest.fixture
    def store(self, site, tmp_path):
        return open_store(f"shelf:{tmp_path}/tapes.db#any")[0]


def test_a_suite_without_a_store_says_what_to_override():
    with pytest.raises(NotImplementedError, match="override the fixture 'store'"):
        StoreContract.store.__wrapped__(StoreContract())


def test_an_unknown_suite_is_an_attribute_error():
    with pytest.raises(AttributeError, match="NoContract"):
        importlib.import_module("tokentape.testing.contracts").NoContract  # noqa: B018


# ---- from a place to a store -------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [str, Path])
def test_a_file_is_a_directory_store_and_a_name(tmp_path, kind):
    store, name = open_store(kind(tmp_path / "cassettes" / "summary.json"))
    assert (type(store), name) == (DirectoryStore, "summary")
    assert store.describe(name) == str(tmp_path / "cassettes" / "summary.json")


def test_a_bare_file_name_is_in_this_directory(outside):
    store, name = open_store("summary.json")
    assert store.describe(name) == "summary.json"


def test_a_directory_with_a_name(tmp_path):
    store, name = open_store(tmp_path, name="suite/case")
    assert store.describe(name) == str(tmp_path / "suite" / "case.json")


def test_a_store_passes_with_its_name():
    memory = MemoryStore()
    assert open_store(memory, name="x") == (memory, "x")


def test_memory_by_scheme():
    store, name = open_store("memory:")
    assert (type(store), name) == (MemoryStore, "cassette")
    assert open_store("memory:#mine")[1] == "mine"
    assert open_store("memory:#mine", name="wins")[1] == "wins"


def test_a_third_party_store_is_opened_with_its_place(site, tmp_path):
    store, name = open_store(f"shelf:{tmp_path}/t.db#a/b#c")
    assert (type(store).__name__, name) == ("ShelfStore", "a/b#c")
    journal = store.journal(name)
    journal.append(call(1))
    store.commit(name, journal, finished=True, rules=RULES)
    again, _ = open_store(f"shelf:{tmp_path}/t.db", name=name)
    assert keys(again.load(name)) == [call(1).key]


def test_a_file_with_a_colon_is_reached_by_its_directory(outside):
    assert open_store("./shelf:x.json")[1] == "shelf:x"


@pytest.mark.parametrize(
    ("target", "name", "said"),
    [
        (
            "cassettes/summary",
            None,
            r"cassettes/summary: a cassette's file name ends in \.json; use 'summary\.json'",
        ),
        ("old.yaml", None, "converted by: tokentape import"),
        ("", None, "empty path"),
        ("x/.json", None, r"ends in \.json"),
        (".", None, r"\. is a directory: name a file in it"),
        ("cassettes", "", "pass name="),
        (MemoryStore(), None, "a store holds many cassettes: pass name="),
        (
            "nosuch:place#x",
            None,
            r"unknown store 'nosuch'; known: memory, shelf, sqlite; a file of that name is '\./nosuch:",
        ),
        ("shelf:t.db", None, "shelf: holds many cassettes: pass name="),
        ("memory:place", None, "a memory store has no place"),
        (42, "x", "target 42 is neither a path nor a store: int has no load, journal"),
        (None, "x", "NoneType has no load"),
    ],
)
def test_what_is_no_place_is_said_in_one_line(site, outside, target, name, said):
    with pytest.raises(UsageError, match=said) as caught:
        open_store(target, name=name)
    assert "\n" not in str(caught.value)


def test_a_store_that_cannot_be_loaded_or_is_none(site):
    install(
        site,
        "broken",
        ["gone = no_such_module:Store", "less = tokentape_shelf:Nothing", "odd = builtins:len"],
    )
    with pytest.raises(UsageError, match=r"the store 'gone' \(no_such_module:Store\) cannot be loaded"):
        open_store("gone:#x")
    with pytest.raises(UsageError, match=r"'less' .* cannot be loaded"):
        open_store("less:#x")
    with pytest.raises(UsageError, match="the store 'odd' is neither a path nor a store: int has no load"):
        open_store("odd:#x")


def test_two_stores_of_one_name_are_an_error(site):
    install(site, "other", ["shelf = tokentape_shelf:ShelfStore"])
    with pytest.raises(UsageError, match="two stores are called 'shelf'"):
        open_store("shelf:t.db#x")


def test_nobody_may_take_the_name_of_ours(site):
    install(site, "other", ["memory = tokentape_shelf:ShelfStore"])
    with pytest.raises(UsageError, match="two stores are called 'memory': tokentape itself and"):
        open_store("memory:")
