"""What every store does, as tests: subclass, override the fixture `store`, and pytest runs them.

from tokentape.testing.contracts import StoreContract

class TestMyStore(StoreContract):
    @pytest.fixture
    def store(self, tmp_path):
        return MyStore(tmp_path / "tapes.db")
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tokentape.wire.interaction import Ended, How, Interaction, Timing
from tokentape.wire.message import Request, Response

if TYPE_CHECKING:
    from tokentape.cassettes.cassette import Cassette
    from tokentape.cassettes.stores.base import Journal, Store

RULES = "k1:test"

HOSTILE = (
    "../up", "/etc/passwd", "C:\\x", "a\x00b", "nul", "COM1.txt", "what?", "what*", "x" * 400, "x" * 401,
    "dots...", "dots", " spaced ", "emoji 🙂", "emoji 🙃", "Ω", "line\nbreak", "~", "-rf", ".hidden",
    "a/../b",
)  # fmt: skip


def call(
    number: int, *, key: str = "", body: bytes | None = b'{"ok": true}', exact: str | None = None
) -> Interaction:
    """A recorded call that started at second `number` of an hour."""
    request = Request("POST", "https://api.example/v1/chat", (("Content-Type", "application/json"),), b"{}")
    reply = Response(200, "OK", (("Content-Type", "application/json"),), body, (len(body),) if body else ())
    at = f"2026-11-21T09:{number // 60:02d}:{number % 60:02d}Z"
    hints = key or f"{number:08x}" * 3
    return Interaction("", request, reply, Ended(How.EOF), Timing(at), key=hints, exact=exact)


def keys(cassette: Cassette | None) -> list[str]:
    """The keys of the cassette's interactions, in their order."""
    assert cassette is not None
    return [entry.key for entry in cassette.entries]


def ids(cassette: Cassette | None) -> list[str]:
    """The ids of the cassette's interactions, in their order."""
    assert cassette is not None
    return [entry.id for entry in cassette.entries]


class StoreContract:
    """The suite. `store` gives a new, empty store for each test."""

    @pytest.fixture
    def store(self) -> Store:
        """The store under test: override it."""
        raise NotImplementedError("override the fixture 'store' to return the store under test")

    def record(
        self,
        store: Store,
        *calls: Interaction,
        name: str = "tape",
        finished: bool = True,
        replace: bool = False,
    ) -> None:
        """One opening that records these calls and ends."""
        journal = store.journal(name, rules=RULES, replaces=replace)
        for interaction in calls:
            journal.append(interaction)
        store.commit(name, journal, finished=finished, rules=RULES, replace=replace)

    # ---- one cassette

    def test_an_absent_cassette_is_none(self, store: Store) -> None:
        assert store.load("tape") is None
        assert store.names() == []

    def test_what_was_recorded_comes_back(self, store: Store) -> None:
        recorded = call(1, exact="ab41")
        self.record(store, recorded)
        cassette = store.load("tape")
        assert cassette is not None
        loaded = cassette.interaction(0)
        assert (loaded.request, loaded.response) == (recorded.request, recorded.response)
        assert (loaded.ended, loaded.timing) == (recorded.ended, recorded.timing)
        assert (loaded.key, loaded.exact) == (recorded.key, recorded.exact)
        assert (cassette.finished, cassette.rules) == (True, RULES)

    @pytest.mark.parametrize("body", [None, b"", b"\x00\xff", b"data: x\n\n", '{"a": "\u2028"}'.encode()])
    def test_bodies_come_back_exactly(self, store: Store, body: bytes | None) -> None:
        self.record(store, call(1, body=body))
        cassette = store.load("tape")
        assert cassette is not None
        response = cassette.interaction(0).response
        assert response is not None
        assert response.body == body

    def test_nothing_is_seen_before_commit(self, store: Store) -> None:
        journal = store.journal("tape")
        journal.append(call(1))
        assert store.load("tape") is None
        assert journal.count == 1
        journal.discard()

    def test_a_discarded_journal_leaves_nothing(self, store: Store) -> None:
        self.record(store, call(1))
        journal = store.journal("tape")
        journal.append(call(2))
        journal.discard()
        assert journal.count == 0
        store.commit("tape", journal, finished=True, rules=RULES)
        assert keys(store.load("tape")) == [call(1).key]

    def test_unfinished_is_kept_until_finished(self, store: Store) -> None:
        self.record(store, call(1), finished=False)
        unfinished = store.load("tape")
        store.commit("tape", None, finished=True, rules=RULES)
        finished = store.load("tape")
        assert unfinished is not None
        assert finished is not None
        assert (unfinished.finished, finished.finished) == (False, True)
        assert keys(finished) == [call(1).key]

    def test_a_failed_block_without_calls_leaves_no_cassette(self, store: Store) -> None:
        self.record(store, finished=False)
        assert store.load("tape") is None

    def test_a_recording_of_no_calls_is_not_finished(self, store: Store) -> None:
        self.record(store, finished=True)
        cassette = store.load("tape")
        assert cassette is not None
        assert (len(cassette.entries), cassette.finished) == (0, False)

    # ---- merging

    def test_order_is_that_of_start_not_of_end(self, store: Store) -> None:
        self.record(store, call(3), call(1), call(2))
        assert keys(store.load("tape")) == [call(n).key for n in (1, 2, 3)]

    def test_a_second_recording_is_merged_with_the_first(self, store: Store) -> None:
        self.record(store, call(1), call(4))
        self.record(store, call(2), call(5))
        assert keys(store.load("tape")) == [call(n).key for n in (1, 2, 4, 5)]

    def test_R50_openings_that_overlap_lose_nothing(self, store: Store) -> None:
        journals: list[Journal] = [store.journal("tape", rules=RULES) for _ in range(2)]
        for number in range(20):
            journals[number % 2].append(call(number))
        for journal in journals:
            store.commit("tape", journal, finished=True, rules=RULES)
        assert keys(store.load("tape")) == [call(n).key for n in range(20)]

    def test_committing_twice_stores_once(self, store: Store) -> None:
        journal = store.journal("tape", rules=RULES)
        journal.append(call(1))
        store.commit("tape", journal, finished=True, rules=RULES)
        store.commit("tape", journal, finished=True, rules=RULES)
        assert keys(store.load("tape")) == [call(1).key]

    def test_threads_may_append(self, store: Store) -> None:
        journal = store.journal("tape", rules=RULES)
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(journal.append, [call(n) for n in range(64)]))
        assert journal.count == 64
        store.commit("tape", journal, finished=True, rules=RULES)
        assert keys(store.load("tape")) == [call(n).key for n in range(64)]

    def test_rules_that_differ_are_said_to_be_mixed(self, store: Store) -> None:
        self.record(store, call(1))
        journal = store.journal("tape", rules="k1:other")
        journal.append(call(2))
        store.commit("tape", journal, finished=True, rules="k1:other")
        cassette = store.load("tape")
        assert cassette is not None
        assert cassette.rules not in {RULES, "k1:other"}

    # ---- replacing and dropping

    def test_replace_keeps_only_the_new(self, store: Store) -> None:
        self.record(store, call(1), call(2))
        self.record(store, call(3), replace=True)
        assert keys(store.load("tape")) == [call(3).key]

    def test_dropped_ids_go(self, store: Store) -> None:
        self.record(store, call(1), call(2), call(3))
        gone = ids(store.load("tape"))[1]
        store.commit("tape", None, finished=True, rules=RULES, drop={gone})
        assert keys(store.load("tape")) == [call(n).key for n in (1, 3)]

    def test_drop_means_what_was_loaded_also_where_ids_moved_since(self, store: Store) -> None:
        self.record(store, call(5, key="same"), call(6))
        gone = ids(store.load("tape"))[0]
        self.record(store, call(1, key="same"))  # started earlier, so it takes that id
        store.commit("tape", None, finished=True, rules=RULES, drop=[gone])
        cassette = store.load("tape")
        assert cassette is not None
        assert [entry.at for entry in cassette.entries] == [call(1).timing.at, call(6).timing.at]

    # ---- ids

    def test_ids_are_unique_and_the_same_every_time(self, store: Store) -> None:
        calls = [call(n, key="same" if n % 2 else "") for n in range(6)]
        self.record(store, *calls)
        first = ids(store.load("tape"))
        self.record(store, *reversed(calls), name="again")
        assert len(set(first)) == 6
        assert ids(store.load("again")) == first

    def test_a_recording_made_again_keeps_the_other_ids(self, store: Store) -> None:
        self.record(store, call(1), call(2))
        before = ids(store.load("tape"))
        self.record(store, call(1), call(2), call(3), replace=True)
        assert ids(store.load("tape"))[:2] == before

    def test_fixed_keys_name_their_ids(self, store: Store) -> None:
        self.record(store, call(1, key="id:weather"), call(2, key="id:weather"), call(3, key="id:weather-2"))
        found = ids(store.load("tape"))
        assert found[:2] == ["weather", "weather-2"]
        assert len(set(found)) == 3

    # ---- names

    def test_many_cassettes_in_one_store(self, store: Store) -> None:
        for name in ("b", "a", "suite/test[x]"):
            self.record(store, call(1, key=name), name=name)
        assert store.names() == ["a", "b", "suite/test[x]"]
        assert [keys(store.load(name)) for name in store.names()] == [["a"], ["b"], ["suite/test[x]"]]

    def test_hostile_names_stay_distinct_and_are_found_again(self, store: Store) -> None:
        for name in HOSTILE:
            self.record(store, call(1, key=f"key of {name!r}"), name=name)
        assert len(store.names()) == len(HOSTILE)
        for name in HOSTILE:
            assert keys(store.load(name)) == [f"key of {name!r}"]
        listed = [keys(store.load(name)) for name in store.names()]
        assert sorted(listed) == sorted([f"key of {name!r}"] for name in HOSTILE)

    def test_delete_removes_one_and_may_be_repeated(self, store: Store) -> None:
        self.record(store, call(1))
        self.record(store, call(1), name="other")
        store.delete("tape")
        store.delete("tape")
        assert store.load("tape") is None
        assert store.names() == ["other"]

    def test_a_label_is_one_line_and_names_the_cassette(self, store: Store) -> None:
        assert "tape" in store.describe("tape")
        assert store.describe("a") != store.describe("b")
        assert "\n" not in store.describe("line\nbreak")
